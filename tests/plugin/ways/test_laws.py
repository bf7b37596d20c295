"""The laws under every way of playing, whatever changes when (LAW-1, LAW-2, JAM-2 to JAM-11).

A state machine plays at random, changes the way and every other setting, gives every command, sends
a DAW's clock, kills and hangs the engine, pulls the cable. With thru on, what is passed on, what
the partner plays and the clicks share one port: no key sounds twice. What is not so for every way
is in `tests/plugin/test_session_laws.py` and in the tests of each way.
"""

from collections import Counter
from dataclasses import replace

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec import structs

from engine.api import Ask, Begin, Failed, Forget, Hear, Plan, Refused
from engine.events import Note, Voice
from engine.limits import Constraints
from engine.scales import Scale
from engine.smf.notes import is_note_on
from plugin import protocol
from plugin.realtime.performer import TOO_LATE_NS
from plugin.settings import ClockSource, Companions, Settings, Way, Yield
from tests.fakes.engine import FakeEngine
from tests.fakes.port import sounding
from tests.fakes.stage import MS, Stage
from tests.plugin.sizes import sizes
from tests.strategies import crowded_channels, crowded_pitches

LOUD = [v for v in range(103, 128) if v != 112]
"""The player's velocities: nobody else plays as loud, so nothing of theirs is taken for an echo."""
keys = st.one_of(
    st.tuples(crowded_channels, crowded_pitches),
    st.tuples(st.just(9), st.sampled_from([76, 77])),  # where the metronome clicks
)
planned_notes = st.builds(
    Note,
    onset=st.floats(-1.0, 6.0),
    duration=st.floats(0.01, 3.0),
    pitch=st.one_of(crowded_pitches, st.sampled_from([76, 77])),
    velocity=st.integers(1, 99),
    channel=crowded_channels,
)
all_settings = st.builds(
    Settings,
    way=st.sampled_from(list(Way)),
    eagerness=st.floats(0.0, 1.0),
    yields=st.sampled_from(list(Yield)),
    bars=st.sampled_from([1, 2]),
    partner_starts=st.booleans(),
    presence=st.floats(0.0, 1.0),
    companions=st.sampled_from(list(Companions)),
    distance=st.floats(0.0, 1.0),
    lock_bars=st.sampled_from([0, 0, 1, 8]),
    limits=st.builds(
        Constraints,
        lowest=st.integers(0, 70),
        highest=st.integers(70, 127),
        scale=st.sampled_from([None, Scale(0, "major"), Scale(1, "major pentatonic")]),
        fewest_per_bar=st.sampled_from([None, 4]),
        loudest=st.sampled_from([127, 40]),
    ),
    bpm=st.sampled_from([None, None, 20.0, 97.3, 240.0, 400.0]),
    beats_per_bar=st.sampled_from([4.0, 3.0, 3.5, 0.5]),
    clock=st.sampled_from(list(ClockSource)),
    send_clock=st.booleans(),
    metronome=st.booleans(),
    count_in_bars=st.integers(0, 1),
    partner_channel=st.sampled_from([None, None, 0, 9]),
    state_cc=st.sampled_from([None, (0, 20)]),
    latency_ms=st.sampled_from([0.0, 12.5, 120.0]),
)
commands = st.one_of(
    all_settings.map(protocol.Change),
    st.sampled_from(
        [
            *(protocol.Go(), protocol.Again(), protocol.Hold(True), protocol.Hold(False)),
            *(protocol.Forget(), protocol.Tap(), protocol.Start(), protocol.Stop()),
            *(protocol.Panic(), protocol.Quit()),
        ]
    ),
)


