"""Harmonise: every heard note gets its companions at once, and they end with it.

The allowed keys follow from the kind of companions and from the scale; which of them it is says the
model, in one prediction of the pitch alone. If it does not answer within `PATIENCE_NS` the plainest
allowed key sounds: a companion that comes later than that is worse than a plain one.

    third   a third or a fourth below, in the scale
    chord   three notes below, within an octave
    bass    one note, one to three octaves below
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engine.api import Plan, Rework
from engine.events import DRUM_CHANNEL, Note
from engine.scales import Scale
from plugin.ensemble import Ensemble
from plugin.realtime.listener import HeardNote
from plugin.settings import Companions
from plugin.ways.along import Along

PATIENCE_NS = 15_000_000
LONGEST_NS = 120_000_000_000
"""A companion whose note-off never comes ends by then."""
SOFTER = 0.8
"""Loudness of a companion beside its note."""
LOWEST = 21
PLAIN = {Companions.THIRD: (3, 4), Companions.CHORD: (5, 4, 3, 7, 8, 9), Companions.BASS: (12, 24)}
"""Without an answer of the model: the first allowed of these intervals below."""
INTERVALS: dict[Companions, tuple[tuple[int, ...], ...]] = {
    Companions.THIRD: ((3, 4), (5,)),
    Companions.CHORD: ((3, 4, 5, 6, 7, 8, 9, 10),),
    Companions.BASS: (tuple(range(12, 37)),),
}
"""Semitones below the note; the second choice only where the scale has nothing of the first."""
HOW_MANY = {Companions.THIRD: 1, Companions.CHORD: 3, Companions.BASS: 1}

Key = tuple[int, int]


@dataclass(slots=True)
class _Wanted:
    """A note that waits for its companions, or has them."""

    velocity: int
    keys: list[int]
    many: int
    asked_ns: int
    playing: list[int] = field(default_factory=list)
    """Numbers of the companions that sound."""
    served: bool = False


class Harmonise(Along):
    """See the module."""

    def __init__(self, band: Ensemble) -> None:
        super().__init__(band)
        self._notes: dict[Key, _Wanted] = {}
        self._asked: dict[int, Key] = {}
        self._count = 0

    def struck(self, now_ns: int, channel: int, pitch: int, velocity: int) -> None:
        """Ask for what goes with it."""
        super().struck(now_ns, channel, pitch, velocity)
        band, turn = self.band, self.band.turn
        self._drop(now_ns, (channel, pitch))
        kind = band.settings.companions
        keys = allowed(pitch, kind, band.settings.limits.scale)
        limits = band.settings.limits
        keys = [k for k in keys if limits.lowest <= k <= limits.highest]
        held = {key for _, key in band.listener.keys}
        keys = [key for key in keys if key not in held] or keys
        if channel == DRUM_CHANNEL or not keys or turn is None:
            return
        many = min(HOW_MANY[kind], len(keys))
        self._notes[channel, pitch] = _Wanted(velocity, keys, many, now_ns)
        self._count += 1
        note = Note(band.grid.beat(now_ns), 0.5, pitch, velocity, channel)
        request = band.ear.aside(
            now_ns,
            Rework(
                0,
                (note,) * many,
                ("onset", "duration", "velocity"),
                (band.answer_seed(turn) + 32_452_843 * self._count) % 2**63,
                replace(limits, keys=tuple(keys), lowest=0, highest=127, reach=None, scale=None),
                band.settings.style,
                beside=True,
            ),
        )
        if request is not None:
            self._asked[request] = (channel, pitch)

    def planned(self, now_ns: int, plan: Plan) -> None:
        """The companions of one note."""
        key = self._asked.pop(plan.request, None)
        if key is not None:
            self._play(now_ns, key, [note.pitch for note in plan.notes])

    def released(self, now_ns: int, note: HeardNote) -> None:
        """The companions end with their note."""
        super().released(now_ns, note)
        self._drop(now_ns, (note.channel, note.pitch))

    def tick(self, now_ns: int) -> None:
        """Nobody waits for the model for long."""
        for key, wanted in list(self._notes.items()):
            if not wanted.served and now_ns - wanted.asked_ns > PATIENCE_NS:
                plain = [key[1] - interval for interval in PLAIN[self.band.settings.companions]]
                fitting = [pitch for pitch in plain if pitch in wanted.keys] or wanted.keys
                self._play(now_ns, key, fitting[: wanted.many])
        super().tick(now_ns)

    def leave(self, now_ns: int) -> None:
        """Companions end by the next beat, as everything else."""
        self._notes.clear()
        self._asked.clear()
        super().leave(now_ns)

    def _play(self, now_ns: int, key: Key, pitches: Sequence[int]) -> None:
        wanted = self._notes.get(key)
        if wanted is None or wanted.served:
            return  # it has ended, or has its plain companions already
        wanted.served = True
        velocity = max(1, round(wanted.velocity * SOFTER))
        channel = self.band.settings.partner_channel
        for pitch in dict.fromkeys(pitches):
            note = Note(0.0, 1.0, pitch, velocity, key[0])
            wanted.playing.append(
                self.band.agenda.perform(note, now_ns, now_ns + LONGEST_NS, channel)
            )
        self.band.performer.perform(now_ns)

    def _drop(self, now_ns: int, key: Key) -> None:
        wanted = self._notes.pop(key, None)
        if wanted is not None:
            for note_id in wanted.playing:
                self.band.performer.end(now_ns, note_id)
        for request in [r for r, of in self._asked.items() if of == key]:
            del self._asked[request]


def allowed(pitch: int, kind: Companions, scale: Scale | None) -> list[int]:
    """Keys that may go with this one, nearest first; within the scale where that leaves any."""
    choices = [[pitch - i for i in group if pitch - i >= LOWEST] for group in INTERVALS[kind]]
    for keys in choices:
        within = [key for key in keys if scale is None or key % 12 in scale.classes]
        if within:
            return within
    return choices[0]
