"""Finding a port by what a musician types, and knowing a message from half of one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.backends.common import (
    MAX_MESSAGE_BYTES,
    display_names,
    find_port,
    is_message,
    require_message,
)
from plugin.ports import PortError

PORTS = ["Keystation 49:MIDI 1", "Keystation 49:MIDI 2", "Synth", "Synth Bass", "KEYS"]
ALSA_NUMBER = r" \d+:\d+$"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Synth", "Synth"),  # whole, though two begin with it
        ("synth", "Synth"),
        ("synth b", "Synth Bass"),
        ("bass", "Synth Bass"),
        ("midi 2", "Keystation 49:MIDI 2"),
        ("keys", "KEYS"),
    ],
)
def test_a_name_is_found(wanted: str, found: str) -> None:
    assert find_port(wanted, PORTS, "input") == found


def test_a_name_that_fits_two_ports_is_not_guessed() -> None:
    with pytest.raises(PortError, match="more than one MIDI input") as error:
        find_port("keystation", PORTS, "input")
    assert all(f'"{name}"' in str(error.value) for name in PORTS[:2])
    assert '"Synth"' not in str(error.value)


@pytest.mark.parametrize("wanted", ["", "organ"])
def test_a_name_that_fits_none_lists_all(wanted: str) -> None:
    with pytest.raises(PortError, match="no MIDI output") as error:
        find_port(wanted, PORTS, "output")
    assert all(f'"{name}"' in str(error.value) for name in PORTS)


def test_without_any_port_the_error_says_so() -> None:
    with pytest.raises(PortError, match="no other one either"):
        find_port("organ", [], "output")


def test_numbers_that_change_are_not_shown() -> None:
    raw = ["Midi Through:Midi Through Port-0 14:0", "Keys:Keys MIDI 1 20:0"]
    assert display_names(raw, ALSA_NUMBER) == [
        "Midi Through:Midi Through Port-0",
        "Keys:Keys MIDI 1",
    ]


def test_numbers_stay_where_two_ports_would_look_alike() -> None:
    raw = ["Antiphon:Antiphon Out 128:0", "Antiphon:Antiphon Out 130:0", "Keys:Keys 20:0"]
    assert display_names(raw, ALSA_NUMBER) == [*raw[:2], "Keys:Keys"]


@given(st.lists(st.sampled_from(["Keys 1", "Keys", "Keys (2)", "Keys 2", "Synth 3:0"])))
def test_every_port_can_be_named(raw: list[str]) -> None:
    for number in ("", r" \d+$", ALSA_NUMBER):
        names = display_names(raw, number)
        assert len(names) == len(raw)
        assert [find_port(name, names, "input") for name in names] == names
        assert len(set(names)) == len(names)


@given(st.binary(max_size=6))
def test_a_message_is_a_status_and_its_data(message: bytes) -> None:
    if is_message(message):
        assert message[0] >= 0x80
        data = message[1:-1] if message[0] == 0xF0 else message[1:]
        assert all(byte < 0x80 for byte in data)
        require_message(message)
    else:
        with pytest.raises(ValueError, match="not one complete MIDI message"):
            require_message(message)


@pytest.mark.parametrize("status", range(0x80, 0xF0))
def test_channel_messages_have_their_length(status: int) -> None:
    length = 2 if status & 0xF0 in (0xC0, 0xD0) else 3
    for count in range(5):
        assert is_message(bytes([status] + [1] * count)) == (count + 1 == length)


def test_a_bulk_dump_is_not_carried() -> None:
    assert is_message(bytes([0xF0, *[1] * (MAX_MESSAGE_BYTES - 2), 0xF7]))
    assert not is_message(bytes([0xF0, *[1] * (MAX_MESSAGE_BYTES - 1), 0xF7]))
