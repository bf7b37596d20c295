"""Which key signature a take gets, and how its keys are spelled: F sharp or G flat.

From the scale that was set, else from what sounds longest (the profiles of Krumhansl and Kessler,
Psychological Review 89, 1982, correlated with the durations). Plain Python: the window loads no
numpy. It refuses to find modulations: a take has one signature.
"""

from collections.abc import Iterable, Sequence

from engine.scales import SCALES, Scale

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_MINORS = ("harmonic minor", "melodic minor", "full minor")
_LETTERS = "FCGDAEB"


def fifths_of_scale(scale: Scale) -> int | None:
    """Sharps (above 0) or flats (below) of a scale's signature; None where it has none."""
    name = "natural minor" if scale.name in _MINORS else scale.name
    classes = {(scale.root + step) % 12 for step in SCALES[name]}
    for fifths in range(-6, 7):
        if classes == {(7 * fifths + step) % 12 for step in SCALES["major"]}:
            return fifths
    return None


def fifths_of_notes(notes: Iterable[tuple[int, float]]) -> int:
    """The signature of the likeliest key of (pitch, duration) pairs, -6 to 6; 0 for no notes."""
    weights = [0.0] * 12
    for pitch, duration in notes:
        weights[pitch % 12] += duration
    if not any(weights):
        return 0
    best = (-2.0, 0)
    for root in range(12):
        for profile, third in ((_MAJOR, 0), (_MINOR, 3)):
            turned = [profile[(place - root) % 12] for place in range(12)]
            fits = _correlation(weights, turned)
            # A minor key has the signature of the major key three semitones above.
            fifths = (7 * ((root + third) % 12) + 6) % 12 - 6
            best = max(best, (fits, fifths))
    return best[1]


def spelled(pitch: int, fifths: int) -> tuple[str, int, int]:
    """(letter, alteration in semitones, octave) of a MIDI key under a signature; 60 is C4."""
    # Places on the line of fifths from three flats below the signature's tonic to eight above.
    for place in range(fifths - 3, fifths + 9):
        if 7 * place % 12 == pitch % 12:
            break
    letter = _LETTERS[(place + 1) % 7]
    alter = (place + 1) // 7
    return letter, alter, (pitch - alter) // 12 - 1


def altered_by(fifths: int) -> dict[str, int]:
    """What the signature does to each letter."""
    changed = dict.fromkeys(_LETTERS, 0)
    for letter in _LETTERS[: max(fifths, 0)]:
        changed[letter] = 1
    for letter in reversed(_LETTERS[len(_LETTERS) + min(fifths, 0) :]):
        changed[letter] = -1
    return changed


def _correlation(left: Sequence[float], right: Sequence[float]) -> float:
    mean_left, mean_right = sum(left) / 12, sum(right) / 12
    both = sum((a - mean_left) * (b - mean_right) for a, b in zip(left, right, strict=True))
    alone = sum((a - mean_left) ** 2 for a in left) * sum((b - mean_right) ** 2 for b in right)
    return both / alone**0.5 if alone else 0.0
