"""The real session process at the other end of a line: it plays, keeps, and releases every note."""

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from engine.events import Voice
from engine.weights import __file__ as weights_file
from plugin.compose import DEMO_PHRASE
from plugin.control.store import path_in
from plugin.files import data_folder
from plugin.protocol import (
    AnswerOver,
    EngineReady,
    Go,
    LearnOver,
    Message,
    NoteSounded,
    Panic,
    PartnerOf,
    PhraseHeard,
    Quit,
    Said,
    SettingsChanged,
    State,
    StateChanged,
    TakeMarked,
    Trouble,
)
from plugin.served.frames import End, FrameReader, pack
from plugin.served.messages import (
    VERSION,
    Active,
    Audition,
    Auditioning,
    DeskIs,
    KeepLast,
    Key,
    LearnFrom,
    Line,
    NotOpened,
    Open,
    Opened,
    Over,
    Overhear,
    Planned,
    Ports,
    Pulse,
    RestartEngine,
    Spoke,
    TakeSaved,
    ThreeNotes,
    Told,
)
from plugin.settings import Way
from plugin.takes import TakeLibrary, library_path
from tests.plugin.sentences import assert_is_a_sentence
from tests.plugin.served.stage import DEMO, Window, wait_until_gone
from tests.rig.waiting import wait_for
from tests.shared import REPOSITORY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path(weights_file).with_name("prior.safetensors").exists(),
        reason="the weights are not here; see engine/weights",
    ),
]

MEMORY = Open(system="memory", seed=3)


class TestDemo:
    """One session for all of it: a phrase takes as long as it takes."""

    def test_the_phrase_is_answered_auditioned_and_kept(self) -> None:
        with Window() as window:
            opened = window.opened()
            assert (opened.system, opened.demo, opened.seed) == ("memory", True, 3)
            window.ask(Overhear(True))
            assert window.wait(EngineReady).parameters > 0
            heard = window.wait(PhraseHeard)
            assert heard.notes == 22
            window.wait(NoteSounded, lambda note: note.partner, times=5)

            # An audition in mid-answer ends the answer, and itself by a note of the player.
            window.ask(Audition(path=str(DEMO_PHRASE)))
            assert window.wait(AnswerOver).late_notes == 0
            assert window.wait(Auditioning).name == "phrase"
            window.wait(Pulse, lambda pulse: pulse.late_max_ms > 0)
            window.ask(Key(36, True))
            window.wait(Auditioning, lambda now: now.name == "")
            window.ask(Key(36, False))

            window.ask(KeepLast())
            kept = window.wait(TakeMarked)
            assert kept.mark == "kept"
            window.wait(TakeSaved, lambda saved: saved.take_id == kept.take_id)
            window.wait(TakeSaved, lambda saved: saved.take_id == heard.take_id)
            planned = window.of(Planned)
            assert max(len(plan.notes) for plan in planned) > 3
            self.check_takes(kept.take_id, heard.take_id)
        assert window.of(Over)[-1].says == ""
        assert window.is_silent()
        assert not window.of(Trouble)

    def check_takes(self, kept_id: str, answered_id: str) -> None:
        with TakeLibrary(library_path(data_folder())) as library:
            kept, answered = library.get(kept_id), library.get(answered_id)
            assert kept.name.startswith("Kept ")
            # The phrase and the key that ended the audition, but nothing of the audition.
            assert kept.heard_notes == 23
            assert kept.answer_notes == answered.answer_notes > 0
            assert kept.start_beat == pytest.approx(0.0, abs=0.01)
            keys = [n.pitch for n in library.notes(kept_id)[Voice.PLAYER]]
        assert keys[-1] == 36


