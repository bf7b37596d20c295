"""How often and under which terms: asked every time or until a day, mains, weekly cap, budget.

What is chosen here holds only after a click: another set of choices is another yes. It refuses to
widen anything by itself.
"""

from typing import Any

from PySide6.QtCore import QDate, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDateEdit,
    QDoubleSpinBox,
    QFormLayout,
    QRadioButton,
    QSpinBox,
    QWidget,
)

from federation.client.consent import EVERY_TIME, LONGEST_DAYS, SEND, UNTIL, Choices
from gui.sharing.labels import button, line, show
from gui.sharing.seen import Seen
from gui.theme.theme import Theme
from gui.widgets import Card, explain, why_not

HOLDS = "These choices hold already."
LOOK_FIRST = (
    "These choices hold from the next change on that you look at and send: until then nothing is "
    "sent."
)


class ChoicesCard(Card):
    """See the module. agreed: to these choices."""

    agreed = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Each time", parent)
        self._kept = Choices()
        self._base: Choices | None = None
        self._renews = False
        self.every = QRadioButton("Ask me every time")
        self.until = QRadioButton("Send without asking, until")
        explain(self.every, self.every.text(), "you see each change before it is sent")
        explain(
            self.until,
            "Send without asking until a day",
            "each change lies here for a day first, where you can look and take it back",
        )
        group = QButtonGroup(self)
        group.addButton(self.every)
        group.addButton(self.until)
        self.day = QDateEdit()
        self.day.setDisplayFormat("yyyy-MM-dd")
        explain(self.day, "Until this day", f"at most {LONGEST_DAYS} days ahead; then asked again")
        self.mains = QCheckBox("Only on mains power")
        explain(self.mains, self.mains.text(), "never on battery", default="on")
        self.most = QSpinBox()
        self.most.setRange(1, 7)
        self.most.setSuffix(" a week")
        explain(self.most, "At most", "so many changes in a week", default="3 a week")
        self.budget = QDoubleSpinBox()
        self.budget.setRange(0.5, 100.0)
        self.budget.setDecimals(1)
        self.budget.setPrefix("ε = ")
        explain(
            self.budget,
            "Privacy budget",
            "where the server adds noise, it is counted; when it is used up, sending ends for good",
            default="ε = 8",
        )
        self.agree = button("Agree to these choices", "they hold from now on", self._agree)
        self.says = line(role="small")
        form = QFormLayout()
        theme.spaced(form, 8, 0)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow("At most", self.most)
        form.addRow("Privacy budget", self.budget)
        for part in (self.every, self.until, self.day, self.mains):
            self.body.addWidget(part)
        self.body.addLayout(form)
        self.body.addWidget(self.says)
        self.body.addWidget(self.agree)
        for changed in (
            self.every.toggled, self.mains.toggled, self.day.dateChanged,
            self.most.valueChanged, self.budget.valueChanged,
        ):  # fmt: skip
            changed.connect(lambda *_: self._allow())

    @property
    def choices(self) -> Choices:
        """As they stand in the card, agreed to or not."""
        asked: dict[str, Any] = {"asking": EVERY_TIME, "until": ""}
        if self.until.isChecked():
            asked = {"asking": UNTIL, "until": self.day.date().toString("yyyy-MM-dd")}
        return Choices(
            **asked,
            mains_only=self.mains.isChecked(),
            most_a_week=self.most.value(),
            epsilon_most=self.budget.value(),
            blur=self._base.blur if self._base else 0.0,
        )

    def show_seen(self, seen: Seen) -> None:
        """The choices that hold; what was changed here and not agreed to stays."""
        status = seen.status
        self.setVisible(status.stage != "off")
        today = QDate(seen.now.year, seen.now.month, seen.now.day)
        self.day.setDateRange(today, today.addDays(LONGEST_DAYS))
        choices = status.choices or Choices()
        # Sharing is on, and there is no change that these choices could be a yes to.
        self._renews = status.stage == SEND and seen.preview is None
        if choices != self._base:
            self._base = choices
            self.put(choices, today)
            self._kept = self.choices
        self._allow()

    def put(self, choices: Choices, today: QDate) -> None:
        """Show these."""
        self.every.setChecked(choices.asking != UNTIL)
        self.until.setChecked(choices.asking == UNTIL)
        day = QDate.fromString(choices.until, "yyyy-MM-dd")
        self.day.setDate(day if day.isValid() else today.addDays(30))
        self.mains.setChecked(choices.mains_only)
        self.most.setValue(choices.most_a_week)
        self.budget.setValue(choices.epsilon_most)

    def _agree(self) -> None:
        self.agreed.emit(self.choices)

    def _allow(self) -> None:
        why_not(self.day, "" if self.until.isChecked() else "It is asked every time.")
        same = self.choices == self._kept
        why_not(self.agree, HOLDS if same else "")
        show(self.says, LOOK_FIRST if self._renews and not same else "")
