"""JAM-1 on a manual clock: ports in memory, a file as the player, the real loop."""

import gc
import itertools
import os
from bisect import bisect
from collections import deque

import pytest

from engine.events import Note, Timebase, Voice
from engine.smf.song import read_midi
from plugin import protocol
from plugin.backends.memory import MemoryBackend
from plugin.commands.jam import DEMO_PHRASE
from plugin.file_player import FilePlayer
from plugin.overheard import Overheard
from plugin.ports import InputPort
from plugin.protocol import AnswerOver, NoteSounded, PhraseHeard
from plugin.realtime.clock import ManualClock
from plugin.realtime.loop import (
    MOST_AT_ONCE,
    NEAR_NS,
    POLL_EVERY_NS,
    Loop,
    PortGoneError,
    real_time,
)
from plugin.record import JamRecord
from plugin.session import Session
from tests.fakes.engine import FakeEngine, answer_with
from tests.fakes.port import sounding
from tests.fakes.stage import settings_for
from tests.fakes.takes import FakeTakes

ANSWER = [Note(0.25 * number, 0.2, 60 + number, 80) for number in range(12)]


class NotingClock(ManualClock):
    """Notes until when it slept exactly, and until when it rested."""

    def __init__(self, start_ns: int) -> None:
        super().__init__(start_ns)
        self.exact: list[int] = []
        self.rests: list[int] = []

    def sleep_until_ns(self, due_ns: int) -> None:
        self.exact.append(due_ns)
        super().sleep_until_ns(due_ns)

    def rest_until_ns(self, at_ns: int) -> None:
        self.rests.append(at_ns)
        self.advance_ns(max(0, at_ns - self.now_ns()))


class Fingers:
    """Somebody who plays these messages, each at its millisecond from now on."""

    def __init__(self, clock: ManualClock, timeline: list[tuple[int, bytes]]) -> None:
        self._clock, begun_ns = clock, clock.now_ns()
        self._waiting = deque((begun_ns + at_ms * 10**6, message) for at_ms, message in timeline)

    def poll(self) -> bytes | None:
        due = self._waiting and self._waiting[0][0] <= self._clock.now_ns()
        return self._waiting.popleft()[1] if due else None


