"""The score of a take, in a window of its own beside the jam; it can be saved.

It is engraved in a worker and drawn on white, as paper is, whatever the theme. It refuses to be
edited: notation programs open the MusicXML.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from engine.files import write_whole
from engine.smf.song import parse_midi
from gui.takes.librarian import Librarian
from gui.takes.outputs import Outputs
from gui.takes.score.engrave import engrave
from gui.takes.score.musicxml import musicxml
from gui.theme.theme import Theme
from gui.widgets import explain
from plugin.takes import Take, TakeLibrary, export_stem

KINDS = "Scores (*.svg *.png *.musicxml)"
PNG_WIDTH = 2400
MARGIN = 0.02
"""Of the paper's width, around the music."""
_STEP, _LEAST, _MOST = 1.25, 0.5, 4.0


@dataclass(frozen=True, slots=True)
class Score:
    """A score as MusicXML and as engraved."""

    xml: str
    svg: str


def make_score(library: TakeLibrary, take: Take, engraver: Callable[[str], str] = engrave) -> Score:
    """Make the score of a take. Thread: a worker. Raises ScoreError, TakeError."""
    xml = musicxml(parse_midi(library.midi(take.id)), take)
    return Score(xml, engraver(xml))


def save_score(path: Path, score: Score) -> Path:
    """Write it as SVG, PNG or MusicXML, as the name ends. Thread: any. Raises OSError."""
    ending = path.suffix.lower()
    if ending == ".svg":
        content = score.svg.encode()
    elif ending in (".musicxml", ".xml"):
        content = score.xml.encode()
    else:
        path = path if ending == ".png" else Path(f"{path}.png")
        content = _png(score.svg)
    write_whole(path, content)
    return path


def _png(svg: str) -> bytes:
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    size = renderer.defaultSize()
    image = QImage(
        PNG_WIDTH, round(PNG_WIDTH * size.height() / size.width()), QImage.Format.Format_RGB32
    )
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())


class Paper(QWidget):
    """White, as wide as it is told, with the music on it."""

    def __init__(self, svg: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._renderer = QSvgRenderer(QByteArray(svg.encode()), self)
        self.setAccessibleName("Score")

    def spread(self, width: int) -> None:
        """Be so many pixels wide, and as high as the music needs."""
        size = self._renderer.defaultSize()
        inner = width * (1 - 2 * MARGIN)
        high = inner * size.height() / max(size.width(), 1)
        self.setFixedSize(QSize(width, round(high + 2 * MARGIN * width)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), Qt.GlobalColor.white)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        margin = self.width() * MARGIN
        self._renderer.render(
            painter, QRectF(self.rect()).adjusted(margin, margin, -margin, -margin)
        )
        painter.end()


class ScoreWindow(QWidget):
    """See the module. It is deleted when it is closed."""

    def __init__(
        self, take: Take, score: Score, theme: Theme, save: Callable[[], object], parent: QWidget
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Score of {take.title}")
        self._zoom = 1.0
        self.paper = Paper(score.svg)
        self._area = QScrollArea()
        self._area.setWidget(self.paper)
        self._area.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        explain(self._area, "Score", "the arrow keys move it")
        column, row = QVBoxLayout(self), QHBoxLayout()
        theme.spaced(column, 8, 8)
        theme.spaced(row, 8, 0)
        buttons: tuple[tuple[str, str, str, Callable[[], object]], ...] = (
            ("Save as…", "Ctrl+S", "as SVG, PNG or MusicXML", save),
            ("Larger", "Ctrl++", "the music, not the window", lambda: self.zoom(_STEP)),
            ("Smaller", "Ctrl+-", "the music, not the window", lambda: self.zoom(1 / _STEP)),
            ("Close", "Ctrl+W", "the take stays", self.close),
        )
        for text, key, says, do in buttons:
            button = QPushButton(text)
            button.setShortcut(key)
            button.clicked.connect(lambda _=False, do=do: do())
            explain(button, text, says, key=key)
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self._area, 1)
        self.resize(theme.px(900), theme.px(560))

    def zoom(self, by: float) -> None:
        """Larger or smaller music."""
        self._zoom = min(max(self._zoom * by, _LEAST), _MOST)
        self._spread()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The paper is as wide as there is room."""
        super().resizeEvent(event)
        self._spread()

    def _spread(self) -> None:
        bar = self._area.verticalScrollBar().sizeHint().width()
        self.paper.spread(max(round((self._area.width() - bar - 4) * self._zoom), 100))


def show_score(
    take: Take, librarian: Librarian, outputs: Outputs, theme: Theme, parent: QWidget
) -> None:
    """Have the score made, then show it."""

    def done(score: Score) -> None:
        def save() -> None:
            def chosen(path: Path) -> None:
                librarian.ask(
                    lambda library: save_score(path, score), outputs.saved, outputs.failed.emit
                )

            outputs.ask_where("Save the score as", f"{export_stem(take)}.svg", KINDS, chosen)

        ScoreWindow(take, score, theme, save, parent).show()

    librarian.ask(lambda library: make_score(library, take), done, outputs.failed.emit)
