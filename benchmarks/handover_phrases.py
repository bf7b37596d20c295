"""Real phrases as a listener hears them: times of a player's notes, and what the prior expects.

Transcribed jazz solos (collection wjd, in the soloist's own time) and folk melodies (esac, written
down; played here with a seeded unevenness) have their phrases marked. Two sides play them in turn,
as in a session: every other phrase is the player's. What the prior expects is asked as the session
asks: when a key is struck, and again when it is released and its length is known.

It refuses to judge: that is `benchmarks.handover`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.api import GAP_SHARES, Expect, Hear
from engine.context import Context
from engine.corpus import Stream, load_streams
from engine.encoding import TICKS_PER_BEAT
from engine.events import Note, Timebase, Voice
from engine.expect import expect
from engine.model.checkpoint import load
from engine.model.fast import FastPrior

COLLECTIONS = ("wjd", "esac")
FIT, REPORT = ("valid", "task_valid"), ("test", "task_test")
UNEVEN_NS = 12e6
"""Written music is played this unevenly (one standard deviation)."""
SHORTEST, LONGEST, SPREAD = 0.5, 1.0, 0.08
"""Keys are held for a share of the note's time that is drawn for the piece, and varies by note."""
SLOWEST_BPM, FASTEST_BPM = 80.0, 140.0
MOST_NOTES = 400
SOLO_ROLE = 7
_LEAST_PHRASES = 4


@dataclass(frozen=True, slots=True)
class Line:
    """The player's notes of one piece, in order of onset; arrays have shape (n,).

    ends: whether the note is the last of its phrase. next_ns: onset that follows in the piece, of
    whichever side; infinite after the last. over, gaps_ns: what the prior expected when
    the note was struck, (n,) and (n, shares); over_after, gaps_after_ns: when it had been released.
    """

    onset_ns: np.ndarray
    release_ns: np.ndarray
    ends: np.ndarray
    next_ns: np.ndarray
    over: np.ndarray
    gaps_ns: np.ndarray
    over_after: np.ndarray
    gaps_after_ns: np.ndarray


@dataclass(frozen=True, slots=True)
class _Melody:
    """One part with its phrases. onset, duration: beats; ns: of each onset and release."""

    onset: np.ndarray
    duration: np.ndarray
    pitch: np.ndarray
    phrase: np.ndarray
    onset_ns: np.ndarray
    release_ns: np.ndarray
    timebase: Timebase


