"""What a session or a command and the trainer tell each other, and nothing else.

The trainer is a process of its own, at the lowest priority: it is handed what was played, makes an
adapter of it, and says how far it is. Each message is frozen and travels over a pipe. Standard
library only.

    to the trainer:   LearnRequest, LearnCancel
    from the trainer: LearnProgress, then one of Learned, LearnFailed

What it learnt can be looked at before (`Preview`) and heard after: a process like it is sent a
`CompareRequest` and says `Compared` or `CompareFailed`.
"""

from dataclasses import dataclass

from engine.events import Note, Timebase

SECONDS = 10.0
"""The longest that training takes if nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class LearnPiece:
    """What the player played without a break: a take's phrase, or a part of a MIDI file.

    notes: in order of onset, in beats of `timebase`. name: of the take or the file, for people.
    """

    name: str
    notes: tuple[Note, ...]
    timebase: Timebase


@dataclass(frozen=True, slots=True)
class LearnRequest:
    """Learn this player from these pieces.

    folder: where profiles are; profile: the name of the one that learns, None for the one in use.
    seconds: the time that training may take. weights: another checkpoint than the shipped one. The
    same request after a trainer that was killed goes on where that one was.
    """

    folder: str
    profile: str | None
    pieces: tuple[LearnPiece, ...]
    seed: int = 0
    seconds: float = SECONDS
    weights: str | None = None


@dataclass(frozen=True, slots=True)
class LearnCancel:
    """Stop at once; everything stays as it was. Closing the pipe says the same."""


@dataclass(frozen=True, slots=True)
class LearnProgress:
    """How far it is: `step` of `of`, seconds left, bits per note of what is learnt from.

    held_back_bits: bits per note of phrases that are not learnt from, where they were just scored.
    part: counts how often learning began anew, with other phrases held back.
    """

    step: int
    of: int
    seconds_left: float
    bits: float
    held_back_bits: float | None = None
    part: int = 0


@dataclass(frozen=True, slots=True)
class Learned:
    """It is over. kept: whether there is a new version in the profile, and it is in use.

    says: a sentence for the player, also why nothing was kept. version: of the profile's adapter
    that is in use now, None for the prior alone. before_bits and after_bits: per note of phrases
    that were held back, without and with what was learnt. notes: how many were learnt from.
    profile: whose it is.
    """

    kept: bool
    says: str
    version: int | None
    seconds: float
    notes: int
    before_bits: float
    after_bits: float
    profile: str = ""


@dataclass(frozen=True, slots=True)
class LearnFailed:
    """Nothing was learnt and nothing was changed; `says` is a sentence and a next step."""

    says: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a request would learn from: `taken` of `notes`, in so many phrases.

    earlier: phrases that were learnt before and are learnt again with these. remarks: sentences on
    what is left out. refused: why it cannot be learnt, a sentence and a next step; "" if it can.
    """

    notes: int
    taken: int
    phrases: int
    earlier: int = 0
    remarks: tuple[str, ...] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """Answer one of these phrases twice: with what the profile learnt last, and without it.

    folder, profile, pieces, weights: as in `LearnRequest`. seed: which phrase, and what is drawn.
    """

    folder: str
    profile: str | None
    pieces: tuple[LearnPiece, ...]
    seed: int = 0
    weights: str | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Both answers. version: what `learnt` was played with; before: the other one's, or None.

    None is the prior alone. Notes are in beats of `timebase`, the phrase in its first bar.
    """

    profile: str
    version: int
    before: int | None
    timebase: Timebase
    phrase: tuple[Note, ...]
    learnt: tuple[Note, ...]
    unlearnt: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class CompareFailed:
    """There is nothing to compare; `says` is a sentence and a next step."""

    says: str


ToTrainer = LearnRequest | LearnCancel
FromTrainer = LearnProgress | Learned | LearnFailed
