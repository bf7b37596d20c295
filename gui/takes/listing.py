"""The list of takes as a view: keys, clicks on star and picture, and the beginning of a drag.

Rows are painted, not made of widgets. It refuses to carry anything out: it says what is wanted.
"""

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QListView, QWidget

from gui.takes.delegate import TakeDelegate
from gui.takes.model import TAKE, TakesModel
from plugin.takes import Take

_PLAYS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class TakeList(QListView):
    """See the module. All signals carry the id of a take.

    pressed: its file may be wanted soon. dragged: the mouse took it along, and its button is down.
    """

    taken = Signal(str)
    dragged = Signal(str)
    starred = Signal(str)
    played = Signal(str)
    chosen = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self, model: TakesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self._pressed: tuple[QPoint, str, str] | None = None
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen.emit())
        self.selectionModel().currentChanged.connect(lambda *_: self.chosen.emit())

    @property
    def current(self) -> Take | None:
        """The take that the keyboard is at, if it is chosen."""
        found = self.currentIndex().data(TAKE) if self.currentIndex().isValid() else None
        return found if isinstance(found, Take) else None

    @property
    def selected(self) -> list[str]:
        """Ids of all chosen takes, from the top."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        takes = (self.model().index(row, 0).data(TAKE) for row in rows)
        return [take.id for take in takes if isinstance(take, Take)]

    def choose(self, index: QModelIndex) -> None:
        """Choose a row, this one alone, and show it."""
        # The view's own way looks at Ctrl, which may be down for a shortcut.
        alone = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().setCurrentIndex(index, alone)
        self.scrollTo(index)

    # -- keys --

    def event(self, event: QEvent) -> bool:
        """Space and Enter play what is chosen here, whatever they do elsewhere."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in _PLAYS
            and not event.modifiers()
            and self.current is not None
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space and Enter play; all else moves about."""
        if self.state() is QAbstractItemView.State.EditingState:
            return  # the Enter that ends a name comes by here, too
        take = self.current
        if event.key() in _PLAYS and not event.modifiers() and take is not None:
            self.played.emit(take.id)
            event.accept()
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """A menu of all that can be done with the take."""
        where = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self.currentIndex().isValid():
            where = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center())
        self.menu_wanted.emit(where)

    # -- mouse --

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press chooses; one that may become a drag has the file written."""
        take_id, part = self._hit(event.position().toPoint())
        if event.button() is not Qt.MouseButton.LeftButton or not take_id:
            super().mousePressEvent(event)
            return
        if part == "star":
            self.starred.emit(take_id)
            event.accept()
            return
        super().mousePressEvent(event)
        self._pressed = event.position().toPoint(), take_id, part
        self.taken.emit(take_id)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Far enough from where it was pressed it is a drag; it never draws a selection."""
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            super().mouseMoveEvent(event)
            return
        at, take_id, _ = self._pressed
        far = (event.position().toPoint() - at).manhattanLength()
        if far >= QApplication.startDragDistance():
            self._pressed = None
            self.dragged.emit(take_id)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on the picture plays it."""
        pressed, self._pressed = self._pressed, None
        super().mouseReleaseEvent(event)
        if pressed is None or pressed[2] != "picture":
            return
        if self._hit(event.position().toPoint()) == pressed[1:]:
            self.played.emit(pressed[1])

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Twice on the name: write another one."""
        take_id, part = self._hit(event.position().toPoint())
        if take_id and part == "text":
            self.edit(self.indexAt(event.position().toPoint()))

    def _hit(self, at: QPoint) -> tuple[str, str]:
        index = self.indexAt(at)
        take = index.data(TAKE) if index.isValid() else None
        delegate = self.itemDelegate()
        if not isinstance(take, Take) or not isinstance(delegate, TakeDelegate):
            return "", ""
        return take.id, delegate.part_at(self.visualRect(index), at)