def lines(
    data: Path, splits: Sequence[str], *, collection: str, beats: bool, most: int, weights: Path
) -> list[Line]:
    """The player's lines of held-out pieces; of each piece both sides are the player once.

    beats: a tempo is known; else time is free. most: pieces of each split.
    """
    prior = FastPrior(*load(weights))
    context = Context(prior)
    found = []
    for split in splits:
        melodies = list(_melodies(data, split, collection, beats=beats))
        for melody in melodies[:: max(1, len(melodies) // most)]:
            found += [_listen(context, melody, side) for side in (0, 1)]
    return [line for line in found if len(line.onset_ns)]


def _melodies(data: Path, split: str, collection: str, *, beats: bool) -> Iterator[_Melody]:
    played = _played_ms(data) if collection == "wjd" and not beats else {}
    for stream in load_streams(data, split):
        if stream.collection != collection or stream.phrase.sum() < _LEAST_PHRASES:
            continue
        stream = stream.part(0, MOST_NOTES)
        if collection == "wjd":
            onset_ns, release_ns, bpm = _clocked(stream)
            if not beats:
                onset_ns, release_ns = (times[: len(stream)] for times in played[stream.piece])
        else:
            onset_ns, release_ns, bpm = _read(stream)
        timebase = Timebase(bpm, tempo_known=True) if beats else Timebase()
        yield _melody(stream, onset_ns, release_ns, timebase)


def _played_ms(data: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """(onsets, releases) in ns of each solo as it was played, with all its freedom."""
    with np.load(data / "ship" / "wjd.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    found = {}
    for number, piece in enumerate(bytes(arrays["ids"]).decode().split("\n")):
        notes = slice(*arrays["n_off"][number : number + 2])
        tracks = slice(*arrays["t_off"][number : number + 2])
        mine = arrays["n_trk"][notes] == int(np.argmax(arrays["t_role"][tracks] == SOLO_ROLE))
        onset = np.cumsum(arrays["n_don"][notes].astype(np.int64)).astype(np.float64)
        found[piece] = (
            onset[mine] * 1e6,
            (onset + arrays["n_dur"][notes])[mine] * 1e6,
        )
    return found


def _clocked(stream: Stream) -> tuple[np.ndarray, np.ndarray, float]:
    """(onsets, releases, tempo) of a solo that follows a clock: beats of one length, mean tempo."""
    ns_per_tick = 60e9 / stream.bpm / TICKS_PER_BEAT
    return stream.onset * ns_per_tick, (stream.onset + stream.duration) * ns_per_tick, stream.bpm


def _read(stream: Stream) -> tuple[np.ndarray, np.ndarray, float]:
    """(onsets, releases, tempo) as somebody plays from the page, at a tempo drawn for the piece."""
    rng = np.random.default_rng(sum(stream.piece.encode()))
    bpm = rng.uniform(SLOWEST_BPM, FASTEST_BPM)
    ns_per_tick = 60e9 / bpm / TICKS_PER_BEAT
    onset_ns = stream.onset * ns_per_tick + rng.normal(0, UNEVEN_NS, len(stream))
    onset_ns = np.maximum.accumulate(onset_ns)
    held = rng.uniform(SHORTEST, LONGEST) + rng.normal(0, SPREAD, len(stream))
    return onset_ns, onset_ns + held.clip(0.2, 1.05) * stream.duration * ns_per_tick, bpm


def _melody(
    stream: Stream, onset_ns: np.ndarray, release_ns: np.ndarray, timebase: Timebase
) -> _Melody:
    first = 0.0
    if timebase.tempo_known and stream.bar_tick[0] >= 0:
        first = stream.bar_tick[0] / TICKS_PER_BEAT
    return _Melody(
        first + (onset_ns - onset_ns[0]) / timebase.ns_per_beat,
        (release_ns - onset_ns) / timebase.ns_per_beat,
        stream.pitch,
        np.cumsum(stream.phrase) - int(stream.phrase[0]),
        onset_ns - onset_ns[0],
        release_ns - onset_ns[0],
        timebase,
    )


def _listen(context: Context, melody: _Melody, side: int) -> Line:
    """Tell the notes one by one, as they are struck and as they are over."""
    context.begin(melody.timebase)
    places, asked = [], []
    for n, phrase in enumerate(melody.phrase):
        note = Note(melody.onset[n], melody.duration[n], int(melody.pitch[n]), 80)
        if phrase % 2 != side:
            context.hear(note, Voice.PARTNER)
            continue
        struck = expect(context, Expect(0, (Hear(n, note, Voice.PLAYER, held=True),)))
        context.hear(note)
        over = expect(context, Expect(0))
        places.append(n)
        asked.append((struck.over, *struck.gaps, over.over, *over.gaps))
    here = np.array(places, dtype=np.int64)
    told = np.array(asked, dtype=np.float64).reshape(len(here), -1)
    gaps_ns = told * melody.timebase.ns_per_beat
    phrase, onset_ns = np.append(melody.phrase, -1), np.append(melody.onset_ns, np.inf)
    shares = len(GAP_SHARES)
    return Line(
        melody.onset_ns[here],
        melody.release_ns[here],
        phrase[here + 1] != phrase[here],
        onset_ns[here + 1],
        told[:, 0],
        gaps_ns[:, 1 : 1 + shares],
        told[:, 1 + shares],
        gaps_ns[:, 2 + shares :],
    )
