"""A request counts only if the device that it names signed all of it, and now."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from federation.formats import requests
from federation.formats.requests import (
    HEADERS,
    MOST_OFF_S,
    ClockError,
    DeviceKey,
    RequestError,
    check,
    credentials,
    device_id,
    to_sign,
)
from tests.federation.formats.stage import assert_is_a_sentence

KEY = DeviceKey.from_bytes(bytes(range(32)))
OTHER = DeviceKey.from_bytes(bytes(32))
NONCE = bytes(range(16))
NOW_S = 1_800_000_000
PATH = "/v1/contributions/7f6e"
BODY = b"what was learnt"


def _sent(key: DeviceKey = KEY, now_s: int = NOW_S) -> dict[str, str]:
    return key.headers("PUT", PATH, BODY, now_s=now_s, nonce=NONCE, base="14")


def _check(headers: dict[str, str], **others: object) -> None:
    said = {"method": "PUT", "path": PATH, "body": BODY, "public": KEY.public, "now_s": NOW_S}
    check(credentials(headers), **{**said, **others})  # type: ignore[arg-type]


def _refused(headers: dict[str, str], **others: object) -> str:
    with pytest.raises(RequestError) as error:
        _check(headers, **others)
    assert_is_a_sentence(str(error.value))
    return str(error.value)


def test_a_signed_request_is_believed():
    _check(_sent())
    _check({name.lower(): word for name, word in _sent().items()})


def test_what_is_signed_can_be_made_by_other_programs():
    """The words of the format, spelt out."""
    digest = hashlib.sha256(BODY).hexdigest()
    words = f"antiphon-request-1\nPUT\n{PATH}\n14\n{digest}\n{NOW_S}\n{NONCE.hex()}"
    assert to_sign("put", PATH, "14", BODY, NOW_S, NONCE.hex()) == words.encode()
    Ed25519PublicKey.from_public_bytes(KEY.public).verify(
        bytes.fromhex(_sent()["X-Antiphon-Signature"]), words.encode()
    )


@pytest.mark.parametrize(
    "other",
    [
        {"method": "GET"},
        {"path": PATH + "0"},
        {"path": PATH + "?all=1"},
        {"body": BODY + b" "},
        {"body": b""},
        {"public": OTHER.public},
        {"public": b"short"},
    ],
)
def test_whatever_is_exchanged_is_noticed(other: dict[str, object]):
    assert "signature" in _refused(_sent(), **other)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("X-Antiphon-Base", "15"),
        ("X-Antiphon-Time", str(NOW_S + 1)),
        ("X-Antiphon-Nonce", "00" * 16),
        ("X-Antiphon-Signature", "00" * 64),
    ],
)
def test_whatever_header_is_exchanged_is_noticed(name: str, word: str):
    assert "signature" in _refused(_sent() | {name: word})


def test_another_devices_name_is_noticed():
    assert "another device" in _refused(_sent() | {"X-Antiphon-Device": OTHER.id})


@pytest.mark.parametrize("off_s", [-MOST_OFF_S - 1, MOST_OFF_S + 1, -3600, 3600])
def test_a_wrong_clock_is_said_as_such(off_s: int):
    with pytest.raises(ClockError, match="clock is off by"):
        _check(_sent(now_s=NOW_S + off_s))


@pytest.mark.parametrize("off_s", [-MOST_OFF_S, 0, MOST_OFF_S])
def test_a_clock_that_is_a_little_off_is_right(off_s: int):
    _check(_sent(now_s=NOW_S + off_s))


@pytest.mark.parametrize("name", HEADERS)
@given(word=st.text(max_size=140) | st.sampled_from(["-0", "01", "1\n", "٣", "1e3", "0x1"]))
def test_headers_of_another_form_are_refused(name: str, word: str):
    headers = _sent() | {name: word}
    if (name, word) in {("X-Antiphon-Base", "0"), ("X-Antiphon-Base", "-")} or (
        word.isascii() and word.isdigit() and word[0] != "0"
    ):
        return  # a version or a time of another request
    with pytest.raises(RequestError, match=name) as error:
        credentials(headers)
    assert_is_a_sentence(str(error.value))


def test_no_headers_are_refused():
    with pytest.raises(RequestError, match="X-Antiphon-Device"):
        credentials({})


@pytest.mark.parametrize("path", ["/v1/ä", "/v1/a b", "/v1/a\nb", ""])
def test_a_path_that_could_be_read_in_two_ways_is_not_signed(path: str):
    with pytest.raises(RequestError, match="percent-encoded"):
        KEY.headers("GET", path, b"", now_s=NOW_S, nonce=NONCE)


def test_a_device_is_its_key():
    assert KEY.id == device_id(KEY.public) == hashlib.sha256(KEY.public).hexdigest()
    assert DeviceKey.from_bytes(KEY.as_bytes()).id == KEY.id
    assert DeviceKey.fresh().id != DeviceKey.fresh().id
    with pytest.raises(ValueError, match="32"):
        DeviceKey.from_bytes(b"short")


def test_a_request_without_a_base_says_so():
    headers = KEY.headers("GET", "/v1/lineages", b"", now_s=NOW_S, nonce=NONCE)
    assert headers["X-Antiphon-Base"] == requests.NO_BASE
    _check(headers, method="GET", path="/v1/lineages", body=b"")
