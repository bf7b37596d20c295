"""The theme that the application wears: dark, light or the system's, at a scale.

Thread: the GUI's. It sets Fusion, an explicit palette (`setColorScheme` does nothing where the
platform has no schemes) and our style sheet, and tells whoever paints by itself. It refuses to be
remembered: `gui.kept` keeps the choice and the scale.
"""

from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontInfo, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QLayout, QStyleFactory, QWidget

from gui.theme import icons, looks
from gui.theme.palette import DARK, PALETTES, Palette
from gui.theme.sheet import FONT_SIZES, sheet

Choice = Literal["dark", "light", "system"]
CHOICES: tuple[Choice, ...] = ("dark", "light", "system")
SCALES = (0.9, 1.0, 1.25, 1.5, 2.0)
"""Scales that a settings page offers."""
_REFERENCE_PX = 13.0
"""Size of the text at which a logical pixel of our drawings is one pixel."""
_SMALLEST_PT = 6.0


class Theme(QObject):
    """See the module. `changed`: palette, scale or both are others now; paint and measure again."""

    changed = Signal()

    def __init__(self, app: QApplication, choice: Choice = "dark", scale: float = 1.0) -> None:
        super().__init__()
        self._app = app
        self._choice, self._scale = choice, scale
        self._palette = DARK
        self._font = QFont(app.font())
        self._base_pt = max(self._font.pointSizeF(), _SMALLEST_PT)
        self._grow = 1.0
        self._colours: dict[str, QColor] = {}
        app.setStyle(QStyleFactory.create("Fusion"))
        app.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._wear()

    @property
    def palette(self) -> Palette:
        """The colours in use."""
        return self._palette

    @property
    def choice(self) -> Choice:
        """What was chosen; `palette` says what "system" came to."""
        return self._choice

    @property
    def scale(self) -> float:
        """Size of everything, 1 is as the system has it."""
        return self._scale

    @property
    def grow(self) -> float:
        """Pixels of a drawing's logical pixel: it follows the text, the system's and the scale."""
        return self._grow

    def choose(self, choice: Choice) -> None:
        """Wear another palette."""
        if choice != self._choice:
            self._choice = choice
            self._wear()

    def rescale(self, scale: float) -> None:
        """Wear another size, 0.5 to 4."""
        scale = min(max(scale, 0.5), 4.0)
        if scale != self._scale:
            self._scale = scale
            self._wear()

    def px(self, logical: float) -> int:
        """Pixels of a length that is `logical` at 100 %; at least 1 for what is there at all."""
        return max(round(logical * self._grow), 1) if logical else 0

    def colour(self, name: str) -> QColor:
        """A colour of the palette by its name; do not change it."""
        found = self._colours.get(name)
        if found is None:
            found = self._colours[name] = QColor(getattr(self._palette, name))
        return found

    def font(self, role: str = "") -> QFont:
        """The font of a role of `looks`, for whoever paints text by itself."""
        size, weight = FONT_SIZES[role]
        font = QFont(self._font)
        font.setPixelSize(max(round(size * self._grow), 1))
        font.setWeight(QFont.Weight(weight))
        if role in ("display", "number", "tempo"):
            steady(font)
        return font

    def icon(self, name: str, colour: str = "text") -> QIcon:
        """One of our icons in a colour of the palette; it follows its button, checked or off."""
        worn = self._palette
        return icons.icon(name, getattr(worn, colour), worn.text_off, worn.on_accent)

    def spaced(self, layout: QLayout, gap: float, *margins: float) -> None:
        """As `looks.spaced`, with lengths at 100 %; scaled again whenever the theme is."""
        looks.spaced(layout, self._grow, gap, *margins)

    def _system_changed(self) -> None:
        if self._choice == "system":
            self._wear()

    def _wear(self) -> None:
        self._palette = self._chosen()
        self._colours.clear()
        self._font.setPointSizeF(self._base_pt * self._scale)
        self._grow = QFontInfo(self._font).pixelSize() / _REFERENCE_PX
        self._app.setFont(self._font)
        self._app.setPalette(qt_palette(self._palette))
        self._app.setStyleSheet(sheet(self._palette, self._grow))
        for widget in self._app.topLevelWidgets():
            _respace(widget, self._grow)
        self.changed.emit()

    def _chosen(self) -> Palette:
        if self._choice != "system":
            return PALETTES[self._choice]
        light = self._app.styleHints().colorScheme() == Qt.ColorScheme.Light
        return PALETTES["light" if light else "dark"]


def steady(font: QFont) -> None:
    """Digits of one width, so that a running number does not tremble."""
    font.setFeature(QFont.Tag("tnum"), 1)


def _respace(widget: QWidget, grow: float) -> None:
    for layout in widget.findChildren(QLayout):
        looks.respaced(layout, grow)


def qt_palette(palette: Palette) -> QPalette:
    """Our colours in Qt's roles, for what the style sheet does not reach."""
    roles = QPalette.ColorRole
    plain = {
        roles.Window: palette.window,
        roles.WindowText: palette.text,
        roles.Base: palette.sunken,
        roles.AlternateBase: palette.panel,
        roles.Text: palette.text,
        roles.PlaceholderText: palette.text_soft,
        roles.Button: palette.raised,
        roles.ButtonText: palette.text,
        roles.BrightText: palette.bad,
        roles.ToolTipBase: palette.card,
        roles.ToolTipText: palette.text,
        roles.Highlight: palette.chosen,
        roles.HighlightedText: palette.text,
        roles.Accent: palette.accent,
        roles.Link: palette.accent,
        roles.LinkVisited: palette.accent,
        roles.Light: palette.hover,
        roles.Midlight: palette.raised,
        roles.Mid: palette.line,
        roles.Dark: palette.outline,
        roles.Shadow: palette.window,
    }
    worn = QPalette()
    for qt_role, colour in plain.items():
        worn.setColor(qt_role, QColor(colour))
    off = QPalette.ColorGroup.Disabled
    for qt_role in (roles.WindowText, roles.Text, roles.ButtonText, roles.HighlightedText):
        worn.setColor(off, qt_role, QColor(palette.text_off))
    return worn
