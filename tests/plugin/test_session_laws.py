"""The laws of a jam, whatever player, engine, DAW and cable do (LAW-1, LAW-2, JAM-2 to JAM-11).

A state machine plays at random: keys in any order, wheels, broken bytes, a DAW that sends our
output back, an engine that is late, stale, wrong, dead, a cable that is pulled. After every step
the laws hold; in the end everything is released and nobody waits for ever.
"""

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from engine.api import Ask, Begin, Failed, Forget, Hear, Plan, Pong
from engine.events import Note, Timebase, Voice
from engine.smf.notes import is_channel_message, is_note_on
from plugin import protocol
from plugin.realtime.ledger import means_all_notes_off
from plugin.realtime.performer import TOO_LATE_NS
from plugin.session import FORGOTTEN_KEY_NS
from plugin.turns import GAPS_ALONE, HELD_LEAST_NS, MIXED
from tests.fakes.engine import READY, FakeEngine
from tests.fakes.port import sounding
from tests.fakes.stage import MS, Stage
from tests.strategies import (
    channel_messages,
    crowded_channels,
    crowded_pitches,
    messy_performances,
    timebases,
)

LEAST_PATIENCE_NS = round(min(MIXED.least, GAPS_ALONE.least) * 1e9)
LEAST_BREATH_NS = 100_000_000
# Player and partner strike with different force, so that a test can tell them apart.
SOFT, LOUD = st.integers(1, 63), st.integers(64, 127)

planned_notes = st.builds(
    Note,
    onset=st.floats(-1.0, 6.0),
    duration=st.floats(0.0, 3.0),
    pitch=crowded_pitches,
    velocity=LOUD,
    channel=crowded_channels,
)
wrong_notes = st.sampled_from(
    [
        Note(float("nan"), 1.0, 60, 80),
        Note(0.0, float("inf"), 60, 80),
        Note(0.0, 1.0, 200, 80),
        Note(1e12, 1.0, 60, 80),
        Note(0.0, 1.0, 60, 0),
    ]
)
plans = st.lists(st.one_of(planned_notes, planned_notes, wrong_notes), max_size=6)
other_messages = st.one_of(
    channel_messages().filter(lambda message: message[0] & 0xE0 != 0x80),
    st.tuples(crowded_channels, st.sampled_from([0, 127])).map(
        lambda pedal: bytes([0xB0 | pedal[0], 64, pedal[1]])
    ),
    crowded_channels.map(lambda channel: bytes([0xB0 | channel, 123, 0])),
)
no_messages = st.binary(max_size=5).filter(lambda data: not is_channel_message(data))


def moved(notes: list[Note], ask: Ask) -> tuple[Note, ...]:
    """Notes counted from where the answer was asked to start."""
    return tuple(
        Note(ask.start_beat + n.onset, n.duration, n.pitch, n.velocity, n.channel) for n in notes
    )


