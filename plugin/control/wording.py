"""Lines of text as musicians type them, and what they ask for: "trade 4", "scale D dorian", "go".

`read` is pure: a line and the present settings in, an order out. A line that means nothing raises
one sentence with the nearest words. It refuses to carry anything out: `plugin.control.desk` does.
"""

from collections.abc import Callable

from plugin import protocol
from plugin.control.actions import Action
from plugin.control.bindings import Manner, Target, TargetKind
from plugin.control.dials import Dial, Span, quoted
from plugin.control.kinds import OFF_WORDS, Number, nearest, tidy
from plugin.control.learn import Wish
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
from plugin.control.table import DIALS
from plugin.settings import Settings, Way

LONGEST_LINE = 400
LONGEST_NAME = 60
_MOST_HEAD = 4
TEACHES = {
    "last": "I learn from your last takes",
    "starred": "I learn from the takes with a star",
    "cancel": "I stop learning; everything stays as it was",
    "undo": "I go back to what I was before",
}
"""What each wish to train me is answered with at once."""
_USUAL_WORDS = ("default", "usual")

WAY_DIALS: dict[Way, Dial] = {
    Way.ANSWER: DIALS["eagerness"],
    Way.TRADE: DIALS["bars"],
    Way.ACCOMPANY: DIALS["presence"],
    Way.HARMONISE: DIALS["companions"],
    Way.VARY: DIALS["distance"],
}
"""The dial that may follow a way at once: "trade 4", "vary 0.7"."""

_WAYS = {way.value: way for way in Way} | {"harmonize": Way.HARMONISE}
_ACTIONS = {
    "go": Action.ANSWER_NOW,
    "now": Action.ANSWER_NOW,
    "hold": Action.HOLD,
    "hold on": Action.HOLD,
    "hold off": Action.RELEASE,
    "release": Action.RELEASE,
    "toggle hold": Action.TOGGLE_HOLD,
    "again": Action.AGAIN,
    "forget": Action.FORGET,
    "panic": Action.PANIC,
    "!": Action.PANIC,
    "tap": Action.TAP,
    "start": Action.START,
    "stop": Action.STOP,
    "star": Action.STAR,
    "star off": Action.UNSTAR,
    "unstar": Action.UNSTAR,
    "keep": Action.KEEP,
    "delete": Action.DELETE,
    "alternatives": Action.ALTERNATIVES,
}
_DIALS = {word: dial for dial in DIALS for word in (dial.name, *dial.also)}
_SPANS = {span.name: span for span in DIALS.spans}
_PRESET_VERBS = {"save": "save", "load": "load", "drop": "drop", "preset": "load"}


class WordingError(ValueError):
    """A line that cannot be obeyed; the message is a sentence and a next step."""


def read(line: str, settings: Settings) -> Order:
    """What a line asks for, with the present settings. Raises WordingError."""
    words = line[:LONGEST_LINE].split()
    if not words:
        return Nothing()
    for count in range(min(_MOST_HEAD, len(words)), 0, -1):
        head = tidy(" ".join(words[:count]))
        if head in _READERS:
            try:
                return _READERS[head](" ".join(words[count:]), settings)
            except WordingError:
                raise
            except ValueError as error:
                raise WordingError(str(error)) from None
    if len(line) > LONGEST_LINE:
        raise WordingError(f"{quoted(line)} is too long to be meant: type `help` for what can be.")
    guess = nearest(tidy(" ".join(words[:2])), HEADS) or nearest(tidy(words[0]), HEADS)
    hint = guess or "look at how it is spelt"
    raise WordingError(f"{quoted(line)} says nothing to me: {hint}, or type `help`.")


def target_of(text: str) -> Target:
    """A dial, an action or a preset by its words. Raises WordingError."""
    word = tidy(text)
    if word in _DIALS:
        return Target(TargetKind.DIAL, _DIALS[word].name)
    if word in _ACTIONS:
        return Target(TargetKind.ACTION, _ACTIONS[word].value)
    if word.startswith("preset "):
        return Target(TargetKind.PRESET, preset_name(text.strip().split(maxsplit=1)[1]))
    if word in _SPANS:
        low, high = _SPANS[word].low.name, _SPANS[word].high.name
        raise WordingError(f"{word} has two ends: learn {low} or {high}.")
    hint = nearest(word, (*_DIALS, *_ACTIONS)) or "`help` lists the dials and actions"
    raise WordingError(f"Nothing is called {quoted(text)}: {hint}.")


