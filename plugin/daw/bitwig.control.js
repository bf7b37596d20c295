// Antiphon: a controller for Bitwig Studio (API 10 and newer).
//
// NOT TRIED: written from Bitwig's documentation, checked for syntax only.
//
// Makes Antiphon an input that tracks can choose, sends Antiphon the clock, and on a press of its
// button in the Studio I/O panel makes two tracks, "Player" and "Partner". It refuses to send
// Antiphon any note: yours go there by HW Instrument, which keeps time better than a script.

/* global loadAPI, host */
loadAPI(10);

host.defineController("Antiphon", "Partner", "1.0", "b6a6c1de-5b35-4d0e-8f0b-6d1a2f4c9e57", "Antiphon");
host.defineMidiPorts(1, 1);
host.addDeviceNameBasedDiscoveryPair(["Antiphon Out"], ["Antiphon In"]);

var NAMES = ["Player", "Partner"];
var TRACKS = 64;

function init() {
  // Every message of the answer, and nothing of it kept back from the track.
  host.getMidiInPort(0).createNoteInput("Antiphon", "??????").setShouldConsumeEvents(true);
  host.getMidiOutPort(0).setShouldSendMidiBeatClock(true);

  var application = host.createApplication();
  var bank = host.createMainTrackBank(TRACKS, 0, 0);
  var wanted = [];
  for (var i = 0; i < TRACKS; i++) watch(bank.getItemAt(i), wanted);

  host.getDocumentState().getSignalSetting("Make the tracks", "Antiphon", "Make").addSignalObserver(
    function () {
      NAMES.forEach(function (name) {
        if (has(bank, name)) return;
        wanted.push(name);
        application.createInstrumentTrack(-1);
      });
      host.showPopupNotification(
        "Player: HW Instrument to Antiphon In. Partner: input Antiphon, and an instrument.");
    });
}

// A track that appears while names are wanted gets the next of them.
function watch(track, wanted) {
  var there = false;
  track.name().markInterested();
  track.exists().addValueObserver(function (exists) {
    if (exists && !there && wanted.length > 0) track.name().set(wanted.shift());
    there = exists;
  });
}

function has(bank, name) {
  for (var i = 0; i < TRACKS; i++) {
    var track = bank.getItemAt(i);
    if (track.exists().get() && track.name().get() === name) return true;
  }
  return false;
}

function flush() {}

function exit() {}
