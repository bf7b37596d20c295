"""Every message between a session and whoever watches or steers it: terminal, window, test.

Frozen structs, tagged by name, so that they travel as they are over a pipe. Times are nanoseconds
since the session began. Version: see `VERSION`; a reader refuses a higher one.
"""

import enum

import msgspec

from plugin.settings import Settings

VERSION = 2


class State(enum.StrEnum):
    """What the partner does, as the player sees it."""

    LISTENING = "listening"
    THINKING = "thinking"
    ANSWERING = "answering"
    ALONG = "playing along"
    YIELDING = "yielding"
    ENGINE_STOPPED = "engine stopped"


class Message(msgspec.Struct, frozen=True, tag=True):
    """Base of all messages."""


class StateChanged(Message, frozen=True):
    """The turn passed on."""

    state: State


class NoteSounded(Message, frozen=True):
    """A note began: the player's was heard, or the partner's was sent (`late_ms` after its due).

    bar: of the song, from 1, while bars pass.
    """

    t_ns: int
    partner: bool
    channel: int
    pitch: int
    velocity: int
    late_ms: float = 0.0
    bar: int | None = None


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


class Position(Message, frozen=True):
    """A beat of the song: bar and beat count from 1. `turn_bars` is told while trading."""

    bar: int
    beat: int
    bpm: float
    external: bool
    partners_turn: bool | None = None
    turn_bar: int = 0
    turn_bars: int = 0


class SettingsChanged(Message, frozen=True):
    """These settings hold from now on."""

    settings: Settings


class Said(Message, frozen=True):
    """Something that the player wants to know and that is no trouble."""

    says: str


class EngineReady(Message, frozen=True):
    """The engine listens."""

    model: str
    parameters: int


class Trouble(Message, frozen=True):
    """Something went wrong and the music goes on; a sentence and a next step."""

    says: str


class EchoIgnored(Message, frozen=True):
    """Our own output came back into our input; told once a session."""


class Change(Message, frozen=True):
    """Command: play like this from now on."""

    settings: Settings


class Go(Message, frozen=True):
    """Command: the turn passes on now."""


class Again(Message, frozen=True):
    """Command: another answer to the same phrase."""


class Hold(Message, frozen=True):
    """Command: begin no note (`on`), or go on."""

    on: bool


class Tap(Message, frozen=True):
    """Command: a tap of the tempo."""


class Start(Message, frozen=True):
    """Command: our own clock starts from the first bar."""


class Stop(Message, frozen=True):
    """Command: our own clock stops."""


class Panic(Message, frozen=True):
    """Command: silence everything at once."""


class Forget(Message, frozen=True):
    """Command: drop the context, answer the next phrase as the first."""


class Quit(Message, frozen=True):
    """Command: end the session."""


Event = (
    StateChanged
    | NoteSounded
    | PhraseHeard
    | AnswerOver
    | Position
    | SettingsChanged
    | Said
    | EngineReady
    | Trouble
    | EchoIgnored
)
Command = Change | Go | Again | Hold | Tap | Start | Stop | Panic | Forget | Quit