def change(dial: Dial, text: str, settings: Settings) -> Put:
    """A dial set to what somebody wrote: a value, "default", or +5 and -5 for a number."""
    if tidy(text) in _USUAL_WORDS:
        return Put(dial.put(settings, dial.default), (dial,))
    if text[:1] in ("+", "-") and isinstance(dial.kind, Number):
        before = dial.get(settings)
        if before is None:
            raise WordingError(f"{dial.name} is {dial.show(settings)}: give it a number first.")
        try:
            return Put(dial.put(settings, dial.kind.moved(before, text)), (dial,))
        except ValueError:
            raise WordingError(f"{quoted(text)} is no step: write it like +5 or -5.") from None
    return Put(dial.put(settings, dial.read(text)), (dial,))


# -- one reader for each kind of word --


def _way(way: Way) -> Callable[[str, Settings], Order]:
    def read_way(rest: str, settings: Settings) -> Order:
        changed = DIALS["way"].put(settings, way)
        if not rest:
            return Put(changed, (DIALS["way"],))
        if way not in WAY_DIALS:
            raise WordingError(f"{way.value} stands alone: leave out {quoted(rest)}.")
        put = change(WAY_DIALS[way], rest, changed)
        return Put(put.settings, (DIALS["way"], *put.named))

    return read_way


def _action(action: Action) -> Callable[[str, Settings], Order]:
    def read_action(rest: str, settings: Settings) -> Order:
        # Whoever types panic has no time for spelling.
        if rest and action is not Action.PANIC:
            raise WordingError(f"{action.value} stands alone: leave out {quoted(rest)}.")
        return Act(action)

    return read_action


def _dial(dial: Dial) -> Callable[[str, Settings], Order]:
    def read_dial(rest: str, settings: Settings) -> Order:
        return change(dial, rest, settings) if rest else Show((dial,))

    return read_dial


def _span(span: Span) -> Callable[[str, Settings], Order]:
    low, high = span.low, span.high

    def read_span(rest: str, settings: Settings) -> Order:
        words = tidy(rest).replace(" to ", " ").split()
        if not words:
            return Show((low, high))
        if len(words) == 1 and words[0] in (*OFF_WORDS, *_USUAL_WORDS):
            settings = low.put(settings, low.default)
            return Put(high.put(settings, high.default), (low, high))
        if len(words) == 1 and span.name == "density":
            # A number by itself is the most; no beat has to be filled.
            most = high.read(words[0])
            return Put(high.put(low.put(settings, low.default), most), (low, high))
        if len(words) != 2:
            raise WordingError(f"{span.name} takes two ends: write it like {span.example}, or off.")
        first, last = low.read(words[0]), high.read(words[1])
        if first is not None and last is not None and first > last:
            raise WordingError(f"{low.words(first)} is above {high.words(last)}: exchange the two.")
        return Put(high.put(low.put(settings, first), last), (low, high))

    return read_span


_MANNERS = {"held": Manner.HELD, "toggle": Manner.PRESS, "press": Manner.PRESS}
_FLAGS = ("pass", "eat", "pickup", "inverted", *_MANNERS)


def _learn(rest: str, settings: Settings) -> Order:
    if tidy(rest) in ("", *OFF_WORDS, "stop"):
        if not rest:
            return Tell(protocol.Learn("last"), TEACHES["last"])
        return Learn(None)
    words, flags = rest.split(), set[str]()
    while len(words) > 1 and tidy(words[-1]) in _FLAGS:
        flags.add(tidy(words.pop()))
    ends: list[str] = []
    is_preset = tidy(words[0]) == "preset"
    # The longest name wins; what follows it are the ends of the knob.
    while not is_preset and len(words) > 1 and tidy(" ".join(words)) not in {*_DIALS, *_ACTIONS}:
        ends.insert(0, words.pop())
    if len(ends) not in (0, 2):
        words, ends = [*words, *ends], []
    target = target_of(" ".join(words))
    if flags >= {"pass", "eat"}:
        raise WordingError("A control is passed on or eaten: leave out one of the two words.")
    if target.name == Action.HOLD and "held" not in flags:
        # One button has to do both.
        target = Target(TargetKind.ACTION, Action.TOGGLE_HOLD.value)
    manner = next((_MANNERS[flag] for flag in _MANNERS if flag in flags), None)
    low, high = _ends(target, ends)
    if "inverted" in flags:
        low, high = high, low
    passes = True if "pass" in flags else False if "eat" in flags else None
    return Learn(Wish(target, manner, low, high, passes, "pickup" in flags))


