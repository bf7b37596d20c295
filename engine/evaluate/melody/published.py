"""What others reached on the eight melody sets, as constants, and what we want to reach.

Bits per pitch, less is better. The folds behind the published figures were never published, so
theirs and ours differ in which melodies were left out together.

Numbers with a source each; it refuses to compute.
"""

from dataclasses import dataclass

from engine.evaluate.melody.prior import PITCH, TIMES

NAMES = ("nova", "chorales", "elsass", "jugoslav", "schweiz", "oesterrh", "kinder", "shanxi")
_THESIS = "Pearce 2005 (PhD thesis, City University London)"
_FOLDS = "pitches of the other nine folds"


@dataclass(frozen=True, slots=True)
class Published:
    """Figures of somebody else. bits: by set, those that are known; average: over all eight."""

    name: str
    saw: str
    source: str
    bits: dict[str, float]
    average: float | None


def _table(*figures: float) -> dict[str, float]:
    return dict(zip(NAMES, figures, strict=True))


PUBLISHED: dict[str, tuple[Published, ...]] = {
    PITCH: (
        Published(
            "published LTM",
            _FOLDS,
            f"{_THESIS}, tables 6.4-6.6, C*I",
            _table(2.861, 2.444, 3.115, 2.721, 3.010, 3.340, 2.428, 3.105),
            2.878,
        ),
        Published(
            "published STM",
            "earlier pitches of the same melody",
            f"{_THESIS}, tables 6.4-6.6, C*I",
            _table(2.983, 3.139, 3.097, 3.463, 3.126, 3.248, 2.693, 3.426),
            3.147,
        ),
        Published(
            "published LTM+",
            f"{_FOLDS}, and of the melodies asked about before",
            f"{_THESIS}, tables 6.4-6.6, C*I",
            _table(2.655, 2.375, 2.712, 2.602, 2.621, 2.833, 2.237, 2.881),
            2.614,
        ),
        Published(
            "published LTM+ & STM",
            "what LTM+ and STM saw",
            f"{_THESIS}, tables 6.4-6.6, C*I, entropy weights",
            _table(2.468, 2.347, 2.540, 2.588, 2.454, 2.651, 2.106, 2.681),
            2.479,
        ),
        Published(
            "small GRU",
            f"{_FOLDS}, moved to keys nearby",
            "a reference of this project: one layer of 128 units, 0.1 M weights, these folds",
            _table(2.550, 2.258, 2.779, 2.540, 2.802, 3.084, 2.316, 2.604),
            2.616,
        ),
        Published(
            "small GRU, pre-trained",
            f"8,385 tunes of the shippable music, then {_FOLDS}",
            "a reference of this project: the same network, tuned on these folds",
            _table(2.460, 2.241, 2.496, 2.351, 2.516, 2.847, 2.206, 2.578),
            2.462,
        ),
    ),
    TIMES: (
        Published(
            "published, hand-picked viewpoints",
            "pitches, durations, bars, key and phrases of the other nine folds and of the melody",
            f"{_THESIS}, section 7.5",
            {"chorales": 2.045},
            None,
        ),
        Published(
            "published, selected viewpoints",
            "pitches, durations, bars, key and phrases of the other nine folds and of the melody",
            f"{_THESIS}, section 7.5, table 7.3",
            {"chorales": 1.953},
            None,
        ),
    ),
}

AVERAGE = "average"
AIMS: dict[str, dict[str, float]] = {
    PITCH: {AVERAGE: 2.25, "chorales": 2.10},
    TIMES: {"chorales": 1.95},
}
"""What the prior and the memory together should stay below."""
