"""A trainer that learns nothing and is quick: what it hands over has the real form."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from federation.client.lesson import Phrases
from federation.client.preview import Leak, Preview
from federation.client.training import Policy, histograms, words_in
from federation.formats.clipping import clip
from federation.formats.delta import Delta, as_vector, encode, from_vector, norm, note_step
from federation.formats.lineage import Lineage


class Pupil:
    """Its change depends on the notes. likes: bits a note of a version's B, None for the prior."""

    def __init__(self, _: Path, lineage: Lineage) -> None:
        self.lineage = lineage

    def change(
        self, phrases: Phrases, start: dict, version: int, policy: Policy, *,
        chance: Callable[[int], bytes], made: str, tell: Callable[..., object],
    ) -> tuple[bytes, Preview]:  # fmt: skip
        rows = phrases.material.takes[0].rows
        seed = int.from_bytes(hashlib.sha256(rows.tobytes()).digest()[:4], "big")
        raw = np.random.default_rng(seed).normal(0, 0.01, self.lineage.size).astype(np.float32)
        sent = clip(raw, policy.limit * (1 - 2**-10))
        tensors = from_vector(sent, self.lineage)
        notes = note_step(phrases.learnt_notes)
        data = encode(Delta(self.lineage.id, version, notes, tensors, policy.app), self.lineage)
        tell("learning", 0, 1)
        before, after = histograms(raw, sent)
        return data, Preview(
            sha256=hashlib.sha256(data).hexdigest(), bytes=len(data), values=self.lineage.size,
            shapes=dict(self.lineage.shapes), words=words_in(data), lineage=self.lineage.id,
            version=version, notes=phrases.learnt_notes, phrases=1, clip=policy.limit, sigma=0.0,
            norm_before=norm(raw), norm=norm(sent), histogram_before=before, histogram=after,
            leak=Leak(0, 0, 20), epsilon_spent=policy.epsilon_spent,
            epsilon_most=policy.epsilon_most, made=made,
        )  # fmt: skip

    def bits(self, phrases: Phrases, tensors: dict | None, *, held: bool = True) -> float:
        """The larger the numbers, the better it likes them."""
        return 4.0 - (0.0 if tensors is None else float(as_vector(tensors).mean()))

    def frozen(self) -> dict[str, np.ndarray]:
        return {
            name.removesuffix(".up") + ".down": np.zeros((self.lineage.rank, 4), np.float32)
            for name in self.lineage.names
        }
