"""The takes panel: everything that was played, newest first, and all that can be done with it.

Takes appear by themselves. The list is read in a worker; a library that cannot be used is said in
a sentence, with a button to try again, and nothing is lost. It refuses to hold a copy of anything
but the list: names, stars and the bin are the library's.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.actions import Actions
from gui.bridge import Bridge
from gui.keeping import Keeping
from gui.roll.mini import take_pixmap
from gui.sharing.teaching import Teaching
from gui.state import JamState
from gui.takes import handing
from gui.takes.auditions import Auditions
from gui.takes.cards import AlternativeCards, CardsArea
from gui.takes.deeds import Deeds
from gui.takes.delegate import TakeDelegate
from gui.takes.details import ACTIONS_OF_A_TAKE, Details
from gui.takes.exports import Exports
from gui.takes.librarian import Librarian
from gui.takes.listing import TakeList
from gui.takes.message import Message
from gui.takes.model import TakesModel, local_now
from gui.takes.outputs import AskWhere, Outputs
from gui.takes.pictures import Pictures
from gui.takes.score.engrave import MISSING
from gui.takes.trouble import not_kept
from gui.takes.words import counted
from gui.theme import looks
from gui.theme.theme import Theme
from gui.undo import UndoStack
from gui.widgets import ActionButton, explain
from gui.widgets.fitted import Fitted
from plugin.files import data_folder
from plugin.takes import Take, library_path

NAME = "takes"
"""Under which is kept how the panel was left."""
TIMES_EVERY_MS = 20_000
"""How often "2 min ago" is looked at again."""
LEAST_WIDTH = 330
"""At 100 %, in logical pixels, with room for a bar where it scrolls."""
SCROLLS = 14
NONE_YET = "No takes yet.\nPlay a phrase: it appears here by itself, with its answer."
NONE_MATCH = "No take matches.\nChoose All and empty the search to see every take."


class TakesPanel(QWidget):
    """See the module. learn_wanted: ids of takes to learn from. Thread: the GUI's."""

    learn_wanted = Signal(object)

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        theme: Theme,
        actions: Actions,
        undo: UndoStack,
        *,
        keeping: Keeping | None = None,
        folder: Path | None = None,
        now: Callable[[], datetime] = local_now,
        ask_where: AskWhere | None = None,
        drag: handing.Execute = handing.really,
        teaching: Teaching | None = None,
    ) -> None:
        """keeping: keeps how it was left. folder: the data folder, by default the user's.

        teaching: lets takes teach the shared model; without it all are private.
        """
        super().__init__()
        self._theme, self._actions, self._now = theme, actions, now
        self._execute = drag
        self._ready: dict[str, Path] = {}
        self._dragged = ""
        self._in_trouble = False
        self._folder = folder = data_folder(folder)
        self.librarian = Librarian(library_path(folder), self)
        self.exports = Exports(folder)
        self.model = TakesModel(self, now)
        self.pictures = Pictures(self.librarian, self)
        self.auditions = Auditions(state, bridge, self)
        self.deeds = Deeds(state, bridge, self.librarian, self.model, undo, self, now)
        self.outputs = Outputs(self.librarian, self.exports, theme, self, ask_where)
        self.list = TakeList(self.model)
        self._delegate = TakeDelegate(theme, self.pictures, self.list, now)
        self.list.setItemDelegate(self._delegate)
        no_score = "" if find_spec("verovio") else MISSING
        self._teaching = teaching
        self.details = Details(theme, actions, now=now, no_score=no_score, teaching=teaching)
        self.message = Message(theme)
        hover = keeping is not None and keeping.panel(NAME).get("hover") is True
        self.cards = AlternativeCards(state, bridge, theme, self.auditions, hover=hover)
        if keeping is not None:
            self.cards.hover_changed.connect(lambda on: keeping.keep_panel(NAME, {"hover": on}))
        self._empty = QLabel(NONE_YET)
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(TIMES_EVERY_MS)
        self._timer.timeout.connect(self.list.viewport().update)
        self._connect()
        self.deeds.read_all()
        self.librarian.ask(lambda library: self.exports.tidy(now()))

    def _lay_out(self) -> None:
        theme = self._theme
        title = QLabel("Takes")
        looks.role(title, "heading")
        self.count = QLabel()
        looks.role(self.count, "small")
        self._all, self._starred = QPushButton("All"), QPushButton("Starred")
        group = QButtonGroup(self)
        for button, says in ((self._all, "every take"), (self._starred, "takes with a star")):
            looks.kind(button, "choice")
            button.setCheckable(True)
            group.addButton(button)
            explain(button, f"Show {says}", "which takes the list shows")
        self._all.setChecked(True)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        explain(self.search, "Search takes", "words of the name, the time or the tempo")
        for inner in self.search.findChildren(QToolButton):
            explain(inner, "Empty the search", "the list shows all takes again")
        leading = QLineEdit.ActionPosition.LeadingPosition
        self._glass = self.search.addAction(theme.icon("search"), leading)
        self._glass.setToolTip("Search takes")
        explain(
            self.list, "Takes", "Space plays one, F2 names it, Del deletes it; drag it into a DAW"
        )
        self.list.setToolTip("")  # each row has its own
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        looks.role(self._empty, "soft")
        head, filters, column = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        theme.spaced(head, 8, 0)
        theme.spaced(filters, 4, 0)
        theme.spaced(column, 8, 8)
        head.addWidget(title)
        head.addWidget(self.count, 1)
        head.addWidget(ActionButton(theme, self._actions["keep"], "keep"))
        for widget in (self._all, self._starred):
            filters.addWidget(widget)
        filters.addWidget(self.search, 1)
        column.addWidget(self._cards_area())
        column.addLayout(head)
        column.addLayout(filters)
        column.addWidget(self.list, 1)
        column.addWidget(self._empty, 1)
        column.addWidget(self.message)
        column.addWidget(Fitted(self.details, theme))
        self._show_count()

    def _set_least(self) -> None:
        """Two rows of the list and a row of buttons always have room."""
        self.list.setMinimumHeight(self._theme.px(130))
        self.setMinimumWidth(self._theme.px(LEAST_WIDTH - SCROLLS))

    def _cards_area(self) -> QWidget:
        """The cards scroll where there is no room for all of them."""
        self._set_least()
        return CardsArea(self.cards, self._theme)

    def _connect(self) -> None:
        model, view, deeds = self.model, self.list, self.deeds
        self._starred.toggled.connect(lambda on: self._filter(starred=on))
        self.search.textChanged.connect(lambda text: self._filter(text=text))
        for changed in (model.rowsInserted, model.rowsRemoved, model.modelReset):
            changed.connect(lambda *_: self._show_count())
        model.dataChanged.connect(lambda *_: self._show_details())
        view.chosen.connect(self._show_details)
        view.taken.connect(self._make_ready)
        view.dragged.connect(self._drag)
        view.starred.connect(self._toggle_star)
        view.played.connect(self._toggle_audition)
        view.menu_wanted.connect(self._menu)
        self.details.star_wanted.connect(lambda: self._with_chosen(self._toggle_star_of))
        self.auditions.changed.connect(self._show_playing)
        self.pictures.arrived.connect(lambda take_id: view.viewport().update())
        deeds.refused.connect(self._trouble)
        deeds.read.connect(self._all_is_well)
        self.outputs.failed.connect(lambda says: self.message.say(says, bad=True))
        self.outputs.told.connect(self.message.say)
        self.outputs.wrote.connect(self._offer_folder)
        self._theme.changed.connect(self._restyle)
        does: dict[str, Callable[[Take], object]] = {
            "audition": self.auditions.toggle_take,
            "rename": lambda take: view.edit(model.index_of(take.id)),
            "delete_take": lambda take: deeds.delete(view.selected or [take.id]),
            "copy_take": self.outputs.copy,
            "save_take_as": self.outputs.save_as,
            "reveal": self.outputs.reveal,
            "export": self.outputs.export,
            "picture": self.outputs.picture,
            "score": self._score,
            "learn_from": lambda take: self.learn_wanted.emit(self._meant(take)),
            "may_teach": self._teach,
        }
        self._actions.does("alternatives", self.cards.focus_first)
        for name, do in does.items():
            self._actions.does(name, partial(self._with_chosen, do))

    # -- what is chosen --

    def chosen(self) -> Take | None:
        """The take that actions are about: the chosen one, else the newest that is shown."""
        return self.list.current or self.model.take(self.model.index(0, 0))

    def _with_chosen(self, do: Callable[[Take], object]) -> None:
        take = self.chosen()
        if take is None:
            return
        if take.id not in self.list.selected:
            self.list.choose(self.model.index_of(take.id))
        do(take)

    def _meant(self, take: Take) -> tuple[str, ...]:
        """All that are chosen, or this one."""
        return tuple(self.list.selected) or (take.id,)

    def _teach(self, take: Take) -> None:
        if self._teaching is not None:
            teach = take.id not in self._teaching.ids
            self._teaching.set_takes(self._meant(take), teach=teach)

    def _toggle_star(self, take_id: str) -> None:
        take = self.model.find(take_id)
        if take is not None:
            self._toggle_star_of(take)

    def _toggle_audition(self, take_id: str) -> None:
        take = self.model.find(take_id)
        if take is not None:
            self.auditions.toggle_take(take)

    def _toggle_star_of(self, take: Take) -> None:
        self.deeds.star(take.id, not take.starred)

    def _show_details(self) -> None:
        self.details.show_take(self.chosen(), any_takes=bool(self.model.total))

    def _menu(self, where: QPoint) -> None:
        take = self.chosen()
        if take is None:
            return
        menu = QMenu(self)
        star = menu.addAction("Take the star away" if take.starred else "Star this take")
        star.triggered.connect(lambda _=False: self._toggle_star_of(take))
        for name in ACTIONS_OF_A_TAKE:
            menu.addAction(self._actions[name])
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    # -- showing --

    def _filter(self, *, starred: bool | None = None, text: str | None = None) -> None:
        chosen = self.list.current
        self.model.filter(starred=starred, text=text)
        if chosen is not None and (index := self.model.index_of(chosen.id)).isValid():
            self.list.choose(index)
        self._show_details()

    def _show_count(self) -> None:
        shown, total = self.model.rowCount(), self.model.total
        text = counted(total, "take") if shown == total else f"{shown:,} of {total:,}"
        self.count.setText(text if total else "")
        self.list.setVisible(shown > 0)
        self._empty.setVisible(not shown)
        self._empty.setText(NONE_MATCH if total else not_kept(self._folder) or NONE_YET)
        self._show_details()

    def _show_playing(self) -> None:
        self._delegate.playing = self.auditions.take_id
        self.model.plays(self.auditions.take_id)
        word = "Stop" if self.auditions.take_id else ""
        self._actions.call("audition", word)
        self._actions["audition"].setIconText(word or "Play")

    def _restyle(self) -> None:
        self._set_least()
        self._glass.setIcon(self._theme.icon("search"))
        self.list.doItemsLayout()
        self.list.viewport().update()

    def _trouble(self, says: str) -> None:
        self._in_trouble = True
        self.message.say(says, bad=True, button="Try again", do=self.deeds.read_all)

    def _all_is_well(self) -> None:
        if self._in_trouble:
            self._in_trouble = False
            self.message.hide()

    def _offer_folder(self, path: Path) -> None:
        self.message.offer("Show in folder", lambda: self.outputs.reveal_path(path))

    def _score(self, take: Take) -> None:
        from gui.takes.score.window import show_score  # QtSvg only for who wants a score

        show_score(take, self.librarian, self.outputs, self._theme, self)

    # -- dragging --

    def _make_ready(self, take_id: str) -> None:
        """The mouse is pressed: the file is written now, so that it is there when it is dragged."""
        self._ready.pop(take_id, None)
        self._dragged = ""
        take = self.model.find(take_id)
        if take is not None:
            self.outputs.write(take, lambda path: self._is_ready(take, path))

    def _is_ready(self, take: Take, path: Path) -> None:
        self._ready = {take.id: path}
        still = QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton
        if self._dragged == take.id and still:
            self._drag(take.id)

    def _drag(self, take_id: str) -> None:
        path, take = self._ready.get(take_id), self.model.find(take_id)
        if path is None or take is None:
            self._dragged = take_id  # it begins as soon as the file is there
            return
        self._dragged = ""
        picture = self.pictures.of(take)
        player, partner = (picture.player, picture.partner) if picture else ((), ())
        pixmap = take_pixmap(player, partner, self._theme.palette, dpr=self.devicePixelRatioF())
        done = handing.drag(self.list, path, pixmap, self._execute)
        if hint := handing.hint_after(done):
            self.message.say(hint, bad=True)

    # -- life --

    def showEvent(self, event: QShowEvent) -> None:
        """Times are kept right while somebody can see them."""
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        self._timer.stop()
        super().hideEvent(event)

    def close_down(self) -> None:
        """The window closes: what was asked of the library is done before."""
        self._timer.stop()
        self.librarian.finish()
