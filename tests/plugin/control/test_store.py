"""What is kept between jams: exact, whole, and never lost to a file that cannot be read."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.control.bindings import ControlMap, Manner
from plugin.control.store import VERSION, Kept, StoreError, load, path_in, save
from plugin.settings import Settings
from tests.plugin.control.hand import CLOSENESS, GO, KEY, KNOB, PEDAL, bound
from tests.plugin.control.values import turned
from tests.plugin.sentences import assert_is_a_sentence

MAP = ControlMap(
    (
        bound(KNOB, CLOSENESS, Manner.FOLLOW, low=0.2, high=0.9, pick_up=True),
        bound(PEDAL, GO, Manner.PRESS, passes=True),
        bound(KEY, GO, Manner.PRESS),
    )
)


@given(turned(), st.dictionaries(st.text(min_size=1, max_size=10), turned(), max_size=3))
def test_what_was_saved_is_loaded(tmp_path_factory, settings, presets):
    path = path_in(tmp_path_factory.mktemp("kept") / "new folder")
    kept = Kept(settings, MAP, presets)
    save(path, kept)
    again, says = load(path)
    assert (again, says) == (kept, "")
    assert list(again.presets) == list(presets)


def test_the_first_time_there_is_nothing_to_say(data_folder):
    assert load(path_in()) == (Kept(), "")
    assert path_in().parent == data_folder
    assert list(data_folder.iterdir()) == []


GARBAGE = [
    pytest.param(b"", id="empty"),
    pytest.param(b"\x00\xff\xfe", id="bytes"),
    pytest.param(b'{"version": 1', id="cut off"),
    pytest.param(b"[]", id="another shape"),
    pytest.param(b'{"version": "one", "kept": {}}', id="version in words"),
    pytest.param(b'{"version": 1}', id="nothing kept"),
    pytest.param(b'{"version": 1, "kept": {"settings": {"bars": 3}}}', id="unplayable"),
    pytest.param(b'{"version": 1, "kept": {"settings": {"limits": {"lowest": 999}}}}', id="limit"),
    pytest.param(b'{"version": 1, "kept": ' + b"[" * 100_000, id="brackets without end"),
    pytest.param(b" " * 5_000_000, id="far too large"),
    pytest.param(
        b'{"version": 1, "kept": {"controls": {"bindings": [{"source": {"kind": "control", '
        b'"number": 5}, "target": ["dial", "gone"], "manner": "follow"}]}}}',
        id="no such dial",
    ),
]


@pytest.mark.parametrize("content", GARBAGE)
def test_garbage_is_put_aside_and_said(data_folder, content):
    path = path_in()
    path.write_bytes(content)
    kept, says = load(path)
    assert kept == Kept()
    assert_is_a_sentence(says)
    assert "playing damaged.json" in says
    save(path, Kept(settings=Settings(bars=8)))
    assert (data_folder / "playing damaged.json").read_bytes() == content
    assert load(path) == (Kept(settings=Settings(bars=8)), "")


def test_a_second_damaged_file_does_not_bury_the_first(data_folder):
    for content in (b"first", b"second"):
        path_in().write_bytes(content)
        load(path_in())
    assert {file.read_bytes() for file in data_folder.iterdir()} == {b"first", b"second"}


def test_what_a_newer_antiphon_wrote_is_kept(data_folder):
    content = msgspec.json.encode({"version": VERSION + 1, "kept": {"of the future": True}})
    path_in().write_bytes(content)
    kept, says = load(path_in())
    assert kept == Kept()
    assert "newer Antiphon" in says
    assert_is_a_sentence(says)
    assert (data_folder / "playing newer.json").read_bytes() == content


def test_what_cannot_be_read_is_left_and_said(data_folder):
    path_in().mkdir()
    kept, says = load(path_in())
    assert kept == Kept()
    assert_is_a_sentence(says)
    assert path_in().is_dir()


def test_what_cannot_be_written_is_said_and_the_old_file_stays(data_folder):
    blocked = data_folder / "a file"
    blocked.write_text("not a folder")
    with pytest.raises(StoreError) as refused:
        save(path_in(blocked), Kept())
    assert_is_a_sentence(str(refused.value))
    assert blocked.read_text() == "not a folder"


def test_the_file_can_be_read_by_people(data_folder):
    save(path_in(), Kept(Settings(bpm=120.0), MAP))
    text = path_in().read_text(encoding="utf-8")
    assert '"bpm": 120.0' in text
    assert len(text.splitlines()) > 20
