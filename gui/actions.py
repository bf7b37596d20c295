"""Qt actions, made of `gui.action_list`: one object for menu, button, key and tip of each.

`actions["hold"]` is a QAction: panels put it on buttons and connect `triggered`. What an action
asks of the session is sent from here. Keys can be changed; one that is taken is refused with a
sentence. It refuses to know any panel.
"""

from collections.abc import Callable, Iterator, Mapping

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from gui.action_list import ACTIONS, ActionSpec
from gui.bridge import Bridge
from gui.state import JamState
from plugin.served.messages import Asked

__all__ = ["ACTIONS", "ActionSpec", "Actions", "key_words", "when"]

RESERVED = ("Tab", "Shift+Tab", "Return", "Enter", "Up", "Down", "Left", "Right")
"""Keys that move about in every window."""


def key_words(key: str) -> str:
    """A key as this system writes it: "Ctrl+E", on a Mac "⌘E"."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def _same(key: str) -> str:
    """A key in one way of writing, "" for what is none."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


class Actions(QObject):
    """All actions by name. Thread: the GUI's."""

    keys_changed = Signal()

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        rebound: Mapping[str, str] | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Rebound: other keys by the action's name, as `gui.kept` holds them."""
        super().__init__(parent)
        self._bridge, self.state = bridge, state
        self._specs = {spec.name: spec for spec in ACTIONS}
        self._actions: dict[str, QAction] = {}
        self._groups: dict[str, QActionGroup] = {}
        self._reasons: dict[str, str] = {}
        self._tips: dict[str, str] = {}
        self._keys = {spec.name: _same(spec.key) for spec in ACTIONS}
        for spec in ACTIONS:
            self._actions[spec.name] = self._make(spec)
        for name, key in (rebound or {}).items():
            if name in self._specs and (key == "" or not self.conflict(name, key)):
                self._keys[name] = _same(key)
        for spec in ACTIONS:
            self._dress(spec.name)

    def __getitem__(self, name: str) -> QAction:
        """The action of this name. Raises KeyError."""
        return self._actions[name]

    def __iter__(self) -> Iterator[ActionSpec]:
        return iter(ACTIONS)

    def key(self, name: str) -> str:
        """Its present key as Qt writes it, "" for none."""
        return self._keys[name]

    def tip(self, name: str) -> str:
        """What its tooltip says: text, what it does, key, and why not where it cannot be done."""
        return self._actions[name].toolTip()

    @property
    def rebound(self) -> dict[str, str]:
        """Keys that differ from the usual ones, by name."""
        return {
            name: key for name, key in self._keys.items() if key != _same(self._specs[name].key)
        }

    def conflict(self, name: str, key: str) -> str:
        """Why this action cannot have this key: a sentence and a next step, or ""."""
        plain = _same(key)
        if not plain or QKeySequence(plain).count() != 1:
            return f"“{key}” is no key; press one key, with Ctrl, Alt or Shift if you like."
        if plain in RESERVED:
            return f"{key_words(plain)} moves about in the window; choose another key."
        if name != "cancel" and plain == "Esc":
            return "Esc always cancels, and twice is panic; choose another key."
        for other, spec in self._specs.items():
            if other != name and plain in (self._keys[other], *map(_same, spec.also)):
                return (
                    f"{key_words(plain)} is “{spec.text}” already; choose another key, or take it "
                    "from there first."
                )
        return ""

    def rebind(self, name: str, key: str) -> str:
        """Give an action another key, "" for none; a sentence where that cannot be, else ""."""
        if name in ("panic", "cancel") and not key:
            return f"“{self._specs[name].text}” always has a key; choose another one."
        if key and (says := self.conflict(name, key)):
            return says
        self._keys[name] = _same(key)
        self._dress(name)
        self.keys_changed.emit()
        return ""

    def usual_keys(self) -> None:
        """All keys as on the first day."""
        self._keys = {spec.name: _same(spec.key) for spec in ACTIONS}
        for name in self._keys:
            self._dress(name)
        self.keys_changed.emit()

    def refuse(self, name: str, reason: str) -> None:
        """Disable an action and say why in its tip; "" enables it."""
        if self._reasons.get(name, "") != reason:
            self._reasons[name] = reason
            self._dress(name)

    def reason(self, name: str) -> str:
        """Why it cannot be done now, "" where it can."""
        return self._reasons.get(name, "")

    def call(self, name: str, text: str = "", tip: str = "") -> None:
        """Another text or tip for what it does now ("Undo tempo: 96 bpm"); "" is the usual one."""
        self._actions[name].setText(text or self._specs[name].text)
        self._tips[name] = tip
        self._dress(name)

    def does(self, name: str, do: Callable[[], object]) -> None:
        """What an action does, beside what it asks of the session."""
        when(self._actions[name], do)

    # -- making --

    def _make(self, spec: ActionSpec) -> QAction:
        action = QAction(spec.text, self)
        action.setObjectName(spec.name)
        action.setCheckable(spec.checkable)
        contexts = Qt.ShortcutContext
        # Panic is heard wherever in the program one is.
        everywhere = spec.name == "panic"
        action.setShortcutContext(
            contexts.ApplicationShortcut if everywhere else contexts.WindowShortcut
        )
        action.setAutoRepeat(False)
        if spec.group:
            if spec.group not in self._groups:
                self._groups[spec.group] = QActionGroup(self)
            self._groups[spec.group].addAction(action)
        if spec.ask is not None:
            on, off = spec.ask, spec.ask_off
            action.triggered.connect(lambda checked: self._ask(on, off, checked))
        return action

    def _ask(self, on: Asked, off: Asked | None, checked: bool) -> None:
        self._bridge.send(off if off is not None and not checked else on)

    def _dress(self, name: str) -> None:
        spec, action, key = self._specs[name], self._actions[name], self._keys[name]
        action.setShortcuts([QKeySequence(one) for one in (key, *spec.also) if one])
        reason = self._reasons.get(name, "")
        action.setEnabled(not reason)
        says = f"{action.text()} — {self._tips.get(name) or spec.tip}"
        says += f" ({key_words(key)})" if key else ""
        says += f"\n{reason}" if reason else ""
        action.setToolTip(says)
        action.setStatusTip(says.replace("\n", ". "))
        action.setWhatsThis(says)


def when(action: QAction, do: Callable[[], object]) -> None:
    """Connect what an action does, without Qt's checked argument."""
    action.triggered.connect(lambda _checked: do())
