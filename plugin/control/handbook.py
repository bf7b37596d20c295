"""docs/CONTROLS.md, made from the table: `python -m plugin.control.handbook` prints it.

It refuses to be edited by hand: a test compares the page with what is printed here.
"""

from collections.abc import Iterable

from plugin.control.bindings import NEVER, PEDALS
from plugin.control.help import ORDERS, actions, ways
from plugin.control.learn import LEARN_FOR_NS, MOVED, PRESSED, RELEASED
from plugin.control.table import DIALS

_HEAD = """\
# Controls: everything that can be said to the partner while you play

Type a line into the terminal of `antiphon jam`, or move a knob. Every change counts from then
on, is said, and can be taken back (`undo`). Words may be left unfinished where they fit only
one thing; small and capital letters are the same. `help` prints the short form of this page.

<!-- Made by `python -m plugin.control.handbook`: change the table there, not this page. -->
"""


def _numbers(found: Iterable[int]) -> str:
    """Numbers in order, runs joined: 0, 6, 96 to 101."""
    runs: list[list[int]] = []
    for number in sorted(found):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in runs)


def _pedals() -> str:
    return ", ".join(f"{name} {number}" for number, name in PEDALS.items())


_KNOBS = f"""\
## Knobs, pedals and keys

`learn closeness`, then move a knob: from then on it turns that dial. `learn go`, then press a
pedal, a button or a key. Learning waits {LEARN_FOR_NS // 1_000_000_000} seconds for the next
control that clearly moved: a key or a program at once, a knob by more than {MOVED - 1} of its
127 steps, a pedal or button when it is pressed. The move itself does nothing else. Clock, bank
select, parameter numbers and data entry (controllers {_numbers(NEVER)}) are never taken; of a
controller with a fine half only the coarse one is. `undo` and `unlearn closeness` take it off
again; `show controls` lists what is bound.

- **A number** follows the knob over its whole range, or over the one you name: `learn tempo 80
  160`. With `pickup` the knob takes hold only when it comes to where the dial stands, so
  nothing jumps. `inverted` turns it round; for a pedal that is wired the other way too.
- **A choice** has its words side by side on a knob; a key or program goes to the next one at
  each press.
- **A switch** is on from the middle of a knob or pedal; a key, or the word `toggle`, changes it
  at each press; with `held` it is on while a key or pedal is down.
- **An action** happens at each press. A press is a value from {PRESSED} on, the release one
  below {RELEASED}, so that a half-pressed pedal does not flutter. `learn hold` makes each press
  hold or let go; `learn hold held` holds while it is down.
- **A preset** is loaded at each press: `learn preset quiet bass`.

A control that is bound belongs to the partner: its messages are not heard as music and not
passed on (thru). The pedals ({_pedals()}) are passed on all the same, because your instrument
wants them too. `pass` and `eat` behind `learn` say otherwise. The release of a key or pedal
goes where its press went, whatever was bound in between: nothing hangs.
"""

_KEPT = """\
## What is kept

Settings, bindings and presets lie in `playing.json` in the data folder, written whole or not at
all. A file that cannot be understood, or that a newer Antiphon wrote, is kept beside it under
another name and said; the jam then begins with the usual settings.
"""


def page() -> str:
    """The whole page, in Markdown."""
    parts = [_HEAD, "## Ways of playing\n", _table(("line", "what it is"), _coded(ways()))]
    parts += ["## At once\n", _table(("line", "what it does"), _coded(actions()))]
    for group, dials in DIALS.groups.items():
        rows = [
            (
                f"`{dial.name} {dial.example}`",
                f"{dial.says[0].upper()}{dial.says[1:]}.",
                dial.kind.takes,
                dial.words(dial.default),
            )
            for dial in dials
        ]
        parts += [f"## {group}\n", _table(("line", "what it does", "takes", "usually"), rows)]
        spans = [(f"`{s.example}`", s.says) for s in DIALS.spans if s.low in dials]
        if spans:
            parts.append(_table(("both ends at once", ""), spans))
    parts += ["## More lines\n", _table(("line", "what it does"), _coded(ORDERS)), _KNOBS, _KEPT]
    return "\n".join(parts)


def _coded(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(f"`{line}`", says) for line, says in rows]


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


if __name__ == "__main__":
    print(page(), end="")
