"""A MIDI file as the player: an input port whose messages come when their time has come.

It refuses to hurry and to wait: `poll` gives what is due by the clock it was handed.
"""

from collections import deque

from engine.events import Timebase
from engine.smf.notes import is_note_on
from engine.smf.song import MidiSong
from plugin.realtime.clock import Clock

LEAD_IN_NS = 300_000_000
TAIL_S = 1.0
"""What a file says later than this after its last note is said then: nobody waits for it."""

SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
LEAST_BAR_BEATS, MOST_BAR_BEATS = 0.5, 16.0


class FilePlayer:
    """An `InputPort` that plays a song from `begin` on, at the song's own tempo."""

    def __init__(self, song: MidiSong, clock: Clock, name: str) -> None:
        """The song is moved so that the bar of its first note follows a short lead-in."""
        self._clock, self._name = clock, name
        messages = song.messages()
        first_s = next((at for at, message in messages if is_note_on(message)), 0.0)
        last_s = max((note.onset_s + note.duration_s for note in song.notes), default=0.0) + TAIL_S
        self.timebase = song_timebase(song)
        bar_s = self.timebase.beats_per_bar * 60 / self.timebase.bpm
        skipped_s = first_s // bar_s * bar_s if self.timebase.tempo_known else first_s
        self._waiting = deque(
            (round(max(min(at, last_s) - skipped_s, 0.0) * 1e9), message)
            for at, message in messages
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


def song_timebase(song: MidiSong) -> Timebase:
    """The song's beat, where it makes a grid: a tempo that changes is played as free time.

    So is a tempo that nobody could follow; a meter that nobody could count is counted in fours.
    """
    found = song.timebase()
    if len(song.tempos) != 1 or not found.tempo_known:
        return Timebase()
    if not SLOWEST_BPM <= found.bpm <= FASTEST_BPM:
        return Timebase()
    if not LEAST_BAR_BEATS <= found.beats_per_bar <= MOST_BAR_BEATS:
        return Timebase(found.bpm, 4.0, True)
    return found
