"""Whose partner the engine is: profiles, adapters and what is saved, without its process."""

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.adapt.adapter import Adapter
from engine.api import (
    Adopt,
    Begin,
    End,
    Forget,
    FromEngine,
    Plan,
    Playing,
    Profile,
    Tells,
    ToEngine,
)
from engine.building import Builder
from engine.events import Timebase, Voice
from engine.planner import Planner
from engine.profile.disk import Disk
from engine.profile.phrases import Phrase
from engine.profile.record import Outcome
from engine.profile.store import ProfileStore
from engine.pupil import QUIET_S, SAVE_EVERY_S, Pupil
from engine.saving import Saver
from engine.worker import Engine, serve
from tests.engine.player import ask, builder, hear, planner
from tests.rig.waiting import wait_for

SESSION = 41


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return builder(tmp_path_factory.mktemp("weights"))


class Stage:
    """An engine with a manual clock, fed message by message."""

    def __init__(self, made: Builder, folder: Path, disk: Disk | None = None) -> None:
        self.said: list[FromEngine] = []
        self.now_s = 100.0
        self.folder = folder
        self.store = ProfileStore(folder, disk=disk)
        self.planner: Planner = planner(made, clock=lambda: 0.0)
        self.saver = Saver(lambda folder: ProfileStore(folder, disk=disk))
        self.pupil = Pupil(self.planner, made, self.saver, self.said.append, lambda: self.now_s)
        self._waiting: deque[ToEngine] = deque()

    def tell(self, *messages: ToEngine) -> None:
        self._waiting.extend(messages)
        with pytest.raises(EOFError):
            serve(self, Engine(self.planner, self.pupil))

    def poll(self, timeout: float | None = 0.0) -> bool:
        if not self._waiting and timeout:
            raise EOFError
        return bool(self._waiting)

    def recv(self) -> ToEngine:
        if not self._waiting:
            raise EOFError
        return self._waiting.popleft()

    def send(self, message: FromEngine) -> None:
        self.said.append(message)

    def of(self, kind: type) -> list[FromEngine]:
        return [message for message in self.said if isinstance(message, kind)]

    def profile(self, name: str | None) -> Profile:
        return Profile(name, str(self.folder))

    def play(self, first: int, end: int, *, again: bool = False) -> None:
        self.tell(*(hear(number, again=again) for number in range(first, end)))

    def rest(self, seconds: float = SAVE_EVERY_S + QUIET_S) -> None:
        """Nothing happens for so long; what is due is done."""
        self.now_s += seconds
        self.pupil.idle()
        assert self.saver.flush()

    def built(self) -> None:
        """Whatever is being built is taken over."""

        def done() -> bool:
            self.pupil.idle()
            return self.pupil.wait_s is None or not self.pupil.building

        wait_for(done, "the thread that builds")

    @property
    def learnt(self) -> int:
        memory = self.planner.context.memory
        assert memory is not None
        return memory.players_notes

    def saved_notes(self, name: str) -> int | None:
        return self.store.open(name).memory_notes


Enter = Callable[..., Stage]


@pytest.fixture
def enter(made: Builder) -> Iterator[Enter]:
    """Makes stages: enter(folder); none of them leaves a thread behind."""
    stages: list[Stage] = []

    def one(folder: Path, disk: Disk | None = None) -> Stage:
        stages.append(Stage(made, folder, disk))
        return stages[-1]

    yield one
    for stage in stages:
        stage.saver.close()


@pytest.fixture
def stage(enter: Enter, tmp_path: Path) -> Stage:
    found = enter(tmp_path / "profiles")
    found.tell(found.profile("anna"), Begin(Timebase(), SESSION))
    return found


def _adapter(made: Builder, *, prior: str | None = None) -> Adapter:
    width = made.prior()._start.shape[0]  # type: ignore[union-attr]
    change = np.full((width,), 0.5, np.float32)
    return Adapter("said", 0, prior or made.prior_name, {"start.add": change})


def _add(stage: Stage, adapter: Adapter) -> None:
    phrase = Phrase("a take", np.zeros((3, 9), np.int16))
    stage.store.add_adapter("anna", adapter, Outcome(5.0, 4.5, 1.0), [phrase])


# ------------------------------------------------------------------------------ the memory


def test_a_new_profile_is_made_and_named(stage):
    assert stage.said == [Playing("anna", "tiny", None, 0)]
    assert stage.store.in_use() == "anna"
    assert [summary.name for summary in stage.store.list()] == ["anna"]