def _ends(target: Target, ends: list[str]) -> tuple[float, float]:
    if not ends:
        return 0.0, 1.0
    if target.kind is not TargetKind.DIAL or not DIALS[target.name].kind.turns:
        raise WordingError(f"{target} has no range: leave out {quoted(' '.join(ends))}.")
    dial = DIALS[target.name]
    low, high = (dial.kind.turn(dial.read(end)) for end in ends)
    return low, high


def _unlearn(rest: str, settings: Settings) -> Order:
    if tidy(rest) in ("all", "everything"):
        return Unlearn(None)
    if not rest:
        raise WordingError("Unlearn what? Name it or all of them: unlearn closeness, unlearn all.")
    return Unlearn(target_of(rest))


def _show(rest: str, settings: Settings) -> Order:
    word = tidy(rest)
    if word in ("", "all", "controls", "presets"):
        return Show(what=word)
    if word in _SPANS:
        return Show((_SPANS[word].low, _SPANS[word].high))
    if word in _DIALS:
        return Show((_DIALS[word],))
    hint = nearest(word, tuple(_DIALS)) or "write show all"
    raise WordingError(f"There is no dial called {quoted(rest)}: {hint}.")


def _help(rest: str, settings: Settings) -> Order:
    return Help(tidy(rest))


def _reset(rest: str, settings: Settings) -> Order:
    if not rest:
        return Put(Settings(), ())
    word = tidy(rest)
    if word in _SPANS:
        return _span(_SPANS[word])("default", settings)
    target = target_of(rest)
    if target.kind is not TargetKind.DIAL:
        raise WordingError(f"{target} is no dial: only a dial has a usual value.")
    return change(DIALS[target.name], "default", settings)


def _teach(what: str) -> Callable[[str, Settings], Order]:
    def read_teach(rest: str, settings: Settings) -> Order:
        if rest:
            raise WordingError(f"That stands alone: leave out {quoted(rest)}.")
        return Tell(protocol.Learn(what), TEACHES[what])

    return read_teach


def _profile(rest: str, settings: Settings) -> Order:
    name = " ".join(rest.split())
    return Tell(protocol.UseProfile(name or None))


def _alternative(rest: str, settings: Settings) -> Order:
    if not (rest.isascii() and rest.isdigit() and 0 < int(rest) < 100):
        raise WordingError("An alternative has a number: alternative 2; alternatives lists them.")
    return Tell(protocol.Choose(int(rest)))


def _undo(again: bool) -> Callable[[str, Settings], Order]:
    return lambda rest, settings: Undo(again)


def _preset(verb: str) -> Callable[[str, Settings], Order]:
    def read_preset(rest: str, settings: Settings) -> Order:
        if not rest:
            raise WordingError(f"{verb} needs a name: {verb} quiet bass.")
        return Preset(verb, preset_name(rest))

    return read_preset


def _rename(rest: str, settings: Settings) -> Order:
    words = rest.split()
    if "to" not in words[1:-1]:
        raise WordingError("rename needs two names: rename quiet bass to deep bass.")
    return Preset("rename", " ".join(words))


def _numbered(number: str) -> Callable[[str, Settings], Order]:
    def read_number(rest: str, settings: Settings) -> Order:
        if rest:
            raise WordingError(f"{number} by itself loads a preset: leave out {quoted(rest)}.")
        return Preset("number", number)

    return read_number


def preset_name(text: str) -> str:
    """A name as it is kept. Raises WordingError."""
    name = "".join(char for char in " ".join(text.split()) if char.isprintable())
    if not 0 < len(name) <= LONGEST_NAME:
        raise WordingError(
            f"A preset's name has 1 to {LONGEST_NAME} letters: choose a shorter one."
        )
    return name


_READERS: dict[str, Callable[[str, Settings], Order]] = {
    **{word: _dial(dial) for word, dial in _DIALS.items()},
    **{word: _span(span) for word, span in _SPANS.items()},
    **{word: _way(way) for word, way in _WAYS.items()},
    **{word: _action(action) for word, action in _ACTIONS.items()},
    **{word: _preset(verb) for word, verb in _PRESET_VERBS.items()},
    "rename": _rename,
    "learn": _learn,
    "unlearn": _unlearn,
    "learn takes": _teach("last"),
    "learn starred": _teach("starred"),
    "learn cancel": _teach("cancel"),
    "learn undo": _teach("undo"),
    "profile": _profile,
    "alternative": _alternative,
    "show": _show,
    "help": _help,
    "?": _help,
    "undo": _undo(False),
    "redo": _undo(True),
    "reset": _reset,
    **{str(number): _numbered(str(number)) for number in range(1, 10)},
}
HEADS = tuple(_READERS)
"""Every word that a line can begin with."""
