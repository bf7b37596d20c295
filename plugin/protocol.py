"""Every message between a session and whoever watches or steers it: terminal, window, test.

Frozen structs, tagged by name, so that they travel as they are over a pipe. Times are nanoseconds
since the session began. Version: see `VERSION`; a reader refuses a higher one.
"""

import enum

import msgspec

VERSION = 1


class State(enum.StrEnum):
    """Whose turn it is, as the player sees it."""

    LISTENING = "listening"
    THINKING = "thinking"
    ANSWERING = "answering"
    ENGINE_STOPPED = "engine stopped"


class Message(msgspec.Struct, frozen=True, tag=True):
    """Base of all messages."""


class StateChanged(Message, frozen=True):
    """The turn passed on."""

    state: State


class NoteSounded(Message, frozen=True):
    """A note began: the player's was heard, or the partner's was sent (`late_ms` after its due)."""

    t_ns: int
    partner: bool
    channel: int
    pitch: int
    velocity: int
    late_ms: float = 0.0


class PhraseHeard(Message, frozen=True):
    """The player's phrase is over; the partner comes in `gap_ms` after its last note ended."""

    take_id: str
    notes: int
    seconds: float
    gap_ms: float


class AnswerOver(Message, frozen=True):
    """The partner's answer is over, by itself or because the player came in (`yielded`)."""

    take_id: str
    notes: int
    seconds: float
    late_notes: int
    dropped_notes: int
    first_late_ms: float
    yielded: bool


class EngineReady(Message, frozen=True):
    """The engine listens."""

    model: str
    parameters: int


class Trouble(Message, frozen=True):
    """Something went wrong and the music goes on; a sentence and a next step."""

    says: str


class EchoIgnored(Message, frozen=True):
    """Our own output came back into our input; told once a session."""


class Panic(Message, frozen=True):
    """Command: silence everything at once."""


class Forget(Message, frozen=True):
    """Command: drop the context, answer the next phrase as the first."""


class Quit(Message, frozen=True):
    """Command: end the session."""


Event = StateChanged | NoteSounded | PhraseHeard | AnswerOver | EngineReady | Trouble | EchoIgnored
Command = Panic | Forget | Quit
