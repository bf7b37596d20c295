"""What can be written, as lines for a terminal: made from the table, so that it is never stale.

It refuses to know the present settings' owner: settings in, lines out.
"""

from collections.abc import Iterator

from plugin.control.actions import SAYS, Action
from plugin.control.dials import Dial, quoted
from plugin.control.kinds import nearest, tidy
from plugin.control.table import DIALS
from plugin.control.wording import HEADS, WAY_DIALS, WordingError
from plugin.settings import Settings, Way

WAYS: dict[Way, str] = {
    Way.ANSWER: "it continues your phrase where you leave off",
    Way.TRADE: "so many bars each, in turn",
    Way.SIGN: "it answers only when told: go, a pedal, a knob, a key",
    Way.ACCOMPANY: "it plays while you play",
    Way.HARMONISE: "every note of yours gets companions at once",
    Way.VARY: "your last phrase again, changed",
    Way.ENDLESS: "it goes on alone until you play",
}
"""What each way is."""

ORDERS: tuple[tuple[str, str], ...] = (
    ("show", "what differs from the usual; show all, controls, presets or a dial by name"),
    ("undo", "takes back the last change; redo brings it again"),
    ("reset", "everything as on the first day; reset closeness for one dial"),
    ("learn closeness", "then move a knob, and it is bound to that dial"),
    ("learn tempo 80 160", "the same with a range of its own"),
    ("learn hold", "then press a pedal, button or key: each press holds, or lets go"),
    ("learn hold held", "holds while it is held down"),
    ("learn go pass", "the music hears it too (pass), or does not (eat)"),
    ("learn closeness pickup", "the knob takes hold only where the dial stands"),
    ("learn presence inverted", "the knob the other way round"),
    ("learn preset quiet bass", "a pedal, button, key or program loads a preset"),
    ("learn off", "waits for no knob any more"),
    ("unlearn closeness", "what moves it moves it no longer; unlearn all"),
    ("save quiet bass", "keeps the settings under a name"),
    ("load quiet bass", "brings them back; 1 to 9 load the first nine"),
    ("rename quiet bass to deep bass", "gives the preset another name"),
    ("drop quiet bass", "forgets the preset"),
    ("alternative 2", "plays the second of the alternatives; again takes the next best"),
    ("profile", "says whose partner I am; profile anna makes me anna's"),
    ("learn", "trains on your last takes while you play; learn starred: on those with a star"),
    ("learn cancel", "stops that; everything stays as it was"),
    ("learn undo", "goes back to what I was before I learnt that"),
    ("closeness +0.1", "a number by so much more; -0.1 by so much less"),
    ("closeness default", "a dial as on the first day"),
    ("help all", "all of this; help rhythm or help closeness for a part"),
)
"""Lines that are neither dials nor actions, as they are written."""

_COLUMN = 26
_ACTION_LINES = (
    "go",
    "hold",
    "hold off",
    "again",
    "forget",
    "panic",
    "tap",
    "start",
    "stop",
    "star",
    "unstar",
    "keep",
    "delete",
    "alternatives",
)


def overview() -> list[str]:
    """The short help: ways, actions, and the names of the dials."""
    lines = ["Ways of playing", *_ways(), "At once", *_actions(), "Dials"]
    for group, dials in DIALS.groups.items():
        names = [dial.name for dial in dials if dial.name != "way"]
        names += [span.name for span in DIALS.spans if span.low in dials]
        lines.append(f"  {group:8s}  {', '.join(names)}")
    lines += ["More: help all, help rhythm, help closeness, help learn."]
    return lines


def about(word: str, settings: Settings) -> list[str]:
    """Help on a group, a dial, a way, an action, or all. Raises WordingError."""
    wanted = tidy(word)
    if not wanted:
        return overview()
    if wanted == "all":
        return everything()
    for group, dials in DIALS.groups.items():
        if wanted == group.casefold():
            return [line for dial in dials for line in _dial_line(dial)] + _spans(dials)
    for dial in DIALS:
        if wanted in (dial.name, *dial.also):
            return [
                f"{dial.label}: {dial.says}.",
                f"It takes {dial.kind.takes}. Now {dial.show(settings)}, "
                f"usually {dial.words(dial.default)}.",
                f"  {dial.name} {dial.example}",
            ]
    words = set(wanted.split())
    found = [line for line in everything() if line.startswith("  ") and words <= _words(line)]
    if not found:
        hint = nearest(wanted, HEADS) or "type help for what there is"
        raise WordingError(f"There is no help on {quoted(word)}: {hint}.")
    return found


def everything() -> list[str]:
    """Every line that can be written, in groups."""
    lines = ["Ways of playing", *_ways(), "At once", *_actions()]
    for group, dials in DIALS.groups.items():
        lines.append(group)
        for dial in dials:
            lines += _dial_line(dial)
        lines += _spans(dials)
    return [*lines, "More", *(_line(example, says) for example, says in ORDERS)]


def examples() -> Iterator[str]:
    """What stands in the left column of `everything`: lines that can be typed as they are."""
    for line in everything():
        if line.startswith("  "):
            yield line[2:].split("  ")[0]


def ways() -> Iterator[tuple[str, str]]:
    """Ways as they are written, and what each is."""
    for way, says in WAYS.items():
        dial = WAY_DIALS.get(way)
        yield (f"{way.value} {dial.example}" if dial else way.value), says


def actions() -> Iterator[tuple[str, str]]:
    """Actions as they are written, and what each does."""
    by_word = {action.value: says for action, says in SAYS.items()}
    by_word["hold off"] = SAYS[Action.RELEASE]
    for word in _ACTION_LINES:
        yield word, by_word[word]


def _ways() -> list[str]:
    return [_line(example, says) for example, says in ways()]


def _actions() -> list[str]:
    return [_line(word, says) for word, says in actions()]


def _spans(dials: tuple[Dial, ...]) -> list[str]:
    return [_line(span.example, span.says) for span in DIALS.spans if span.low in dials]


def _dial_line(dial: Dial) -> list[str]:
    return [_line(f"{dial.name} {dial.example}", dial.says)]


def _line(example: str, says: str) -> str:
    return f"  {example:{_COLUMN}s}  {says}"


def _words(line: str) -> set[str]:
    return set(tidy(line[2:].split("  ", maxsplit=1)[0]).split())