def test_lines_ports_desk_and_another_jam_with_the_same_engine() -> None:
    with Window(MEMORY) as window:
        window.opened()
        ports = window.wait(Ports)
        assert [(port.name, port.ours, port.alive) for port in ports.ins] == [
            ("Antiphon In", True, True)
        ]
        window.wait(EngineReady)
        window.wait(PartnerOf)
        (engine,) = [child for child in window.children() if "spawn_main" in str(child.cmdline())]

        window.ask(Line("bars 2"))
        changed = window.wait(SettingsChanged, lambda to: to.settings.bars == 2)
        assert window.wait(Said).says == "bars: 2"
        assert window.wait(DeskIs, lambda desk: desk.undo != "").undo == "bars: 2"
        window.ask(Line("save mine"))
        window.wait(DeskIs, lambda desk: desk.presets == ("mine",))
        window.ask(Line("learn closeness"))
        window.wait(DeskIs, lambda desk: desk.learning == "closeness")
        window.ask(Line("nonsense with words"))
        assert_is_a_sentence(window.wait(Said, lambda said: "nonsense" in said.says).says)

        window.ask(Open(system="memory", seed=4, profile="anna"))
        window.wait(Opened, lambda opened: opened.seed == 4)
        window.wait(EngineReady, times=2)
        window.wait(PartnerOf, lambda partner: partner.profile == "anna")
        assert engine.is_running()
        assert window.of(SettingsChanged)[-1].settings == changed.settings
        window.ask(Line("undo"))
        window.ask(Line("undo"))
        window.wait(SettingsChanged, lambda to: to.settings.bars == 4)

        window.ask(RestartEngine())
        window.wait(StateChanged, lambda now: now.state is State.ENGINE_STOPPED)
        window.wait(EngineReady, times=3)
        wait_until_gone([engine])
    assert path_in().exists()


def test_what_cannot_be_opened_is_said_and_something_else_can(tmp_path: Path) -> None:
    with Window(Open(system="Theremin")) as window:
        assert_is_a_sentence(window.wait(NotOpened).says)
        window.ask(Open(version=VERSION + 1, system="memory"))
        assert "newer" in window.wait(NotOpened, times=2).says
        window.ask(Open(system="memory", ins=("Keys@17",)))
        assert "channels" in window.wait(NotOpened, times=3).says.lower()
        window.ask(Open(system="memory", ins=("Keys",)))
        window.opened()
        assert "waited for" in window.wait(Trouble).says
        away = window.wait(Ports).ins[0]
        assert (away.name, away.chosen, away.alive) == ("Keys", True, False)


def test_the_keys_of_the_computer_play_and_three_notes_are_heard() -> None:
    with Window(MEMORY) as window:
        window.ask(Overhear(True))
        window.ask(Line("way sign"))
        window.wait(SettingsChanged, lambda to: to.settings.way is Way.SIGN)
        window.ask(ThreeNotes())
        window.wait(Auditioning, lambda now: now.name == "")
        assert [data[1] for _, data in window.out() if data[0] == 0x90] == [60, 64, 67]
        for pitch in (60, 62, 64):
            window.ask(Key(pitch, True))
        window.ask(Key(-1, False))
        assert window.wait(NoteSounded, times=3).pitch == 64
        window.wait(EngineReady)
        window.ask(Go())
        assert window.wait(PhraseHeard).notes == 3
        window.wait(NoteSounded, lambda note: note.partner)
        window.ask(Panic())
        window.wait(AnswerOver)
    assert window.is_silent()
    assert not window.of(Spoke)


def test_learning_from_nothing_is_told() -> None:
    with Window(Open(system="memory", profile="anna")) as window:
        window.wait(PartnerOf, lambda partner: partner.profile == "anna")
        window.ask(LearnFrom(paths=("/no/such/file.mid",)))
        over = window.wait(LearnOver)
        assert not over.kept
        assert_is_a_sentence(over.says)


# -------------------------------------------------------------------------------- bad ends


def test_a_read_only_folder_and_garbage_settings_are_said_and_it_plays(
    data_folder: Path,
) -> None:
    path_in().write_text("{]")
    with Window(MEMORY) as window:
        window.opened()
        assert "kept as" in window.wait(Trouble).says
    # A file where the folder should be: nobody, root included, can write into that.
    blocked = data_folder / "blocked"
    blocked.write_text("")
    with Window(MEMORY, **{**os.environ, "ANTIPHON_DATA": str(blocked / "data")}) as window:
        window.wait(EngineReady)
        window.ask(Key(60, True))
        window.ask(Key(60, False))
        window.ask(Line("bars 2"))
        window.wait(SettingsChanged, lambda to: to.settings.bars == 2)
        window.wait(Trouble, lambda trouble: "Takes are not being kept" in trouble.says)
        window.wait(Trouble, lambda trouble: "settings cannot be kept" in trouble.says)
        window.wait(PhraseHeard)
        window.wait(AnswerOver)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_in_order(number: signal.Signals) -> None:
    with Window() as window:
        window.wait(EngineReady)
        children = window.children()
        assert window.process.process_id is not None
        os.kill(window.process.process_id, number)
        assert window.over() == ""
    wait_until_gone(children)


