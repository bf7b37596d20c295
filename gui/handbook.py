"""docs/KEYS.md, made from the list of actions: `python -m gui.handbook` prints it.

It refuses to be edited by hand: a test compares the page with what is printed here.
"""

from gui.action_list import ACTIONS, MENUS, ActionSpec

_HEAD = """\
# Keys: everything that the window can do, and the key that does it

Every key can be changed: menu Help, Keys. Single letters, digits and the space bar count only while
no field is written in; a button that has the focus keeps the space bar. While your DAW has the
keyboard, none of them reaches the window: bind a knob or a pedal (Partner, Knobs and pedals).
On a Mac, Ctrl is ⌘.

Esc pressed twice within 0.6 seconds is panic, as is Ctrl+. at any moment. Tab and Shift+Tab go from
one control to the next; arrows, Page up and down, Home and End change the one that has the focus,
Del sets it to its default.

<!-- Made by `python -m gui.handbook`: change gui/action_list.py, not this page. -->
"""


def page() -> str:
    """The whole page, in Markdown."""
    parts = [_HEAD]
    for menu in MENUS:
        rows = [_row(spec) for spec in ACTIONS if spec.menu == menu]
        parts.append(
            "\n".join([f"## {menu}\n", "| action | key | what it does |", "|---|---|---|"])
        )
        parts[-1] += "\n" + "\n".join(rows) + "\n"
    return "\n".join(parts)


def _row(spec: ActionSpec) -> str:
    keys = " or ".join(f"`{key}`" for key in (spec.key, *spec.also) if key)
    return f"| {spec.text} | {keys or 'none yet'} | {spec.tip[0].upper()}{spec.tip[1:]}. |"


if __name__ == "__main__":
    print(page(), end="")
