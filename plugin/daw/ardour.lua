ardour {
  ["type"] = "EditorAction",
  name = "Antiphon: tracks, routing and clock",
  license = "Apache-2.0",
  author = "Antiphon",
  description = [[Makes two MIDI tracks, Player and Partner, connects them with a running `antiphon jam`,
and sends Antiphon the clock. Run it again whenever Antiphon was restarted: what is there is kept.]]
}

-- Tried: Ardour 7.3 on Linux, JACK backend on PipeWire; tests/daw runs this very file.
--
-- It refuses to touch other tracks, and to connect anything back into Antiphon but the Player track
-- and the clock: what Antiphon plays must never come back as the player's.

function factory () return function ()
  local engine = Session:engine ()
  local MIDI = ARDOUR.DataType ("midi")

  local function stop_with (sentence)
    if LuaDialog then
      LuaDialog.Message ("Antiphon", sentence, LuaDialog.MessageType.Warning,
        LuaDialog.ButtonType.Close):run ()
    end
    error (sentence, 0)
  end

  -- Names of ports: `flags` as the engine sees them, so an input is what can be played into.
  local function ports (part, flags)
    local found = {}
    local _, back = engine:get_backend_ports (part, MIDI, flags, C.StringVector ())
    for name in back[4]:iter () do found[#found + 1] = name end
    return found
  end

  local function connections (port)
    local found = {}
    local _, back = engine:get_connections (port, C.StringVector ())
    for name in back[2]:iter () do found[#found + 1] = name end
    return found
  end

  -- PipeWire now and then refuses a port or a connection while other programs' ports come and go, as
  -- they do when Antiphon has just been started; a moment later it does not.
  local function patiently (attempt, what)
    local MOST_TRIES, PAUSE_US = 20, 100000
    for _ = 1, MOST_TRIES do
      local done = attempt ()
      if done then return done end
      ARDOUR.LuaAPI.usleep (PAUSE_US)
    end
    stop_with ("Ardour could not " .. what .. "; its log says why. Run this script again in a moment.")
  end

  local function connect (from, to)
    local function connected ()
      for _, other in ipairs (connections (from)) do if other == to then return true end end
    end
    if connected () then return end
    patiently (function ()
      engine:connect (from, to)
      return connected ()
    end, "connect " .. from .. " with " .. to)
  end

  local function track (name)
    local function found ()
      local route = Session:route_by_name (name)
      if not route:isnil () then return route end
    end
    return found () or patiently (function ()
      local one = ARDOUR.ChanCount (MIDI, 1)
      Session:new_midi_track (one, one, true, ARDOUR.PluginInfo (), nil, nil, 1, name,
        ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
      return found ()
    end, "make the track " .. name)
  end

  -- The whole name, with Ardour's client in front of it.
  local function own (port) return ports (":" .. port:name () .. "$", 0)[1] end

  local hears = ports ("Antiphon", ARDOUR.PortFlags.IsInput)[1]
  local plays = ports ("Antiphon", ARDOUR.PortFlags.IsOutput)[1]
  if not hears or not plays then
    stop_with ("Antiphon's ports are not there: run `antiphon jam` in a terminal (under PipeWire: `pw-jack antiphon jam`), then this script again.")
  end

  local player, partner = track ("Player"), track ("Partner")
  local player_out, partner_out = own (player:output ():midi (0)), own (partner:output ():midi (0))
  local player_in, partner_in = own (player:input ():midi (0)), own (partner:input ():midi (0))

  -- The two ways, and no other: Antiphon hears the player, the Partner track hears Antiphon.
  connect (player_out, hears)
  connect (plays, partner_in)
  for _, other in ipairs (connections (partner_in)) do
    if other ~= plays then engine:disconnect (other, partner_in) end
  end
  for _, other in ipairs (connections (hears)) do
    if other == partner_out or other == plays then engine:disconnect (other, hears) end
  end
  for _, other in ipairs (connections (plays)) do
    if other == player_in then engine:disconnect (plays, player_in) end
  end

  -- The clock: tempo, start, stop and place, from Ardour to Antiphon.
  ARDOUR.config ():set_send_midi_clock (true)
  for _, clock in ipairs (ports ("MIDI Clock out", ARDOUR.PortFlags.IsOutput)) do
    connect (clock, hears)
  end
end end
