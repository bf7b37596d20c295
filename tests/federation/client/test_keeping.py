"""Log, outbox, key and material on disk: whole after a kill, and for the owner alone."""

import hashlib
import json
import stat
import sys
import threading

import hypothesis.strategies as st
import pytest
from hypothesis import given

from federation.client import material, places
from federation.client.keys import SERVICE, device_key, drop_key, has_key
from federation.client.ledger import Entry, Ledger
from federation.client.outbox import MOST, Outbox, Parcel
from federation.client.places import Places
from federation.client.trouble import SharingError
from tests.federation.client.stage import piece


@pytest.fixture
def where(tmp_path) -> Places:
    return Places(tmp_path / "data")


# ------------------------------------------------------------------------------------------- log


@given(cut=st.integers(1, 200))
def test_a_torn_last_line_is_mended_and_no_whole_one_is_lost(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("log") / "sharing" / "ledger.jsonl"
    ledger = Ledger(path)
    for number in range(3):
        ledger.add(Entry(when=f"{number}", what="send", result="taken", sha256="a" * 64))
    whole = path.read_bytes()
    lengths = [len(line) + 1 for line in whole.splitlines()]
    torn = whole[: -min(cut, lengths[-1])]
    path.write_bytes(torn)
    assert len(ledger.entries()) == 2
    ledger.add(Entry(when="4", what="send", result="failed"))
    assert [entry.when for entry in ledger.entries()] == ["0", "1", "4"]
    assert path.read_bytes().startswith(b"".join(whole.splitlines(keepends=True)[:2]))


def test_a_very_long_torn_line_is_mended_too(where):
    ledger = Ledger(where.ledger)
    ledger.add(Entry(when="1", what="send", result="taken"))
    with where.ledger.open("ab") as file:
        file.write(b"x" * 10_000)
    ledger.add(Entry(when="2", what="send", result="taken"))
    assert [entry.when for entry in ledger.entries()] == ["1", "2"]


def test_a_person_can_read_a_line(where):
    Ledger(where.ledger).add(Entry(when="2026-05-04", what="send", result="taken", bytes=9))
    line = json.loads(where.ledger.read_text())
    assert line == {"when": "2026-05-04", "what": "send", "result": "taken", "bytes": 9}


# ---------------------------------------------------------------------------------------- outbox


def _parcel(number: int, data: bytes) -> Parcel:
    id_ = f"00000000-0000-4000-8000-{number:012d}"
    return Parcel(
        id=id_, sha256=hashlib.sha256(data).hexdigest(), lineage="a", version=1,
        approved=f"2026-05-{number:02d}",
    )  # fmt: skip


def test_a_newer_one_takes_the_place_of_the_oldest(where):
    box = Outbox(where)
    for number in range(1, 6):
        box.put(b"%d" % number, _parcel(number, b"%d" % number))
    assert [box.data(parcel) for parcel in box.parcels()] == [b"3", b"4", b"5"]
    assert len(list(where.outbox.iterdir())) == 2 * MOST


def test_other_bytes_than_those_approved_do_not_get_in(where):
    with pytest.raises(SharingError):
        Outbox(where).put(b"other", _parcel(1, b"approved"))
    assert not where.outbox.exists()


@pytest.mark.parametrize("lost", [".bin", ".json"])
def test_what_a_kill_left_half_done_is_nothing_and_goes(where, lost):
    box = Outbox(where)
    box.put(b"1", _parcel(1, b"1"))
    next(where.outbox.glob(f"*{lost}")).unlink()
    (where.outbox / ".0011.tmp").write_bytes(b"half")
    assert box.parcels() == []
    box.put(b"2", _parcel(2, b"2"))
    assert len(list(where.outbox.iterdir())) == 2


# ------------------------------------------------------------------------------------------- key


class Chain:
    """A keychain. slow: never answers; dumb: forgets at once."""

    def __init__(self, *, dumb: bool = False) -> None:
        self.held: dict[tuple[str, str], str] = {}
        self._dumb = dumb

    def get_password(self, service_name: str, username: str) -> str | None:
        return self.held.get((service_name, username))

    def set_password(self, service_name: str, username: str, password: str) -> None:
        if not self._dumb:
            self.held[service_name, username] = password

    def delete_password(self, service_name: str, username: str) -> None:
        del self.held[service_name, username]


def test_without_a_keychain_the_key_is_in_a_file_for_the_owner_alone(where):
    key = device_key(where, lambda: None)
    assert device_key(where, lambda: None).id == key.id
    assert where.key.read_bytes() == key.as_bytes()
    if sys.platform != "win32":
        assert stat.S_IMODE(where.key.stat().st_mode) == 0o600
        assert stat.S_IMODE(where.root.stat().st_mode) == 0o700
    drop_key(where, lambda: None)
    assert not has_key(where)


def test_in_a_keychain_no_file_holds_it(where):
    chain = Chain()
    key = device_key(where, lambda: chain)
    assert device_key(where, lambda: chain).id == key.id
    assert chain.held == {(SERVICE, str(where.root)): key.as_bytes().hex()}
    assert key.as_bytes() not in where.key.read_bytes()
    drop_key(where, lambda: chain)
    assert (chain.held, has_key(where)) == ({}, False)


def test_a_keychain_that_keeps_nothing_is_not_trusted(where):
    key = device_key(where, lambda: Chain(dumb=True))
    assert where.key.read_bytes() == key.as_bytes()


def test_a_keychain_that_never_answers_is_not_waited_for(where):
    free = threading.Event()

    class Slow(Chain):
        def set_password(self, *_: str) -> None:
            free.wait()

    try:
        key = device_key(where, Slow, 0.05)
        assert where.key.read_bytes() == key.as_bytes()
    finally:
        free.set()


def test_a_keychain_that_raises_whatever_it_likes(where):
    def broken() -> Chain:
        raise RuntimeError("dbus")

    assert device_key(where, broken).id == device_key(where, broken).id


def test_a_locked_keychain_is_a_sentence_and_no_second_key(where):
    chain = Chain()
    device_key(where, lambda: chain)
    with pytest.raises(SharingError, match="keychain"):
        device_key(where, lambda: None)


def test_a_damaged_key_is_a_sentence(where):
    places.write(where.key, b"short")
    with pytest.raises(SharingError, match="damaged"):
        device_key(where, lambda: None)


# -------------------------------------------------------------------------------------- material


def test_material_says_where_it_is_from_and_goes_again(where):
    one = material.add(where, "blues", piece(1), origin="take 7", added="2026-05-04")
    assert material.items(where) == (one,)
    assert (one.name, one.origin, one.notes) == ("blues", "take 7", 120)
    (found,) = material.pieces(where)
    assert found.notes == piece(1).notes
    assert material.remove(where, "blues") == one
    assert material.items(where) == ()


def test_the_same_notes_are_one_item(where):
    for name in ("one", "other"):
        material.add(where, name, piece(1), origin="x", added="d")
    assert [item.name for item in material.items(where)] == ["other"]


def test_two_of_one_name_are_removed_by_their_ids(where):
    for seed in (1, 2):
        material.add(where, "same", piece(seed), origin="x", added="d")
    with pytest.raises(SharingError, match="2 times"):
        material.remove(where, "same")
    for item in material.items(where):
        material.remove(where, item.id)


def test_a_damaged_item_is_left_out(where):
    material.add(where, "one", piece(1), origin="x", added="d")
    (where.material / "0123456789ab.json").write_bytes(b"{")
    (where.material / "other.txt").write_bytes(b"{")
    assert len(material.items(where)) == len(material.pieces(where)) == 1


def test_a_name_out_of_this_world_is_shown_as_it_can_be(where):
    item = material.add(where, "a\x1b[31m/../\n" + "x" * 500, piece(1), origin="", added="")
    assert item.name.isprintable()
    assert len(item.name) <= material.LONGEST_NAME
    assert [path.parent for path in where.material.iterdir()] == [where.material]
