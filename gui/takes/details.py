"""The chosen take: why it is as it is, where it came from, and everything that can be done with it.

It refuses to do any of that: the buttons are the window's actions.
"""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gui.actions import Actions
from gui.sharing.teaching import OFF, Teaching
from gui.takes import reasons, words
from gui.takes.model import local_now
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import ActionButton, Card, Chip, FlowLayout, explain, why_not
from plugin.takes import Take

NOTHING_CHOSEN = "Choose a take first: click one in the list, or go there with Tab and the arrows."
NO_SESSION = "No session is there to play it: wait for it, or press Restart the session."
NO_TAKES = "There are no takes yet: play a phrase, and it appears here by itself."
_ICONS = (("audition", "play"), ("rename", "rename"), ("delete_take", "delete"))
_WAYS_OUT = (("copy_take", "Copy file"), ("save_take_as", "Save as"), ("reveal", "Reveal"))
_MORE = ("export", "score", "picture", "learn_from", "may_teach")
ACTIONS_OF_A_TAKE = (*(name for name, _ in (*_ICONS, *_WAYS_OUT)), *_MORE)


class Details(Card):
    """See the module. `star_wanted`: the star of the chosen take is pressed."""

    star_wanted = Signal()

    def __init__(
        self,
        theme: Theme,
        actions: Actions,
        parent: QWidget | None = None,
        now: Callable[[], datetime] = local_now,
        no_score: str = "",
        teaching: Teaching | None = None,
    ) -> None:
        """no_score: why there can be no score of any take, "" where there can.

        teaching: who knows which takes may teach the shared model; without it none may.
        """
        super().__init__(theme, parent=parent)
        self._no_score, self._teaching = no_score, teaching
        self._theme, self._actions, self._now = theme, actions, now
        self._take: Take | None = None
        self._shown: Take | None = None
        self._reason = ""
        self._chips: list[Chip] = []
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._add_buttons()
        self._chip_row = QWidget()
        self._chip_flow = FlowLayout(self._chip_row)
        theme.spaced(self._chip_flow, 5, 0)
        self.body.addWidget(self._chip_row)
        self.provenance = QLabel()
        self.provenance.setWordWrap(True)
        self.provenance.setTextFormat(Qt.TextFormat.PlainText)
        self.provenance.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.provenance.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        looks.role(self.provenance, "small")
        explain(self.provenance, "Where this answer came from", "it can be copied")
        self.body.addWidget(self.provenance)
        theme.changed.connect(self._dress_star)
        actions.state.opened_changed.connect(self._session)
        self.show_take(None, any_takes=False)

    def _add_buttons(self) -> None:
        theme, actions = self._theme, self._actions
        box = QWidget()
        column = QVBoxLayout(box)
        theme.spaced(column, 5, 0)
        rows = []
        for _ in range(2):
            row = QWidget()
            rows.append(FlowLayout(row))
            theme.spaced(rows[-1], 5, 0)
            column.addWidget(row)
        self.star = QToolButton()
        self.star.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.star.clicked.connect(lambda _=False: self.star_wanted.emit())
        for name, icon in _ICONS:
            short = "Play" if icon == "play" else ""
            button = ActionButton(theme, actions[name], icon, words=bool(short), short=short)
            rows[0].addWidget(button)
            if icon == "play":
                rows[0].addWidget(self.star)
        for name, short in _WAYS_OUT:
            rows[1].addWidget(ActionButton(theme, actions[name], short=short))
        self.more = QToolButton()
        self.more.setText("…")
        self.more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more)
        menu.setToolTipsVisible(True)
        for name in _MORE:
            menu.addAction(actions[name])
        self.more.setMenu(menu)
        explain(self.more, "More", "writes the file into your folder of takes, a score, a picture")
        rows[0].addWidget(self.more)
        self.private = ActionButton(theme, actions["may_teach"])
        rows[1].addWidget(self.private)
        if self._teaching is not None:
            self._teaching.changed.connect(self._show_teaching)
        self.body.addWidget(box)

    def show_take(self, take: Take | None, *, any_takes: bool = True) -> None:
        """Show this take; None: none is chosen."""
        reason = "" if take is not None else NOTHING_CHOSEN if any_takes else NO_TAKES
        self._shown, self._reason = take, reason
        self._allow()
        self._show_teaching()
        if take is not None and take == self._take:
            return
        self._take = take
        self._rechip([] if take is None else reasons.of_take(take))
        if take is None:
            self.retitle("")
            self.provenance.setText(reason)
        else:
            self.retitle(words.heading(take, self._now()))
            self._elide()
            self.provenance.setText(reasons.provenance(take))
        self._dress_star()

    def _session(self) -> None:
        """There is a session now, or none any more."""
        self._allow()
        self._show_teaching()

    def _allow(self) -> None:
        """What cannot be done with it now says why."""
        silent = "" if self._actions.state.state is not None else NO_SESSION
        missing = {"score": self._no_score, "audition": silent}
        for name in ACTIONS_OF_A_TAKE:
            self._actions.refuse(name, self._reason or missing.get(name, ""))

    def _show_teaching(self) -> None:
        """Whether the chosen take may teach the shared model; while sharing is off, no word."""
        off = OFF if self._teaching is None else self._teaching.reason
        teaches = (
            self._shown is not None
            and self._teaching is not None
            and self._shown.id in self._teaching.ids
        )
        action = self._actions["may_teach"]
        action.setChecked(teaches)
        action.setIconText("May teach" if teaches else "Private")
        self._actions.refuse("may_teach", self._reason or off)
        self.private.setVisible(not off)

    def _rechip(self, found: list[reasons.Reason]) -> None:
        for chip in self._chips:
            self._chip_flow.removeWidget(chip)
            chip.deleteLater()
        self._chips = [Chip(self._theme, one.text, one.says) for one in found]
        for chip in self._chips:
            self._chip_flow.addWidget(chip)
        self._chip_row.setVisible(bool(found))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The heading is as long as there is room."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        if self._take is not None:
            full = words.heading(self._take, self._now())
            metrics = self.heading.fontMetrics()
            self.heading.setToolTip(full)
            self.heading.setText(
                metrics.elidedText(full, Qt.TextElideMode.ElideRight, self.heading.width())
            )

    @property
    def chips(self) -> list[str]:
        """What its chips say."""
        return [chip.text for chip in self._chips]

    def _dress_star(self) -> None:
        on = self._take is not None and self._take.starred
        self.star.setIcon(self._theme.icon("star-on" if on else "star", "accent"))
        explain(
            self.star,
            "Take the star away" if on else "Star this take",
            "starred takes are found by the filter, and can teach the partner",
        )
        why_not(self.star, "" if self._take is not None else NOTHING_CHOSEN)
