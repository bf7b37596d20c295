"""Every message between a session and whoever watches or steers it: terminal, window, test.

Frozen structs, tagged by name, so that they travel as they are over a pipe. Times are nanoseconds
since the session began. Version: see `VERSION`; a reader refuses a higher one.
"""

import enum

import msgspec

from plugin.settings import Settings

VERSION = 4


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


class NoteEnded(Message, frozen=True):
    """The note that `NoteSounded` told of is over."""

    t_ns: int
    partner: bool
    channel: int
    pitch: int


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


class PartnerOf(Message, frozen=True):
    """Whose partner it is from now on, and what it has of them.

    profile: "" is nobody's. adapter: version of what was trained, None for none; learnt_notes: how
    many notes of the player's it remembers.
    """

    profile: str
    adapter: int | None
    learnt_notes: int


class Alternative(msgspec.Struct, frozen=True):
    """An answer that was drawn.

    score: the higher, the more the player will like it. why: what spoke for it. quoted_notes: the
    longest run that it shares with `quoted_from`, "training" or "own".
    """

    seed: int
    notes: int
    score: float
    why: tuple[str, ...]
    quoted_notes: int
    quoted_from: str


class Drawn(Message, frozen=True):
    """All answers to the phrase of this take, best first; `played`: seed of the planned one."""

    take_id: str
    played: int | None
    alternatives: tuple[Alternative, ...]


class TakeMarked(Message, frozen=True):
    """A take was "starred", "unstarred", "kept" or "deleted" from within the jam."""

    take_id: str
    mark: str


class TakeSaved(Message, frozen=True):
    """A take is whole in the library now."""

    take_id: str


class Auditioning(Message, frozen=True):
    """What is being auditioned now, in words; "" once it is over."""

    name: str


class LearnProgress(Message, frozen=True):
    """Training goes on: step of steps, seconds left, bits per note of what is learnt from.

    held_back_bits: of phrases that are held back, where they were just scored. part: counts how
    often learning began anew, with other phrases held back.
    """

    profile: str
    step: int
    of: int
    seconds_left: float
    bits: float
    held_back_bits: float | None = None
    part: int = 0


class LearnOver(Message, frozen=True):
    """Training is over: whether what it learnt is used from now on, and why in a sentence.

    version: of the profile's adapter in use, None for none. Bits are per note held back.
    """

    profile: str
    kept: bool
    says: str
    version: int | None = None
    before_bits: float | None = None
    after_bits: float | None = None


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


class Star(Message, frozen=True):
    """Command: the last answer gets a star (`on`), or loses it."""

    on: bool = True


class Keep(Message, frozen=True):
    """Command: the last answer is worth keeping."""


class KeepLast(Message, frozen=True):
    """Command: keep what was just played as a take, whoever played it and whatever the way."""


class Delete(Message, frozen=True):
    """Command: the last take goes for good."""


class Alternatives(Message, frozen=True):
    """Command: say which answers the last phrase could have had, best first."""


class Choose(Message, frozen=True):
    """Command: play the last phrase's alternative of this number, from 1, the best."""

    number: int


class UseProfile(Message, frozen=True):
    """Command: be the partner of this profile; None: say whose partner it is."""

    name: str | None = None


class Learn(Message, frozen=True):
    """Command: train the present profile on its "last" takes or the "starred", or "cancel" that.

    "undo" goes back to what it was before.
    """

    what: str


class Adopt(Message, frozen=True):
    """Command: play with what the profile names now; `undo` goes back by one first."""

    undo: bool = False


class RestartEngine(Message, frozen=True):
    """Command: end the engine and start another."""


class Panic(Message, frozen=True):
    """Command: silence everything at once."""


class Forget(Message, frozen=True):
    """Command: drop the context, answer the next phrase as the first."""


class Quit(Message, frozen=True):
    """Command: end the session."""


Event = (
    StateChanged
    | NoteSounded
    | NoteEnded
    | PhraseHeard
    | AnswerOver
    | Position
    | SettingsChanged
    | Said
    | EngineReady
    | PartnerOf
    | Drawn
    | TakeMarked
    | TakeSaved
    | Auditioning
    | LearnProgress
    | LearnOver
    | Trouble
    | EchoIgnored
)
Command = (
    Change
    | Go
    | Again
    | Hold
    | Tap
    | Start
    | Stop
    | Star
    | Keep
    | KeepLast
    | Delete
    | Alternatives
    | Choose
    | UseProfile
    | Learn
    | Adopt
    | RestartEngine
    | Panic
    | Forget
    | Quit
)