class AllWays(RuleBasedStateMachine):
    """What the player struck is kept here, apart from the session, and compared."""

    @initialize(thru=st.booleans(), first=all_settings, rests=st.booleans())
    def begin(self, thru: bool, first: Settings, rests: bool) -> None:
        self.stage = Stage(FakeEngine(), settings=first, thru=thru, poll_ms=5)
        self.stage.watch = self.check_event
        self.engine_answers([Note(0.25 * n, 0.3, 60 + n % 5, 80 + n) for n in range(9)], True)
        self.rests = rests
        self.struck: list[bytes] = []
        self.lost_from: int | None = None

    # -- the player --

    @rule(key=keys)
    def strike(self, key: tuple[int, int]) -> None:
        velocity = LOUD[len(self.struck) % len(LOUD)]
        if velocity == LOUD[0]:
            self.wait(150)  # what repeats at once what was passed on is taken for its echo
        self.struck.append(bytes([0x90 | key[0], key[1], velocity]))
        self.stage.down(key[1], velocity, key[0])

    @rule(key=keys)
    def release(self, key: tuple[int, int]) -> None:
        self.stage.up(key[1], key[0])

    @rule(found=st.lists(keys, min_size=1, max_size=4), held=st.booleans())
    def play(self, found: list[tuple[int, int]], held: bool) -> None:
        for key in found:
            self.strike(key)
            self.wait(90)
        for key in found[held:]:
            self.release(key)
        self.wait(60)

    @rule(number=st.sampled_from([64, 123, 1]), value=st.sampled_from([0, 127]))
    def turn_a_wheel(self, number: int, value: int) -> None:
        self.stage.midi(0xB0, number, value)

    @rule()
    def vanish(self) -> None:
        self.stage.session.player_gone(self.stage.now_ns)

    @rule(command=commands)
    def command(self, command: protocol.Command) -> None:
        self.stage.command(command)

    @rule(way=st.sampled_from(list(Way)))
    def change_the_way(self, way: Way) -> None:
        changed = structs.replace(self.stage.session.settings, way=way)
        self.stage.command(protocol.Change(changed))

    # -- the DAW --

    @rule(
        data=st.one_of(
            st.sampled_from(
                [b"\xf8", b"\xfa", b"\xfb", b"\xfc", b"\xf2", b"\xf2\x05", b"\xf0\x01"]
            ),
            st.tuples(st.integers(0, 127), st.integers(0, 127)).map(lambda at: bytes([0xF2, *at])),
        )
    )
    def system(self, data: bytes) -> None:
        self.stage.session.midi(self.stage.now_ns, data)

    @rule(
        bpm=st.sampled_from([20.0, 120.0, 300.0]),
        beats=st.integers(1, 6),
        first=st.sampled_from([b"\xfa", b"\xfb", b""]),
        jump=st.one_of(st.none(), st.integers(0, 300)),
    )
    def clock(self, bpm: float, beats: int, first: bytes, jump: int | None) -> None:
        """A DAW plays for a while, jumps perhaps, and does not say that it stops."""
        if first:
            self.system(first)
        for tick in range(24 * beats):
            self.stage.session.midi(self.stage.now_ns, b"\xf8")
            self.stage.run(2_500 / bpm, 25)
            if jump is not None and tick == 12 * beats:
                self.system(bytes([0xF2, jump & 127, jump >> 7]))

    @rule()
    def pull_the_cable(self) -> None:
        if self.lost_from is None and len(self.struck) % 3 == 2:  # not in every run
            self.lost_from = len(self.stage.port.sent)
            self.stage.port.unplug()

    # -- time --

    @rule(ms=st.one_of(st.integers(0, 60), st.integers(0, 1_500), st.integers(0, 4_000)))
    def wait(self, ms: int) -> None:
        self.stage.run(ms, 5 if ms < 100 else 20)

    @rule(ms=st.integers(50, 9_000))
    def sleep(self, ms: int) -> None:
        """The whole program is stopped for a while."""
        self.stage.clock.advance_ns(ms * MS)

    # -- the engine --

    @rule(
        notes=st.lists(planned_notes, max_size=8),
        done=st.booleans(),
        ends=st.lists(st.tuples(crowded_pitches, st.floats(0.0, 9.0)), max_size=2),
    )
    def engine_answers(
        self, notes: list[Note], done: bool, ends: list[tuple[int, float]] | None = None
    ) -> None:
        """From now on every question gets this answer, in one piece or never completely."""

        def answer(ask: Ask) -> list[Plan]:
            moved = tuple(replace(n, onset=ask.start_beat + n.onset) for n in notes)
            held = tuple((pitch, ask.start_beat + beat) for pitch, beat in ends or ())
            return [Plan(ask.request, moved, done, 0.0, ends=held)]

        self.stage.engine.answer = answer

    @rule()
    def engine_keeps_silent(self) -> None:
        self.stage.engine.answer = None

    @rule(notes=st.lists(planned_notes, max_size=5), done=st.booleans())
    def engine_plans(self, notes: list[Note], done: bool) -> None:
        """A late piece, to a question or a rework that may be long void."""
        for asked in [*self.stage.engine.asks[-1:], *self.stage.engine.reworks[-1:]]:
            self.stage.engine.say(Plan(asked.request, tuple(notes), done, 0.0))
        self.stage.settle()

    @rule(fails=st.booleans())
    def engine_refuses(self, fails: bool) -> None:
        for asked in [*self.stage.engine.asks[-1:], *self.stage.engine.reworks[-1:]]:
            said = Failed("cannot") if fails else Refused(asked.request, "Widen a limit.")
            self.stage.engine.say(said)
        self.stage.settle()

    @rule()
    def engine_dies(self) -> None:
        self.stage.engine.die()

    @rule()
    def engine_hangs(self) -> None:
        self.stage.engine.hang()

    # -- the laws --

    def check_event(self, event: protocol.Event) -> None:
        if isinstance(event, protocol.NoteSounded) and event.partner:
            assert 0 <= event.late_ms <= TOO_LATE_NS / MS

    @invariant()
    @precondition(lambda self: hasattr(self, "stage"))
    def no_key_sounds_twice(self) -> None:
        assert set(sounding(self.stage.port.sent).values()) <= {1}

    @invariant()
    @precondition(lambda self: hasattr(self, "stage"))
    def nothing_goes_out_of_a_port_that_is_gone(self) -> None:
        assert self.lost_from is None or len(self.stage.port.sent) == self.lost_from

    def teardown(self) -> None:
        if not hasattr(self, "stage"):
            return
        stage = self.stage
        if self.rests:  # else it is closed in the middle of everything
            self.check_it_comes_to_rest()
        for size in sizes(stage.session).values():
            assert size < 5_000
        stage.close()
        stage.close()
        sent = len(stage.port.sent)
        stage.down(60)
        stage.command(protocol.Go())
        stage.run(200)
        assert len(stage.port.sent) == sent, "it plays after its end"
        if self.lost_from is None:
            assert sounding(stage.port.sent) == {}
        self.check_takes()
        self.check_what_the_engine_heard()

    def check_it_comes_to_rest(self) -> None:
        """Whatever was going on: a way that answers goes on from here."""
        stage = self.stage
        stage.command(protocol.Change(Settings(clock=ClockSource.INTERNAL)))
        stage.command(protocol.Hold(False))
        stage.engine.answer = None
        stage.session.player_gone(stage.now_ns)
        for _ in range(30):
            stage.run(3_000, 50)
            if stage.session.idle:
                break
        assert stage.session.idle, "somebody waits for ever"
        for _ in range(30):  # an engine that was given up rests for half a minute
            if stage.session.state is protocol.State.LISTENING:
                break
            stage.run(2_000, 50)
        self.engine_answers([Note(0.0, 0.3, 61, 80)], True)
        for beat in range(3):
            self.strike((0, 60 + beat))
            self.wait(150)
            self.release((0, 60 + beat))
        heard = len(stage.of(protocol.PhraseHeard))
        stage.run(6_000, 20)
        assert len(stage.of(protocol.PhraseHeard)) == heard + 1, "a phrase is not answered"

    def check_takes(self) -> None:
        takes = self.stage.takes.list
        assert all(take.finished for take in takes)
        kept = Counter(m for take in takes for m in take.of(Voice.PLAYER) if is_note_on(m))
        assert kept >= Counter(self.struck), "a note of the player is in no take"
        for take in takes:
            partner = [(t, m) for v, t, m in take.messages if v is Voice.PARTNER]
            assert sounding(partner) == {}, "a note of the partner has no end in its take"

    def check_what_the_engine_heard(self) -> None:
        onset = 0.0
        for message in self.stage.engine.log:
            if isinstance(message, Begin | Forget):
                onset = 0.0
            elif isinstance(message, Hear):
                assert message.note.onset >= onset
                assert message.note.duration > 0
                onset = message.note.onset


TestAllWays = AllWays.TestCase
TestAllWays.settings = settings(
    stateful_step_count=30,
    phases=set(Phase) - {Phase.explain},  # it traces every line, which takes minutes here
)
