"""Decides who says where the beat is: the DAW's clock, our own, or nobody.

    EXTERNAL   the DAW's clock, while it runs; while it is lost its last good tempo
    INTERNAL   our own tempo, set or tapped; others can follow it
    FREE       no tempo is known

It owns the session's grid and everything that moves it or hangs on it: clock follower, taps,
metronome, clock out. What a player should know it keeps as news until somebody takes them. It
refuses to know notes, ports and latencies.
"""

import enum
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from engine.events import NOMINAL_BPM, Timebase
from plugin.realtime.beats import CLOSE_BEATS, BeatGrid
from plugin.realtime.clock_out import ClockOut
from plugin.realtime.metronome import Metronome
from plugin.realtime.midi_clock import TICK, ClockFollower, ClockState
from plugin.realtime.tap import TapTempo
from plugin.settings import ClockSource, Settings

SYSEX, SYSEX_END = 0xF0, 0xF7
MOST_NEWS = 256
"""News that nobody takes are forgotten, the oldest first."""
TOLD_SHARE, TOLD_EVERY_NS = 0.005, 500_000_000
"""A tempo that changed by so much is news, so often at most."""

TROUBLE_EVERY_NS = 10_000_000_000


class Source(enum.StrEnum):
    """See the module."""

    EXTERNAL = "external"
    INTERNAL = "internal"
    FREE = "free"


class NewsKind(enum.StrEnum):
    """What has happened to the beat."""

    TEMPO_KNOWN = "tempo known"
    TEMPO_FREE = "tempo free"
    TEMPO = "tempo"
    """It changed by half a percent or more."""
    METER = "meter"
    JUMPED = "jumped"
    """The song went elsewhere, or the session's beat went forward to meet it."""
    STARTED = "started"
    STOPPED = "stopped"
    COUNTING_IN = "counting in"
    CLOCK_WAITING = "clock waiting"
    CLOCK_LOCKED = "clock locked"
    CLOCK_LOST = "clock lost"
    CLOCK_BACK = "clock back"
    TROUBLE = "trouble"
    """`says` has the sentence."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell, with tempo and meter as they are since."""

    kind: NewsKind
    at_ns: int
    timebase: Timebase
    says: str = ""


