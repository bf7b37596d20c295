"""Delays measured on a manual clock, and the small file that keeps them."""

import json
from collections import deque
from pathlib import Path

import pytest

from plugin.calibration import by_ear, settled, tap_delays_ms, through_loop
from plugin.latency import FILE_NAME, LatencyError, Measured, delay_ns, read, write
from plugin.realtime.clock import ManualClock
from tests.fakes.port import FakeOutput
from tests.plugin.sentences import assert_is_a_sentence

MS = 1_000_000


class Cable:
    """Leads an output back to an input, so many ms later; every n-th note is lost."""

    name = "Back"

    def __init__(self, clock: ManualClock, delay_ms: float, *, loses_each: int = 0) -> None:
        self.clock, self.delay_ns, self.loses_each = clock, int(delay_ms * MS), loses_each
        self.under_way: deque[tuple[int, bytes]] = deque()
        self.count = 0

    def send(self, message: bytes, due_ns: int | None = None) -> None:
        if message[0] & 0xF0 == 0x90:
            self.count += 1
            if self.loses_each and self.count % self.loses_each == 0:
                return
        self.under_way.append((self.clock.now_ns() + self.delay_ns, message))

    def poll(self) -> bytes | None:
        if self.under_way and self.under_way[0][0] <= self.clock.now_ns():
            return self.under_way.popleft()[1]
        return None


class ExactCable(Cable):
    """One whose output adds a constant delay and whose input stamps the true moment."""

    latency_ns = 5 * MS
    arrived_ns = 0

    def poll(self) -> bytes | None:
        message = super().poll()
        self.arrived_ns = self.clock.now_ns() - self.delay_ns
        return message


def test_a_loop_tells_its_delay() -> None:
    clock = ManualClock()
    cable = Cable(clock, 12.0)
    delays_ms, lost = through_loop(cable, cable, clock, 20)
    assert lost == 0
    assert len(delays_ms) == 20
    assert all(12.0 <= delay <= 12.5 for delay in delays_ms)


def test_what_is_lost_is_counted_and_what_was_waiting_is_no_answer() -> None:
    clock = ManualClock()
    cable = Cable(clock, 3.0, loses_each=4)
    cable.under_way.append((0, bytes([0x99, 0, 1])))
    delays_ms, lost = through_loop(cable, cable, clock, 20)
    assert (len(delays_ms), lost) == (15, 5)
    assert min(delays_ms) >= 3.0


def test_the_delay_that_a_port_adds_of_itself_counts() -> None:
    clock = ManualClock()
    cable = ExactCable(clock, 2.0)
    delays_ms, _ = through_loop(cable, cable, clock, 5)
    assert delays_ms == [5.0] * 5


def test_taps_tell_how_late_the_clicks_were_heard() -> None:
    clock, output = ManualClock(), None
    output = FakeOutput(clock)
    heard_late_ms = 30

    def taps() -> list[int]:
        """A person who taps with every click, as late as it is heard."""
        found = [at_ns + heard_late_ms * MS for at_ns, _ in output.note_ons[len(tapped) :]]
        tapped.extend(found)
        return found

    tapped: list[int] = []
    delays_ms = by_ear(output, clock, taps, clicks=12, bpm=100)
    assert delays_ms == [30.0] * 10
    assert settled(delays_ms) == (30.0, 0.0)
    assert len(output.note_offs) == 12
    spacing = {b - a for (a, _), (b, _) in zip(output.note_ons, output.note_ons[1:], strict=False)}
    assert spacing == {600 * MS}


def test_a_tap_belongs_to_the_nearest_click_and_few_taps_tell_nothing() -> None:
    clicks = [0, 600 * MS, 1200 * MS]
    assert tap_delays_ms(clicks, [0, 0, 580 * MS, 1210 * MS]) == [-20.0, 10.0]
    assert settled([1.0] * 5) is None


# ---------------------------------------------------------------------------------- the file


def test_what_was_measured_is_found_whatever_number_the_port_has_now(tmp_path: Path) -> None:
    assert delay_ns(tmp_path, "Synth 20:0") == 0
    write(tmp_path, "Synth 20:0", Measured(12.5, "loop"))
    write(tmp_path, "Piano", Measured(3.0, "ear"))
    write(tmp_path, "a2j:Keys [24] (capture): x", Measured(4.0, "ear"))
    assert delay_ns(tmp_path, "Synth 24:1") == 12_500_000
    assert delay_ns(tmp_path, "a2j:Keys [31] (capture): x") == 4_000_000
    assert set(read(tmp_path)) == {"Synth", "Piano", "a2j:Keys (capture): x"}
    assert [path.name for path in tmp_path.glob("*.*")] == [FILE_NAME], "no half-written file"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"ports": 3}',
        b'{"ports": {"x": {}}}',
        json.dumps({"ports": {"x": {"delay_ms": "long", "how": "ear"}}}).encode(),
        json.dumps({"ports": {"x": {"delay_ms": -1, "how": "ear"}}}).encode(),
        b'{"ports": {"x": {"delay_ms": NaN, "how": "ear"}}}',
        b"[" * 100_000,
    ],
)
def test_a_garbled_file_is_a_sentence_and_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(LatencyError) as error:
        delay_ns(tmp_path, "x")
    assert "antiphon calibrate" in str(error.value)
    write(tmp_path, "x", Measured(1.0, "ear"))
    assert delay_ns(tmp_path, "x") == 1_000_000


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LatencyError) as error:
        write(tmp_path / "file", "x", Measured(1.0, "ear"))
    assert_is_a_sentence(str(error.value).replace(" (", ": (", 1))


def test_nonsense_is_not_kept(tmp_path: Path) -> None:
    for delay_ms in (-1.0, 501.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="a delay lies"):
            write(tmp_path, "x", Measured(delay_ms, "hand"))
    assert read(tmp_path) == {}
