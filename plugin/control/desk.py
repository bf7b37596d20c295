"""The desk: present settings, bindings and presets, and one step back from every change.

Lines of text and MIDI messages in, outcomes out: new settings, an action, words for the player. It
refuses to carry out an action and to touch a file; whoever holds the desk does both.

Thread: one. Real-time: yes for MIDI; a line of text takes well below a millisecond.
"""

from collections import deque
from dataclasses import dataclass, replace

import msgspec

from plugin import protocol
from plugin.control import help as helping
from plugin.control.actions import SAYS, Action
from plugin.control.bindings import PEDALS, ControlMap, SourceKind, Target, TargetKind
from plugin.control.dials import Dial, quoted
from plugin.control.kinds import nearest
from plugin.control.learn import LEARN_FOR_NS, Controls, Heard, Wish
from plugin.control.orders import (
    Act,
    Help,
    Learn,
    Nothing,
    Order,
    Preset,
    Put,
    Show,
    Tell,
    Undo,
    Unlearn,
)
from plugin.control.store import MOST_PRESETS, Kept
from plugin.control.table import DIALS
from plugin.control.wording import WordingError, preset_name, read
from plugin.settings import Settings

MOST_STEPS = 200
"""Changes that can be taken back."""
ONE_TURN_NS = 1_000_000_000
"""A knob that goes on turning within this time is one change."""
_MOST_SAID = 6


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a line or a message led to.

    settings: the new ones, where they changed. action, command: something to do now. says: words
    for the player, may be several lines, may be nothing. keep: what is kept has changed
    (`Desk.kept`). eaten: the music must not hear the message. dial: which one was turned, for a
    display that writes over its last line while a knob turns.
    """

    settings: Settings | None = None
    action: Action | None = None
    says: str = ""
    command: protocol.Command | None = None
    keep: bool = False
    eaten: bool = False
    dial: str = ""


@dataclass(frozen=True, slots=True)
class _Step:
    """How things stood before a change, and the change in words."""

    before: Kept
    what: str


class Desk:
    """See the module."""

    def __init__(self, kept: Kept | None = None) -> None:
        self._kept = kept or Kept()
        self._controls = Controls(self._kept.controls)
        self._done: deque[_Step] = deque(maxlen=MOST_STEPS)
        self._undone: deque[_Step] = deque(maxlen=MOST_STEPS)
        self._turning: tuple[str, int] = ("", 0)

    @property
    def kept(self) -> Kept:
        """Everything that should outlive the jam."""
        return self._kept

    @property
    def settings(self) -> Settings:
        """The present ones."""
        return self._kept.settings

    @property
    def learning(self) -> Target | None:
        """What waits for a knob."""
        wish = self._controls.learning
        return None if wish is None else wish.target

    @property
    def undo_what(self) -> str:
        """The change that would be taken back, in words; "" for none."""
        return self._done[-1].what if self._done else ""

    @property
    def redo_what(self) -> str:
        """The change that would be made again, in words; "" for none."""
        return self._undone[-1].what if self._undone else ""

    def expire(self, now_ns: int) -> None:
        """Wait for no knob any longer that nobody moved in time."""
        self._controls.expire(now_ns)

    def adopt(self, now_ns: int, settings: Settings) -> Outcome:
        """Settings that were changed elsewhere: a tapped tempo, a window."""
        changed = DIALS.changed(self.settings, settings)
        return self._put(settings, (changed[0].name, now_ns) if len(changed) == 1 else ("", 0))

    def line(self, now_ns: int, text: str) -> Outcome:
        """What a musician typed. Never raises: what cannot be obeyed is said in a sentence."""
        try:
            return self._obey(now_ns, read(text, self.settings))
        except ValueError as error:
            return Outcome(says=str(error))

    def midi(self, now_ns: int, message: bytes) -> Outcome | None:
        """One message of the player's port; None where it is music and no control at all."""
        if self._controls.learning is not None and self._is_own_state(message):
            return None
        heard = self._controls.message(now_ns, message, self.settings)
        return None if heard is None else self._heard(now_ns, heard)

    def _obey(self, now_ns: int, order: Order) -> Outcome:
        outcome = Outcome()
        match order:
            case Put():
                outcome = self._put(order.settings, named=order.named)
            case Act():
                outcome = Outcome(action=order.action, says=_sentence(SAYS[order.action]))
            case Show():
                outcome = Outcome(says=self._shown(order))
            case Help():
                outcome = Outcome(says="\n".join(helping.about(order.about, self.settings)))
            case Learn():
                outcome = self._learn(now_ns, order.wish)
            case Unlearn():
                outcome = self._unlearn(order.target)
            case Undo():
                outcome = self._redo() if order.again else self._undo()
            case Preset():
                outcome = self._preset(order.verb, order.name)
            case Tell():
                says = _sentence(order.says) if order.says else ""
                outcome = Outcome(command=order.command, says=says)
            case Nothing():
                pass
        return outcome

    # -- controls --

    def _learn(self, now_ns: int, wish: Wish | None) -> Outcome:
        if wish is None:
            self._controls.stop_learning()
            return Outcome(says="No control is waited for.")
        self._controls.learn(now_ns, wish)
        seconds = LEARN_FOR_NS // 1_000_000_000
        return Outcome(says=f"Move a knob, pedal or key for {wish.target} within {seconds} s.")

    def _is_own_state(self, message: bytes) -> bool:
        """A DAW may send our own state back; it must not be learnt."""
        cc = self.settings.state_cc
        return cc is not None and message[:2] == bytes((0xB0 | cc[0], cc[1]))

    def _heard(self, now_ns: int, heard: Heard) -> Outcome:
        outcome = Outcome()
        if heard.learned is not None:
            outcome = self._change(
                msgspec.structs.replace(self._kept, controls=self._controls.map),
                f"{heard.learned}",
            )
            pedal = heard.learned.source
            if pedal.kind is SourceKind.CONTROL and pedal.number in PEDALS and heard.eaten:
                outcome = replace(outcome, says=f"{outcome.says}; the music hears it no longer")
        elif heard.dial:
            dial = DIALS[heard.dial]
            outcome = self._put(dial.put(self.settings, heard.value), turning=(dial.name, now_ns))
        elif heard.action is not None:
            outcome = Outcome(action=heard.action, says=_sentence(SAYS[heard.action]))
        elif heard.preset:
            try:
                outcome = self._preset("load", heard.preset)
            except WordingError as error:
                outcome = Outcome(says=str(error))
        return replace(outcome, eaten=heard.eaten)

    def _unlearn(self, target: Target | None) -> Outcome:
        before = self._kept.controls
        after = ControlMap() if target is None else before.without(target)
        if before == after:
            what = "anything" if target is None else str(target)
            return Outcome(
                says=f"No control moves {what}: write show controls for those there are."
            )
        self._controls.map = after
        gone = len(before.bindings) - len(after.bindings)
        what = f"{gone} control{'s' * (gone > 1)} unlearnt"
        return self._change(msgspec.structs.replace(self._kept, controls=after), what)

    # -- changes, and back --

    def _put(
        self,
        settings: Settings,
        turning: tuple[str, int] = ("", 0),
        named: tuple[Dial, ...] = (),
    ) -> Outcome:
        if settings == self.settings:
            return Outcome(says=f"{_values(named, settings) or 'everything'}, as it was")
        others = (dial for dial in DIALS.changed(self.settings, settings) if dial not in named)
        # What has no dial of its own can come from a preset or a window.
        what = _values((*named, *others), settings) or "other settings"
        name, at_ns = turning
        goes_on = name and self._turning[0] == name and at_ns - self._turning[1] <= ONE_TURN_NS
        self._turning = turning
        kept = msgspec.structs.replace(self._kept, settings=settings)
        if goes_on and self._done:
            self._done[-1] = _Step(self._done[-1].before, what)
            self._kept = kept
            self._undone.clear()
            return Outcome(settings=settings, says=what, keep=True, dial=name)
        outcome = self._change(kept, what)
        self._turning = turning
        return replace(outcome, dial=name)

    def _change(self, kept: Kept, what: str) -> Outcome:
        self._done.append(_Step(self._kept, what))
        self._undone.clear()
        self._turning = ("", 0)
        return self._become(kept, what)

    def _become(self, kept: Kept, says: str) -> Outcome:
        new = kept.settings if kept.settings != self.settings else None
        if kept.controls != self._controls.map:
            self._controls.map = kept.controls
        self._kept = kept
        return Outcome(settings=new, says=says, keep=True)

    def _undo(self) -> Outcome:
        return self._back(self._done, self._undone, "Taken back", "There is nothing to take back.")

    def _redo(self) -> Outcome:
        return self._back(
            self._undone, self._done, "Done again", "There is nothing to bring back again."
        )

    def _back(self, here: deque[_Step], there: deque[_Step], done: str, empty: str) -> Outcome:
        if not here:
            return Outcome(says=empty)
        step = here.pop()
        there.append(_Step(self._kept, step.what))
        self._turning = ("", 0)
        return self._become(step.before, f"{done}: {step.what}")

    # -- presets --

    def _preset(self, verb: str, name: str) -> Outcome:
        presets = self._kept.presets
        if verb == "number":
            names = list(presets)
            if int(name) > len(names):
                raise WordingError(f"There is no preset {name} yet: save a name makes one.")
            verb, name = "load", names[int(name) - 1]
        if verb == "rename":
            return self._rename(name)
        if verb == "save":
            if name not in presets and len(presets) >= MOST_PRESETS:
                raise WordingError(f"There are {MOST_PRESETS} presets already: drop one first.")
            new = presets | {name: self.settings}
            what = f"preset {name} {'replaced' if name in presets else 'saved'}"
            return self._change(msgspec.structs.replace(self._kept, presets=new), what)
        found = self._preset_called(name)
        if found is None:
            hint = nearest(name, tuple(presets)) or "show presets lists them"
            raise WordingError(f"There is no preset {quoted(name)}: {hint}.")
        if verb == "drop":
            new = {kept: value for kept, value in presets.items() if kept != found}
            return self._change(
                msgspec.structs.replace(self._kept, presets=new), f"preset {found} dropped"
            )
        outcome = self._put(presets[found])
        return replace(outcome, says=f"preset {found}: {outcome.says}")

    def _rename(self, both: str) -> Outcome:
        """The old name to the new: its place, and what is bound to it, stay."""
        parts = both.split(" to ")
        # Either name may have a "to" of its own.
        for cut in range(1, len(parts)):
            old = self._preset_called(" to ".join(parts[:cut]))
            if old is not None:
                new = preset_name(" to ".join(parts[cut:]))
                break
        else:
            hint = nearest(parts[0], tuple(self._kept.presets)) or "show presets lists them"
            raise WordingError(f"There is no preset {quoted(parts[0])}: {hint}.")
        if self._preset_called(new) not in (None, old):
            raise WordingError(f"There is a preset {quoted(new)} already: choose another name.")
        presets = {new if kept == old else kept: at for kept, at in self._kept.presets.items()}
        before, after = (Target(TargetKind.PRESET, name) for name in (old, new))
        controls = ControlMap(
            tuple(
                msgspec.structs.replace(binding, target=after)
                if binding.target == before
                else binding
                for binding in self._kept.controls.bindings
            )
        )
        kept = msgspec.structs.replace(self._kept, presets=presets, controls=controls)
        return self._change(kept, f"preset {old} is called {new}")

    def _preset_called(self, name: str) -> str | None:
        """A preset's name as it is kept, whatever the case that was written."""
        wanted = name.casefold()
        return next((kept for kept in self._kept.presets if kept.casefold() == wanted), None)

    # -- words --

    def _shown(self, order: Show) -> str:
        if order.dials:
            return "\n".join(
                f"{dial.name}: {dial.show(self.settings)} (takes {dial.kind.takes})"
                for dial in order.dials
            )
        if order.what == "controls":
            lines = [str(binding) for binding in self._kept.controls.bindings]
            return "\n".join(lines) or "No control is bound yet: learn closeness binds one."
        if order.what == "presets":
            lines = [f"{place}  {name}" for place, name in enumerate(self._kept.presets, 1)]
            return "\n".join(lines) or "No preset is kept yet: save quiet bass keeps one."
        if order.what == "all":
            shown = list(DIALS)
        else:
            changed = DIALS.changed(Settings(), self.settings)
            shown = [DIALS["way"], *(dial for dial in changed if dial.name != "way")]
        return "\n".join(f"{dial.name}: {dial.show(self.settings)}" for dial in shown)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _values(dials: tuple[Dial, ...], settings: Settings) -> str:
    words = [f"{dial.name}: {dial.show(settings)}" for dial in dials[:_MOST_SAID]]
    if len(dials) > _MOST_SAID:
        words.append(f"and {len(dials) - _MOST_SAID} more")
    return ", ".join(words)
