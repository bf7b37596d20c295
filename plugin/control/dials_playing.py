"""The dials of how the partner plays: ways, manners, tempo, MIDI. See `plugin.control.dials`."""

from plugin.control.dials import Dial, setting
from plugin.control.kinds import Choice, Number, Switch
from plugin.control.kinds_music import Controller, Meter, Styles
from plugin.settings import (
    BARS,
    FASTEST_BPM,
    SLOWEST_BPM,
    ClockSource,
    Companions,
    Way,
    Yield,
)

SHARE = Number(0.0, 1.0, 0.01)
"""A share of something, or how strongly it is wanted."""

WAYS = (
    Dial(
        "way",
        "Way of playing",
        "how the partner plays with you; each way is also a word of its own",
        Choice.of(Way, harmonize=Way.HARMONISE),
        "accompany",
        *setting("way"),
    ),
    Dial(
        "eagerness",
        "Eagerness",
        "how soon the partner takes a silence for the end of your phrase: 0 waits, 1 jumps in",
        SHARE,
        "0.8",
        *setting("eagerness"),
        also=("eager",),
    ),
    Dial(
        "yield",
        "Falls silent",
        "when the partner falls silent after you have come in",
        Choice.of(Yield),
        "beat",
        *setting("yields"),
        also=("yields",),
    ),
    Dial(
        "bars",
        "Bars",
        "how many bars each side has when you trade",
        Choice(tuple((str(bars), bars) for bars in BARS)),
        "8",
        *setting("bars"),
    ),
    Dial(
        "partner starts",
        "Partner starts",
        "whether the first bars of a trade are the partner's",
        Switch(),
        "on",
        *setting("partner_starts"),
        also=("starts",),
    ),
    Dial(
        "presence",
        "Presence",
        "how much the partner plays while you play: 0 stays out of the way",
        SHARE,
        "0.3",
        *setting("presence"),
    ),
    Dial(
        "companions",
        "Companions",
        "what each of your notes gets beside it when the partner harmonises",
        Choice.of(Companions),
        "chord",
        *setting("companions"),
        also=("companion",),
    ),
    Dial(
        "distance",
        "Distance",
        "how far a variation goes from your phrase: 0 is the phrase, 1 keeps next to nothing",
        SHARE,
        "0.7",
        *setting("distance"),
    ),
    Dial(
        "style",
        "Style",
        "whose music the partner thinks of, each with its share",
        Styles(),
        "ragtime 0.5, blues 0.5",
        *setting("style"),
        also=("styles",),
    ),
)

TIME = (
    Dial(
        "tempo",
        "Tempo",
        "of our own clock; free is no beat at all",
        Number(SLOWEST_BPM, FASTEST_BPM, 1.0, nothing="free"),
        "120",
        *setting("bpm"),
        unit="bpm",
        also=("bpm",),
    ),
    Dial(
        "meter",
        "Meter",
        "where bars begin, which a DAW's clock does not tell; 6/8 counts as three quarters",
        Meter(),
        "6/8",
        *setting("beats_per_bar"),
        also=("time signature",),
    ),
    Dial(
        "clock",
        "Clock",
        "who says where the beat is; auto follows the DAW while its clock runs",
        Choice.of(ClockSource),
        "external",
        *setting("clock"),
    ),
    Dial(
        "send clock",
        "Send clock",
        "whether others get our clock",
        Switch(),
        "on",
        *setting("send_clock"),
    ),
    Dial(
        "metronome",
        "Metronome",
        "a click on every beat, as notes on the click channel",
        Switch(),
        "on",
        *setting("metronome"),
        also=("click",),
    ),
    Dial(
        "count in",
        "Count-in",
        "how many bars are counted before our own clock starts; none when a DAW leads",
        Number(0, 4, 1, whole=True),
        "1",
        *setting("count_in_bars"),
        unit="bars",
        also=("count-in",),
    ),
)

MIDI = (
    Dial(
        "partner channel",
        "Partner's channel",
        "where the partner's notes go; own is the channel that you play on",
        Number(0, 15, 1, whole=True, nothing="own", shown_from=1),
        "2",
        *setting("partner_channel"),
        also=("channel",),
    ),
    Dial(
        "click channel",
        "Click channel",
        "where the metronome plays; 10 is the drums",
        Number(0, 15, 1, whole=True, shown_from=1),
        "10",
        *setting("click_channel"),
    ),
    Dial(
        "state cc",
        "State controller",
        "tells others what the partner does: 0 idle, 1 listening, 2 answering, 3 late",
        Controller(),
        "20 channel 16",
        *setting("state_cc"),
        also=("state",),
    ),
    Dial(
        "latency",
        "Latency",
        "notes are sent so much earlier, because the way to your ear takes so long",
        Number(0.0, 500.0, 1.0),
        "12",
        *setting("latency_ms"),
        unit="ms",
    ),
)
