"""The messages between a session and its engine, and nothing else.

The session owns time and sound; the engine owns the music. Each message is frozen, is a plain
dataclass of numbers and strings, and travels over a pipe. Standard library only.

    session -> engine: Profile, Adopt, Begin, Hear, Ask, Rework, Expect, Judge, Forget, End, Ping
    engine -> session: Ready, Playing, Plan, Candidates, Expected, Refused, Tells, Pong, Failed
"""

from dataclasses import dataclass, field

from engine.events import Note, Timebase, Voice
from engine.limits import Constraints
from engine.taste.signals import Kind, Signal

__all__ = [
    "Adopt",
    "Ask",
    "Begin",
    "Candidate",
    "Candidates",
    "End",
    "Expect",
    "Expected",
    "Failed",
    "Forget",
    "FromEngine",
    "Hear",
    "Judge",
    "Kind",
    "Ping",
    "Plan",
    "Playing",
    "Pong",
    "Profile",
    "Quoted",
    "Ready",
    "Refused",
    "Rework",
    "Signal",
    "Style",
    "Tells",
    "ToEngine",
]

Style = tuple[tuple[str, float], ...]
"""Names of styles and how much of each; empty leaves it open. `antiphon styles` lists them."""


GAP_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995)
"""Quantiles at which an expected gap is told."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Be this player's partner from here on; answered by `Playing`.

    name: of a profile in `folder`, in use from then on and made if it is not there; None: the one
    in use; "" is nobody's: what is learnt then is gone with the engine. Until another one is ready
    the one before plays on.
    """

    name: str | None = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Adopt:
    """Play with the adapter that the profile names now: it was learnt, or gone back to.

    undo: go back by one first.

    Answered by `Playing`, between two notes: until it is ready the one before plays on. An
    adapter that cannot be used is said (`Tells`), and everything stays.
    """

    undo: bool = False


@dataclass(frozen=True, slots=True)
class Begin:
    """A session starts (or starts afresh): everything heard before is forgotten.

    What was learnt of the player stays. session: a number that no other session has; a memory that
    was saved knows up to which note of which session it has learnt.
    """

    timebase: Timebase
    session: int = 0


