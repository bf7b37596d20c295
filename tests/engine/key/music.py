"""Small made-up music in known keys, classifiers of random weights, folders with signatures."""

from pathlib import Path

import numpy as np

from engine.events import Note
from engine.key.memory import CHANNELS
from engine.key.network import Tensors
from engine.key.songs import Song
from tests.engine.music import Piece, write_folder

MAJOR = (0, 4, 7, 12, 11, 9, 7, 5, 4, 2, 7, 0)
"""Steps of a phrase that is in a major key to any ear; its last note is the root."""
HARMONIC_MINOR = (0, 3, 7, 12, 11, 12, 8, 7, 5, 3, 2, 0)


def notes(steps: tuple[int, ...], *, root: int = 60, times: int = 1) -> list[Note]:
    """The phrase as notes of one beat."""
    pitches = [root + step for step in steps] * times
    return [Note(float(n), 1.0, pitch, 80) for n, pitch in enumerate(pitches)]


def song(steps: tuple[int, ...], key: int, *, root: int = 60, times: int = 4, **more) -> Song:
    """The phrase as a labelled song."""
    pitch = np.resize(np.array(steps), len(steps) * times) + root
    onset = 480 * np.arange(len(pitch))
    given = {"piece": "tune", "collection": "tunes", "mode_known": True} | more
    return Song(
        onset=onset,
        duration=np.full(len(pitch), 480),
        pitch=pitch,
        key=np.full(len(pitch), key),
        **given,
    )


def tensors(*, width: int = 5, seed: int = 0) -> Tensors:
    """Weights of a classifier that answers at random, and decidedly."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.4, shape).astype(np.float16).astype(np.float32)

    return {
        "first.weight": normal(width, CHANNELS, 12),
        "first.bias": normal(width),
        "second.weight": normal(width, width, 12),
        "second.bias": normal(width),
        "last.weight": normal(2, width),
        "last.bias": normal(2),
    }


def tune(
    name: str, sharps: int, mode: int, *, split: str = "train", **more
) -> tuple[Piece, list[tuple[int, int, int]]]:
    """(a piece in that key, its signatures (time, sharps, mode)); mode 0, 1, or 255."""
    steps = HARMONIC_MINOR if mode == 1 else MAJOR
    root = 60 + (7 * sharps + (9 if mode == 1 else 0)) % 12
    played = [(480 * n, 480, root + step, 80, 0) for n, step in enumerate(steps * 3)]
    return Piece(id=name, notes=played, split=split, **more), [(0, sharps, mode)]


def write_keys(folder: Path, tunes: list[tuple[Piece, list[tuple[int, int, int]]]]) -> Path:
    """A data folder whose pieces have key signatures; returns the folder."""
    write_folder(folder, [piece for piece, _ in tunes])
    for tier, name in {(piece.tier, piece.collection) for piece, _ in tunes}:
        path = folder / tier / f"{name}.npz"
        with np.load(path) as archive:
            arrays = {key: archive[key] for key in archive.files}
        given = [keys for piece, keys in tunes if (piece.tier, piece.collection) == (tier, name)]
        together = np.array([key for keys in given for key in keys], dtype=np.int64).reshape(-1, 3)
        arrays["key_off"] = np.cumsum([0, *map(len, given)])
        arrays["key_dt"] = np.concatenate(
            [np.diff([at for at, _, _ in keys], prepend=0) for keys in given]
        )
        arrays["key_sharps"] = together[:, 1].astype(np.int8)
        arrays["key_mode"] = together[:, 2].astype(np.uint8)
        np.savez_compressed(path, **arrays)
    return folder
