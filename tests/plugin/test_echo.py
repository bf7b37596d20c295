"""JAM-6: our own output that comes back is recognised, and nothing of the player's is lost."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from plugin.realtime.echo import ANSWER_WINDOW_NS, LOOP_NS, THRU_WINDOW_NS, EchoGuard
from plugin.realtime.thru import Thru
from tests.fakes.port import sounding
from tests.strategies import MS, channel_messages, performances


def on(pitch: int, velocity: int = 80, channel: int = 0) -> bytes:
    return bytes([0x90 | channel, pitch, velocity])


def off(pitch: int, channel: int = 0) -> bytes:
    return bytes([0x80 | channel, pitch, 64])


def test_a_note_that_comes_back_is_ignored_once() -> None:
    echo = EchoGuard()
    echo.sent(0, on(60))
    assert echo.is_echo(5 * MS, on(60))
    assert not echo.is_echo(6 * MS, on(60))
    assert echo.ignored == 1


def test_what_says_something_else_is_the_players() -> None:
    echo = EchoGuard()
    echo.sent(0, on(60, 80))
    assert not echo.is_echo(1, on(60, 81))
    assert not echo.is_echo(1, on(61, 80))
    assert not echo.is_echo(1, off(60))


def test_the_channel_may_change_on_the_way_and_a_release_may_be_written_otherwise() -> None:
    echo = EchoGuard()
    echo.sent(0, on(60, channel=3))
    assert echo.is_echo(5 * MS, on(60, channel=0))
    echo.sent(10 * MS, off(60, channel=3))
    assert echo.is_echo(15 * MS, bytes([0x95, 60, 0]))


def test_after_the_window_it_is_the_players() -> None:
    echo = EchoGuard()
    echo.sent(0, on(60))
    assert not echo.is_echo(ANSWER_WINDOW_NS + 1, on(60))


def test_a_release_that_we_did_not_send_is_the_players() -> None:
    """With thru and a loop every note of the player's comes back; the releases must not be lost."""
    echo = EchoGuard()
    echo.sent(0, on(60), window_ns=THRU_WINDOW_NS)
    assert echo.is_echo(10 * MS, on(60))
    assert not echo.is_echo(300 * MS, off(60))  # the player's own
    echo.sent(300 * MS, off(60), window_ns=THRU_WINDOW_NS)
    assert echo.is_echo(310 * MS, off(60))
    assert not echo.is_echo(320 * MS, off(60))


def test_the_release_of_a_yielded_note_does_not_end_the_players_own() -> None:
    """The player strikes the key that sounds; our note-off comes back and is not theirs."""
    echo = EchoGuard()
    echo.sent(0, on(60, 70))
    assert echo.is_echo(5 * MS, on(60, 70))
    assert not echo.is_echo(200 * MS, on(60, 99))
    echo.sent(200 * MS, off(60))
    assert echo.is_echo(205 * MS, off(60))
    assert not echo.is_echo(400 * MS, off(60))


def test_an_echo_that_never_ended_does_not_swallow_a_release_later() -> None:
    echo = EchoGuard()
    echo.sent(0, on(60))
    assert echo.is_echo(5 * MS, on(60))
    echo.sent(50 * MS, off(60))  # the cable was pulled: it does not come back
    echo.sent(5_000 * MS, on(60))
    echo.sent(5_050 * MS, off(60))
    assert not echo.is_echo(5_060 * MS, off(60))


def test_wheels_are_ours_only_while_there_is_a_loop() -> None:
    echo, wheel = EchoGuard(), bytes([0xB0, 1, 64])
    echo.sent(0, wheel)
    assert not echo.is_echo(5 * MS, wheel)  # a wheel repeats its values by itself
    echo.sent(10 * MS, on(60))
    assert echo.is_echo(15 * MS, on(60))
    echo.sent(20 * MS, wheel)
    assert echo.is_echo(25 * MS, wheel)
    late_ns = 20 * MS + LOOP_NS
    echo.sent(late_ns, wheel)
    assert not echo.is_echo(late_ns + 1 * MS, wheel)


def test_thru_by_a_slow_loop_is_recognised_while_the_key_is_down() -> None:
    echo = EchoGuard()
    echo.sent(0, on(60), window_ns=THRU_WINDOW_NS)
    assert echo.is_echo(60 * MS, on(60))  # a key that is down cannot be struck
    echo.sent(200 * MS, off(60), window_ns=THRU_WINDOW_NS)
    assert echo.is_echo(260 * MS, off(60))
    # From now on there is a loop, and short notes are recognised as well.
    echo.sent(300 * MS, on(60), window_ns=THRU_WINDOW_NS)
    echo.sent(320 * MS, off(60), window_ns=THRU_WINDOW_NS)
    assert echo.is_echo(360 * MS, on(60))
    assert echo.is_echo(380 * MS, off(60))


