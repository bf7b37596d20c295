"""The main job over a real MIDI server: docs/TEST-PLAN.md, JAM-1 to JAM-10.

A client of its own plays music into the app's virtual ports and records what comes back. Nothing
here asserts how fast something was, only order, completeness and who was heard when.
"""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from plugin.commands.jam import DEMO_PHRASE
from plugin.files import data_folder
from plugin.takes import TakeLibrary, library_path
from tests.behaviour.client import Rehearsal, Script, start
from tests.behaviour.jam import RunningJam
from tests.behaviour.performance import Event, Segment, still_sounding
from tests.rig.jackd import JackServer

pytestmark = [pytest.mark.realport, pytest.mark.slow]

LEAST_SILENCE_S = 0.05
"""No partner comes in sooner after the last release."""


def note(
    at_s: float, length_s: float, pitch: int, velocity: int = 80, *, zero: bool = False
) -> list[Event]:
    end = bytes([0x90, pitch, 0]) if zero else bytes([0x80, pitch, 64])
    return [(at_s, bytes([0x90, pitch, velocity])), (at_s + length_s, end)]


def line(*pitches: int, every_s: float = 0.2, zero: bool = False) -> list[Event]:
    """A melody, a note every so often."""
    events = [
        event
        for place, pitch in enumerate(pitches)
        for event in note(place * every_s, every_s * 0.8, pitch, 70 + place, zero=zero)
    ]
    return sorted(events)


PHRASE = line(62, 65, 69, 67, 65, 64, 62, 60)


def note_ons(events: list[Event]) -> list[Event]:
    return [event for event in events if event[1][0] & 0xF0 == 0x90 and event[1][2] > 0]


def releases(events: list[Event]) -> list[Event]:
    return [
        event
        for event in events
        if event[1][0] & 0xF0 == 0x80 or (event[1][0] & 0xF0 == 0x90 and event[1][2] == 0)
    ]


def assert_clean(rehearsal: Rehearsal) -> None:
    """Every note-on of the answer has exactly one note-off after it."""
    assert still_sounding(rehearsal.recorded) == []
    assert len(note_ons(rehearsal.recorded)) == len(releases(rehearsal.recorded))


@pytest.fixture
def jam(jack_server: JackServer, tmp_path: Path) -> Iterator[RunningJam]:
    with RunningJam(jack_server, tmp_path) as running:
        yield running
        assert running.end() == 0, running.says()
    jack_server.wait_until_gone("Antiphon")


