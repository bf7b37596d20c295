-- Antiphon: tracks and routing for REAPER.   Load it as a ReaScript, with `antiphon jam` running.
--
-- NOT TRIED: written from REAPER's documentation, checked for syntax only.
--
-- Makes two tracks, "Player" and "Partner", or finds those of that name: the player's plays into the
-- MIDI output "Antiphon In", the partner's records the MIDI input "Antiphon Out". It refuses to touch
-- other tracks. The clock stays for your hand: Preferences > Audio > MIDI Devices, double-click
-- "Antiphon In", tick "Send clock/SPP to this device".
--
-- On Windows, write the names of your two loopback ports here.
local HEARS, PLAYS = "Antiphon In", "Antiphon Out"

local ALL_CHANNELS = 0
local MIDI_INPUT = 4096 -- + 32 * device + channel
local VIRTUAL_KEYBOARD = 62

local function say(sentence) reaper.ShowMessageBox(sentence, "Antiphon", 0) end

-- The number of the MIDI device that has `part` in its name, or nil.
local function device(part, count, name_of)
  for number = 0, count - 1 do
    local present, name = name_of(number, "")
    if present and name:find(part, 1, true) then return number end
  end
end

local function track(name)
  for number = 0, reaper.CountTracks(0) - 1 do
    local found = reaper.GetTrack(0, number)
    local _, called = reaper.GetSetMediaTrackInfo_String(found, "P_NAME", "", false)
    if called == name then return found, false end
  end
  local place = reaper.CountTracks(0)
  reaper.InsertTrackAtIndex(place, true)
  local made = reaper.GetTrack(0, place)
  reaper.GetSetMediaTrackInfo_String(made, "P_NAME", name, true)
  return made, true
end

local function set(where, what, value) reaper.SetMediaTrackInfo_Value(where, what, value) end

local function main()
  local hears = device(HEARS, reaper.GetNumMIDIOutputs(), reaper.GetMIDIOutputName)
  local plays = device(PLAYS, reaper.GetNumMIDIInputs(), reaper.GetMIDIInputName)
  if not hears or not plays then
    say("Antiphon's ports are not there: run `antiphon jam` in a terminal, enable \"" .. PLAYS ..
      "\" and \"" .. HEARS .. "\" in Preferences > Audio > MIDI Devices, then run this script again.")
    return
  end

  local player, is_new = track("Player")
  set(player, "I_MIDIHWOUT", 32 * hears + ALL_CHANNELS)
  -- An input that the player has chosen stays, but never "all inputs" (63): that brings the answer.
  local input = reaper.GetMediaTrackInfo_Value(player, "I_RECINPUT")
  if is_new or math.floor(input / 32) % 64 == 63 then
    set(player, "I_RECINPUT", MIDI_INPUT + 32 * VIRTUAL_KEYBOARD + ALL_CHANNELS)
  end

  local partner = track("Partner")
  set(partner, "I_MIDIHWOUT", -1)
  set(partner, "I_RECINPUT", MIDI_INPUT + 32 * plays + ALL_CHANNELS)

  for _, each in ipairs({ player, partner }) do
    set(each, "I_RECARM", 1)
    set(each, "I_RECMON", 1)
    set(each, "I_RECMODE", 0)
  end
  reaper.TrackList_AdjustWindows(false)
  if is_new then
    say("Choose your keyboard as the input of the track Player (now it is the virtual keyboard), " ..
      "and put an instrument on the track Partner.")
  end
end

reaper.Undo_BeginBlock()
main()
reaper.Undo_EndBlock("Antiphon: tracks and routing", -1)
