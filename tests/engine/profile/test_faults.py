"""Every change, with a disk that is full or a process that ends at each of its steps.

The law: afterwards stands what stood before, or what was meant, never anything else; the same
change can be made then; and nothing half done is left.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.profile.store import ProfileStore
from engine.profile.trouble import ProfileError
from tests.engine.profile.stage import (
    BETTER,
    FailingDisk,
    KilledError,
    adapter,
    filled,
    left_over,
    memory,
    of_store,
    phrase,
    store_in,
)
from tests.plugin.sentences import assert_is_a_sentence

EXPORTED = "you.antiphon-profile"
CHANGES: dict[str, Callable[[ProfileStore, Path], object]] = {
    "memory": lambda store, _: store.save_memory("me", memory(9), notes=99),
    "taste": lambda store, _: store.save_taste("me", "[9]"),
    "settings": lambda store, _: store.save_settings("me", {"bars": 8}),
    "adapter": lambda store, _: store.add_adapter("me", adapter(9.0), BETTER, [phrase("new")]),
    "redo": lambda store, _: store.redo("me"),
    "create": lambda store, _: store.create("new"),
    "use": lambda store, _: store.use("other"),
    "rename": lambda store, _: store.rename("in use", "new"),
    "copy": lambda store, _: store.copy("me", "new"),
    "delete": lambda store, _: store.delete("me"),
    "import": lambda store, folder: store.import_(folder / EXPORTED),
    "import in place": lambda store, folder: store.import_(folder / EXPORTED, "me", replace=True),
    "memory where one is damaged": lambda store, _: store.save_memory("broken", memory(9)),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Profiles of all sorts."""
    folder = tmp_path_factory.mktemp("template")
    store = filled(folder, versions=1)
    store.save_memory("me", memory(5), notes=55)
    store.undo("me")
    store.copy("me", "you")
    store.export("you", folder / EXPORTED)
    store.delete("you")
    for name in ("other", "in use", "broken"):
        store.create(name)
    (store.folder / "broken" / "memory.safetensors").write_bytes(b"noise")
    store.use("in use")
    return folder


@pytest.fixture
def stage(template: Path, tmp_path: Path) -> Callable[[], Path]:
    """Folders with the same profiles, one after the other."""
    count = iter(range(1000))

    def made() -> Path:
        return Path(shutil.copytree(template, tmp_path / str(next(count))))

    return made


def steps_of(stage: Callable[[], Path], change: str) -> int:
    folder = stage()
    disk = FailingDisk(1000, "full")
    CHANGES[change](store_in(folder, disk), folder)
    return disk.steps


def states(stage: Callable[[], Path], change: str) -> tuple[object, object]:
    folder = stage()
    before = of_store(folder)
    CHANGES[change](store_in(folder), folder)
    return _timeless(before), _timeless(of_store(folder))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def _timeless(found: object) -> object:
    """Without dates: each run has its own."""
    if isinstance(found, dict):
        return {key: _timeless(value) for key, value in found.items()}
    if isinstance(found, tuple):
        return tuple(_timeless(value) for value in found)
    if type(found).__name__ == "Version":
        return tuple(getattr(found, f) for f in found.__slots__ if f not in ("made", "sha256"))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("how", ["full", "full once"])
def test_on_a_full_disk_everything_stays_as_it_was(stage, change, how):
    before, meant = states(stage, change)
    there = files(stage())
    for at in range(steps_of(stage, change)):
        folder = stage()
        try:
            CHANGES[change](store_in(folder, FailingDisk(at, how)), folder)
        except ProfileError as error:
            assert_is_a_sentence(str(error))
            assert _timeless(of_store(folder)) in _allowed(before, change), at
            if how == "full once" and "damaged" not in change:
                assert files(folder) == there, "what was begun is cleared away"
        else:
            assert _timeless(of_store(folder)) == meant, at
        if how == "full":
            _again(folder, change, before, meant)


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("how", ["dies", "dies after"])
def test_killed_at_any_step_it_is_as_it_was_or_as_it_was_meant(stage, change, how):
    before, meant = states(stage, change)
    for at in range(steps_of(stage, change)):
        folder = stage()
        with pytest.raises(KilledError):
            CHANGES[change](store_in(folder, FailingDisk(at, how)), folder)
        assert _timeless(of_store(folder)) in (*_allowed(before, change), meant), at
        _again(folder, change, before, meant)


def _allowed(before, change: str) -> list[object]:
    """What may stand after a change that did not come to its end."""
    allowed = [before]
    if "damaged" in change:
        # Put aside, and nothing in its place yet: it is not said once more.
        profiles = before["profiles"]
        allowed.append(
            {**before, "profiles": {**profiles, "broken": {**profiles["broken"], "says": ()}}}
        )
    if change == "rename":
        # Killed between the new name and the note of who is in use.
        profiles = {("new" if n == "in use" else n): p for n, p in before["profiles"].items()}
        allowed.append({"in use": "me", "profiles": profiles})
    return allowed


def _again(folder: Path, change: str, before: object, meant: object) -> None:
    """The same once more, where it was not done; then nothing half done is left."""
    store = store_in(folder)
    store.save_settings("other", {})  # whoever writes next mends, and loses nothing by it
    now = _timeless(of_store(folder))
    assert now in (*_allowed(before, change), meant)
    if now == before:
        CHANGES[change](store, folder)
        now = _timeless(of_store(folder))
        assert _numberless(now) == _numberless(meant)
    for one in store.list():
        store.save_settings(one.name, {"another": "change"})
    assert left_over(folder) == []


def _numberless(found: object) -> object:
    """An adapter's file that was nobody's costs its number: 3 counts as 2."""
    if isinstance(found, dict):
        return {_numberless(key): _numberless(value) for key, value in found.items()}
    if isinstance(found, (tuple, list)):
        return tuple(_numberless(value) for value in found)
    return {3: 2, "adapters/0003.safetensors": "adapters/0002.safetensors"}.get(found, found)