class Transport:
    """See the module. Thread: one. Real-time: yes. `now_ns` never goes back.

    send_click and send_clock hand over one message at once: clicks to the notes' port, the clock to
    whoever follows us.
    """

    def __init__(
        self,
        settings: Settings,
        send_click: Callable[[int, bytes], None],
        send_clock: Callable[[int, bytes], None],
        *,
        origin_ns: int | None = None,
    ) -> None:
        """origin_ns is the moment of beat 0, if it is known already."""
        self._settings, self._own_bpm = settings, settings.bpm
        own = settings.clock is not ClockSource.EXTERNAL and settings.bpm is not None
        self.source = Source.INTERNAL if own else Source.FREE
        bpm = settings.bpm if own and settings.bpm is not None else NOMINAL_BPM
        self.grid = BeatGrid(Timebase(bpm, settings.beats_per_bar, own), origin_ns)
        self.epoch = 0
        """Grows whenever beats begin to mean something else: tempo known or not, another meter."""
        self._follower, self._taps = ClockFollower(), TapTempo()
        self._metronome = Metronome(self.grid, send_click, settings.click_channel)
        self._clock_out = ClockOut(self.grid, send_clock)
        self._news: deque[News] = deque(maxlen=MOST_NEWS)
        self._rolls = False
        self._song_zero = 0.0
        self._counts_in = self._closed = False
        self._told_state, self._told_playing = ClockState.ABSENT, False
        self._told_jumps, self._told_known = 0, own
        self._told_trouble: dict[str, int] = {}  # as many as there are sentences: a few
        self._told_bpm, self._told_bpm_ns = self.bpm, 0

    # -- what is so now --

    @property
    def bpm(self) -> float:
        """Quarter notes a minute; `NOMINAL_BPM` while nobody has said."""
        return self.grid.timebase.bpm

    @property
    def playing(self) -> bool:
        """Whether a song runs: the DAW's, or our own after its count-in."""
        if self.source is Source.EXTERNAL:
            return self._follower.state is not ClockState.STOPPED
        return self._rolls

    @property
    def counting_in(self) -> bool:
        """Whether our own start is being counted in."""
        return self._counts_in

    @property
    def locked(self) -> bool:
        """Whether the DAW's clock is there and followed."""
        return self.source is Source.EXTERNAL and self._follower.state is ClockState.LOCKED

    @property
    def clock_state(self) -> ClockState:
        """Of the DAW's clock, whether it is followed or not."""
        return self._follower.state

    def position(self, now_ns: int) -> tuple[int, float]:
        """Bar and quarter note of the song, both counted from 1, as a DAW shows them.

        A count-in is the bars up to 0.
        """
        bar = self.grid.timebase.beats_per_bar
        song = self._follower.beat(now_ns) if self.source is Source.EXTERNAL else None
        if song is None:
            song = self.grid.beat(now_ns) - self._song_zero
        number = math.floor((song + CLOSE_BEATS) / bar)
        return number + 1, max(0.0, song - number * bar) + 1

    def take_news(self) -> list[News]:
        """What has happened since the last call."""
        news = list(self._news)
        self._news.clear()
        return news

    # -- what comes in --

    def midi(self, at_ns: int, message: bytes) -> bool:
        """Whether this was a system message: it is consumed, whatever it said. SysEx is not."""
        if not message or message[0] < SYSEX or message[0] in (SYSEX, SYSEX_END):
            return False
        self._follower.message(at_ns, message)
        was = self.source
        self._settle(at_ns)
        if message[0] == TICK and was is self.source is Source.EXTERNAL:
            self._align(at_ns)
        return True

    def change(self, now_ns: int, settings: Settings) -> None:
        """Other settings count from now on."""
        old, self._settings = self._settings, settings
        if settings.beats_per_bar != old.beats_per_bar:
            self._change_meter(now_ns, settings.beats_per_bar)
        if settings.bpm != old.bpm:
            self._own_bpm = settings.bpm
            self._taps.forget()
            if self.source is Source.INTERNAL and self._own_bpm is not None:
                self.grid.set_tempo(now_ns, self._own_bpm)
        self._metronome.set_channel(now_ns, settings.click_channel)
        self._settle(now_ns)

    def tap(self, now_ns: int) -> float | None:
        """A tapped beat; the tempo that it makes, None while it makes none.

        The DAW's clock is not tapped away.
        """
        if self.source is Source.EXTERNAL or self._settings.clock is ClockSource.EXTERNAL:
            return None
        tapped = self._taps.tap(now_ns)
        if tapped is None:
            return None
        self._own_bpm = tapped.bpm
        since_beats = (now_ns - tapped.beat_ns) * tapped.bpm / 60e9
        if self.source is Source.FREE:
            beat: float = tapped.taps - 1  # the first tap was a bar line
        else:
            beat = math.floor(self.grid.beat(now_ns) - since_beats + 0.75)
        if self.grid.align(now_ns, beat + since_beats, tapped.bpm) and self._rolls:
            self._tell(NewsKind.JUMPED, now_ns)
        self._settle(now_ns)
        return tapped.bpm

    def start(self, now_ns: int) -> bool:
        """Start our own clock at bar 1, after its count-in; False where it is not ours to start."""
        if self.source is not Source.INTERNAL:
            return False
        self.stop(now_ns)
        self.grid.begin_bar(now_ns)
        bar, bars = self.grid.timebase.beats_per_bar, self._settings.count_in_bars
        self._song_zero = self.grid.next_bar(self.grid.beat(now_ns)) + bars * bar
        self._counts_in = bars > 0
        if self._counts_in:
            self._tell(NewsKind.COUNTING_IN, now_ns)
            self._settle(now_ns)
        else:
            self._roll(now_ns)
        return True

    def stop(self, now_ns: int) -> None:
        """Stop our own clock; the beat goes on, unheard."""
        self._counts_in = self._rolls = False
        self._clock_out.stop(now_ns)
        self._settle(now_ns)

    def tick(self, now_ns: int) -> None:
        """Do what is due."""
        self._follower.tick(now_ns)
        if self._counts_in and self.grid.beat(now_ns) > self._song_zero - CLOSE_BEATS:
            self._roll(now_ns)
        self._settle(now_ns)
        self._metronome.tick(now_ns)
        self._clock_out.tick(now_ns)

    def next_due_ns(self) -> int | None:
        """When `tick` must be called next, for clicks and clocks; None while nothing waits."""
        zero_ns = self.grid.ns(self._song_zero) if self._counts_in else None
        moments = (self._metronome.next_due_ns(), self._clock_out.next_due_ns(), zero_ns)
        return min((moment for moment in moments if moment is not None), default=None)

    def close(self, now_ns: int) -> None:
        """Release the click, tell followers to stop; nothing is sent after."""
        self._closed = True
        self._metronome.switch_off(now_ns)
        self._clock_out.switch_off(now_ns)

    # -- who says --

    def _settle(self, now_ns: int) -> None:
        """Have everything as the follower's state and the settings want it."""
        if self._closed:
            return
        wanted = self._wanted()
        if wanted is not self.source:
            self._switch(now_ns, wanted)
        if self._settings.send_clock and self.source is Source.INTERNAL and self.grid.begun:
            self._clock_out.switch_on(now_ns)
        elif self._clock_out.on:
            self._clock_out.switch_off(now_ns)
        if (self._settings.metronome and self.playing) or self._counts_in:
            self._metronome.switch_on(now_ns)
        elif self._metronome.on:
            self._metronome.switch_off(now_ns)
        self._tell_what_changed(now_ns)

    def _wanted(self) -> Source:
        follower, clock = self._follower, self._settings.clock
        if clock is not ClockSource.INTERNAL and follower.bpm is not None:
            runs = follower.state in (ClockState.LOCKED, ClockState.LOST)
            if runs and (self.source is Source.EXTERNAL or not follower.waits):
                return Source.EXTERNAL
            stays = clock is ClockSource.EXTERNAL and self.source is Source.EXTERNAL
            if stays and follower.state is not ClockState.ABSENT:
                return Source.EXTERNAL
        own = self._own_bpm is not None and clock is not ClockSource.EXTERNAL
        return Source.INTERNAL if own else Source.FREE

    def _switch(self, now_ns: int, wanted: Source) -> None:
        self._counts_in = self._rolls = False
        self.source = wanted
        if wanted is Source.EXTERNAL:
            self._align(now_ns)
        elif wanted is Source.INTERNAL and self._own_bpm is not None:
            self._song_zero = 0.0
            self.grid.set_tempo(now_ns, self._own_bpm)
        else:
            self._song_zero = 0.0
            self.grid.free(now_ns)

    def _align(self, at_ns: int) -> None:
        follower, begun = self._follower, self.grid.begun
        beat, bpm = follower.beat(at_ns), follower.bpm
        if beat is None or bpm is None or follower.waits or follower.rolling is False:
            return
        jumped = self.grid.align(at_ns, beat, bpm) and begun
        elsewhere = follower.jumps != self._told_jumps and self._told_playing
        self._told_jumps = follower.jumps
        if jumped or elsewhere:
            self._tell(NewsKind.JUMPED, at_ns)
        self._tell_what_changed(at_ns)

    def _change_meter(self, now_ns: int, beats_per_bar: float) -> None:
        bars = self.grid.bar_of(self.grid.beat(now_ns) - self._song_zero)
        jumped = self.grid.set_meter(now_ns, beats_per_bar)
        self._song_zero = self.grid.bar_start(self.grid.beat(now_ns)) - bars * beats_per_bar
        self.epoch += 1
        self._tell(NewsKind.METER, now_ns)
        if jumped:
            self._tell(NewsKind.JUMPED, now_ns)
        if self.source is Source.EXTERNAL:
            self._align(now_ns)

    def _roll(self, now_ns: int) -> None:
        self._counts_in, self._rolls = False, True
        self._settle(now_ns)
        self._clock_out.start(now_ns)

    # -- news --

    def _tell(self, kind: NewsKind, at_ns: int, says: str = "") -> None:
        self._news.append(News(kind, at_ns, self.grid.timebase, says))

    def _tell_what_changed(self, now_ns: int) -> None:
        follower, follows = self._follower, self._settings.clock is not ClockSource.INTERNAL
        if follower.state is not self._told_state:
            before, self._told_state = self._told_state, follower.state
            kind = _CLOCK_NEWS.get(follower.state)
            if kind is NewsKind.CLOCK_LOCKED and before is not ClockState.WAITING:
                kind = NewsKind.CLOCK_BACK if before is ClockState.LOST else None
            if kind is not None and follows:
                self._tell(kind, now_ns)
        if self.playing is not self._told_playing:
            self._told_playing = self.playing
            self._tell(NewsKind.STARTED if self.playing else NewsKind.STOPPED, now_ns)
        told_ns = self._told_trouble.get(follower.trouble)
        silent = told_ns is not None and now_ns - told_ns < TROUBLE_EVERY_NS
        if follower.trouble and follows and not silent:
            self._told_trouble[follower.trouble] = now_ns
            self._tell(NewsKind.TROUBLE, now_ns, follower.trouble)
        if self.grid.timebase.tempo_known is not self._told_known:
            known = self._told_known = self.grid.timebase.tempo_known
            self.epoch += 1
            self._tell(NewsKind.TEMPO_KNOWN if known else NewsKind.TEMPO_FREE, now_ns)
            self._told_bpm, self._told_bpm_ns = self.bpm, now_ns
        changed = abs(self.bpm / self._told_bpm - 1) >= TOLD_SHARE
        if changed and now_ns - self._told_bpm_ns >= TOLD_EVERY_NS:
            self._told_bpm, self._told_bpm_ns = self.bpm, now_ns
            self._tell(NewsKind.TEMPO, now_ns)


_CLOCK_NEWS = {
    ClockState.WAITING: NewsKind.CLOCK_WAITING,
    ClockState.LOCKED: NewsKind.CLOCK_LOCKED,
    ClockState.LOST: NewsKind.CLOCK_LOST,
}
