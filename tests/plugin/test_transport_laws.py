"""The laws of time, whatever DAW, hand and settings do (LAW-1, TEMPO-15).

A state machine sends clocks in order and in disorder, starts and stops, positions, taps and other
settings. Always: beats only grow, the near future can be turned into beats and back, every click is
released once, nothing is kept without bound.
"""

import itertools

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from plugin.realtime.midi_clock import ClockFollower
from plugin.settings import ClockSource
from plugin.transport import MOST_NEWS, Source
from tests.fakes.clock_master import CONTINUE, START, STOP, TICK, ClockMaster, gaussian
from tests.fakes.port import sounding
from tests.fakes.transport import MS, TransportStage

bpms = st.one_of(st.none(), st.floats(20.0, 300.0))
meters = st.sampled_from([0.5, 1.0, 1.25, 3.0, 3.5, 4.0, 7.0, 16.0])


class Times(RuleBasedStateMachine):
    @initialize(bpm=bpms, bar=meters, clock=st.sampled_from(ClockSource), out=st.booleans())
    def begin(self, bpm: float | None, bar: float, clock: ClockSource, out: bool) -> None:
        self.stage = TransportStage(
            bpm=bpm, beats_per_bar=bar, clock=clock, send_clock=out, metronome=True
        )

    @rule(ms=st.integers(0, 2_500))
    def wait(self, ms: int) -> None:
        self.stage.run(ms, poll_ms=20.0)

    @rule(ms=st.integers(100, 3_000))
    def stall(self, ms: int) -> None:
        """Nobody calls us for so long."""
        sent = len(self.stage.ticks)
        self.stage.clock.advance_ns(ms * MS)
        self.stage.run(0)
        assert len(self.stage.ticks) <= sent + 3

    @rule(
        bpm=st.floats(15.0, 400.0),
        beats=st.integers(1, 6),
        first=st.sampled_from([START, CONTINUE, b""]),
        late=st.sampled_from([0.0, 3.0]),
        seed=st.integers(0, 99),
    )
    def clock(self, bpm: float, beats: int, first: bytes, late: float, seed: int) -> None:
        master = ClockMaster(
            [(beats, bpm)],
            first=first,
            late=gaussian(late),
            seed=seed,
            begin_ns=self.stage.now_ns + 30 * MS,
        )
        self.stage.hear(master.messages, poll_ms=30.0)

    @rule(
        message=st.one_of(
            st.sampled_from([START, CONTINUE, STOP, b"\xf2", b"\xfe"]),
            st.tuples(st.integers(0, 255), st.integers(0, 255)).map(
                lambda two: b"\xf2" + bytes(two)
            ),
        )
    )
    def say(self, message: bytes) -> None:
        assert self.stage.midi(*message)

    @rule(count=st.integers(1, 2_000), apart_ns=st.sampled_from([0, 1, 100_000]))
    def flood(self, count: int, apart_ns: int) -> None:
        for _ in range(count):
            self.stage.clock.advance_ns(apart_ns)
            self.stage.transport.midi(self.stage.now_ns, TICK)
        self.stage.run(0)

    @rule(apart_ms=st.integers(100, 1_500), taps=st.integers(1, 6))
    def tap(self, apart_ms: int, taps: int) -> None:
        for _ in range(taps):
            self.stage.transport.tap(self.stage.now_ns)
            self.stage.run(apart_ms, poll_ms=50.0)

    @rule()
    def start(self) -> None:
        ours = self.stage.transport.source is Source.INTERNAL
        assert self.stage.transport.start(self.stage.now_ns) is ours

    @rule()
    def stop(self) -> None:
        self.stage.transport.stop(self.stage.now_ns)

    @rule(
        change=st.one_of(
            st.fixed_dictionaries({"bpm": bpms}),
            st.fixed_dictionaries({"beats_per_bar": meters}),
            st.fixed_dictionaries({"clock": st.sampled_from(ClockSource)}),
            st.fixed_dictionaries(
                {"metronome": st.booleans(), "click_channel": st.integers(0, 15)}
            ),
            st.fixed_dictionaries({"count_in_bars": st.integers(0, 2)}),
            st.fixed_dictionaries({"send_clock": st.booleans()}),
        )
    )
    def change(self, change: dict[str, object]) -> None:
        self.stage.change(**change)

    @invariant()
    def beats_only_grow(self) -> None:
        beats = self.stage.beats
        assert all(a <= b for a, b in itertools.pairwise(beats))
        del beats[:-1]

    @invariant()
    def there_and_back(self) -> None:
        grid = self.stage.transport.grid
        if grid.begun:
            for later_ns in (0, 7 * MS, 3_000 * MS):
                at_ns = self.stage.now_ns + later_ns
                assert abs(grid.ns(grid.beat(at_ns)) - at_ns) <= 2

    @invariant()
    def the_tempo_can_be_played_and_known_means_somebody_said_it(self) -> None:
        transport = self.stage.transport
        assert 18.0 < transport.bpm < 320.0
        assert transport.grid.timebase.tempo_known is (transport.source is not Source.FREE)
        assert transport.grid.timebase.beats_per_bar == self.stage.settings.beats_per_bar
        _, beat = transport.position(self.stage.now_ns)
        assert 1 <= beat < self.stage.settings.beats_per_bar + 1 + 1e-3

    @invariant()
    def one_click_at_most_sounds(self) -> None:
        assert sum(sounding(self.stage.clicks).values()) <= 1

    @invariant()
    def whoever_follows_us_is_started_before_it_is_stopped(self) -> None:
        rolling = False
        for _, message in self.stage.ticks:
            if message in (START, CONTINUE):
                assert not rolling
                rolling = True
            elif message == STOP:
                assert rolling
                rolling = False

    @invariant()
    def nothing_is_kept_without_bound(self) -> None:
        assert len(self.stage.transport.take_news()) <= MOST_NEWS
        for owner in vars(self.stage.transport).values():
            parts = [owner, *vars(owner).values()] if isinstance(owner, ClockFollower) else [owner]
            for part in parts:
                for value in getattr(part, "__dict__", {}).values():
                    assert not hasattr(value, "__len__") or len(value) < 5_000

    def teardown(self) -> None:
        if hasattr(self, "stage"):
            self.stage.transport.close(self.stage.now_ns)
            self.stage.run(3_000, poll_ms=100.0)
            assert not sounding(self.stage.clicks)
            assert self.stage.transport.next_due_ns() is None


TestTimes = Times.TestCase
TestTimes.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
