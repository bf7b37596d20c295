"""A MIDI file as the player: an input port whose messages come when their time has come.

It refuses to hurry and to wait: `poll` gives what is due by the clock it was handed.
"""

from collections import deque

from engine.events import Timebase
from plugin.midifile import MidiSong
from plugin.realtime.clock import Clock

LEAD_IN_NS = 300_000_000


class FilePlayer:
    """An `InputPort` that plays a song from `begin` on, at the song's own tempo."""

    def __init__(self, song: MidiSong, clock: Clock, name: str) -> None:
        """The song is moved so that the bar of its first note follows a short lead-in."""
        self._clock, self._name = clock, name
        messages = song.messages()
        first_s = next((at for at, message in messages if message[0] & 0xF0 == 0x90), 0.0)
        # A constant tempo makes a grid; a tempo that changes is played as free time.
        timebase = song.timebase()
        self.timebase = timebase if len(song.tempos) == 1 and timebase.tempo_known else Timebase()
        bar_s = self.timebase.beats_per_bar * 60 / self.timebase.bpm
        skipped_s = first_s // bar_s * bar_s if self.timebase.tempo_known else first_s
        self._waiting = deque(
            (round(max(at - skipped_s, 0.0) * 1e9), message) for at, message in messages
        )
        self._start_ns: int | None = None

    @property
    def name(self) -> str:
        """The file's name."""
        return self._name

    def begin(self) -> int:
        """Start playing; returns the moment of the song's beat 0."""
        self._start_ns = self._clock.now_ns() + LEAD_IN_NS
        return self._start_ns

    @property
    def finished(self) -> bool:
        """Whether everything has been played."""
        return not self._waiting

    def poll(self) -> bytes | None:
        """The next message that is due, None when there is none."""
        if self._start_ns is None or not self._waiting:
            return None
        if self._waiting[0][0] + self._start_ns > self._clock.now_ns():
            return None
        return self._waiting.popleft()[1]

    def alive(self) -> bool:
        """A file does not go away."""
        return True

    def close(self) -> None:
        """Play no further."""
        self._waiting.clear()
