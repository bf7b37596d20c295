"""Reads the packed music collections into streams of notes, ready to be encoded.

A collection is one `.npz` beside an `index.csv` (one row a piece: split, tier, texture). A stream
is what one listener would follow: a whole keyboard piece with both hands, one line of a band, one
drum kit. Times come out in ticks: of the beat where the piece has beats (score time, or played time
warped along its own beat marks), of the nominal half second where it has none.

It refuses to augment, to shuffle and to weigh collections: that is `engine.train.batches`.
"""

import csv
import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.encoding import (
    DRUM_FAMILY,
    TICKS_PER_BEAT,
    UNKNOWN_POSITION,
    IntArray,
    duration_classes,
    kind_of,
    positions,
    time_classes,
)
from engine.events import NOMINAL_BPM
from engine.styles import labels_of

SHIPPABLE = "ship"
EVERY_TIER = "all"
_MERGE_AT_MOST = 3
"""Pieces of up to three melodic tracks (two hands, song and piano) are one stream; larger ones,
and tracks known to be single lines, are a stream each: nobody plays a whole band into one port."""
_LEAST_NOTES = 8
_LONGEST_BAR_TICKS = 8 * TICKS_PER_BEAT
"""Where the next marked downbeat is further away than this, nobody knows the bar."""
_TICKS_PER_SECOND = TICKS_PER_BEAT * NOMINAL_BPM / 60.0


class CorpusError(Exception):
    """The data folder cannot be read; the message is a sentence and a next step."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Notes of one stream, sorted by onset, then pitch; all arrays have shape (n,).

    onset, duration: ticks (float, not yet rounded); bar_tick: ticks since the bar line or -1;
    pitch: 0..127; velocity: 0..127, 0 = unknown; family: of instruments, see `encoding.family_of`;
    phrase: true where the data has a phrase begin; bpm: mean tempo, or nominal where unknown;
    labels: see `engine.styles`.
    """

    piece: str
    collection: str
    onset: np.ndarray
    duration: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    bar_tick: np.ndarray
    family: np.ndarray
    phrase: np.ndarray
    tempo_known: bool
    drums: bool
    bpm: float
    labels: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pitch)

    def part(self, first: int, end: int) -> "Stream":
        """Notes first..end of the stream, as a stream."""
        chosen = slice(first, end)
        return replace(
            self,
            onset=self.onset[chosen],
            duration=self.duration[chosen],
            pitch=self.pitch[chosen],
            velocity=self.velocity[chosen],
            bar_tick=self.bar_tick[chosen],
            family=self.family[chosen],
            phrase=self.phrase[chosen],
        )


def rows_of(stream: Stream) -> IntArray:
    """The stream as the model sees it, unchanged: shape (n, 9), columns `encoding.COLUMNS`."""
    ticks = np.floor(stream.onset + 0.5).astype(np.int64)
    beat_pos, bar_pos = positions(stream.bar_tick.astype(np.int64))
    kind = kind_of(tempo_known=stream.tempo_known, drums=stream.drums)
    velocity = stream.velocity.astype(np.int64)
    return np.stack(
        [
            time_classes(np.diff(ticks, prepend=ticks[:1])),
            stream.pitch.astype(np.int64),
            duration_classes(np.floor(stream.duration + 0.5).astype(np.int64)),
            np.where(velocity > 0, (velocity - 1) // 4 + 1, 0),
            stream.family.astype(np.int64),
            beat_pos,
            bar_pos,
            np.full(len(ticks), kind, dtype=np.int64),
            np.zeros(len(ticks), dtype=np.int64),
        ],
        axis=1,
    )


def load_streams(data: Path, split: str, *, tier: str = SHIPPABLE) -> list[Stream]:
    """All streams of a split ("train", "valid", "test", ...) of one tier, in index order.

    Tunes that also occur in the melody benchmark are a split of their own ("bench_overlap") and
    so are never trained on. tier `EVERY_TIER` reads all. Raises CorpusError.
    """
    wanted: dict[str, dict[str, dict[str, str]]] = {}
    found: set[str] = set()
    for row in _index(data):
        found.add(f"{row['split']} of {row['tier']}")
        if row["split"] == split and tier in (row["tier"], EVERY_TIER):
            wanted.setdefault(f"{row['tier']}/{row['collection']}", {})[row["id"]] = row
    streams: list[Stream] = []
    for collection_path, pieces in wanted.items():
        streams.extend(_read_collection(data / f"{collection_path}.npz", pieces))
    if not streams:
        raise CorpusError(
            f"No music of split {split!r}, tier {tier!r} in {data}; "
            f"it has {', '.join(sorted(found)) or 'none at all'}."
        )
    return streams


def load_tasks(
    data: Path, meta_split: str, *, tier: str = SHIPPABLE, seen: bool = False
) -> dict[str, list[Stream]]:
    """Streams by task: all of one composer, player, artist or tune type ("meta_train", ...).

    meta_split `EVERY_TIER` takes every task, and a collection without any as one of its own.
    Without `seen`, pieces that the prior learnt from are left out, and tasks of nothing else.
    Raises CorpusError.
    """
    task_of: dict[str, str] = {}
    wanted: dict[str, dict[str, dict[str, str]]] = {}
    for row in _index(data):
        unseen = row["split"] != "train" or row["tier"] != SHIPPABLE
        fits = meta_split in (row.get("meta_split"), EVERY_TIER)
        fits = fits and tier in (row["tier"], EVERY_TIER)
        if fits and (seen or unseen):
            wanted.setdefault(f"{row['tier']}/{row['collection']}", {})[row["id"]] = row
            task_of[row["id"]] = row.get("task") or row["collection"]
    tasks: dict[str, list[Stream]] = {}
    for collection_path, pieces in wanted.items():
        for stream in _read_collection(data / f"{collection_path}.npz", pieces):
            tasks.setdefault(task_of[stream.piece], []).append(stream)
    if not tasks:
        raise CorpusError(f"No task of {meta_split!r}, tier {tier!r} in {data}; name another.")
    return dict(sorted(tasks.items()))


def _index(data: Path) -> list[dict[str, str]]:
    path = data / "index.csv"
    if not path.is_file():
        raise CorpusError(f"There is no index.csv in {data}; name the data folder with --data.")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, restval=""))
    except (OSError, ValueError, csv.Error) as error:
        raise CorpusError(f"{path} cannot be read ({error}); fetch the data again.") from error
    missing = {"id", "collection", "tier", "split", "texture"} - set(rows[0] if rows else ())
    if rows and missing:
        raise CorpusError(
            f"{path} has no column {', '.join(sorted(missing))}; name the data folder with --data."
        )
    return rows


