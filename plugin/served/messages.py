"""What a window and its session process say to each other, beside `plugin.protocol`.

Frozen structs, tagged by name; they travel as frames over a pipe (`plugin.served.frames`). Times
are nanoseconds since the session began, as everywhere in the protocol; `Pulse.origin_ns` is that
moment on the monotonic clock, which all processes of a machine share. It refuses to carry what the
line language can already say: whatever a musician could type, a window sends as `Line`.
"""

from typing import Literal

import msgspec

from plugin import protocol
from plugin.protocol import Message

VERSION = 1
Kind = Literal["notes", "control", "clock"]

# The session's own, named here as well: a window finds everything in one place.
Auditioning = protocol.Auditioning
KeepLast = protocol.KeepLast
NoteEnded = protocol.NoteEnded
RestartEngine = protocol.RestartEngine
TakeSaved = protocol.TakeSaved


class Open(Message, frozen=True):
    """Command, the first one: be a session with these ports; a later one changes the ports.

    ins, outs: as `antiphon jam --in, --out` takes them, nothing for virtual ports of our own.
    system: MIDI system by name, "memory" for none, None for what there is. profile: None is the one
    in use, "" is nobody's. demo: the built-in phrase plays the player. version: `VERSION`.
    """

    version: int = VERSION
    ins: tuple[str, ...] = ()
    outs: tuple[str, ...] = ()
    system: str | None = None
    profile: str | None = None
    thru: bool = False
    demo: bool = False
    weights: str | None = None
    seed: int | None = None


class Line(Message, frozen=True):
    """Command: as if typed in a jam: dials, presets, bindings, undo and redo, learning."""

    text: str


class Audition(Message, frozen=True):
    """Command: play a take, a MIDI file or an alternative to the output; nothing named stops it.

    alternative: number of the last phrase's, from 1. side: "both", "player" or "partner" of a take.
    """

    take_id: str = ""
    path: str = ""
    alternative: int = 0
    side: Literal["both", "player", "partner"] = "both"


class LearnFrom(Message, frozen=True):
    """Command: train the present profile on these takes and MIDI files (paths)."""

    take_ids: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


class Compare(Message, frozen=True):
    """Command: answer one phrase twice, with what the profile learnt last and without it.

    The phrase is one of these takes and MIDI files (paths), of the last takes where none is named;
    seed: which one, and what is drawn. Answered by `Compared` or `NotCompared`.
    """

    take_ids: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    seed: int = 0


class ThreeNotes(Message, frozen=True):
    """Command: three notes to the output, so that somebody can hear whether it is connected."""


class Listen(Message, frozen=True):
    """Command: say which of all input ports speaks (`Spoke`), until told otherwise."""

    on: bool


class Key(Message, frozen=True):
    """Command: a key of the computer's keyboard is played as a piano key, or let go.

    pitch -1 with `on` false lets all of them go, as when the window loses the focus.
    """

    pitch: int
    on: bool
    velocity: int = 80


class Overhear(Message, frozen=True):
    """Command: tell every message of the wire (`Wire`), or no longer; for the built-in voice."""

    on: bool


class Wire(Message, frozen=True):
    """A MIDI message as it went out, or as it came in; told while `Overhear` is on.

    t_ns: the moment for which it is meant, since the session began.
    """

    t_ns: int
    out: bool
    data: bytes


class Opened(Message, frozen=True):
    """The session is there. hears, plays: names of its ports."""

    version: int
    system: str
    hears: str
    plays: str
    seed: int
    demo: bool


class NotOpened(Message, frozen=True):
    """It could not be opened; a sentence and a next step. Another `Open` may follow."""

    says: str


class PortIs(msgspec.Struct, frozen=True):
    """A port of the system. ours: made by us. chosen: in use. alive: there now."""

    name: str
    ours: bool
    chosen: bool
    alive: bool


class Ports(Message, frozen=True):
    """All ports that can be chosen, and the chosen ones that are away; told when it changes."""

    system: str
    ins: tuple[PortIs, ...]
    outs: tuple[PortIs, ...]
    virtual: bool
    """Whether this system lets us make ports of our own."""


class Active(Message, frozen=True):
    """Something of this kind went through this port; at most 20 times a second each."""

    port: str
    out: bool
    kind: Kind


class Spoke(Message, frozen=True):
    """Somebody played a note into this port, chosen or not."""

    port: str


class Ghost(msgspec.Struct, frozen=True, array_like=True):
    """A note that is planned and does not sound yet."""

    due_ns: int
    end_ns: int
    pitch: int
    velocity: int


class Planned(Message, frozen=True):
    """The whole plan as it stands now; it replaces the last one. At most 30 a second."""

    notes: tuple[Ghost, ...]


class Pulse(Message, frozen=True):
    """Ten times a second: where time is and how it goes.

    now_ns: since `origin_ns`. beat: session beat at that moment; bar_beat: one on which a bar
    begins. bpm 0: free time. late_p99_ms, late_max_ms: of the notes sent in the last ten seconds.
    engine_ms: from the last question to the first piece of its plan. load: share of a core that the
    session process took in the last second.
    """

    origin_ns: int
    now_ns: int
    beat: float
    bpm: float
    beats_per_bar: float
    bar_beat: float
    external: bool
    running: bool
    holding: bool
    late_p99_ms: float
    late_max_ms: float
    engine_ms: float
    load: float


class Binding(msgspec.Struct, frozen=True):
    """A knob, pedal or key and what it does, both in words."""

    source: str
    target: str


class DeskIs(Message, frozen=True):
    """What the desk holds beside the settings; told when it changes.

    undo, redo: the change that would be taken back or made again, in words, "" for none. learning:
    what waits for a knob, "" for nothing.
    """

    presets: tuple[str, ...]
    bindings: tuple[Binding, ...]
    undo: str
    redo: str
    learning: str


class Sounding(msgspec.Struct, frozen=True, array_like=True):
    """A note that can be auditioned; seconds from the first bar of its phrase."""

    onset_s: float
    duration_s: float
    pitch: int
    velocity: int
    channel: int = 0


class Compared(Message, frozen=True):
    """A phrase of the player's, and both answers to it; nothing has sounded yet.

    version: of the profile, what `learnt` was played with; before: the other's, None the original.
    """

    profile: str
    version: int
    before: int | None
    phrase: tuple[Sounding, ...]
    learnt: tuple[Sounding, ...]
    unlearnt: tuple[Sounding, ...]


class NotCompared(Message, frozen=True):
    """There is nothing to compare; a sentence and a next step."""

    says: str


class Over(Message, frozen=True):
    """The last frame: the session has ended and every note is released."""

    says: str


Told = (
    protocol.Event
    | Opened
    | NotOpened
    | Ports
    | Active
    | Spoke
    | Wire
    | Planned
    | Pulse
    | DeskIs
    | Compared
    | NotCompared
    | Over
)
Asked = (
    protocol.Command
    | Open
    | Line
    | Audition
    | LearnFrom
    | Compare
    | ThreeNotes
    | Listen
    | Key
    | Overhear
)
