"""One MIDI file as a piece: beats, bars, drums and programs as the file says them.

Ticks become 480ths of a beat; a file that counts film frames knows no beats and comes in
milliseconds. A track of the piece is one channel of one track of the file, so that format 0 and
format 1 say the same. Channel 10 is drums.

It refuses, with a reason and a sentence, what cannot be learnt from: no notes or hardly any, more
than 200,000 notes, more than six hours. It keeps no texts but the file's name, and no pedals.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.data.pieces import INDEX_COLUMNS, TICKS_PER_BEAT, Events, Ints, Piece, by_onset
from engine.events import DRUM_CHANNEL
from engine.smf.song import MidiFileError, MidiSong, read_midi
from engine.words import shown_name

FEWEST_NOTES = 8
MOST_NOTES = 200_000
LONGEST_S = 6 * 3600.0
_FLAT_FROM = 16
"""From so many notes on, one loudness for all is a program's default, not a player's touch."""
_ON_THE_GRID = 0.95
_GRID_TICKS = TICKS_PER_BEAT // 24
_MOST_OVERLAPPING = 0.02


class RefusedError(Exception):
    """A file is not taken; the message is a sentence. `reason` is short, so that it can be counted.

    Attributes:
        reason: the same for all files that are refused for it.
    """

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


def read_piece(path: Path, about: Mapping[str, str]) -> tuple[Piece, bool]:
    """The file as a piece, and whether the reader had to forgive something.

    about: what is known already (id, collection, tier, style...); the rest is filled in.

    Raises:
        RefusedError: there is nothing in it to learn from.
    """
    name = shown_name(path)
    try:
        song = read_midi(path)
    except MidiFileError as error:
        sentence = str(error)
        reason = sentence.replace(name, "It").partition(": ")[0].rstrip(".")
        raise RefusedError(reason, sentence) from None
    if not song.notes:
        raise RefusedError("It has no notes", f"{name} has no notes: nothing can be learnt.")
    if len(song.notes) < FEWEST_NOTES:
        raise RefusedError(
            f"It has fewer than {FEWEST_NOTES} notes",
            f"{name} has only {len(song.notes)} of the {FEWEST_NOTES} notes that a piece needs: "
            "leave it out.",
        )
    if len(song.notes) > MOST_NOTES:
        raise RefusedError(
            f"It has more than {MOST_NOTES:,} notes",
            f"{name} has {len(song.notes):,} notes, more than a piece of music: "
            "take a part of it, or leave it out.",
        )
    seconds = max(note.onset_s + note.duration_s for note in song.notes)
    if seconds > LONGEST_S:
        raise RefusedError(
            f"It lasts more than {LONGEST_S / 3600:.0f} hours",
            f"{name} lasts {seconds / 3600:,.0f} hours: take a part of it, or leave it out.",
        )
    return piece_of(song, about, seconds), bool(song.warnings)


def piece_of(song: MidiSong, about: Mapping[str, str], seconds: float) -> Piece:
    """A song with at least one note as a piece; seconds: its length."""
    milliseconds = song.counts_frames
    if milliseconds:
        onset = _whole([note.onset_s * 1000 for note in song.notes])
        end = _whole([(note.onset_s + note.duration_s) * 1000 for note in song.notes])
    else:
        scale = TICKS_PER_BEAT / song.ticks_per_beat
        onset = _whole([note.onset_tick * scale for note in song.notes])
        end = _whole([(note.onset_tick + note.duration_ticks) * scale for note in song.notes])
    pitch = np.array([note.pitch for note in song.notes], dtype=np.uint8)
    velocity = np.array([note.velocity for note in song.notes], dtype=np.uint8)
    if len(velocity) >= _FLAT_FROM and (velocity == velocity[0]).all():
        velocity[:] = 0
    places = [(note.track, note.channel) for note in song.notes]
    lines = sorted(set(places))
    number = {place: n for n, place in enumerate(lines)}
    track = np.array([number[place] for place in places], dtype=np.uint16)
    programs = _programs(song)
    order = by_onset(onset, pitch)
    piece = Piece(
        about={},
        milliseconds=milliseconds,
        onset=onset[order],
        duration=np.maximum(end - onset, 1)[order],
        pitch=pitch[order],
        velocity=velocity[order],
        track=track[order],
        program=np.array([programs[place] for place in lines], dtype=np.uint8),
        drum=np.array([channel == DRUM_CHANNEL for _, channel in lines]),
        role=np.zeros(len(lines), dtype=np.uint8),
        events={} if milliseconds else _time_events(song),
    )
    return _described(piece, about, song, seconds)


def texture_of(piece: Piece) -> str:
    """The index's word: drums, mono (one melodic line), mono-tracks (lines only), or poly."""
    melodic = np.flatnonzero(~piece.drum)
    if not len(melodic):
        return "drums"
    for line in melodic:
        chosen = piece.track == line
        onset, duration = piece.onset[chosen], piece.duration[chosen]
        # A player's legato overlaps a little; a chord overlaps by more than half of a note.
        together = np.diff(onset) * 2 < duration[:-1]
        if together.sum() > _MOST_OVERLAPPING * len(onset):
            return "poly"
    return "mono" if len(melodic) == 1 else "mono-tracks"


