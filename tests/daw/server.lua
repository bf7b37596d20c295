-- Ardour without a window, told what to do: reads one line of Lua at a time from standard input and
-- answers each in the file ANSWERS with one line, "ok VALUE" or "error SENTENCE". What Ardour itself
-- prints, now and then without an end of line, is noise.
--
--   ardour7-lua server.lua FOLDER NAME ANSWERS
--
-- Positions and lengths of notes are quarter notes, counted from the session's beginning.

local folder, name = arg[1], arg[2]
local answers = assert(io.open(arg[3], "w"))
answers:setvbuf("line")
assert(AudioEngine:set_backend("JACK", "ardour", ""), "there is no JACK backend")
assert(AudioEngine:start() == 0, "the JACK server does not answer")
S = assert(create_session(folder, name, 48000), "no session could be made")
Session = S -- as scripts in Ardour's window know it

local UI = ARDOUR.TransportRequestSource.TRS_UI

local function track(called)
  local route = S:route_by_name(called)
  assert(not route:isnil(), "there is no track " .. called)
  return route:to_track()
end

local function place(quarter)
  return Temporal.timepos_t.from_ticks(math.floor(quarter * Temporal.ticks_per_beat + 0.5))
end

-- Ardour's Lua tells quarters as text only, "QUARTERS:TICKS".
local function quarter_of(sample)
  local quarters, ticks = tostring(Temporal.TempoMap.read():quarters_at_sample(sample)):match("(-?%d+):(-?%d+)")
  return quarters + ticks / Temporal.ticks_per_beat
end

-- From this quarter on.
function tempo(bpm, quarter)
  local map = Temporal.TempoMap.fetch_writable()
  map:set_tempo(Temporal.Tempo(bpm, bpm, 4), place(quarter))
  Temporal.TempoMap.update(map)
end

-- Run a script that was written for Ardour's menu of actions.
function action(path)
  function ardour(_) end
  factory = nil
  dofile(path)
  factory()()
end

function midi_track(called)
  local one = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
  S:new_midi_track(one, one, true, ARDOUR.PluginInfo(), nil, nil, 1, called,
    ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
end

function arm(called, on)
  track(called):rec_enable_control():set_value(on and 1 or 0, PBD.GroupControlDisposition.NoGroup)
end

function record() S:maybe_enable_record(false); S:request_roll(UI) end
function roll() S:request_roll(UI) end
function stop() S:request_stop(false, false, UI) end
function stopped() return S:transport_stopped() end
function frame() return S:transport_sample() end
function frame_of(quarter) return place(quarter):samples() end
function save() S:save_state("", false, false, false, false, false) end
function locate(quarter)
  S:request_locate(frame_of(quarter), false, ARDOUR.LocateTransportDisposition.MustStop, UI)
end

function ports(part)
  local found = {}
  local _, back = S:engine():get_backend_ports(part, ARDOUR.DataType("midi"), 0, C.StringVector())
  for port in back[4]:iter() do found[#found + 1] = port end
  return table.concat(found, "\t")
end

function connect(from, to) return S:engine():connect(from, to) end

function connections(port)
  local found = {}
  local _, back = S:engine():get_connections(port, C.StringVector())
  for other in back[2]:iter() do found[#found + 1] = other end
  return table.concat(found, "\t")
end

local function regions(called)
  local found = {}
  for region in track(called):playlist():region_list():iter() do found[#found + 1] = region end
  return found
end

function count_regions(called) return #regions(called) end

-- Where the file of each recorded region begins, and the file.
function takes(called)
  local found = {}
  for _, region in ipairs(regions(called)) do
    local source = region:source(0)
    found[#found + 1] = quarter_of(source:natural_position():samples()) .. "\t" .. source:to_filesource():path()
  end
  return table.concat(found, "\v")
end

-- Press and release a key of Ardour's own on-screen keyboard.
function press(pitch)
  local _, back = S:engine():get_ports(ARDOUR.DataType("midi"), ARDOUR.PortList())
  for port in back[2]:iter() do
    local keyboard = port:to_asyncmidiport()
    if port:name():find("x-virtual-keyboard", 1, true) and not keyboard:isnil() then
      local message = ARDOUR.RawMidiParser()
      for _, byte in ipairs({ 0x90, pitch, 64, 0x80, pitch, 64 }) do
        if message:process_byte(byte) then
          keyboard:write(message:midi_buffer(), message:buffer_size(), 0)
        end
      end
      return
    end
  end
  error("Ardour has no on-screen keyboard")
end

-- Put notes in place of those of a track's first region, which then lasts for so many quarters.
function compose(called, quarters, notes)
  local region = assert(regions(called)[1], "there is no region on " .. called)
  local start = place(0)
  region:set_position(start)
  region:set_length(Temporal.timecnt_t.from_ticks(quarters * Temporal.ticks_per_beat, start))
  local model = region:to_midiregion():midi_source(0):model()
  local change = model:new_note_diff_command("notes")
  for note in ARDOUR.LuaAPI.note_list(model):iter() do change:remove(note) end
  for _, note in ipairs(notes) do
    local at, long, pitch, velocity = table.unpack(note)
    change:add(ARDOUR.LuaAPI.new_noteptr(0, Temporal.Beats.from_double(at),
      Temporal.Beats.from_double(long), pitch, velocity))
  end
  model:apply_command(S, change)
end

answers:write("ready\n")
for line in io.lines() do
  if line == "quit" then break end
  local chunk, why = load("return " .. line)
  if not chunk then chunk, why = load(line) end
  local ok, value = pcall(chunk or function() error(why) end)
  answers:write((ok and "ok " or "error "), tostring(value):gsub("\n", " "), "\n")
end
close_session()
quit()
