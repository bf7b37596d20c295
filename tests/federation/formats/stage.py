"""What the tests of sharing are played with: a lineage of two small matrices, changes of it."""

import numpy as np

from federation.formats.delta import Delta, encode, from_vector
from federation.formats.lineage import Lineage

SMALL = Lineage(
    "0123456789abcdef", 2, 7, {"a.logits.weight.up": (5, 2), "b.hidden.weight.up": (3, 2)}
)


def vector(seed: int, lineage: Lineage = SMALL, length: float = 1.0) -> np.ndarray:
    """A direction drawn by the seed, so long, in float32."""
    drawn = np.random.default_rng(seed).normal(size=lineage.size)
    return (drawn * (length / np.linalg.norm(drawn))).astype(np.float32)


def delta(seed: int = 0, lineage: Lineage = SMALL, **others: object) -> Delta:
    """A change drawn by the seed."""
    words: dict[str, object] = {"from_version": 3, "notes": 256, "app": "0.1.0"}
    tensors = from_vector(vector(seed, lineage), lineage)
    return Delta(lineage=lineage.id, tensors=tensors, **{**words, **others})  # type: ignore[arg-type]


def contribution(seed: int = 0, lineage: Lineage = SMALL, **others: object) -> bytes:
    """The file of such a change."""
    return encode(delta(seed, lineage, **others), lineage)


def assert_is_a_sentence(words: str) -> None:
    """For people: begins like one, ends like one, one line."""
    assert words[0].isupper()
    assert words.endswith(".")
    assert ":" in words or ";" in words or ". " in words, "a next step follows"
    assert "\n" not in words
    assert len(words) < 300
