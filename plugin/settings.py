"""How the partner plays, as one frozen value: what a musician sets, from wherever they set it.

A `Settings` is a snapshot: terminal, knobs, window and file each make a new one from the last, the
session is handed the newest. It refuses values that nobody can play, with a sentence.
"""

import enum
import math

import msgspec

from engine.api import Style
from engine.limits import Constraints

BARS = (1, 2, 4, 8)
LOCK_BARS = (0, *BARS)
SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
MOST_CANDIDATES = 8


class Way(enum.StrEnum):
    """How the partner plays with the player."""

    ANSWER = "answer"
    """It continues the phrase where the player leaves off."""
    TRADE = "trade"
    """So many bars each, in turn."""
    SIGN = "sign"
    """As `ANSWER`, but only on a sign: a pedal, a knob, a key, a command."""
    ACCOMPANY = "accompany"
    """It plays while the player plays."""
    HARMONISE = "harmonise"
    """Every note of the player gets companions at once."""
    VARY = "vary"
    """The last phrase again, changed."""
    ENDLESS = "endless"
    """It goes on alone until the player plays."""


class Yield(enum.StrEnum):
    """When the partner falls silent after the player has come in."""

    AT_ONCE = "at once"
    BEAT = "end of beat"
    BAR = "end of bar"


class Companions(enum.StrEnum):
    """What a note gets beside it."""

    THIRD = "third"
    CHORD = "chord"
    BASS = "bass"


class ClockSource(enum.StrEnum):
    """Who says where the beat is."""

    AUTO = "auto"
    """The DAW's clock while it runs, else our own."""
    INTERNAL = "internal"
    EXTERNAL = "external"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """See the module. Raises ValueError for what cannot be played."""

    way: Way = Way.ANSWER
    eagerness: float = 0.5
    """0 waits as long as a patient listener, 1 jumps in."""
    yields: Yield = Yield.AT_ONCE
    bars: int = 4
    """Of each side, when trading."""
    partner_starts: bool = False
    """Whether the first bars of a trade are the partner's."""
    presence: float = 0.5
    """Accompanying: 0 stays out of the way, 1 plays as much as the player."""
    companions: Companions = Companions.THIRD
    distance: float = 0.4
    """Varying: 0 is the phrase itself with another touch, 1 keeps next to nothing."""
    feel: bool = True
    """Whether the partner takes up the player's swing and push, where there is a tempo."""
    candidates: int = 4
    """So many answers are drawn if there is time, and the one is played that the player will like
    best."""
    lock_bars: int = 0
    """Asking again keeps so many bars of the answer; only what follows them is drawn anew."""
    style: Style = ()
    limits: Constraints = Constraints()
    bpm: float | None = None
    """Of our own clock; None is free time."""
    beats_per_bar: float = 4.0
    """The meter in quarter notes; MIDI clock does not tell it."""
    clock: ClockSource = ClockSource.AUTO
    send_clock: bool = False
    """Whether others get our clock."""
    metronome: bool = False
    count_in_bars: int = 0
    click_channel: int = 9
    partner_channel: int | None = None
    """Channel of everything that the partner plays; None is the player's own."""
    state_cc: tuple[int, int] | None = None
    """Channel and number of the controller that tells the partner's state."""
    latency_ms: float = 0.0
    """Notes are sent so much earlier, because the way to the ear takes so long."""

    def __post_init__(self) -> None:
        for name in ("eagerness", "presence", "distance"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"{name} {value} is not between 0 and 1; set it between.")
        if self.bars not in BARS:
            raise ValueError(f"Trade {self.bars} bars? 1, 2, 4 or 8 can be traded.")
        if self.lock_bars not in LOCK_BARS:
            raise ValueError(f"Keep {self.lock_bars} bars? 0, 1, 2, 4 or 8 can be kept.")
        if self.candidates not in range(1, MOST_CANDIDATES + 1):
            raise ValueError(f"1 to {MOST_CANDIDATES} answers can be drawn; 1 takes the first.")
        if self.bpm is not None and not SLOWEST_BPM <= self.bpm <= FASTEST_BPM:
            raise ValueError(
                f"A tempo of {self.bpm:g} cannot be played; set 20 to 400 beats per minute."
            )
        if not 0.5 <= self.beats_per_bar <= 16:
            raise ValueError("A bar has half a quarter note to 16; 4 is 4/4, 3 is 6/8.")
        if not 0 <= self.count_in_bars <= 4:
            raise ValueError("A count-in takes up to 4 bars; 0 is none.")
        for channel in (self.click_channel, self.partner_channel):
            if channel is not None and channel not in range(16):
                raise ValueError("There are MIDI channels 1 to 16.")
        if self.state_cc is not None and not (
            self.state_cc[0] in range(16) and self.state_cc[1] in range(120)
        ):
            raise ValueError("Controllers run from 0 to 119, on channels 1 to 16.")
        if not (math.isfinite(self.latency_ms) and 0 <= self.latency_ms <= 500):
            raise ValueError("A latency is between 0 and 500 ms; 0 is none.")