class Studio:
    """A session on the memory system, and the program on its other side."""

    def __init__(self, timebase: Timebase | None = None, *, thru: bool = False) -> None:
        self.clock = NotingClock(10**9)
        self.backend = MemoryBackend()
        self.heard = self.backend.open_input("Antiphon In", virtual=True)
        self.output = self.backend.open_output("Antiphon Out", virtual=True)
        far = MemoryBackend(self.backend.hub)
        self.keys = far.open_output("Antiphon In", virtual=False)
        self.ears = far.open_input("Antiphon Out", virtual=False)
        self.engine, self.takes = FakeEngine(answer_with(*ANSWER)), FakeTakes()
        self.events: list[protocol.Event] = []
        self.record = JamRecord()
        self.rounds: list[int] = []
        self.player: FilePlayer | Fingers | None = None
        self.session = Session(
            send=self.output.send,
            engine=self.engine,
            takes=self.takes,
            emit=self.events.append,
            settings=settings_for(timebase),
            seed=1,
            thru=thru,
        )
        self.loop = Loop(
            self.session,
            clock=self.clock,
            inputs=[self.heard],
            output=self.output,
            engine=self.engine,
            beside=self.beside,
        )

    def beside(self, now_ns: int) -> None:
        self.rounds.append(now_ns)
        while (message := self.ears.poll()) is not None:
            self.record.sent(now_ns, message)
        while self.player is not None and (message := self.player.poll()) is not None:
            self.record.heard(now_ns, message)
            self.keys.send(message)

    def of(self, kind: type[protocol.Event]) -> list[protocol.Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def run(self, ms: float) -> None:
        end_ns = self.clock.now_ns() + round(ms * 1e6)
        self.loop.run(lambda: self.clock.now_ns() < end_ns)


def test_a_whole_jam_in_simulated_time() -> None:
    song = read_midi(DEMO_PHRASE)
    studio = Studio(song.timebase())
    studio.player = FilePlayer(song, studio.clock, "phrase")
    studio.player.begin()
    studio.loop.run(lambda: not (studio.player.finished and studio.session.idle))
    studio.beside(studio.clock.now_ns())
    studio.session.close(studio.clock.now_ns())
    assert studio.record.note_ons(Voice.PLAYER) == len(song.notes)
    assert studio.record.note_ons(Voice.PARTNER) == len(ANSWER)
    assert studio.record.stuck_notes == 0
    phrase, answer = studio.of(PhraseHeard)[0], studio.of(AnswerOver)[0]
    assert phrase.notes == len(song.notes)
    assert (answer.notes, answer.late_notes, answer.dropped_notes) == (len(ANSWER), 0, 0)
    partner = [event for event in studio.of(NoteSounded) if event.partner]
    assert all(event.late_ms == 0.0 for event in partner)
    assert [take.finished for take in studio.takes.list] == [True]


def test_it_wakes_for_what_is_due_and_otherwise_every_millisecond() -> None:
    studio = Studio()
    studio.keys.send(bytes([0x90, 60, 80]))
    studio.run(2)
    studio.keys.send(bytes([0x80, 60, 64]))
    studio.run(3_000)
    gaps = {b - a for a, b in itertools.pairwise(studio.rounds)}
    assert POLL_EVERY_NS <= max(gaps) < POLL_EVERY_NS + NEAR_NS
    dues = [round(event.t_ns + 10**9) for event in studio.of(NoteSounded) if event.partner]
    assert len(dues) == len(ANSWER)
    assert set(dues) <= set(studio.rounds)
    # Only what is due is worth staying awake for; a rest, from which one may wake late, ends well
    # before it.
    assert set(dues) <= set(studio.clock.exact)
    assert len(studio.clock.exact) < 2 * len(dues) + 10
    rests = sorted(studio.clock.rests)
    for due in dues[1:]:  # the first is played where the partner decides to
        assert due - rests[bisect(rests, due) - 1] >= NEAR_NS


def test_a_message_is_heard_before_the_hand_over_of_the_same_moment() -> None:
    studio = Studio()
    for message in (bytes([0x90, 60, 80]), bytes([0x80, 60, 64])):
        studio.keys.send(message)
    studio.run(2_500)
    first_ns = 10**9 + next(e.t_ns for e in studio.of(NoteSounded) if e.partner)
    again = Studio()
    for message in (bytes([0x90, 60, 80]), bytes([0x80, 60, 64])):
        again.keys.send(message)
    again.run((first_ns - 10**9) / 1e6)
    assert again.clock.now_ns() == first_ns
    again.keys.send(bytes([0x90, 62, 80]))
    again.run(2_000)
    assert not [event for event in again.of(NoteSounded) if event.partner]


def test_a_flood_does_not_keep_what_is_due_waiting() -> None:
    studio = Studio()
    for message in (bytes([0x90, 60, 80]), bytes([0x80, 60, 64])):
        studio.keys.send(message)
    studio.run(1_000)
    assert studio.of(PhraseHeard)
    taken: list[int] = []
    hear = studio.session.midi

    def slow_midi(now_ns: int, message: bytes, arrived_ns: int | None = None) -> None:
        """Each message of the flood costs a twentieth of a millisecond."""
        taken.append(now_ns)
        studio.clock.advance_ns(50_000)
        hear(now_ns, message)

    studio.session.midi = slow_midi  # type: ignore[method-assign]
    for _ in range(10 * MOST_AT_ONCE):
        studio.keys.send(bytes([0xB0, 1, 1]))
    studio.run(200)
    assert len(taken) == 10 * MOST_AT_ONCE
    spans = itertools.pairwise(studio.rounds)
    assert max(sum(a <= t < b for t in taken) for a, b in spans) == MOST_AT_ONCE
    partner = [event for event in studio.of(NoteSounded) if event.partner]
    assert max(event.late_ms for event in partner) <= MOST_AT_ONCE * 0.05


class _Knowing:
    """A port on JACK: it hands over a period at a time, and knows when each message happened."""

    name, arrived_ns = "knowing", 0

    def __init__(self, *waiting: tuple[int, bytes]) -> None:
        self._waiting = deque(waiting)

    def poll(self) -> bytes | None:
        if not self._waiting:
            return None
        self.arrived_ns, message = self._waiting.popleft()
        return message

    def alive(self) -> bool:
        return True

    def close(self) -> None: ...


@pytest.mark.parametrize("is_recorded", [False, True])
def test_the_session_is_told_when_it_happened_not_when_it_was_polled(is_recorded: bool) -> None:
    clock = ManualClock(10**9)
    port: InputPort = _Knowing((10**9 - 4_000_000, b"\xf8"), (10**9 - 1_000_000, b"\xf8"))
    if is_recorded:
        port = Overheard(port, JamRecord(), clock)
    told: list[int | None] = []
    studio = Studio()
    studio.session.midi = (  # type: ignore[method-assign]
        lambda now_ns, message, arrived_ns=None: told.append(arrived_ns)
    )
    loop = Loop(
        studio.session, clock=clock, inputs=[port], output=studio.output, engine=studio.engine
    )
    loop.round()
    assert told == [10**9 - 4_000_000, 10**9 - 1_000_000]


def test_our_own_output_routed_back_is_not_heard() -> None:
    """JAM-6."""
    studio = Studio()
    cable = deque[bytes]()

    def loop_back(now_ns: int) -> None:
        while cable:
            studio.keys.send(cable.popleft())
        while (message := studio.ears.poll()) is not None:
            studio.record.sent(now_ns, message)
            cable.append(message)

    studio.loop._beside = loop_back
    for message in (bytes([0x90, 60, 80]), bytes([0x80, 60, 64])):
        studio.keys.send(message)
    studio.run(6_000)
    assert studio.record.note_ons(Voice.PARTNER) == len(ANSWER)
    assert len(studio.of(AnswerOver)) == 1
    assert len(studio.of(protocol.EchoIgnored)) == 1
    assert len(studio.takes.list) == 1


@pytest.mark.parametrize("name", ["Antiphon In", "Antiphon Out", None])
def test_a_port_that_goes_ends_the_loop_with_a_sentence(name: str | None) -> None:
    """JAM-12."""
    studio = Studio(thru=True)
    studio.keys.send(bytes([0x90, 60, 80]))
    studio.run(500)
    studio.backend.hub.unplug(name)
    with pytest.raises(PortGoneError, match=r"is gone: .*start Antiphon again"):
        studio.run(2_000)
    studio.session.close(studio.clock.now_ns())
    studio.beside(studio.clock.now_ns())
    sent = studio.record.parts()[Voice.PARTNER].messages
    assert bool(sounding(list(sent))) == (name != "Antiphon In")  # what was sent, was sent


def test_asking_for_punctuality_is_taken_back() -> None:
    policy, collects = os.sched_getscheduler(0), gc.isenabled()
    frozen = gc.get_freeze_count()
    with real_time():
        assert not gc.isenabled()
        assert gc.get_freeze_count() > frozen
    assert os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == policy
    assert (gc.isenabled(), gc.get_freeze_count()) == (collects, 0)
    gc.disable()
    try:
        with real_time():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.slow
def test_hours_of_jamming_do_not_grow() -> None:
    """What a session keeps between two phrases is bounded."""
    studio = Studio()
    studio.engine.answer = answer_with(*ANSWER[:2])
    phrase = [
        (0, [0x90, 60, 80]), (40, [0x80, 60, 64]), (80, [0x90, 62, 80]), (120, [0x80, 62, 64])
    ]  # fmt: skip
    phrase_ms = 1_760
    studio.player = Fingers(
        studio.clock,
        [(n * phrase_ms + at_ms, bytes(word)) for n in range(20) for at_ms, word in phrase],
    )
    # In one go: each start of the loop collects the garbage of everything that was tested before.
    studio.run(20 * phrase_ms)
    session = studio.session
    assert session.idle
    assert len(session._intake.echo._sent) < 20
    assert session._performer._begun == {}
    assert session._band.ear.telling.open(studio.clock.now_ns()) == []
    assert len(session._performer._scheduler) == 0
    assert session._listener.keys == []
    assert len(session._partner._context) == 20 * 4


def test_a_player_who_vanishes_with_a_key_down_is_answered() -> None:
    studio = Studio()
    names = ["keyboard:out", "synth:out"]
    loop = Loop(
        studio.session,
        clock=studio.clock,
        inputs=[studio.heard],
        output=studio.output,
        engine=studio.engine,
        sources=lambda: names,
        beside=studio.beside,
    )
    for pitch in (60, 64, 67):
        studio.keys.send(bytes([0x90, pitch, 80]))
    held_until_ns = studio.clock.now_ns() + 5 * 10**9
    while studio.clock.now_ns() < held_until_ns:
        loop.round()
    assert not [e for e in studio.events if isinstance(e, PhraseHeard)]
    names.remove("keyboard:out")
    while studio.clock.now_ns() < held_until_ns + 5 * 10**9:
        loop.round()
    assert [e.notes for e in studio.events if isinstance(e, PhraseHeard)] == [3]
    studio.session.close(studio.clock.now_ns())


def test_ports_are_looked_at_between_notes_but_never_put_off_for_long() -> None:
    studio = Studio()
    looks: list[int] = []
    loop = Loop(
        studio.session,
        clock=studio.clock,
        inputs=[studio.heard],
        output=studio.output,
        engine=studio.engine,
        sources=lambda: looks.append(studio.clock.now_ns()) or (),  # type: ignore[func-returns-value]
    )
    began_ns = studio.clock.now_ns()
    due: list[int] = []
    tick = studio.session.tick

    def always_busy(now_ns: int) -> int:
        tick(now_ns)
        due.append(now_ns + 2_000_000)
        return due[-1]

    studio.session.tick = always_busy  # type: ignore[method-assign]
    while studio.clock.now_ns() < began_ns + 2_900_000_000:
        loop.round()
    assert looks == [began_ns], "no room between the notes"
    while studio.clock.now_ns() < began_ns + 3_100_000_000:
        loop.round()
    assert len(looks) == 2
    studio.session.tick = tick  # type: ignore[method-assign]
    while studio.clock.now_ns() < began_ns + 5_200_000_000:
        loop.round()
    assert len(looks) == 4
    studio.session.close(studio.clock.now_ns())
