"""DAWs of a few lines, in their own languages: enough of an API for our scripts to be run.

They know what the documentation says and nothing else, so a script that runs here has its logic
right and may still be wrong about the DAW: its page goes on saying "not tried".
"""

REAPER = r"""
-- lua - SCRIPT INPUTS OUTPUTS: run the script twice, print the tracks after each run
local script, inputs, outputs = arg[1], {}, {}
for name in arg[2]:gmatch("[^,]+") do inputs[#inputs + 1] = name end
for name in arg[3]:gmatch("[^,]+") do outputs[#outputs + 1] = name end
local tracks = { { P_NAME = "Drums" } }
reaper = {
  ShowMessageBox = function(text) if text:find("not there") then print(text) end end,
  CountTracks = function() return #tracks end,
  GetTrack = function(_, number) return tracks[number + 1] end,
  InsertTrackAtIndex = function(number) table.insert(tracks, number + 1, { P_NAME = "" }) end,
  GetSetMediaTrackInfo_String = function(track, what, value, change)
    if change then track[what] = value end
    return true, track[what]
  end,
  SetMediaTrackInfo_Value = function(track, what, value) track[what] = value end,
  GetMediaTrackInfo_Value = function(track, what) return track[what] or 0 end,
  GetNumMIDIInputs = function() return #inputs end,
  GetNumMIDIOutputs = function() return #outputs end,
  GetMIDIInputName = function(number) return inputs[number + 1] ~= nil, inputs[number + 1] end,
  GetMIDIOutputName = function(number) return outputs[number + 1] ~= nil, outputs[number + 1] end,
  TrackList_AdjustWindows = function() end,
  Undo_BeginBlock = function() end,
  Undo_EndBlock = function() end,
}
for _ = 1, 2 do
  dofile(script)
  for number = 2, #tracks do
    local track, words = tracks[number], {}
    for what, value in pairs(track) do
      if what ~= "P_NAME" then words[#words + 1] = string.format("%s=%d", what, value) end
    end
    table.sort(words)
    print(track.P_NAME .. " " .. table.concat(words, " "))
  end
end
"""

BITWIG = r"""
// node - SCRIPT: start the script, press its button twice, print what became of it
const told = { inputs: [], tracks: [] };
const SIZE = 64;
const slots = [];
let press = null;
class Slot {
  constructor() { this.text = ""; this.there = false; this.watchers = []; }
  name() {
    return { markInterested() {}, get: () => this.text, set: (text) => { this.text = text; } };
  }
  exists() {
    return {
      get: () => this.there,
      addValueObserver: (call) => { this.watchers.push(call); call(this.there); },
    };
  }
  appear(text) { this.text = text; this.there = true; this.watchers.forEach((call) => call(true)); }
}
for (let i = 0; i < SIZE; i++) slots.push(new Slot());
slots[0].appear("Drums");
globalThis.loadAPI = function () {};
globalThis.host = {
  defineController() {},
  defineMidiPorts(ins, outs) { told.ports = [ins, outs]; },
  addDeviceNameBasedDiscoveryPair(ins, outs) { told.pair = [ins, outs]; },
  getMidiInPort: () => ({
    createNoteInput: (name) => { told.inputs.push(name); return { setShouldConsumeEvents() {} }; },
  }),
  getMidiOutPort: () => ({ setShouldSendMidiBeatClock(on) { told.clock = on; } }),
  createApplication: () => ({
    createInstrumentTrack() { slots.find((slot) => !slot.there).appear("Instrument"); },
  }),
  createMainTrackBank: () => ({ getItemAt: (i) => slots[i] }),
  getDocumentState: () => ({
    getSignalSetting: () => ({ addSignalObserver(call) { press = call; } }),
  }),
  showPopupNotification() {},
};
const script = require("fs").readFileSync(process.argv[2], "utf8");
(0, eval)(script);
init();
press();
press();
told.tracks = slots.filter((slot) => slot.there).map((slot) => slot.text);
console.log(JSON.stringify(told));
"""
