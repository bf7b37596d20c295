import os
import secrets

import pytest

from federation.server import blobs
from federation.server.blobs import Folder, NoBlobError, Store
from federation.server.trouble import ServerError
from tests.federation.server.test_aggregator import aggregator, model

NAME = blobs.delta("00000000-0000-4000-8000-000000000000", "a" * 64)


@pytest.fixture(params=["folder", "memory", "local"])
def store(request, tmp_path):
    """A folder, and two of fsspec's own: an object store in memory, and files by their URL."""
    where = {
        "folder": str(tmp_path / "blobs"),
        "memory": f"memory://{secrets.token_hex(8)}/prefix",
        "local": f"local://{tmp_path}/objects",
    }[request.param]
    found = blobs.opened(where)
    assert isinstance(found, Folder if request.param == "folder" else Store)
    return found


def test_what_was_put_is_there_whole_and_can_be_put_again(store):
    for data in (b"one", b"another"):
        store.put(NAME, data)
        assert store.get(NAME) == data


def test_what_was_deleted_is_gone_and_can_be_deleted_again(store):
    store.put(NAME, b"one")
    for _ in range(2):
        store.delete(NAME)
    with pytest.raises(NoBlobError):
        store.get(NAME)


def test_names_are_those_of_a_kind(store):
    assert list(store.names("deltas")) == []
    store.put(NAME, b"one")
    store.put(blobs.model("b" * 64), b"two")
    found = list(store.names("deltas"))
    assert [name for name, _ in found] == [NAME]
    assert all(written_s >= 0.0 for _, written_s in found)


@pytest.mark.parametrize("name", ["../release.key", "deltas/../x", "other/a", "deltas/", "a"])
def test_no_name_leads_out_of_the_store(store, name):
    for what in (store.get, store.delete, lambda name: store.put(name, b"")):
        with pytest.raises(NoBlobError):
            what(name)


def test_a_store_that_is_not_known_is_a_sentence():
    with pytest.raises(ServerError, match=r"cannot be reached.*name a folder\."):
        blobs.opened("nonsense://somewhere")


def test_a_file_url_is_a_folder(tmp_path):
    assert isinstance(blobs.opened(f"file://{tmp_path}"), Folder)


@pytest.mark.slow
def test_a_version_is_made_in_an_object_store_and_its_raw_changes_are_gone(tmp_path):
    from tests.federation.server.conftest import make_stage

    stage = make_stage(
        tmp_path, f"sqlite:///{tmp_path}/book.db", f"memory://{secrets.token_hex(8)}"
    )
    ones = [stage.send(seed) for seed in range(4)]
    assert len(stage.deltas()) == 4
    assert [one.what for one in aggregator(stage).turn()] == ["published"]
    assert model(stage)[0].contributions == 4
    assert stage.deltas() == []
    assert {stage.status(one) for one in ones} == {"used"}
    assert not os.path.exists(tmp_path / "blobs")
    stage.here.database.close()
