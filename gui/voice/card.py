"""The built-in voice on a page: a switch, how loud, whether the player sounds too, and a test."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSlider, QWidget

from gui.actions import Actions
from gui.theme import looks
from gui.theme.theme import Theme
from gui.voice.built_in import USUAL_PERCENT, BuiltInVoice
from gui.widgets import ActionButton, Card, explain, why_not

_WHAT = (
    "A small synthesizer, for hearing the demo and the first steps without a DAW. You sound on the "
    "left, your partner on the right."
)
_NOT_ON = "Switch the built-in voice on first."


class VoiceCard(Card):
    """See the module."""

    def __init__(
        self, voice: BuiltInVoice, theme: Theme, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, "Built-in voice", parent)
        self._voice = voice
        what = QLabel(_WHAT)
        what.setWordWrap(True)
        self.switch = QCheckBox("Play through this computer")
        explain(self.switch, "Play through this computer", _WHAT, default="off")
        self.switch.clicked.connect(voice.switch)
        self.player_too = QCheckBox("My own notes, too")
        explain(
            self.player_too,
            "My own notes, too",
            "Off where your keyboard makes its own sound.",
            default="on",
        )
        self.player_too.clicked.connect(voice.set_player_too)
        self.loudness = QSlider(Qt.Orientation.Horizontal)
        self.loudness.setRange(0, 100)
        self.loudness.setPageStep(10)
        explain(
            self.loudness, "Loudness", "Of the built-in voice alone.", default=f"{USUAL_PERCENT} %"
        )
        self.loudness.valueChanged.connect(voice.set_percent)
        self.percent = QLabel()
        looks.role(self.percent, "number")
        self.says = QLabel()
        self.says.setWordWrap(True)
        self.test = ActionButton(theme, actions["three_notes"], "note")
        row = QHBoxLayout()
        theme.spaced(row, 8, 0)
        name = QLabel("Loudness")
        name.setBuddy(self.loudness)
        row.addWidget(name)
        row.addWidget(self.loudness, 1)
        row.addWidget(self.percent)
        row.addWidget(self.test)
        for part in (what, self.switch, self.player_too):
            self.body.addWidget(part)
        self.body.addLayout(row)
        self.body.addWidget(self.says)
        voice.changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        voice = self._voice
        self.switch.setChecked(voice.on)
        self.player_too.setChecked(voice.feed.player_too)
        self.loudness.blockSignals(True)
        self.loudness.setValue(voice.percent)
        self.loudness.blockSignals(False)
        self.percent.setText(f"{voice.percent} %")
        for control in (self.player_too, self.loudness):
            why_not(control, "" if voice.on else _NOT_ON)
        looks.role(self.says, "soft" if voice.ok else "warn")
        self.says.setText(voice.says)
        self.says.setAccessibleName(voice.says)