@dataclass(frozen=True, slots=True)
class Hear:
    """A note that really sounded, in order of onset.

    held: it still sounds; its duration is how long it has sounded so far. again: it was told
    before and has to be told anew; it is context, and nothing is learnt from it. serial: grows
    with each note of a session; a note whose serial the memory has seen is not learnt twice.
    """

    serial: int
    note: Note
    voice: Voice
    held: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Make an answer that starts at `start_beat` or later and is over by `end_beat`.

    With `may_hand_over` it may be over earlier, where the model hears the phrase end. heard_serial
    names the last `Hear` this request counts on; an answer to an older question is void for the
    asker. The same seed after the same notes gives the same plan.

    so_far: what sounds or waits to be told, in order of onset and after everything that was told:
    keys that are held, notes that began after them, notes of the partner that are committed. They
    count for this plan and are forgotten after it; each is told for good when it is over. Of very
    many only the last count (`engine.context.MOST_SO_FAR`).

    candidates: so many answers are drawn, if nothing else waits meanwhile. The first one comes as
    soon as it can; a better one takes its place (`Plan.anew`).
    """

    request: int
    heard_serial: int
    start_beat: float
    end_beat: float
    seed: int
    limits: Constraints = field(default_factory=Constraints)
    style: Style = ()
    may_hand_over: bool = True
    so_far: tuple[Hear, ...] = ()
    candidates: int = 1


@dataclass(frozen=True, slots=True)
class Rework:
    """Play these notes again in another way; the answer is a `Plan` with a note for each.

    notes: in order of onset. keep: what stays as it is, of "onset", "pitch", "duration",
    "velocity", and "contour" (each pitch goes up, down or on as it did). The rest is chosen anew:
    keeping onset, duration and velocity puts new notes on the rhythm; keeping the pitch gives it a
    new rhythm; keeping all but the velocity humanises; a style with the contour or the onsets kept
    transfers the phrase to that style. beside: the notes stay, and each gets another one that
    sounds with it (harmony); the answer has only the new ones. There a note of duration 0 sounds
    still, the same note given again gets one more, and one that is in so_far is read only once.
    share: how many of the notes are
    reworked, 0..1; the others, drawn by the seed, stay as they are. so_far: as in `Ask`.
    """

    request: int
    notes: tuple[Note, ...]
    keep: tuple[str, ...]
    seed: int
    limits: Constraints = field(default_factory=Constraints)
    style: Style = ()
    beside: bool = False
    share: float = 1.0
    so_far: tuple[Hear, ...] = ()


@dataclass(frozen=True, slots=True)
class Expect:
    """What comes next, by what has been told and `so_far` (as in `Ask`)? Answered by `Expected`."""

    request: int
    so_far: tuple[Hear, ...] = ()


@dataclass(frozen=True, slots=True)
class Judge:
    """The player said what an answer was worth. Nothing is answered.

    request: the `Ask` that it answered. seed: of the candidate that was played. undone: it is taken
    back, such as a star that was a slip.
    """

    request: int
    seed: int
    signal: Signal
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Forget:
    """Drop the context: what follows is answered as if nothing had been heard.

    What was learnt of the player stays with a profile; nobody's memory is emptied.
    """


@dataclass(frozen=True, slots=True)
class End:
    """The session is over: keep what was learnt, and end."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Are you there?"""

    token: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The engine has loaded its weights and listens."""

    model: str
    parameters: int


@dataclass(frozen=True, slots=True)
class Playing:
    """Whose partner it is from this moment on, and what it has of them.

    adapter: version of the adapter that plays, None for the prior alone; learnt_notes: what the
    memory knows of the player.
    """

    profile: str
    model: str
    adapter: int | None
    learnt_notes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A piece of the answer to one `Ask` or `Rework`, in order of onset; `done` marks the last.

    seed: what these notes were drawn with. anew: they take the place of all that was sent for this
    request. alone_notes: so many of all notes so far are the memory's alone, because the prior was
    late or is gone.
    """

    request: int
    notes: tuple[Note, ...]
    done: bool
    compute_ms: float
    gave_way: tuple[str, ...] = ()
    """Limits that could not hold everywhere so far, by their names in `engine.limits`."""
    ends: tuple[tuple[int, float], ...] = ()
    """Keys that the player holds (`Hear.held`), and the beat, from the answer's start on, at which
    each will probably end; with the first piece only."""
    seed: int | None = None
    anew: bool = False
    alone_notes: int = 0


@dataclass(frozen=True, slots=True)
class Quoted:
    """The longest run that an answer shares with other music: `notes` of it, from `source`.

    source is "training", "own" (the player's takes) or "".
    """

    notes: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One answer that was drawn. score: the higher, the more the player will like it.

    why: what counts for it and against it, in words, the weightiest first.
    """

    seed: int
    notes: tuple[Note, ...]
    score: float
    why: tuple[str, ...] = ()
    quoted: Quoted = Quoted()


@dataclass(frozen=True, slots=True)
class Candidates:
    """All answers that were drawn for one `Ask`, best first; after the last of its plans."""

    request: int
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """The prior's belief about what follows the last note.

    over: chance that the phrase is over, that is, that the next note is the other side's.
    gaps: beats from the last onset to the next one if the player goes on, at the shares of
    `GAP_SHARES`.
    """

    request: int
    over: float
    gaps: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """One request asked for what cannot be had; `says` is a sentence and a next step."""

    request: int
    says: str


@dataclass(frozen=True, slots=True)
class Tells:
    """Something that the player should know, in a sentence; the engine goes on."""

    says: str


@dataclass(frozen=True, slots=True)
class Pong:
    """Here I am."""

    token: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The engine cannot go on; `says` is a sentence and a next step for the player."""

    says: str


ToEngine = Profile | Adopt | Begin | Hear | Ask | Rework | Expect | Judge | Forget | End | Ping
FromEngine = Ready | Playing | Plan | Candidates | Expected | Refused | Tells | Pong | Failed