class Jam(RuleBasedStateMachine):
    """What the player did is kept here, apart from the session, and compared."""

    @initialize(
        thru=st.booleans(),
        delay_ms=st.one_of(st.none(), st.integers(0, 25), st.integers(0, 100)),
        timebase=st.one_of(st.just(Timebase()), timebases()),
    )
    def begin(self, thru: bool, delay_ms: int | None, timebase: Timebase) -> None:
        if thru and delay_ms is not None:
            delay_ms = min(delay_ms, 25)  # above, what is passed on is told apart by habit only
        self.thru, self.delay_ns = thru, None if delay_ms is None else delay_ms * MS
        self.stage = Stage(FakeEngine(), timebase=timebase, thru=thru, poll_ms=4)
        self.stage.watch = self.check_moment
        self.engine_answers([Note(0.25 * n, 0.3, 60 + n % 5, 64 + n) for n in range(9)], True)
        self.returned = 0
        self.down: set[tuple[int, int]] = set()
        self.struck: list[bytes] = []
        self.last_note_ns = self.last_input_ns = self.last_onset_ns = 0
        self.echoing = False
        self.lost_from: int | None = None

    # -- the player --

    @rule(pitch=crowded_pitches, channel=crowded_channels, velocity=SOFT)
    def strike(self, pitch: int, channel: int, velocity: int) -> None:
        if self.thru:
            # What repeats within 30 ms what was passed on is taken for its echo: no two are alike.
            velocity = len(self.struck) % 63 + 1
        self.down.add((channel, pitch))
        self.struck.append(bytes([0x90 | channel, pitch, velocity]))
        self.last_note_ns = self.last_input_ns = self.last_onset_ns = self.stage.now_ns
        self.stage.down(pitch, velocity, channel)
        assert not self.answer_sounds()

    @rule(pitch=crowded_pitches, channel=crowded_channels, zero=st.booleans())
    def release(self, pitch: int, channel: int, zero: bool) -> None:
        """Often an orphan."""
        if (channel, pitch) in self.down:
            self.down.discard((channel, pitch))
            self.last_note_ns = self.stage.now_ns
        self.last_input_ns = self.stage.now_ns
        if zero:
            self.stage.midi(0x90 | channel, pitch, 0)
        else:
            self.stage.up(pitch, channel)

    @rule()
    def release_all(self) -> None:
        for channel, pitch in sorted(self.down):
            self.release(pitch, channel, zero=False)

    @rule(message=other_messages)
    def turn_a_wheel(self, message: bytes) -> None:
        self.last_input_ns = self.stage.now_ns
        self.stage.session.midi(self.stage.now_ns, message)
        if means_all_notes_off(message):
            self.down = {key for key in self.down if key[0] != message[0] & 0x0F}

    @rule(data=no_messages)
    def send_garbage(self, data: bytes) -> None:
        events = len(self.stage.events)
        self.stage.session.midi(self.stage.now_ns, data)
        assert len(self.stage.events) == events

    @rule()
    def panic(self) -> None:
        self.down.clear()
        self.stage.command(protocol.Panic())
        assert not self.answer_sounds()

    @rule()
    def vanish(self) -> None:
        """The player's keyboard is unplugged, whatever it holds."""
        self.down.clear()
        self.stage.session.player_gone(self.stage.now_ns)

    @rule()
    def forget(self) -> None:
        self.stage.command(protocol.Forget())

    @rule(keys=st.lists(st.tuples(crowded_pitches, crowded_channels, SOFT), min_size=1, max_size=3))
    def play_a_phrase(self, keys: list[tuple[int, int, int]]) -> None:
        for key in keys:
            self.strike(*key)
            self.wait(100)
        self.release_all()
        self.wait(1_300)

    # -- time --

    @rule(ms=st.one_of(st.integers(0, 60), st.integers(0, 2_500)))
    def wait(self, ms: int) -> None:
        end_ns = self.stage.now_ns + ms * MS
        poll_ms = 20 if ms <= 2_500 else 250
        while self.stage.now_ns < end_ns:
            until_ns = end_ns
            busy = not self.stage.session.idle or self.next_echo_ns() is not None
            if self.delay_ns is not None and busy:
                until_ns = min(end_ns, self.stage.now_ns + 5 * MS)  # and see what comes back
            self.stage.run((until_ns - self.stage.now_ns) / MS, poll_ms)
            while (echo_ns := self.next_echo_ns()) is not None and echo_ns <= self.stage.now_ns:
                self.send_back()
        self.forget_keys()

    def forget_keys(self) -> None:
        """A key that was down for so long is up for the session; a release is an orphan then."""
        if self.stage.now_ns - self.last_input_ns > FORGOTTEN_KEY_NS:
            self.down.clear()

    @rule()
    def wait_very_long(self) -> None:
        self.wait(FORGOTTEN_KEY_NS // MS + 3_000)

    @rule(ms=st.integers(50, 5_000))
    def sleep(self, ms: int) -> None:
        """The whole program is stopped for a while (Ctrl-Z, a busy machine)."""
        while self.next_echo_ns() is not None:
            self.send_back()  # one that lay in the queue meanwhile would not be recognised
        self.stage.clock.advance_ns(ms * MS)

    # -- the DAW --

    def next_echo_ns(self) -> int | None:
        if self.delay_ns is None or self.returned >= len(self.stage.port.sent):
            return None
        return self.stage.port.sent[self.returned][0] + self.delay_ns

    def send_back(self) -> None:
        """The next of our messages comes back, its channel changed as a DAW may."""
        _, message = self.stage.port.sent[self.returned]
        self.returned += 1
        if not is_note_on(message) and message[0] & 0xE0 != 0x80:
            return
        self.echoing = True
        self.stage.midi(message[0] & 0xF0, *message[1:])
        self.echoing = False

    @rule()
    def pull_the_cable(self) -> None:
        if self.lost_from is None:
            self.lost_from = len(self.stage.port.sent)
        self.stage.port.unplug()

    # -- the engine --

    @rule(notes=plans, done=st.booleans())
    def engine_answers(self, notes: list[Note], done: bool) -> None:
        """From now on every question gets this answer, whatever it is worth."""

        def answer(ask: Ask) -> list[Plan]:
            return [Plan(ask.request, moved(notes, ask), done, 0.0)]

        self.stage.engine.answer = answer

    @rule(notes=plans, done=st.booleans(), stale=st.integers(0, 3))
    def engine_plans(self, notes: list[Note], done: bool, stale: int) -> None:
        """To the last question, or an earlier one; a first note again and again, or none."""
        asks = self.stage.engine.asks
        if not asks:
            return
        ask = asks[max(0, len(asks) - 1 - max(0, stale - 1))]
        self.stage.engine.say(Plan(ask.request, moved(notes, ask), done, 0.0))
        self.stage.settle()
        self.forget_keys()

    @rule(what=st.sampled_from([READY, Pong(3), Failed("cannot")]))
    def engine_says(self, what: object) -> None:
        self.stage.engine.say(what)
        self.stage.settle()
        self.forget_keys()

    @rule()
    def engine_dies(self) -> None:
        self.stage.engine.die()

    @rule()
    def engine_hangs(self) -> None:
        self.stage.engine.hang()

    # -- the laws --

    def answer_sounds(self) -> bool:
        partner = [(at, m) for at, m in self.stage.port.sent if not is_note_on(m) or m[2] >= 64]
        struck = {(m[0] & 0x0F, m[1]) for _, m in partner if is_note_on(m)}
        open_keys = set(sounding(self.stage.port.sent)) & struck
        return self.lost_from is None and bool(open_keys - self.down) and not self.thru

    def check_moment(self, event: protocol.Event) -> None:
        now_ns = self.stage.now_ns
        if isinstance(event, protocol.PhraseHeard):
            forgotten = now_ns - self.last_input_ns > FORGOTTEN_KEY_NS
            held = bool(self.down) and not forgotten
            assert now_ns - self.last_onset_ns >= (HELD_LEAST_NS if held else LEAST_PATIENCE_NS)
            assert held or now_ns - self.last_note_ns >= LEAST_BREATH_NS
        if not isinstance(event, protocol.NoteSounded):
            return
        if not event.partner:
            assert not self.echoing, "our own note was taken for the player's"
            return
        assert event.velocity >= 64
        assert 0 <= event.late_ms <= TOO_LATE_NS / MS

    @invariant()
    @precondition(lambda self: hasattr(self, "stage"))
    def every_note_off_has_its_note(self) -> None:
        sounding(self.stage.port.sent)

    @invariant()
    @precondition(lambda self: hasattr(self, "stage"))
    def nothing_goes_out_of_a_port_that_is_gone(self) -> None:
        assert self.lost_from is None or len(self.stage.port.sent) == self.lost_from

    def teardown(self) -> None:
        if not hasattr(self, "stage"):
            return
        stage = self.stage
        self.release_all()
        for _ in range(40):  # two minutes: a slow tempo and an answer that is never finished
            if not stage.session.idle:
                self.wait(3_000)
        assert stage.session.idle, "somebody waits for ever"
        stage.close()
        stage.close()
        if self.lost_from is None:
            assert sounding(stage.port.sent) == {}
        self.check_takes()
        self.check_what_the_engine_heard()

    def check_takes(self) -> None:
        takes = self.stage.takes.list
        assert all(take.finished for take in takes)
        heard = [m for take in takes for m in take.of(Voice.PLAYER) if is_note_on(m)]
        assert heard == self.struck
        if self.thru or self.lost_from is not None:
            return
        played = [m for take in takes for m in take.of(Voice.PARTNER) if m[0] & 0xE0 == 0x80]
        assert played == [m for _, m in self.stage.port.sent if m[0] & 0xE0 == 0x80]
        for take in takes:
            assert sounding([(t, m) for v, t, m in take.messages if v is Voice.PARTNER]) == {}

    def check_what_the_engine_heard(self) -> None:
        onset, serial = 0.0, 0
        for message in self.stage.engine.log:
            if isinstance(message, Begin | Forget):
                onset = 0.0
            elif isinstance(message, Hear):
                assert message.note.onset >= onset
                assert message.note.duration > 0
                onset = message.note.onset
                serial = max(serial, message.serial)
        assert serial >= 0


TestJam = Jam.TestCase
TestJam.settings = settings(
    stateful_step_count=40,
    phases=set(Phase) - {Phase.explain},  # it traces every line, which takes minutes here
)


def asked(performance: list[tuple[int, bytes]], seed: int) -> list[object]:
    stage = Stage(FakeEngine(), seed=seed)
    began_ns = stage.now_ns
    for at_ns, message in performance:
        stage.run((began_ns + at_ns - stage.now_ns) / MS)
        stage.session.midi(stage.now_ns, message)
    stage.run(1_500)
    return [message for message in stage.engine.log if not isinstance(message, protocol.Message)]


@given(messy_performances(), st.integers(-(2**40), 2**40))
def test_same_seed_and_same_notes_give_the_same_questions(
    performance: list[tuple[int, bytes]], seed: int
) -> None:
    """LAW-6, the session's half."""
    assert asked(performance, seed) == asked(performance, seed)
