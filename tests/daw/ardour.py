"""Ardour 7 without a window, as a test drives it: tracks, transport, and what was recorded.

`server.lua` runs inside Ardour's own Lua and is spoken to over two pipes, one line at a time.
Whatever Ardour cannot do is an ArdourError with Ardour's own words. Places are quarter notes from
the session's beginning.
"""

import os
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.daw.recording import Recording, read_takes
from tests.daw.studio import ARDOUR, Studio
from tests.rig.waiting import wait_for

SERVER = Path(__file__).with_name("server.lua")
ANSWER_S = 30.0
LONGEST_ROLL_S = 60.0
LOOKS = 40
"""So often is it asked how far it is: one of the answers comes just after a cycle."""
STARTS = 3
"""Ardour 7.3 crashes in about one start of a hundred, before it has done anything for us."""
KEYBOARD = "ardour:x-virtual-keyboard"

Written = tuple[float, float, int, int]
"""Onset and duration in quarters, pitch, velocity."""


class ArdourError(RuntimeError):
    """Ardour refused, or ended."""


class ArdourGoneError(ArdourError):
    """Ardour ended by itself, or stands still."""


class Ardour:
    """A running Ardour with an empty session at one tempo, 4/4."""

    def __init__(self, studio: Studio, bpm: float) -> None:
        self._studio = studio
        self._lag_frames: float | None = None
        self._said: list[str] = []
        for attempt in range(STARTS):
            self._start(Path(tempfile.mkdtemp(prefix="session-", dir=studio.home)) / "it")
            try:
                self._answer("to start")
                self.tempo(bpm)
                return
            except BaseException as error:
                self.close()
                if not isinstance(error, ArdourError) or attempt == STARTS - 1:
                    raise
                print(f"Ardour is started once more: {error}")

    def _start(self, folder: Path) -> None:
        self._answers: queue.Queue[str | None] = queue.Queue()
        ours, theirs = os.pipe()
        self._process = subprocess.Popen(
            [ARDOUR, str(SERVER), str(folder), "session", f"/dev/fd/{theirs}"],
            env=self._studio.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            bufsize=1,
            pass_fds=(theirs,),
            start_new_session=True,
        )
        os.close(theirs)
        self._readers = [
            threading.Thread(target=read, args=words, daemon=True, name="ardour-reader")
            for read, *words in ((self._read, ours, self._answers), (self._listen, self._process))
        ]
        for reader in self._readers:
            reader.start()

    # ------------------------------------------------------------------------- conversation

    def lua(self, line: str) -> str:
        """Run one line of Lua; its value as text. Raises ArdourError."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.replace("\n", " ") + "\n")
        except BrokenPipeError as error:
            raise ArdourGoneError(f"Ardour is gone before {line}: {self.says()}") from error
        return self._answer(line)

    def says(self) -> str:
        """Everything that Ardour printed."""
        return "\n".join(self._said)

    @staticmethod
    def _read(source: int, answers: "queue.Queue[str | None]") -> None:
        with open(source, errors="replace") as lines:
            for line in lines:
                answers.put(line.rstrip())
        answers.put(None)

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._said.append(line.rstrip())

    def _answer(self, line: str) -> str:
        try:
            answer = self._answers.get(timeout=ANSWER_S)
        except queue.Empty:
            raise ArdourGoneError(f"no answer in {ANSWER_S} s to: {line}; {self.says()}") from None
        if answer is None:
            code = self._process.wait(5)
            raise ArdourGoneError(f"Ardour ended with {code} at: {line}; {self.says()}")
        kind, _, value = answer.partition(" ")
        if kind == "error":
            raise ArdourError(f"{line}: {value}; {self.says()}")
        return value

    # ------------------------------------------------------------------------------ session

    def run_action(self, script: Path) -> None:
        """Run a script that was written for Ardour's window."""
        self.lua(f'action("{script}")')

    def tempo(self, bpm: float, quarter: float = 0.0) -> None:
        """Set the tempo from a place on."""
        self.lua(f"tempo({bpm}, {quarter})")

    def midi_track(self, name: str) -> None:
        """Make an empty MIDI track."""
        self.lua(f'midi_track("{name}")')

    def write_region(self, track: str, quarters: int, notes: Sequence[Written]) -> None:
        """Let a track hold one region that begins at 0 and has these notes.

        A region is only made by recording, so a key is pressed for a moment first.
        """
        keyboard, track_in = KEYBOARD, f"ardour:{track}/midi_in 1"
        self.connect(keyboard, track_in)
        self.arm(track)
        self.lua("record()")
        wait_for(lambda: self.frame() > 0, "the transport to roll")
        self.lua("press(60)")
        before = self.frame()
        wait_for(lambda: self.frame() > before + self._studio.rate_hz // 10, "a key to be recorded")
        self.stop()
        wait_for(lambda: self.lua(f'count_regions("{track}")') == "1", "a region to write into")
        self.arm(track, on=False)
        self.lua(f'S:engine():disconnect("{keyboard}", "{track_in}")')
        written = ",".join(f"{{{at!r},{long!r},{key},{vel}}}" for at, long, key, vel in notes)
        self.lua(f'compose("{track}", {quarters}, {{{written}}})')
        self.locate(0.0)
        self._let_it_read()

    def _let_it_read(self) -> None:
        """Let so much of the server's own time pass: a thread of Ardour reads the region anew.

        Nothing in its Lua says when it has; a roll that begins at once plays nothing.
        """
        cycles = "AudioEngine:processed_samples()"
        begun = int(self.lua(cycles))
        wait_for(
            lambda: int(self.lua(cycles)) > begun + self._studio.rate_hz // 2, "the server's time"
        )

    def arm(self, track: str, *, on: bool = True) -> None:
        """Let a track record with the next `record`."""
        self.lua(f'arm("{track}", {str(on).lower()})')

    # ---------------------------------------------------------------------------- transport

    def frame(self) -> int:
        """Where the transport is, in samples; asking for quarters all the time disturbs Ardour."""
        return int(self.lua("frame()"))

    def _frame_of(self, quarter: float) -> int:
        return int(self.lua(f"frame_of({quarter})"))

    def record(self) -> None:
        """Roll from here; armed tracks record."""
        self._lag_frames = self._least_lag_frames()
        self.lua("record()")

    def wait_until(self, quarter: float) -> None:
        """Wait until the transport has come so far."""
        frame = self._frame_of(quarter)
        wait_for(lambda: self.frame() >= frame, f"quarter {quarter}", LONGEST_ROLL_S)

    def stop(self) -> None:
        """Stop the transport and wait until it stands."""
        self.lua("stop()")
        wait_for(lambda: self.lua("stopped()") == "true", "the transport to stop")
        if self._lag_frames is not None:
            missing = self._least_lag_frames() - self._lag_frames
            self._studio.skipped += max(0, round(missing / self._studio.server.period_frames))
            self._lag_frames = None

    def _least_lag_frames(self) -> float:
        """How far the frames that it ran are behind the clock, at the end of some cycle.

        Cycles follow the clock that this process has, so it grows by one cycle for each that was
        missed. Asking takes a moment, too: it is true to a third of a cycle.
        """
        lags = []
        for _ in range(LOOKS):
            ran = int(self.lua("AudioEngine:processed_samples()"))
            lags.append(time.monotonic() * self._studio.rate_hz - ran)
        return min(lags)

    def locate(self, quarter: float) -> None:
        """Go to a place and stand there."""
        self.lua(f"locate({quarter})")
        frame = self._frame_of(quarter)
        wait_for(lambda: self.frame() == frame, lambda: f"frame {frame}, now {self.frame()}")

    # ---------------------------------------------------------------------------- connections

    def ports(self, part: str = "") -> list[str]:
        """Names of the MIDI ports of the whole server that contain `part`."""
        return [name for name in self.lua(f'ports("{part}")').split("\t") if name]

    def wait_for_port(self, part: str) -> str:
        """Wait until a MIDI port has `part` in its name; its whole name."""
        return wait_for(lambda: self.ports(part), lambda: f'"{part}" among {self.ports()}')[0]

    def connect(self, source: str, destination: str) -> None:
        """Connect two ports, given by their whole names."""
        self.lua(f'connect("{source}", "{destination}")')
        assert destination in self.connections(source)

    def connections(self, port: str) -> list[str]:
        """Names of the ports that this one is connected to."""
        return [name for name in self.lua(f'connections("{port}")').split("\t") if name]

    # ------------------------------------------------------------------------------ the end

    def recorded(self, track: str) -> Recording:
        """Save the session and read a track's recorded regions from their files."""
        self.lua("save()")
        takes = [line.split("\t") for line in self.lua(f'takes("{track}")').split("\v") if line]
        return read_takes((float(quarter), Path(path)) for quarter, path in takes)

    def session_file(self) -> Path:
        """Where the session was saved."""
        return Path(self.lua("S:path()")) / "session.ardour"

    def close(self) -> None:
        """Let Ardour end, and see to it that it does."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            try:
                self._process.stdin.write("quit\n")
                self._process.stdin.close()
            except (BrokenPipeError, ValueError):
                pass
        try:
            self._process.wait(8)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join(5)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