def test_a_quick_repetition_through_thru_is_the_players() -> None:
    echo = EchoGuard()
    echo.sent(0, on(60), window_ns=THRU_WINDOW_NS)
    echo.sent(40 * MS, off(60), window_ns=THRU_WINDOW_NS)
    assert not echo.is_echo(70 * MS, on(60))


@given(st.lists(st.tuples(channel_messages(), st.integers(0, 30 * MS)), max_size=40))
def test_memory_is_bounded_by_time(messages: list[tuple[bytes, int]]) -> None:
    echo, now_ns = EchoGuard(), 0
    sent_at = []
    for message, gap_ns in messages:
        now_ns += gap_ns
        echo.sent(now_ns, message)
        sent_at.append(now_ns)
        fresh = sum(at >= now_ns - ANSWER_WINDOW_NS for at in sent_at)
        assert len(echo._sent) <= fresh


# ---------------------------------------------------------------------------------- passing on


class Desk:
    """Thru, the wire behind it, and a DAW that may send everything back."""

    def __init__(self, delay_ns: int | None) -> None:
        self.echo = EchoGuard()
        self.sent: list[tuple[int, bytes]] = []
        self.thru = Thru(self._put, self.echo)
        self.now_ns, self.delay_ns = 0, delay_ns
        self.taken: list[bytes] = []
        self._returned = 0

    def _put(self, message: bytes, due_ns: int | None = None) -> None:
        self.sent.append((self.now_ns, message))

    def arrive(self, now_ns: int, message: bytes) -> None:
        self.now_ns = now_ns
        if not self.echo.is_echo(now_ns, message):
            self.taken.append(message)
            self.thru.pass_on(now_ns, message)

    def returns(self, until_ns: int) -> Iterator[tuple[int, bytes]]:
        while self.delay_ns is not None and self._returned < len(self.sent):
            at_ns, message = self.sent[self._returned]
            if at_ns + self.delay_ns > until_ns:
                return
            self._returned += 1
            yield at_ns + self.delay_ns, message


def perform(desk: Desk, performance: list[tuple[int, bytes]]) -> None:
    for now_ns, message in performance:
        for at_ns, returned in desk.returns(now_ns):
            desk.arrive(at_ns, returned)
        desk.arrive(now_ns, message)
    for at_ns, returned in desk.returns(2**60):
        desk.arrive(at_ns, returned)


@given(performances())
def test_everything_is_passed_on_and_released(performance: list[tuple[int, bytes]]) -> None:
    """JAM-11."""
    desk = Desk(delay_ns=None)
    perform(desk, performance)
    desk.thru.release(desk.now_ns)
    notes = [m for _, m in desk.sent if m[0] & 0xF0 == 0x90]
    assert notes == [m for m in desk.taken if m[0] & 0xF0 == 0x90 and m[2]]
    assert sounding(desk.sent) == {}
    pedals: set[int] = set()
    for _, message in desk.sent:
        if message[0] & 0xF0 == 0xB0 and message[1] == 64:
            (pedals.add if message[2] >= 64 else pedals.discard)(message[0] & 0x0F)
    assert pedals == set()


def scale(gap_ms: int, length_ms: int) -> list[tuple[int, bytes]]:
    """Notes of the player, one key after the other, with a wheel in between."""
    timed = []
    for number in range(12):
        at_ns = number * gap_ms * MS
        timed += [(at_ns, on(60 + number, 70 + number)), (at_ns + length_ms * MS, off(60 + number))]
        timed.append((at_ns + 2 * MS, bytes([0xB0, 1, number])))
    return sorted(timed)


@given(st.integers(0, 110), st.integers(130, 400), st.integers(120, 390))
def test_no_message_goes_round_in_circles(delay_ms: int, gap_ms: int, length_ms: int) -> None:
    desk = Desk(delay_ns=delay_ms * MS)
    performance = scale(gap_ms, length_ms)
    perform(desk, performance)
    desk.thru.release(desk.now_ns)
    notes = [m for m in desk.taken if m[0] & 0xE0 == 0x80]
    assert notes == [m for _, m in performance if m[0] & 0xE0 == 0x80]
    assert sounding(desk.sent) == {}
    # Of the rest only what came back before the first note did is taken twice.
    assert len(desk.taken) <= len(performance) + 1


def test_all_notes_off_releases_what_was_passed_on() -> None:
    desk = Desk(delay_ns=None)
    for message in (on(60), on(64, channel=1), bytes([0xB0, 123, 0])):
        desk.arrive(0, message)
    assert [m for _, m in desk.sent[2:]] == [off(60), bytes([0xB0, 123, 0])]
    desk.thru.release(1)
    assert sounding(desk.sent) == {}
