"""Every action of the window, declared once: menus, buttons, tips, keys and docs/KEYS.md read this.

An `ActionSpec` is plain data. It refuses to do anything: `gui.actions` makes Qt actions of it, the
panels connect those that are theirs, and `gui.doing` the rest.
"""

from dataclasses import dataclass

from plugin import protocol
from plugin.served.messages import Asked, KeepLast, Line, RestartEngine, ThreeNotes

MENUS = ("Jam", "Takes", "Edit", "Partner", "View", "Help")
"""In the order of the menu bar."""
PRESETS = 9


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action.

    text: on menu and button. tip: what it does, one line without a full stop. key: as Qt writes
    keys, "" for none. also: more keys. ask, ask_off: sent to the session when it is triggered, or
    switched on and off. group: of checkable ones, only one is on. new_part: a line stands above it
    in its menu.
    """

    name: str
    text: str
    tip: str
    key: str = ""
    menu: str = ""
    ask: Asked | None = None
    ask_off: Asked | None = None
    checkable: bool = False
    also: tuple[str, ...] = ()
    group: str = ""
    new_part: bool = False


_JAM = (
    ActionSpec(
        "listen",
        "Listen",
        "your partner listens and our clock runs; off, both rest",
        "Space",
        "Jam",
        checkable=True,
    ),
    ActionSpec(
        "answer", "Answer now", "the partner comes in now, or answers once more", "A", "Jam"
    ),
    ActionSpec(
        "again",
        "Ask again",
        "another answer to the same phrase",
        "Shift+A",
        "Jam",
        ask=protocol.Again(),
    ),
    ActionSpec(
        "hold",
        "Hold",
        "the partner begins no note; what sounds may end",
        "H",
        "Jam",
        ask=protocol.Hold(True),
        ask_off=protocol.Hold(False),
        checkable=True,
    ),
    ActionSpec(
        "mute",
        "Mute partner",
        "the partner is silent at once and stays so",
        "M",
        "Jam",
        checkable=True,
    ),
    ActionSpec(
        "forget",
        "Forget",
        "what was played so far counts no longer; your takes stay",
        "F",
        "Jam",
        ask=protocol.Forget(),
    ),
    ActionSpec(
        "metronome", "Metronome", "a click on every beat", "L", "Jam", checkable=True, new_part=True
    ),
    ActionSpec("tap", "Tap tempo", "tap it once a beat", "T", "Jam", ask=protocol.Tap()),
    ActionSpec(
        "panic",
        "Panic",
        "every note is silent at once; Esc twice does the same",
        "Ctrl+.",
        "Jam",
        ask=protocol.Panic(),
        new_part=True,
    ),
    ActionSpec("quit", "Quit", "ends the jam; every note is released", "Ctrl+Q", "Jam"),
)

_TAKES = (
    ActionSpec(
        "keep", "Keep", "keeps what was just played as a take", "K", "Takes", ask=KeepLast()
    ),
    ActionSpec(
        "star",
        "Star the answer",
        "the last answer gets a star: more like that",
        "S",
        "Takes",
        ask=protocol.Star(),
    ),
    ActionSpec(
        "alternatives",
        "Alternatives",
        "the answers that your last phrase could have had, best first",
        "Shift+K",
        "Takes",
        ask=protocol.Alternatives(),
    ),
    ActionSpec(
        "audition",
        "Audition",
        "plays the chosen take to your output, or stops it",
        "P",
        "Takes",
        new_part=True,
    ),
    ActionSpec("export", "Export", "writes the chosen take as a MIDI file", "Ctrl+E", "Takes"),
    ActionSpec(
        "copy_take", "Copy file", "copies the take's MIDI file, to paste it elsewhere", "", "Takes"
    ),
    ActionSpec(
        "save_take_as", "Save as…", "writes the take where you say", "Ctrl+Shift+S", "Takes"
    ),
    ActionSpec(
        "reveal", "Reveal in folder", "shows the take's MIDI file in its folder", "", "Takes"
    ),
    ActionSpec("rename", "Rename", "gives the chosen take a name", "F2", "Takes", new_part=True),
    ActionSpec(
        "delete_take", "Delete", "deletes the chosen take; it can be undone", "Del", "Takes"
    ),
    ActionSpec("score", "Score", "shows the chosen take as a score", "", "Takes", new_part=True),
    ActionSpec(
        "picture", "Picture", "saves the chosen take's piano roll as a picture", "", "Takes"
    ),
    ActionSpec(
        "learn_from",
        "Learn from these",
        "opens Personalise with the chosen takes ticked",
        "",
        "Takes",
        new_part=True,
    ),
    ActionSpec(
        "may_teach",
        "May teach the shared model",
        "lets the chosen takes teach the shared model; without it they are private",
        "",
        "Takes",
        checkable=True,
    ),
)

_EDIT = (
    ActionSpec("undo", "Undo", "takes back the last change", "Ctrl+Z", "Edit"),
    ActionSpec("redo", "Redo", "makes the last undone change again", "Ctrl+Shift+Z", "Edit"),
    ActionSpec(
        "cancel",
        "Cancel",
        "ends the audition, or waiting for a knob; twice is panic",
        "Esc",
        "Edit",
        new_part=True,
    ),
    *(
        ActionSpec(
            f"preset_{number}",
            f"Preset {number}",
            f"the partner plays as preset {number} says",
            str(number),
            "Edit",
            ask=Line(str(number)),
            new_part=number == 1,
        )
        for number in range(1, PRESETS + 1)
    ),
    ActionSpec(
        "settings", "Settings", "everything that can be set", "Ctrl+,", "Edit", new_part=True
    ),
)

_PARTNER = (
    ActionSpec(
        "personalise",
        "Personalise",
        "lets the partner learn from your takes",
        "Ctrl+L",
        "Partner",
        checkable=True,
    ),
    ActionSpec(
        "sharing",
        "Sharing",
        "what may help the shared model, off until you say so",
        "Ctrl+Shift+L",
        "Partner",
        checkable=True,
    ),
    ActionSpec(
        "ports",
        "Ports",
        "where the partner hears you and plays",
        "Ctrl+I",
        "Partner",
        new_part=True,
    ),
    ActionSpec(
        "controls",
        "Knobs and pedals",
        "binds what you move to what it should do",
        "Ctrl+K",
        "Partner",
    ),
    ActionSpec(
        "voice",
        "Built-in voice",
        "lets you hear yourself and the partner through this computer",
        "",
        "Partner",
    ),
    ActionSpec(
        "three_notes",
        "Play three notes",
        "three notes to your output, to hear whether it is connected",
        "",
        "Partner",
        ask=ThreeNotes(),
    ),
    ActionSpec(
        "restart_engine",
        "Restart the engine",
        "ends what makes the music and starts it anew; the session goes on",
        "",
        "Partner",
        ask=RestartEngine(),
        new_part=True,
    ),
    ActionSpec(
        "restart_session",
        "Restart the session",
        "releases every note and opens the same ports anew",
        "",
        "Partner",
    ),
)

_VIEW = (
    ActionSpec(
        "takes",
        "Takes",
        "shows the takes, at the right or, in a narrow window, in the place of the roll",
        "Ctrl+T",
        "View",
        checkable=True,
    ),
    ActionSpec(
        "piano",
        "Computer keys",
        "a small piano below the roll, for who has no keyboard at hand",
        "Ctrl+P",
        "View",
        checkable=True,
    ),
    ActionSpec(
        "zoom_in",
        "Zoom in",
        "fewer bars in the roll",
        "Ctrl++",
        "View",
        also=("Ctrl+=",),
        new_part=True,
    ),
    ActionSpec("zoom_out", "Zoom out", "more bars in the roll", "Ctrl+-", "View"),
    ActionSpec(
        "theme_dark",
        "Dark",
        "dark colours",
        "",
        "View",
        checkable=True,
        group="theme",
        new_part=True,
    ),
    ActionSpec("theme_light", "Light", "light colours", "", "View", checkable=True, group="theme"),
    ActionSpec(
        "theme_system",
        "As the system",
        "dark or light as your system is",
        "",
        "View",
        checkable=True,
        group="theme",
    ),
    ActionSpec(
        "full_screen",
        "Full screen",
        "the window takes the whole screen",
        "F11",
        "View",
        checkable=True,
        new_part=True,
    ),
)

_HELP = (
    ActionSpec("what_is_this", "What is this?", "says what the chosen control does", "F1", "Help"),
    ActionSpec("first_run", "First steps", "the four steps of the first start again", "", "Help"),
    ActionSpec("demo", "Demo", "a built-in phrase plays you, without any keyboard", "", "Help"),
    ActionSpec("keys", "Keys", "all keys, and how to change them", "Ctrl+?", "Help"),
    ActionSpec("doctor", "Doctor", "looks for what keeps a note from coming through", "", "Help"),
    ActionSpec(
        "about",
        "About",
        "versions, licences, and what the model learned from",
        "",
        "Help",
        new_part=True,
    ),
)

ACTIONS: tuple[ActionSpec, ...] = (*_JAM, *_TAKES, *_EDIT, *_PARTNER, *_VIEW, *_HELP)
"""All of them, in the order of the menus."""
