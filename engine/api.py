"""The messages between a session and its engine, and nothing else.

The session owns time and sound; the engine owns the music. Each message is frozen, is a plain
dataclass of numbers and strings, and travels over a pipe. Standard library only.

    session -> engine: Begin, Hear, Ask, Forget, Ping
    engine -> session: Ready, Plan, Pong, Failed
"""

from dataclasses import dataclass, field

from engine.events import Note, Timebase, Voice


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer may do. The cheapest limit gives way before a choice would be empty.

    lowest, highest: MIDI keys the answer stays within.
    temperature: 1.0 draws as the model believes, below 1 is safer; 0 is greedy.
    top_p: only the likeliest choices that together reach this probability.
    max_notes: no answer is longer than this many notes.
    """

    lowest: int = 0
    highest: int = 127
    temperature: float = 0.95
    top_p: float = 0.98
    max_notes: int = 256


@dataclass(frozen=True, slots=True)
class Begin:
    """A session starts (or starts afresh): everything heard before is forgotten."""

    timebase: Timebase


@dataclass(frozen=True, slots=True)
class Hear:
    """A note that really sounded, complete with its duration, in order of onset."""

    serial: int
    note: Note
    voice: Voice


@dataclass(frozen=True, slots=True)
class Ask:
    """Make an answer that starts at `start_beat` or later and is over by `end_beat`.

    heard_serial names the last `Hear` this request counts on; an answer to an older question is
    void for the asker. The same seed after the same notes gives the same plan.
    """

    request: int
    heard_serial: int
    start_beat: float
    end_beat: float
    seed: int
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Forget:
    """Drop the context: what follows is answered as if nothing had been heard."""


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
class Plan:
    """A piece of the answer to one `Ask`, in order of onset; `done` marks the last piece."""

    request: int
    notes: tuple[Note, ...]
    done: bool
    compute_ms: float


@dataclass(frozen=True, slots=True)
class Pong:
    """Here I am."""

    token: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The engine cannot go on; `says` is a sentence and a next step for the player."""

    says: str


ToEngine = Begin | Hear | Ask | Forget | Ping
FromEngine = Ready | Plan | Pong | Failed
