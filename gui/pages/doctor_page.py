"""The doctor page: what works here, what is missing, what mends it, and a text for a bug report.

`antiphon doctor` looks, in a process of its own: it starts an engine and makes a port, and neither
may cost this process a library or the music a note. It refuses to mend anything by itself.
"""

import sys
from collections.abc import Sequence

from PySide6.QtCore import QProcess, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from gui.pages import report
from gui.pages.page import Page, soft
from gui.pages.report import Row
from gui.state import JamState
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import Card, explain, why_not

COMMAND = (sys.executable, "-m", "plugin", "doctor", "--json")
LOOKING = "Looking; it takes about five seconds."
NOT_LOOKED = "Look first; then there is something to copy."
CLOSE_MS = 2000


class DoctorPage(Page):
    """See the module."""

    def __init__(
        self,
        state: JamState,
        theme: Theme,
        command: Sequence[str] = COMMAND,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            theme,
            "Doctor",
            "Each check tries the real thing: an engine is started, a port is made, the library is "
            "written to. While somebody plays, that may make a note late.",
            parent,
        )
        self._state, self._command = state, tuple(command)
        self._process: QProcess | None = None
        self.rows: tuple[Row, ...] = ()
        self.look = QPushButton("Look")
        looks.kind(self.look, "primary")
        explain(self.look, "Look", "Looks at everything anew; about five seconds.")
        self.copy = QPushButton("Copy for a bug report")
        explain(
            self.copy,
            "Copy for a bug report",
            "Puts the text below into the clipboard: versions, this system, the checks with names "
            "of ports and folders, and the last troubles. No notes, no takes.",
        )
        self.says = soft("")
        self.card = Card(theme)
        self._grid = QGridLayout()
        theme.spaced(self._grid, 8, 0)
        self._grid.setColumnStretch(2, 1)
        self.card.body.addLayout(self._grid)
        self.card.hide()
        buttons = QHBoxLayout()
        theme.spaced(buttons, 8, 0)
        buttons.addWidget(self.look)
        buttons.addWidget(self.copy)
        buttons.addStretch(1)
        self.body.addLayout(buttons)
        self.body.addWidget(self.says)
        self.body.addWidget(self.card)
        self.body.addStretch(1)
        why_not(self.copy, NOT_LOOKED)
        self.look.clicked.connect(self.start)
        self.copy.clicked.connect(self.put_into_clipboard)

    @Slot()
    def start(self) -> None:
        """Look at everything anew; `rows` has it when `look` can be pressed again."""
        if self._process is not None:
            return
        why_not(self.look, LOOKING)
        self.says.setText(LOOKING)
        self._process = process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.SeparateChannels)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._failed)
        process.start(self._command[0], list(self._command[1:]))

    @Slot()
    def put_into_clipboard(self) -> None:
        """Copy the report."""
        QGuiApplication.clipboard().setText(report.text(self.rows, self._state.troubles))
        self.says.setText("Copied. Look through it before you send it: it names ports and folders.")

    def close_down(self) -> None:
        """End what still looks; returns when it is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(CLOSE_MS)

    def closeEvent(self, event: object) -> None:
        """The page goes, and with it what looks for it."""
        self.close_down()

    @Slot()
    def _finished(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        content = bytes(process.readAllStandardOutput().data())
        process.deleteLater()
        why_not(self.look, "")
        try:
            found = report.read(content)
        except ValueError as error:
            self._show(
                report.now(self._state),
                f"It could not look everywhere: {error}. Run `antiphon doctor` in a terminal.",
            )
            return
        self._show((*report.now(self._state), *found), "")

    @Slot(QProcess.ProcessError)
    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._finished()

    def _show(self, rows: Sequence[Row], says: str) -> None:
        self.rows = tuple(rows)
        missing = sum(not row.ok for row in rows)
        usual = (
            "Everything works."
            if not missing
            else f"{missing} of {len(rows)} need something: see below."
        )
        self.says.setText(says or usual)
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for number, row in enumerate(rows):
            self._row(number, row)
        self.card.show()
        why_not(self.copy, "")

    def _row(self, number: int, row: Row) -> None:
        mark, name, says = QLabel(), QLabel(row.name), QLabel(row.says)
        side = self.theme.px(16)
        icon = self.theme.icon("check" if row.ok else "warn", "good" if row.ok else "warn")
        mark.setPixmap(icon.pixmap(side, side))
        mark.setAccessibleName("works" if row.ok else "missing")
        mark.setToolTip("works" if row.ok else "missing")
        looks.role(name, "heading")
        says.setWordWrap(True)
        says.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if row.mend:
            says.setText(f"{row.says}\n{row.mend}")
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(mark, number, 0, top)
        self._grid.addWidget(name, number, 1, top)
        self._grid.addWidget(says, number, 2)