def data_hash(data: Path, *, tier: str = SHIPPABLE) -> str:
    """First 16 hex digits of a SHA-256 over index and collections, to name what was trained on."""
    try:
        digest = hashlib.sha256((data / "index.csv").read_bytes())
        for path in sorted(data.glob("*/*.npz" if tier == EVERY_TIER else f"{tier}/*.npz")):
            digest.update(path.name.encode() + path.read_bytes())
    except OSError as error:
        raise CorpusError(
            f"{data} cannot be read ({error}); name the data folder with --data."
        ) from error
    return digest.hexdigest()[:16]


def _read_collection(path: Path, rows: dict[str, dict[str, str]]) -> Iterator[Stream]:
    try:
        with path.open("rb") as file, np.load(file) as archive:
            arrays = {name: archive[name] for name in archive.files}
        ids = bytes(arrays["ids"]).decode("utf-8").split("\n")
        absent = set(rows).difference(ids)
        if absent:
            raise ValueError(f"index.csv names a piece that it lacks: {min(absent)}")
        for number, piece in enumerate(ids):
            if piece in rows:
                yield from _read_piece(arrays, number, rows[piece])
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise CorpusError(f"{path} cannot be read ({error}); fetch the data again.") from error


def _events(
    arrays: dict[str, np.ndarray], name: str, number: int, *columns: str
) -> list[np.ndarray]:
    """Times (cumulated) and columns of one kind of event of one piece; empty where it has none."""
    offsets = arrays.get(f"{name}_off")
    if offsets is None:
        return [np.zeros(0, np.int64)] + [np.zeros(0)] * len(columns)
    part = slice(int(offsets[number]), int(offsets[number + 1]))
    times = np.cumsum(arrays[f"{name}_dt"][part].astype(np.int64))
    return [times] + [arrays[f"{name}_{column}"][part] for column in columns]


def _read_piece(
    arrays: dict[str, np.ndarray], number: int, row: dict[str, str]
) -> Iterator[Stream]:
    part = slice(int(arrays["n_off"][number]), int(arrays["n_off"][number + 1]))
    raw_onset = np.cumsum(arrays["n_don"][part].astype(np.int64)).astype(np.float64)
    raw_end = raw_onset + arrays["n_dur"][part]
    track = arrays["n_trk"][part]
    tracks = slice(int(arrays["t_off"][number]), int(arrays["t_off"][number + 1]))
    drum_track = arrays["t_drum"][tracks].astype(bool)
    program = arrays["t_prog"][tracks].astype(np.int64) if "t_prog" in arrays else None
    # A program of -1 is not named: its family is 0, too.
    family = np.zeros(len(drum_track), dtype=np.int8) if program is None else program // 8 + 1
    family = np.where(drum_track, DRUM_FAMILY, family).astype(np.int8)
    (phrase_at,) = _events(arrays, "phrase", number)
    phrase = np.isin(raw_onset, phrase_at)
    labels = labels_of(row)

    if arrays["timebase_ms"][number]:
        onset, end, bar_tick, known, bpm = _from_milliseconds(arrays, number, raw_onset, raw_end)
    else:
        onset, end, bar_tick, known, bpm = _from_score(arrays, number, raw_onset, raw_end)

    tick = np.floor(onset + 0.5)
    melodic = np.flatnonzero(~drum_track)
    separate = row["texture"] == "mono-tracks" or len(melodic) > _MERGE_AT_MOST
    lines = [melodic[k : k + 1] for k in range(len(melodic))] if separate else [melodic]
    drum_tracks = np.flatnonzero(drum_track)
    for group, drums in [*((line, False) for line in lines), (drum_tracks, True)]:
        chosen = np.flatnonzero(np.isin(track, group))
        if len(chosen) < _LEAST_NOTES:
            continue
        pitch = arrays["n_pit"][part][chosen]
        order = np.lexsort((pitch, tick[chosen]))
        chosen = chosen[order]
        yield Stream(
            piece=row["id"],
            collection=row["collection"],
            onset=onset[chosen],
            duration=end[chosen] - onset[chosen],
            pitch=arrays["n_pit"][part][chosen].astype(np.int16),
            velocity=arrays["n_vel"][part][chosen].astype(np.int16),
            bar_tick=bar_tick[chosen],
            family=family[np.minimum(track[chosen], len(family) - 1)],
            phrase=_first_of_each(phrase[chosen], tick[chosen]),
            tempo_known=known,
            drums=drums,
            bpm=bpm,
            labels=labels,
        )