class TestJam:
    """One server for all of them."""

    def test_a_phrase_of_a_file_is_answered(self, jam: RunningJam) -> None:
        """JAM-1, JAM-2, JAM-3, JAM-4."""
        heard = jam.perform([Segment(file=str(DEMO_PHRASE)), Segment(quiet_s=1.5)])
        answer = note_ons(heard.recorded)
        assert heard.timed_out == [], jam.says()
        assert len(answer) >= 3
        assert_clean(heard)
        last_release_s = max(at_s for at_s, _ in heard.played)
        assert answer[0][0] >= last_release_s + LEAST_SILENCE_S
        # The player's own notes do not come out: not while they play, nor as the answer.
        assert not [event for event in heard.recorded if event[0] < last_release_s]
        own = [message[1] for _, message in note_ons(heard.played)]
        assert [message[1] for _, message in answer][: len(own)] != own
        assert all(message[0] & 0x0F == 0 for _, message in answer)

    def test_two_phrases_two_answers_two_takes(self, jam: RunningJam) -> None:
        """JAM-1 again, note-offs written as note-ons of velocity 0; TAKE-1."""
        second = line(72, 71, 69, 67, zero=True)
        heard = jam.perform(
            [Segment(events=PHRASE), Segment(events=second, quiet_s=1.0), Segment(quiet_s=1.0)]
        )
        assert heard.timed_out == [], jam.says()
        assert_clean(heard)
        between = [e for e in note_ons(heard.recorded) if heard.ended[0] < e[0] < heard.begun[1]]
        after = [e for e in note_ons(heard.recorded) if e[0] > heard.ended[1]]
        assert between
        assert after
        assert jam.end() == 0, jam.says()
        with TakeLibrary(library_path(data_folder())) as library:
            takes = library.list_takes()
        assert sorted(take.heard_notes for take in takes) == [len(second) // 2, len(PHRASE) // 2]
        assert sum(take.answer_notes for take in takes) == len(between) + len(after)

    def test_a_held_chord_keeps_the_turn_for_long(self, jam: RunningJam) -> None:
        """JAM-3: its first two seconds are no silence, whatever the phrase before it was like."""
        held = sorted([*PHRASE, *note(1.8, 1.9, 48), *note(1.8, 1.9, 55)])
        heard = jam.perform([Segment(events=held), Segment(quiet_s=1.0)])
        assert heard.timed_out == [], jam.says()
        assert min(at_s for at_s, _ in heard.recorded) >= heard.ended[0]
        assert_clean(heard)

    def test_the_player_always_has_right_of_way(self, jam: RunningJam) -> None:
        """JAM-5: a note into the answer stops it, and is answered in its turn."""
        heard = jam.perform(
            [
                Segment(events=PHRASE),
                Segment(events=line(50, 53, 57, 60), reply_s=0.3),
                Segment(reply_s=0.0),
                Segment(quiet_s=1.0),
            ]
        )
        assert heard.timed_out == [], jam.says()
        assert_clean(heard)
        came_in_s, over_s = heard.begun[1], heard.ended[1]
        # Two periods each way, and whatever the machine adds: no note of the answer begins after.
        grace_s = 0.1
        assert not [e for e in note_ons(heard.recorded) if came_in_s + grace_s < e[0] < over_s]
        assert [e for e in note_ons(heard.recorded) if e[0] > over_s]

    def test_our_own_output_routed_back_is_ignored(
        self, jam: RunningJam, jack_server: JackServer
    ) -> None:
        """JAM-6: a DAW that sends the answer back into us neither stops nor feeds it."""
        jack_server.connect(jam.output, jam.input)
        heard = jam.perform([Segment(events=PHRASE), Segment(quiet_s=2.0)])
        answer = note_ons(heard.recorded)
        assert len(answer) >= 3
        assert_clean(heard)
        assert "it stopped" not in jam.says()
        assert "sends my notes back" in jam.says()
        assert jam.end() == 0, jam.says()
        with TakeLibrary(library_path(data_folder())) as library:
            assert [take.heard_notes for take in library.list_takes()] == [len(PHRASE) // 2]

    def test_untidy_input_is_survived(self, jam: RunningJam) -> None:
        """JAM-7: orphans, doubles, system messages, running pedals; then a phrase is answered."""
        noise: list[Event] = [
            (0.00, bytes([0x80, 60, 64])),
            (0.01, bytes([0x90, 61, 0])),
            (0.02, bytes([0xF8])),
            (0.03, bytes([0xFE])),
            (0.04, bytes([0xF0, 0x7E, 0x7F, 0x09, 0x01, 0xF7])),
            (0.05, bytes([0xB0, 64, 127])),
            (0.06, bytes([0x90, 60, 90])),
            (0.10, bytes([0x90, 60, 90])),
            (0.20, bytes([0x80, 60, 64])),
            (0.22, bytes([0x80, 60, 64])),
            (0.24, bytes([0xB0, 64, 0])),
            (0.25, bytes([0xE0, 0, 80])),
            (0.26, bytes([0xF2, 0, 0])),
            (0.27, bytes([0xFC])),
        ]
        events = noise + [(at_s + 0.3, message) for at_s, message in PHRASE]
        heard = jam.perform([Segment(events=events), Segment(quiet_s=1.0)])
        assert heard.timed_out == [], jam.says()
        assert len(note_ons(heard.recorded)) >= 3
        assert_clean(heard)

    def test_a_killed_engine_is_replaced(self, jam: RunningJam) -> None:
        """JAM-8: killed in mid-phrase; no note hangs, and the same phrase is answered."""
        engine = jam.engine()
        killer = threading.Timer(0.8, engine.kill)
        segments = [Segment(events=PHRASE, delay_s=0.2), Segment(quiet_s=1.0)]
        killer.start()
        heard = jam.perform(segments)
        killer.join()
        assert heard.timed_out == [], jam.says()
        assert len(note_ons(heard.recorded)) >= 3
        assert_clean(heard)
        assert "being restarted" in jam.says()
        assert not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE

    def test_a_player_killed_with_a_key_down_leaves_no_key_behind(
        self, jam: RunningJam, jack_server: JackServer
    ) -> None:
        """JAM-14: the next program's phrase is answered, though the note-off never came."""
        held = [*PHRASE, (2.3, bytes([0x90, 40, 77]))]
        script = Script(
            segments=[Segment(events=held), Segment(quiet_s=60)],
            play_to=jam.input,
            name="victim",
        )
        with start(script, jack_server.environment) as victim:
            jam.wait_for_line("● you")  # the line of the first two seconds: the key is down
            victim.kill()
        jack_server.wait_until_gone("victim")
        heard = jam.perform(
            [Segment(events=PHRASE, delay_s=1.5), Segment(reply_s=0.0), Segment(quiet_s=1.0)]
        )
        assert heard.timed_out == [], jam.says()
        assert [e for e in note_ons(heard.recorded) if e[0] > heard.ended[0]]
        assert_clean(heard)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    def test_quitting_in_mid_answer_releases_everything(
        self, jam: RunningJam, number: signal.Signals
    ) -> None:
        """JAM-9."""

        def quit_when_it_answers() -> None:
            jam.wait_for_line("◆ partner")
            jam.send_signal(number)

        quitter = threading.Thread(target=quit_when_it_answers)
        quitter.start()
        heard = jam.perform([Segment(events=PHRASE), Segment(quiet_s=0.5, timeout_s=20)])
        quitter.join()
        assert jam.wait() == 0, jam.says()
        assert_clean(heard)
        assert note_ons(heard.recorded)

    def test_panic_silences_at_once(self, jam: RunningJam) -> None:
        """JAM-10: SIGUSR1 is what `antiphon panic` sends; every channel is told to be quiet."""

        def panic_when_it_answers() -> None:
            jam.wait_for_line("◆ partner")
            jam.send_signal(signal.SIGUSR1)

        panicker = threading.Thread(target=panic_when_it_answers)
        panicker.start()
        heard = jam.perform(
            [Segment(events=PHRASE), Segment(events=PHRASE, quiet_s=1.0), Segment(quiet_s=1.0)]
        )
        panicker.join()
        assert_clean(heard)
        controls = [m for _, m in heard.recorded if m[0] & 0xF0 == 0xB0]
        assert {m[0] & 0x0F for m in controls if m[1] == 123} == set(range(16))
        assert [e for e in note_ons(heard.recorded) if e[0] > heard.ended[1]], (
            "no answer after panic"
        )


class TestThru:
    """A jam that passes the player's notes on."""

    def test_thru_passes_on_and_releases(self, jack_server: JackServer, tmp_path: Path) -> None:
        """JAM-11."""
        with RunningJam(jack_server, tmp_path, "--thru", "--usual", "--way", "sign") as jam:
            held = [*PHRASE, (1.7, bytes([0x90, 40, 77]))]  # a key that is never released

            quitter = threading.Timer(4.0, lambda: jam.send_signal(signal.SIGINT))
            quitter.start()
            heard = jam.perform([Segment(events=held), Segment(quiet_s=0.5, timeout_s=6)])
            quitter.join()
            assert jam.end() == 0, jam.says()
        assert [m[1] for _, m in note_ons(heard.recorded)] == [m[1] for _, m in note_ons(held)]
        assert_clean(heard)