def _whole(values: list[float]) -> Ints:
    return np.floor(np.array(values) + 0.5).astype(np.int64)


def _programs(song: MidiSong) -> dict[tuple[int, int], int]:
    """The program that most notes of each (track, channel) sound in; 0 where none is named.

    A track's own program changes count before those that other tracks make on its channel.
    """
    own: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    shared: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for change in song.programs:
        own[change.track, change.channel].append((change.tick, change.program))
        shared[change.channel].append((change.tick, change.program))
    onsets: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for note in song.notes:
        onsets[note.track, note.channel].append(note.onset_tick)
    found = {}
    for place, ticks in onsets.items():
        changes = own.get(place) or shared.get(place[1]) or [(0, 0)]
        at = np.searchsorted([tick for tick, _ in changes], ticks, "right") - 1
        # A note before the first change sounds in what is chosen next, as the author heard it.
        heard = Counter(changes[max(int(n), 0)][1] for n in at)
        found[place] = max(heard, key=lambda program: (heard[program], -program))
    return found


def _time_events(song: MidiSong) -> dict[str, Events]:
    """Tempo map and meters, in 480ths of a beat."""
    scale = TICKS_PER_BEAT / song.ticks_per_beat
    tempo = Events(
        _whole([change.tick * scale for change in song.tempos]),
        {"bpm": np.array([change.bpm for change in song.tempos], dtype=np.float32)},
    )
    if not song.meters:
        return {"tempo": tempo}
    meters = {
        "num": np.array([change.numerator for change in song.meters], dtype=np.uint8),
        "den": np.array([change.denominator for change in song.meters], dtype=np.uint8),
    }
    return {
        "tempo": tempo,
        "meter": Events(_whole([change.tick * scale for change in song.meters]), meters),
    }


def _described(piece: Piece, about: Mapping[str, str], song: MidiSong, seconds: float) -> Piece:
    dynamic = bool(piece.velocity.any())
    first = song.meters[0] if song.meters else None
    known = {
        "kind": _kind(piece.onset, dynamic, piece.milliseconds),
        "timebase": "ms" if piece.milliseconds else "q480",
        "n_notes": str(len(piece)),
        "n_tracks": str(len(piece.drum)),
        "seconds": f"{seconds:.1f}",
        "texture": texture_of(piece),
        "velocity": str(int(dynamic)),
        "meter": f"{first.numerator}/{first.denominator}" if first else "",
        "bpm": f"{song.tempos[0].bpm:.1f}" if song.tempo_known else "",
        **dict.fromkeys(("chords", "beats", "phrases"), "0"),
    }
    row = {**dict.fromkeys(INDEX_COLUMNS, ""), **known, **about}
    return replace(piece, about=row)


def _kind(onset: Ints, dynamic: bool, milliseconds: bool) -> str:
    """The index's word: score, sequenced (on the grid, with dynamics) or performed."""
    if milliseconds or (onset % _GRID_TICKS == 0).mean() < _ON_THE_GRID:
        return "performed"
    return "sequenced" if dynamic else "score"
