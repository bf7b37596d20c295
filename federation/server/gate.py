"""The gate: whether a version is worse than its parent, or the prior, on music for everybody.

Bits a note of held-out public music ("public"), of each collection of it ("style NAME"), and of
canaries ("canary NAME": scales, broken chords, a beat: what any model of music knows), by the
numpy step of the prior, in a child process of its own. A version that is worse than the limit on
public music, or than four times the limit on a style or a canary, is kept back. So is one that is
worse than the prior itself by four times the limit: small steps down must not add up unseen.

It refuses to make music (`gate_data`), and to say that a version is good: only that it is no worse.
"""

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from federation.formats import tensorfile
from federation.formats.lineage import Lineage
from federation.formats.shared import packed, unpacked
from federation.server import blobs
from federation.server.blobs import Blobs, NoBlobError
from federation.server.trouble import ServerError

Tensors = Mapping[str, npt.NDArray[Any]]
PUBLIC, STYLE, CANARY = "public", "style ", "canary "
TIMES_FOR_PARTS = 4.0
"""A style or a canary is a small sample: it may move so many times more than all of it."""
TIMES_IN_ALL = 4.0
"""All versions together may lose so many times the limit of what the prior knew."""
DEADLINE_S = 1800.0
LEAST_STYLE_NOTES = 200
_FILES = ("prior.safetensors", "frozen", "before", "after", "music.npz")


@dataclass(frozen=True, slots=True)
class Verdict:
    """figures: bits a note, also "public before" and "public prior". reason: why not, or ""."""

    figures: dict[str, float] = field(default_factory=dict)
    reason: str = ""


class Gate(Protocol):
    """See the module."""

    def judge(self, lineage: Lineage, before: Tensors, after: Tensors) -> Verdict:
        """Raises ServerError if it cannot be judged."""


class OpenGate:
    """None: for trials, and only when it was asked for by name."""

    def judge(self, lineage: Lineage, before: Tensors, after: Tensors) -> Verdict:
        """Nothing is measured."""
        return Verdict()


class MusicGate:
    """See the module. prior: the weights' file. limit: a share, 0.005 is half a per cent."""

    def __init__(self, store: Blobs, prior: Path, limit: float) -> None:
        self._store, self._prior, self._limit = store, prior, limit

    def judge(self, lineage: Lineage, before: Tensors, after: Tensors) -> Verdict:
        """See `Gate`."""
        try:
            frozen = self._store.get(blobs.frozen(lineage.id))
            music = self._store.get(blobs.gate(lineage.id))
        except NoBlobError as error:
            raise ServerError(
                "The gate has no music, so nothing can be published; run `antiphon serve admin "
                "gate-data --data FOLDER`, or add --without-gate for a trial."
            ) from error
        with tempfile.TemporaryDirectory(prefix="antiphon-gate-") as name:
            folder = Path(name)
            files = (
                self._prior.read_bytes(),
                frozen,
                packed(before, lineage),
                packed(after, lineage),
                music,
            )
            for file, data in zip(_FILES, files, strict=True):
                (folder / file).write_bytes(data)
            (folder / "lineage.json").write_text(json.dumps(_words(lineage)), "utf-8")
            found = _measured(folder)
        return verdict(found["prior"], found["before"], found["after"], self._limit)


def verdict(
    prior: Mapping[str, float],
    before: Mapping[str, float],
    after: Mapping[str, float],
    limit: float,
) -> Verdict:
    """From the bits a note of the prior alone, the parent and the version."""
    figures = {name: round(bits, 6) for name, bits in after.items()}
    figures["public before"] = round(before[PUBLIC], 6)
    figures["public prior"] = round(prior[PUBLIC], 6)
    worst = ""
    for name, bits in after.items():
        allowed = limit if name == PUBLIC else TIMES_FOR_PARTS * limit
        if not math.isfinite(bits):
            figures = {}  # a manifest holds finite figures only
            worst = f"{name} has no finite bits any more"
            break
        if bits > before[name] * (1.0 + allowed) and not worst:
            share = bits / before[name] - 1.0
            worst = f"{name}: {before[name]:.4f} to {bits:.4f} bits a note, {share:.2%} worse"
    if not worst and after[PUBLIC] > prior[PUBLIC] * (1.0 + TIMES_IN_ALL * limit):
        share = after[PUBLIC] / prior[PUBLIC] - 1.0
        worst = f"all versions together are {share:.2%} worse on public music than the prior"
    return Verdict(figures, worst)


