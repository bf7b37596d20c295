"""Between the transport and the ensemble: what became of the beat, and where the song is.

News of the transport become words for the player and moments for the way of playing; where beats
begin to mean something else, the engine starts anew. It refuses to decide who says where the beat
is (`plugin.transport`) and when anybody plays (`plugin.ways`).

Thread: one. Real-time: yes.
"""

import math
from collections.abc import Callable

import msgspec

from plugin import protocol
from plugin.ensemble import Ensemble
from plugin.settings import ClockSource, Settings
from plugin.settings import Way as WayName
from plugin.tempo_words import in_words
from plugin.transport import NewsKind, Source, Transport
from plugin.ways.base import Way

UNSAID_BPM = 120.0
"""Trading needs a tempo: this one where nobody gives any."""


class Conductor:
    """See the module."""

    def __init__(
        self, transport: Transport, band: Ensemble, emit: Callable[[protocol.Event], None]
    ) -> None:
        self._transport, self._band, self._emit = transport, band, emit
        self._epoch = transport.epoch
        self._clicks = self._halted = False
        self._told_waiting = False
        self._told_beat: tuple[int, int] | None = None

    def follow(self, now_ns: int, way: Way) -> None:
        """Let time pass in the transport, and carry out what that means."""
        band, transport = self._band, self._transport
        self._start_for_clicks(now_ns)
        transport.tick(now_ns)
        settings = self.with_tempo(band.settings)
        if settings is not band.settings:
            band.settings = settings
            transport.change(now_ns, settings)
            self._emit(protocol.SettingsChanged(settings))
        for news in transport.take_news():
            if says := in_words(news):
                self._emit(protocol.Said(says))
            if news.kind in (NewsKind.JUMPED, NewsKind.STARTED):
                self._halted = False
                way.jumped(now_ns)
            elif news.kind is NewsKind.STOPPED:
                # Who stops their song does not want ours to go on, tempo of our own or not.
                self._halted = True
                if band.turn is not None and band.turn.answering:
                    band.silence(now_ns)
                    band.close_turn(now_ns)
        if transport.epoch != self._epoch:
            self._epoch = transport.epoch
            band.begin_anew(now_ns)
        band.rolling = (
            band.grid.timebase.tempo_known
            and band.grid.begun
            and not transport.counting_in
            and (transport.playing or (transport.source is Source.INTERNAL and not self._halted))
        )
        self._tell_waiting()

    def go_on(self) -> None:
        """The player sets something anew, or starts: the song that was stopped is history."""
        self._halted = False

    def _tell_waiting(self) -> None:
        """Trading by a clock that does not come is silent: say why, once."""
        settings = self._band.settings
        waits = (
            settings.way is WayName.TRADE
            and settings.clock is ClockSource.EXTERNAL
            and self._transport.source is not Source.EXTERNAL
        )
        if waits and not self._told_waiting:
            self._emit(protocol.Said("Trading waits for the DAW's clock: start its song."))
        self._told_waiting = waits

    def with_tempo(self, settings: Settings) -> Settings:
        """The settings, with a tempo where they need one and nobody gives it; says so."""
        transport = self._transport
        given = settings.bpm is not None or transport.source is Source.EXTERNAL
        if given or settings.way is not WayName.TRADE or settings.clock is ClockSource.EXTERNAL:
            return settings
        self._emit(
            protocol.Said(
                f"Trading needs a tempo: it is {UNSAID_BPM:g} beats per minute now. Set another "
                "one, tap it, or start the DAW's clock."
            )
        )
        return msgspec.structs.replace(settings, bpm=UNSAID_BPM)

    def tell_position(self, now_ns: int, way: Way) -> None:
        """Where the song is, once a beat."""
        band, transport = self._band, self._transport
        if not band.rolling:
            self._told_beat = None
            return
        bar, beat = transport.position(now_ns)
        here = bar, math.floor(beat)
        if here == self._told_beat:
            return
        self._told_beat = here
        external = transport.source is Source.EXTERNAL
        turn = way.turn_bar(band.grid.beat(now_ns))
        partners, turn_bar, turn_bars = turn or (None, 0, 0)
        self._emit(protocol.Position(*here, transport.bpm, external, partners, turn_bar, turn_bars))

    def bar(self, now_ns: int) -> int | None:
        """Bar of the song, from 1; None while no bars pass."""
        return self._transport.position(now_ns)[0] if self._band.rolling else None

    def obey(self, now_ns: int, command: protocol.Command) -> None:
        """Start, stop or tap our own clock; any other command is passed over."""
        match command:
            case protocol.Tap():
                self._tap(now_ns)
            case protocol.Start():
                self.go_on()
                self._transport.start(now_ns)
            case protocol.Stop():
                self._transport.stop(now_ns)
            case _:
                pass

    def _tap(self, now_ns: int) -> None:
        if self._transport.tap(now_ns) is None:
            return
        before = self._band.settings
        settings = msgspec.structs.replace(before, bpm=self._transport.bpm)
        if settings != before:
            self._band.settings = settings
            self._emit(protocol.SettingsChanged(settings))

    def _start_for_clicks(self, now_ns: int) -> None:
        """Who wants to hear the beat, or to send it, wants it to go."""
        settings, transport = self._band.settings, self._transport
        clicks = settings.metronome or settings.send_clock
        if clicks is not self._clicks and transport.source is Source.INTERNAL:
            self._clicks = clicks
            if clicks and not transport.playing:
                transport.start(now_ns)
