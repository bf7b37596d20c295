"""What a line of text can ask for: plain values, the results of `plugin.control.wording`."""

from dataclasses import dataclass

from plugin import protocol
from plugin.control.actions import Action
from plugin.control.bindings import Target
from plugin.control.dials import Dial
from plugin.control.learn import Wish
from plugin.settings import Settings


@dataclass(frozen=True, slots=True)
class Put:
    """New settings; `named` are the dials that the line spoke of, changed or not."""

    settings: Settings
    named: tuple[Dial, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """Something to do at once."""

    action: Action


@dataclass(frozen=True, slots=True)
class Show:
    """Say how something stands: dials, or "all", "controls", "presets"."""

    dials: tuple[Dial, ...] = ()
    what: str = ""


@dataclass(frozen=True, slots=True)
class Help:
    """Say what can be written, all of it or about one word."""

    about: str = ""


@dataclass(frozen=True, slots=True)
class Learn:
    """Bind the next control that moves; None: wait no longer."""

    wish: Wish | None


@dataclass(frozen=True, slots=True)
class Unlearn:
    """Take what moves this target off it; None: all bindings."""

    target: Target | None


@dataclass(frozen=True, slots=True)
class Undo:
    """One step back, or forth again."""

    again: bool = False


@dataclass(frozen=True, slots=True)
class Preset:
    """Save, load or drop the settings under a name; to rename, `name` is "the old to the new"."""

    verb: str
    name: str


@dataclass(frozen=True, slots=True)
class Tell:
    """A command for the session, and what is said at once."""

    command: protocol.Command
    says: str = ""


@dataclass(frozen=True, slots=True)
class Nothing:
    """An empty line."""


Order = Put | Act | Show | Help | Learn | Unlearn | Undo | Preset | Tell | Nothing