def bits_a_note(
    tensors: Tensors, metadata: Mapping[str, str], music: Mapping[str, Any]
) -> dict[str, float]:
    """Of all groups of the gate's music under the prior with these tensors."""
    from engine.encoding import ORDER
    from engine.model.fast import FastPrior

    prior = FastPrior(dict(tensors), metadata)
    names: Sequence[str] = json.loads(bytes(music["names"]))
    rows, counted, place, group = (music[name] for name in ("rows", "counted", "place", "group"))
    sums, notes = np.zeros(len(names)), np.bincount(group, minlength=len(names))
    before = [frozenset(int(field) for field in ORDER[:k]) for k in range(len(ORDER))]
    for row, counts, at, of_group in zip(
        rows.tolist(), counted.tolist(), place.tolist(), group.tolist(), strict=True
    ):
        if at == 0:
            prior.reset()
        for number, known in zip(ORDER, before, strict=True):
            if counts[number]:
                logits = prior.field(number, row, known).astype(np.float64)
                peak = float(logits.max())
                sums[of_group] += peak + math.log(np.exp(logits - peak).sum()) - logits[row[number]]
        prior.read(row)
    bits = sums / math.log(2)
    found = {name: float(bits[n] / notes[n]) for n, name in enumerate(names) if notes[n]}
    public = [n for n, name in enumerate(names) if name.startswith(STYLE)]
    found[PUBLIC] = float(bits[public].sum() / max(1, notes[public].sum()))
    return {
        name: value for name, value in found.items()
        if not name.startswith(STYLE) or notes[names.index(name)] >= LEAST_STYLE_NOTES
    }  # fmt: skip


def _measured(folder: Path) -> dict[str, dict[str, float]]:
    command = [sys.executable, "-m", "federation.server.gate", str(folder)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        found: dict[str, dict[str, float]] = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        said = "" if isinstance(error, OSError | subprocess.TimeoutExpired) else done.stderr[-300:]
        raise ServerError(
            f"The gate could not measure the version ({error}); try again. {said}"
        ) from error
    return found


def _words(lineage: Lineage) -> dict[str, Any]:
    shapes = {name: list(shape) for name, shape in lineage.shapes.items()}
    return {"prior": lineage.prior, "rank": lineage.rank, "seed": lineage.seed, "shapes": shapes}


def _child(folder: Path) -> dict[str, dict[str, float]]:
    """In the child: measure prior, parent and version."""
    from engine.adapt.adapter import Adapter, merged
    from engine.model.checkpoint import load

    words = json.loads((folder / "lineage.json").read_text("utf-8"))
    shapes = {name: (int(rows), int(rank)) for name, (rows, rank) in words.pop("shapes").items()}
    lineage = Lineage(shapes=shapes, **words)
    base, metadata = load(folder / "prior.safetensors")
    downs = {
        name.removesuffix(".up") + ".down": (lineage.rank, base[name.removesuffix(".up")].shape[1])
        for name in lineage.shapes
    }
    frozen = tensorfile.read((folder / "frozen").read_bytes(), downs, "F32").tensors
    with np.load(folder / "music.npz", allow_pickle=False) as archive:
        music = {name: archive[name] for name in archive.files}
    found = {"prior": bits_a_note(base, metadata, music)}
    for name in ("before", "after"):
        ups = unpacked((folder / name).read_bytes(), lineage)
        whole = merged(base, Adapter("lora", lineage.rank, lineage.prior, {**frozen, **ups}))
        found[name] = bits_a_note(whole, metadata, music)
    return found


if __name__ == "__main__":
    print(json.dumps(_child(Path(sys.argv[1]))))