def test_a_session_that_is_killed_takes_its_engine_with_it_and_is_told() -> None:
    with Window() as window:
        window.wait(EngineReady)
        children = window.children()
        assert window.process.process_id is not None
        os.kill(window.process.process_id, signal.SIGKILL)
        assert "SIGKILL" in window.over()
    wait_until_gone(children)


def lit_lamps(*, killed: bool = False) -> set[str]:
    """What went out in a session that only played its three notes, or was killed."""
    with Window(MEMORY) as window:
        window.opened()
        window.ask(ThreeNotes())
        window.wait(Active, lambda lamp: lamp.kind == "notes")
        assert window.process.process_id is not None
        if killed:
            os.kill(window.process.process_id, signal.SIGKILL)
            window.over()
    return {lamp.kind for lamp in window.of(Active) if lamp.out}


def test_after_a_kill_the_next_session_tells_every_channel_to_be_quiet() -> None:
    """Where nobody released the notes of the one that was killed, an instrument may hold them."""
    assert lit_lamps() == {"notes"}
    assert lit_lamps(killed=True) == {"notes"}
    assert lit_lamps() == {"notes", "control"}
    assert lit_lamps() == {"notes"}


class Bare:
    """The process with nobody of ours at the other end."""

    def __init__(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", "plugin.served"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        out = self.child.stdout
        self.write = self.child.stdin.write
        self.reader: FrameReader[Message] = FrameReader(
            lambda size: os.read(out.fileno(), size), Told
        )

    def until(self, kind: type[Message]) -> Message:
        while True:
            message = self.reader.next()
            assert not isinstance(message, End), message
            if isinstance(message, kind):
                return message

    def end(self) -> tuple[int, str]:
        """Exit code and standard error, once it has ended by itself."""
        code = self.child.wait(30)
        assert self.child.stderr is not None
        words = self.child.stderr.read().decode()
        for pipe in (self.child.stdin, self.child.stdout, self.child.stderr):
            assert pipe is not None
            pipe.close()
        return code, words


def test_the_end_of_the_line_in_mid_answer_releases_every_note() -> None:
    bare = Bare()
    bare.write(pack(DEMO) + pack(Overhear(True)))
    bare.until(PhraseHeard)
    while not bare.until(NoteSounded).partner:  # type: ignore[attr-defined]
        pass
    assert bare.child.stdin is not None
    bare.child.stdin.close()
    released = bare.until(AnswerOver)
    assert released.notes >= 1  # type: ignore[attr-defined]
    assert bare.until(Over) == Over("")
    assert bare.end() == (0, "")


@pytest.mark.parametrize(
    "garbage",
    [b"GET / HTTP/1.1\r\n\r\n", struct.pack(">I", 5) + b"\xc1garb", struct.pack(">I", 9) + b"x"],
)
def test_garbage_is_a_sentence_and_an_end(garbage: bytes) -> None:
    bare = Bare()
    bare.write(pack(MEMORY) + garbage)
    assert bare.child.stdin is not None
    bare.child.stdin.close()
    says = bare.until(Over).says  # type: ignore[attr-defined]
    assert says
    code, words = bare.end()
    assert (code, words) == (1, "")


def test_a_line_that_nobody_opens_ends_at_once() -> None:
    bare = Bare()
    bare.write(pack(Line("hold")) + pack(Quit()))
    assert bare.until(Over) == Over("")
    assert bare.end()[0] == 0


def test_a_window_that_reads_nothing_does_not_stop_the_music() -> None:
    """The pipe is full after a while; takes show that phrase and answer were played whole."""
    bare = Bare()
    bare.write(pack(DEMO))
    bare.until(Opened)

    def whole() -> bool:
        # Wishes are still heard: each asks for words that nobody reads.
        bare.write(pack(Line("help all")) * 4)
        with TakeLibrary(library_path(data_folder())) as library:
            return any(take.finished and take.answer_notes for take in library.list_takes())

    wait_for(whole, "the take of a phrase and its answer", 60.0)
    bare.child.send_signal(signal.SIGTERM)
    code, _ = bare.end()
    assert code == 0


def test_a_window_that_is_gone_ends_the_session() -> None:
    bare = Bare()
    bare.write(pack(MEMORY))
    bare.until(Opened)
    assert bare.child.stdout is not None
    bare.child.stdout.close()
    code = bare.child.wait(30)
    assert code == 0
    for pipe in (bare.child.stdin, bare.child.stderr):
        assert pipe is not None
        pipe.close()
