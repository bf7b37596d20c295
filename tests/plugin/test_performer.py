"""LAW-1 and LAW-2 for the partner's hands: ledger and scheduler under every interleaving."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.smf.notes import events_of, is_note_on, pair_notes
from plugin.realtime.ledger import Ledger, means_all_notes_off, silence
from plugin.realtime.performer import ON_TIME_NS, TOO_LATE_NS, Performer
from plugin.realtime.scheduler import PlannedNote
from tests.fakes.port import is_release, sounding
from tests.strategies import MS, Commitment, commitments, gaps_ns


@dataclass
class Hall:
    """A performer, a clock that tests turn, and the audience."""

    now_ns: int = 1_000 * MS
    sent: list[tuple[int, bytes]] = field(default_factory=list)
    started: list[tuple[int, PlannedNote, int]] = field(default_factory=list)
    committed: dict[int, PlannedNote] = field(default_factory=dict)
    withdrawn: int = 0
    ended: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    cut_ns: set[int] = field(default_factory=set)
    """When something was withdrawn."""

    def __post_init__(self) -> None:
        self.performer = Performer(
            lambda now, message, due: self.sent.append((now, message)),
            lambda now, note, late: self.started.append((now, note, late)),
            lambda now, note, start: self.ended.append(
                (start, max(now, start + 1), note.channel, note.pitch, note.velocity)
            ),
        )

    def commit(self, wish: Commitment) -> None:
        due_ns = self.now_ns + wish.due_in_ns
        note = PlannedNote(
            len(self.committed) + 1,
            due_ns,
            due_ns + wish.length_ns,
            wish.channel,
            wish.pitch,
            wish.velocity,
        )
        self.committed[note.note_id] = note
        self.performer.commit(note)

    def do(self, action: "Commitment | int | str") -> None:
        if isinstance(action, Commitment):
            self.commit(action)
        elif isinstance(action, int):
            self.now_ns += action
        elif action == "perform":
            self.performer.perform(self.now_ns)
        elif action == "exactly":
            self.now_ns = max(self.now_ns, self.performer.next_due_ns() or 0)
            self.performer.perform(self.now_ns)
        elif action == "withdraw":
            self.withdraw()
        else:
            before = len(self.started)
            waiting = len(self.committed) - len(self.started) - self.withdrawn
            waiting -= self.performer.punctuality.dropped
            self.performer.panic(self.now_ns)
            self.withdrawn += waiting
            self.cut_ns.add(self.now_ns)
            assert len(self.started) == before

    def withdraw(self) -> None:
        self.withdrawn += self.performer.withdraw(self.now_ns)
        self.cut_ns.add(self.now_ns)


actions = st.lists(
    st.one_of(
        commitments,
        gaps_ns,
        st.sampled_from(["perform", "perform", "exactly", "exactly", "withdraw", "panic"]),
    ),
    max_size=40,
)


@given(actions)
def test_laws_of_what_is_sent(wishes: list[Commitment | int | str]) -> None:
    hall = Hall()
    for wish in wishes:
        hall.do(wish)
        sounding(hall.sent)  # never a note-off too many
    hall.withdraw()

    # Every note-on has exactly one note-off, and one key never sounds twice at a time.
    notes = [(at, message) for at, message in hall.sent if message[0] & 0xE0 == 0x80]
    for key in {(message[0] & 0x0F, message[1]) for _, message in notes}:
        of_key = [is_note_on(m) for _, m in notes if (m[0] & 0x0F, m[1]) == key]
        assert of_key == [True, False] * (len(of_key) // 2)
    assert not hall.performer.busy
    assert hall.performer.sounding == 0

    # Nothing is early; the policy for late notes is kept and counted.
    ons = [(at, message) for at, message in hall.sent if is_note_on(message)]
    assert ons == [
        (at, bytes([0x90 | note.channel, note.pitch, note.velocity]))
        for at, note, _ in hall.started
    ]
    for at, note, late_ns in hall.started:
        assert late_ns == at - note.due_ns
        assert 0 <= late_ns <= TOO_LATE_NS
    how = hall.performer.punctuality
    assert how.started == len(hall.started)
    assert how.late == sum(late_ns > ON_TIME_NS for _, _, late_ns in hall.started)
    assert how.first_late_ns == (hall.started[0][2] if hall.started else None)
    # Every note that was promised was played, left out as too late, or withdrawn.
    assert len(hall.committed) == how.started + how.dropped + hall.withdrawn

    # What is told to have ended is what sounded.
    assert sorted(hall.ended) == sorted(
        (n.onset, max(n.end, n.onset + 1), n.channel, n.pitch, n.velocity)
        for n in pair_notes(events_of(hall.sent), 0, 0)
    )


@given(actions)
def test_no_note_ends_early_but_by_a_new_strike_or_a_cut(wishes: list[Commitment | int | str]):
    hall = Hall()
    for wish in wishes:
        hall.do(wish)
    hall.withdraw()
    open_notes: dict[tuple[int, int], PlannedNote] = {}
    strikes = iter(hall.started)
    for place, (at, message) in enumerate(hall.sent):
        key = (message[0] & 0x0F, message[1])
        if is_note_on(message):
            open_notes[key] = next(strikes)[1]
        elif is_release(message):
            note = open_notes.pop(key)
            following = hall.sent[place + 1 : place + 2]
            struck_again = any(is_note_on(m) and m[1] == message[1] for _, m in following)
            assert at >= note.end_ns or at in hall.cut_ns or struck_again


def test_the_same_key_again_is_released_in_between() -> None:
    hall = Hall()
    hall.commit(Commitment(0, 500 * MS, 60, 70, 0))
    hall.commit(Commitment(100 * MS, 500 * MS, 60, 90, 0))
    for _ in range(4):
        hall.do("exactly")
    assert [m.hex(" ") for _, m in hall.sent] == ["90 3c 46", "80 3c 40", "90 3c 5a", "80 3c 40"]
    # The first note's own end, at 500 ms, has not silenced the second one, which ends at 600.
    assert hall.sent[-1][0] == 1_600 * MS


def test_panic_releases_then_quiets_every_channel() -> None:
    hall = Hall()
    hall.commit(Commitment(0, 500 * MS, 60, 70, 3))
    hall.do("perform")
    hall.do("panic")
    assert [m for _, m in hall.sent[1:]] == [bytes([0x83, 60, 64]), *silence()]
    assert len(silence()) == 48
    assert not hall.performer.busy


# ------------------------------------------------------------------------------------ the ledger


@given(
    st.lists(
        st.tuples(st.sampled_from(["start", "stop", "stop_channel"]), st.integers(0, 9)),
        max_size=40,
    )
)
def test_ledger_owes_one_note_off_for_each_note_on(calls: list[tuple[str, int]]) -> None:
    ledger, sent, sounds = Ledger(), [], set()
    for what, number in calls:
        channel, pitch = number % 2, 60 + number % 3
        if what == "start" and number not in sounds:
            sent += ledger.start(number, channel, pitch, 80)
            sounds = {n for n in sounds if (n % 2, n % 3) != (number % 2, number % 3)} | {number}
        elif what == "stop":
            sent += ledger.stop(number)
            sounds.discard(number)
        elif what == "stop_channel":
            sent += ledger.stop_channel(channel)
            sounds = {n for n in sounds if n % 2 != channel}
        assert ledger.sounding == len(sounds)
        assert sum(sounding([(0, message) for message in sent]).values()) == len(sounds)
    sent += ledger.stop_all()
    assert sounding([(0, message) for message in sent]) == {}
    assert ledger.stop_all() == []


def test_ledger_refuses_what_is_no_note() -> None:
    ledger = Ledger()
    ledger.start(1, 0, 60, 80)
    with pytest.raises(ValueError, match="sounds already"):
        ledger.start(1, 0, 61, 80)
    for channel, pitch, velocity in ((16, 60, 80), (0, 128, 80), (0, 60, 0), (0, -1, 80)):
        with pytest.raises(ValueError, match="no such note"):
            ledger.start(2, channel, pitch, velocity)
    assert ledger.sounding == 1


def test_what_means_all_notes_off() -> None:
    meant = {number for number in range(128) if means_all_notes_off(bytes([0xB0, number, 0]))}
    assert meant == {120, 123, 124, 125, 126, 127}
    assert not means_all_notes_off(bytes([0x90, 123, 1]))
