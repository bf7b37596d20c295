"""A version is believed only if the release key signed these very bytes and they make sense."""

import hashlib

import msgspec
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from federation.formats import tensorfile
from federation.formats.delta import from_vector
from federation.formats.manifest import Manifest, ManifestError, canonical, key_id, sign, verify
from federation.formats.shared import SharedVersion, nothing_learnt, packed, unpacked
from tests.federation.formats.stage import SMALL, assert_is_a_sentence, vector

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
DATA = packed(from_vector(vector(1), SMALL), SMALL)
MANIFEST = Manifest(
    version=14,
    parent=13,
    lineage=SMALL.id,
    sha256=hashlib.sha256(DATA).hexdigest(),
    bytes=len(DATA),
    created="2026-11-21T10:00:00Z",
    contributions=213,
    clip=1.0,
    gate={"held_out": 3.84, "before": 3.91},
    key=key_id(KEY.public_key()),
)


def _but(**others: object) -> Manifest:
    return msgspec.structs.replace(MANIFEST, **others)


def _not_verified(data: bytes, signature: bytes, key: Ed25519PrivateKey = KEY) -> str:
    with pytest.raises(ManifestError) as error:
        verify(data, signature, key.public_key())
    assert_is_a_sentence(str(error.value))
    return str(error.value)


def test_what_was_signed_is_what_is_read():
    assert verify(canonical(MANIFEST), sign(MANIFEST, KEY), KEY.public_key()) == MANIFEST


def test_a_manifest_is_always_the_same_bytes():
    turned = _but(gate=dict(reversed(MANIFEST.gate.items())))
    assert canonical(turned) == canonical(MANIFEST)
    assert b" " not in canonical(MANIFEST)
    names = list(msgspec.json.decode(canonical(MANIFEST)))
    assert names == sorted(names)


@given(st.integers(0, len(canonical(MANIFEST)) - 1), st.integers(1, 255))
def test_a_changed_byte_is_noticed(at: int, change: int):
    data = bytearray(canonical(MANIFEST))
    data[at] ^= change
    assert "not signed" in _not_verified(bytes(data), sign(MANIFEST, KEY))


def test_another_key_and_no_signature_are_noticed():
    data = canonical(MANIFEST)
    assert "not signed" in _not_verified(data, sign(MANIFEST, KEY), OTHER)
    assert "not signed" in _not_verified(data, b"")
    assert "not signed" in _not_verified(data, bytes(64))
    with pytest.raises(ManifestError, match="another key"):
        sign(MANIFEST, OTHER)


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b"\xff", b"[" * 10_000, canonical(MANIFEST)[:-1], b" " * 20_000],
    ids=["nothing", "a list", "no names", "no text", "deep", "cut", "too large"],
)
def test_what_is_signed_but_no_manifest_is_refused(data: bytes):
    _not_verified(data, KEY.sign(data))


@pytest.mark.parametrize(
    "other",
    [
        {"schema": "antiphon-shared-2"},
        {"version": 0},
        {"parent": 14},
        {"sha256": "0"},
        {"lineage": "0"},
        {"bytes": 0},
        {"bytes": 1 << 30},
        {"contributions": -1},
        {"clip": -1.0},
        {"noise": -1.0},
        {"delta": 0.0},
    ],
)
def test_what_makes_no_sense_is_neither_signed_nor_read(other: dict[str, object]):
    with pytest.raises(ManifestError):
        sign(_but(**other), KEY)
    data = canonical(_but(**other))
    assert "update Antiphon" in _not_verified(data, KEY.sign(data))


def test_words_of_later_versions_are_no_hindrance():
    data = canonical(MANIFEST)[:-1] + b',"zebra":1}'
    assert verify(data, KEY.sign(data), KEY.public_key()) == MANIFEST


# ----------------------------------------------------------------------------------- the tensors


def _not_opened(manifest: Manifest, data: bytes) -> str:
    with pytest.raises(ManifestError) as error:
        SharedVersion.opened(manifest, data, SMALL)
    assert_is_a_sentence(str(error.value))
    return str(error.value)


def _described(data: bytes) -> Manifest:
    return _but(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))


def test_a_version_opens_with_the_numbers_that_were_packed():
    found = SharedVersion.opened(MANIFEST, DATA, SMALL)
    assert found.manifest == MANIFEST
    for name, tensor in from_vector(vector(1), SMALL).items():
        assert np.array_equal(found.tensors[name], tensor)


def test_other_bytes_another_lineage_and_bad_numbers_do_not_open():
    assert "damaged" in _not_opened(MANIFEST, DATA[:-1])
    assert "damaged" in _not_opened(MANIFEST, DATA[:-1] + b"\1")
    assert "another model" in _not_opened(_but(lineage="0" * 64), DATA)
    short = tensorfile.write({"a.logits.weight.up": np.zeros((5, 2))}, {}, "F32")
    assert "missing" in _not_opened(_described(short), short)
    for value in (np.nan, np.inf, -np.inf, 1e5):
        tensors = from_vector(np.full(SMALL.size, value), SMALL)
        bad = tensorfile.write(tensors, {"lineage": SMALL.id}, "F32")
        assert "cannot hold" in _not_opened(_described(bad), bad)
        with pytest.raises(ManifestError, match="cannot hold"):
            packed(tensors, SMALL)


def test_a_lineage_begins_with_nothing_learnt():
    first = nothing_learnt(SMALL)
    assert {name: tensor.shape for name, tensor in first.items()} == SMALL.shapes
    assert not any(tensor.any() for tensor in unpacked(packed(first, SMALL), SMALL).values())
