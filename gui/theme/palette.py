"""The colours of the window by what they mean, dark and light, and which stand on which.

Plain data without Qt: "#rrggbb". `TEXT_ON` and `MARKS_ON` list every pair that the window uses;
the tests measure each. It refuses colours without a meaning: who needs a new one names it here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """One set of colours.

    Grounds
        window: behind everything. panel: bars and strips. card: what lies on a panel. raised: a
        button. hover: a button under the mouse, and a pressed one. sunken: a field to write in.
        roll: the piano roll. roll_dark: its lanes of black keys. chosen: a row or word chosen.
    Lines
        line: between areas; only decoration. outline: the edge of a control. focus: the ring around
        what hears the keyboard. grid: beats in the roll, decoration. bar_line: bars in the roll.
        playhead: now.
    Text
        text, text_soft: what is read, what explains it. text_off: of a disabled control.
    Meaning
        accent, on_accent: what is on or chosen, and text on it. player, partner: their notes; they
        differ in lightness too. ghost: planned notes of the partner's. good, warn, bad: as said.
        panic, on_panic: the one red button.
    """

    name: str
    dark: bool
    window: str
    panel: str
    card: str
    raised: str
    hover: str
    sunken: str
    roll: str
    roll_dark: str
    chosen: str
    line: str
    outline: str
    focus: str
    grid: str
    bar_line: str
    playhead: str
    text: str
    text_soft: str
    text_off: str
    accent: str
    on_accent: str
    player: str
    partner: str
    ghost: str
    good: str
    warn: str
    bad: str
    panic: str
    on_panic: str


DARK = Palette(
    name="dark",
    dark=True,
    window="#14161a",
    panel="#1a1d22",
    card="#21252b",
    raised="#2b3038",
    hover="#353b45",
    sunken="#101216",
    roll="#121418",
    roll_dark="#0e1013",
    chosen="#24425e",
    line="#333943",
    outline="#8a93a0",
    focus="#8fd0ff",
    grid="#262b32",
    bar_line="#5f6775",
    playhead="#e9ebee",
    text="#e9ebee",
    text_soft="#b4bbc5",
    text_off="#959daa",
    accent="#6cb2f0",
    on_accent="#0b1a28",
    player="#f3cd7a",
    partner="#4a9be8",
    ghost="#6f9cc9",
    good="#67c98b",
    warn="#eab04e",
    bad="#ff8a80",
    panic="#c8322b",
    on_panic="#ffffff",
)
LIGHT = Palette(
    name="light",
    dark=False,
    window="#eceef1",
    panel="#f4f5f7",
    card="#ffffff",
    raised="#e6e9ed",
    hover="#d8dde3",
    sunken="#ffffff",
    roll="#fbfcfd",
    roll_dark="#f0f2f5",
    chosen="#cfe3f6",
    line="#d3d8df",
    outline="#6f7783",
    focus="#0b5cad",
    grid="#e3e6ea",
    bar_line="#818a97",
    playhead="#191c21",
    text="#191c21",
    text_soft="#454c57",
    text_off="#565e6a",
    accent="#17609f",
    on_accent="#ffffff",
    player="#703a00",
    partner="#2f80cc",
    ghost="#5d87b2",
    good="#146c3a",
    warn="#8a5200",
    bad="#b3261e",
    panic="#c02a22",
    on_panic="#ffffff",
)
PALETTES: dict[str, Palette] = {palette.name: palette for palette in (DARK, LIGHT)}

_REST = ("window", "panel", "card", "raised", "sunken")
"""Grounds at rest; the others only under a mouse or where something is chosen."""
TEXT_ON: dict[str, tuple[str, ...]] = {
    "text": (*_REST, "hover", "chosen", "roll", "roll_dark"),
    "text_soft": (*_REST, "hover", "chosen", "roll", "roll_dark"),
    "text_off": _REST,
    "accent": (*_REST, "hover"),
    "on_accent": ("accent",),
    "good": _REST,
    "warn": _REST,
    "bad": _REST,
    "on_panic": ("panic",),
}
"""Text -> grounds that it is written on."""
MARKS_ON: dict[str, tuple[str, ...]] = {
    "outline": (*_REST, "hover"),
    "focus": (*_REST, "hover", "chosen", "roll", "roll_dark"),
    "bar_line": ("roll", "roll_dark"),
    "playhead": ("roll", "roll_dark"),
    "player": ("window", "panel", "card", "roll", "roll_dark"),
    "partner": ("window", "panel", "card", "roll", "roll_dark"),
    "ghost": ("roll", "roll_dark"),
    "accent": (*_REST, "chosen"),
    "good": _REST,
    "warn": (*_REST, "roll", "roll_dark"),
    "bad": _REST,
    "panic": ("window", "panel"),
    "on_panic": ("panic",),
    "on_accent": ("accent",),
}
"""Shapes and edges -> grounds that they are drawn on."""