def test_none_is_the_profile_in_use_and_at_first_me(enter, tmp_path):
    first = enter(tmp_path)
    first.tell(first.profile(None))
    assert first.of(Playing) == [Playing("me", "tiny", None, 0)]
    first.store.create("bert")
    first.store.use("bert")
    second = enter(tmp_path)
    second.tell(second.profile(None))
    assert second.of(Playing)[0].profile == "bert"


def test_what_is_learnt_is_saved_some_seconds_apart_and_only_in_silence(stage):
    stage.play(1, 9)
    stage.rest(QUIET_S / 2)
    assert stage.saved_notes("anna") is None, "somebody is playing"
    stage.rest(QUIET_S)
    assert stage.saved_notes("anna") == 8
    stage.play(9, 12)
    stage.rest(QUIET_S * 1.5)
    assert stage.saved_notes("anna") == 8, "too soon after the last time"
    stage.rest()
    assert stage.saved_notes("anna") == 11


def test_nothing_is_saved_for_nobody_and_nothing_new_is_not_saved_again(enter, tmp_path):
    nobody = enter(tmp_path / "none")
    nobody.tell(Begin(Timebase(), SESSION))
    nobody.play(1, 9)
    assert nobody.learnt == 8
    nobody.rest()
    assert not (tmp_path / "none").exists()
    assert nobody.pupil.wait_s is None


def test_after_a_kill_the_same_notes_are_not_learnt_twice(stage, enter):
    stage.play(1, 9)
    stage.rest()
    stage.play(9, 13)  # lost: not saved before the kill
    after = enter(stage.folder)
    after.tell(after.profile("anna"), Begin(Timebase(), SESSION))
    assert after.of(Playing)[0].learnt_notes == 8
    after.play(1, 13)  # the session tells all of them again
    assert after.learnt == 12
    after.rest()
    assert after.saved_notes("anna") == 12


def test_another_session_begins_to_count_anew(stage, enter):
    stage.play(1, 9)
    stage.rest()
    after = enter(stage.folder)
    after.tell(after.profile("anna"), Begin(Timebase(), SESSION + 1))
    after.play(1, 5)
    assert after.learnt == 12


def test_what_has_to_be_told_again_is_not_learnt_again(stage):
    stage.play(1, 9)
    stage.tell(Begin(Timebase(90.0, 3.0, tempo_known=True), SESSION))
    stage.play(9, 12, again=True)
    assert stage.learnt == 8


def test_to_forget_unlearns_the_session_and_keeps_what_was_there_before(stage, enter):
    stage.play(1, 9)
    stage.rest()
    after = enter(stage.folder)
    after.tell(after.profile("anna"), Begin(Timebase(), SESSION + 1))
    after.play(1, 5)
    after.tell(Forget())
    assert after.learnt == 8
    after.play(5, 7)
    after.rest()
    assert after.saved_notes("anna") == 10
    nobody = enter(stage.folder)
    nobody.tell(Begin(Timebase(), 9))
    nobody.play(1, 5)
    nobody.tell(Forget())
    assert nobody.learnt == 0


def test_what_was_learnt_is_kept_at_the_end_whatever_the_clock_says(stage):
    stage.play(1, 9)
    stage._waiting.append(End())
    serve(stage, Engine(stage.planner, stage.pupil))
    stage.pupil.close()
    assert stage.saved_notes("anna") == 8


class FullDisk(Disk):
    full = False

    def write(self, path: Path, data: bytes) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().write(path, data)


def test_a_full_disk_is_said_once_the_old_file_stays_and_it_is_tried_again(enter, tmp_path):
    disk = FullDisk()
    stage = enter(tmp_path, disk)
    stage.tell(stage.profile("anna"), Begin(Timebase(), SESSION))
    stage.play(1, 5)
    stage.rest()
    disk.full = True
    for number in range(5, 9):
        stage.play(number, number + 1)
        stage.rest()
    stage.pupil.idle()
    (says,) = stage.of(Tells)
    assert "no space left" in says.says
    assert stage.saved_notes("anna") == 4
    disk.full = False
    stage.play(9, 10)
    stage.rest()
    assert stage.saved_notes("anna") == 9


def test_two_jams_of_one_profile_do_not_overwrite_each_other(stage, enter):
    other = enter(stage.folder)
    other.tell(other.profile("anna"), Begin(Timebase(), SESSION + 1))
    other.play(1, 4)
    other.rest()
    stage.play(1, 9)
    stage.rest()
    stage.pupil.idle()
    assert stage.saved_notes("anna") == 3
    assert "Another Antiphon" in stage.of(Tells)[0].says