def _first_of_each(marked: np.ndarray, tick: np.ndarray) -> np.ndarray:
    """Of marked notes that sound together only the first: a phrase begins once."""
    begins = np.flatnonzero(marked)
    return np.isin(np.arange(len(tick)), begins[np.diff(tick[begins], prepend=-np.inf) > 0])


def _from_score(
    arrays: dict[str, np.ndarray], number: int, onset: np.ndarray, end: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool, float]:
    """480ths of a quarter to ticks, with the bars of the meter map where there is one."""
    scale = TICKS_PER_BEAT / 480
    meter_at, numerator, denominator = _events(arrays, "meter", number, "num", "den")
    bar_tick = np.full(len(onset), UNKNOWN_POSITION, dtype=np.int64)
    if len(meter_at):
        # Rounded to ticks before bars are counted, as when playing: a note just before the bar
        # line may round onto it.
        tick = np.floor(onset * scale + 0.5).astype(np.int64)
        meter_tick = np.floor(meter_at * scale + 0.5).astype(np.int64)
        which = np.searchsorted(meter_tick, tick, "right") - 1
        inside = which >= 0
        beats = numerator.astype(np.int64) * 4 * TICKS_PER_BEAT
        bar = np.maximum(beats // np.maximum(denominator.astype(np.int64), 1), 1)
        since = tick - meter_tick[np.maximum(which, 0)]
        bar_tick[inside] = (since % bar[np.maximum(which, 0)])[inside]
    _, bpm = _events(arrays, "tempo", number, "bpm")
    mean_bpm = float(np.clip(np.mean(bpm), 30, 300)) if len(bpm) else NOMINAL_BPM
    return onset * scale, end * scale, bar_tick, True, mean_bpm


def _from_milliseconds(
    arrays: dict[str, np.ndarray], number: int, onset: np.ndarray, end: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool, float]:
    """Played time: warped onto the piece's beat marks, or nominal time where it has none."""
    beat_at, down = _events(arrays, "beat", number, "down")
    keep = np.flatnonzero(np.diff(beat_at, prepend=-1) > 0)
    beat_at, down = beat_at[keep].astype(np.float64), down[keep].astype(bool)
    unknown = np.full(len(onset), UNKNOWN_POSITION, dtype=np.int64)
    if len(beat_at) < 8:
        scale = _TICKS_PER_SECOND / 1000
        return onset * scale, end * scale, unknown, False, NOMINAL_BPM
    # Beats go on at the first and last tempo outside the marked part.
    period = float(np.median(np.diff(beat_at)))
    before = int(max(0.0, (beat_at[0] - onset[0]) // period + 2)) if len(onset) else 0
    after = int(max(0.0, (end.max() - beat_at[-1]) // period + 2)) if len(onset) else 0
    marks = np.concatenate(
        [
            beat_at[0] - period * np.arange(before, 0, -1),
            beat_at,
            beat_at[-1] + period * np.arange(1, after + 1),
        ]
    )
    number_of_mark = np.arange(len(marks), dtype=np.float64)
    onset_beat = np.interp(onset, marks, number_of_mark)
    end_beat = np.interp(end, marks, number_of_mark)
    bar_tick = unknown
    if down.any():
        downbeats = (np.flatnonzero(down) + before) * TICKS_PER_BEAT
        tick = np.floor(onset_beat * TICKS_PER_BEAT + 0.5).astype(np.int64)
        nearest = np.searchsorted(downbeats, tick, "right") - 1
        since = tick - downbeats[np.maximum(nearest, 0)]
        bar_tick = np.where((nearest >= 0) & (since < _LONGEST_BAR_TICKS), since, UNKNOWN_POSITION)
    bpm = float(np.clip(60_000 / period, 30, 300))
    return onset_beat * TICKS_PER_BEAT, end_beat * TICKS_PER_BEAT, bar_tick, True, bpm