def test_a_damaged_memory_is_said_and_starts_empty(stage, enter):
    stage.play(1, 9)
    stage.rest()
    (stage.folder / "anna" / "memory.safetensors").write_bytes(b"noise")
    after = enter(stage.folder)
    after.tell(after.profile("anna"), Begin(Timebase(), SESSION + 1))
    assert "memory" in after.of(Tells)[0].says
    assert after.of(Playing)[0].learnt_notes == 0


# ------------------------------------------------------------------ adapters, other players


def test_an_adapter_is_taken_over_between_two_messages_and_changes_what_is_played(stage, made):
    stage.play(1, 9)
    stage.tell(ask(1, 9))
    before = [n for plan in stage.of(Plan) for n in plan.notes]
    _add(stage, _adapter(made))
    stage.tell(Adopt(), ask(2, 9))
    assert [n for p in stage.of(Plan) if p.request == 2 for n in p.notes] == before
    stage.built()
    assert stage.of(Playing)[-1] == Playing("anna", "tiny", 1, 8)
    stage.tell(ask(3, 9))
    assert [n for p in stage.of(Plan) if p.request == 3 for n in p.notes] != before
    assert stage.learnt == 8
    stage.tell(Adopt(undo=True))
    stage.built()
    assert stage.of(Playing)[-1] == Playing("anna", "tiny", None, 8)
    stage.tell(ask(4, 9))
    assert [n for p in stage.of(Plan) if p.request == 4 for n in p.notes] == before


def test_an_adapter_is_there_from_the_first_note_of_the_next_jam(stage, made, enter):
    _add(stage, _adapter(made))
    after = enter(stage.folder)
    after.tell(after.profile("anna"))
    assert after.of(Playing) == [Playing("anna", "tiny", 1, 0)]


@pytest.mark.parametrize("harm", ["cut", "other prior"])
def test_an_adapter_that_cannot_be_used_is_a_sentence_and_all_stays(stage, made, harm):
    _add(stage, _adapter(made, prior="another" if harm == "other prior" else None))
    if harm == "cut":
        path = stage.folder / "anna" / "adapters" / "0001.safetensors"
        path.write_bytes(path.read_bytes()[:-5])
    stage.play(1, 9)
    stage.tell(ask(1, 9), Adopt())
    stage.built()
    assert len(stage.of(Tells)) == 1
    assert len(stage.of(Playing)) == 1, "nothing was taken over"
    stage.tell(ask(2, 9))
    plans = [[n for p in stage.of(Plan) if p.request == r for n in p.notes] for r in (1, 2)]
    assert plans[0] == plans[1]


def test_there_and_back_to_another_player_loses_nothing(stage):
    stage.play(1, 9)
    stage.tell(stage.profile("bert"))
    stage.play(9, 12)  # while bert is being read they are anna's
    stage.built()
    assert stage.of(Playing)[-1].profile == "bert"
    assert stage.learnt == 0
    stage.play(12, 14)
    stage.tell(stage.profile("anna"))
    stage.built()
    assert stage.of(Playing)[-1] == Playing("anna", "tiny", None, 11)
    assert stage.saver.flush()
    assert stage.saved_notes("bert") == 2


def test_of_several_wishes_while_one_is_carried_out_the_last_counts(stage):
    stage.play(1, 3)
    stage.tell(stage.profile("bert"), stage.profile("carl"), stage.profile("dora"))
    stage.built()
    stage.built()
    assert [playing.profile for playing in stage.of(Playing)] == ["anna", "bert", "dora"]


@pytest.mark.parametrize("name", ["", "../x", "CON"])
def test_names_that_will_not_do_are_a_sentence_or_nobody(stage, name):
    stage.play(1, 3)
    stage.tell(stage.profile(name))
    stage.built()
    if name:
        assert len(stage.of(Tells)) == 1
        assert stage.of(Playing)[-1].profile == "anna"
    else:
        assert stage.of(Playing)[-1].profile == ""


def test_the_partners_notes_are_saved_as_context_and_do_not_count(stage):
    stage.tell(*(hear(n, voice=Voice.PARTNER if n % 2 else Voice.PLAYER) for n in range(1, 9)))
    stage.rest()
    assert stage.saved_notes("anna") == 4


def test_a_profile_that_was_left_may_be_renamed_as_soon_as_that_is_said(stage):
    stage.tell(stage.profile("anna"))
    stage.play(0, 12)
    stage.tell(stage.profile(""))
    said = len(stage.of(Playing))
    wait_for(
        lambda: (stage.pupil.idle(), len(stage.of(Playing)) > said)[1], "that nobody plays for it"
    )
    stage.store.rename("anna", "berta")
    assert stage.saved_notes("berta") == 12
    stage.pupil.close()
    assert stage.of(Tells) == []
