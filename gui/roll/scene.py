"""The live roll without its widget: what is told goes in, frames come out.

It keeps notes, beats and view together, and knows when nothing moves, so that nothing need be
painted. Times are the session's; a session that follows another counts from elsewhere, and what
was played before stays where it was. It refuses to read a clock.
"""

from PySide6.QtCore import QPoint
from PySide6.QtGui import QFont, QPainter, QPixmap

from gui.roll.beats import BeatMap
from gui.roll.ground import paint_keyboard, paint_pressed, paint_turns
from gui.roll.inks import Inks
from gui.roll.notes import Notes, RollNote
from gui.roll.painting import Frame, paint_ghosts, paint_notes
from gui.roll.tiles import Tiles
from gui.roll.view import View
from gui.roll.words import about
from plugin.protocol import NoteSounded, Position
from plugin.served.messages import NoteEnded, Planned, Pulse

REST_NS = 3_000_000_000
"""Time stands still so long after the last sound, where no beat goes on."""
LOOK_NS = 400_000_000
"""How often the pitches in sight are looked through."""
STALE_NS = 150_000_000
"""A planned note that does not sound so long after its due time will not sound."""
HOVER_PX = 3


class Scene:
    """Thread: the GUI's. `fit` before anything is painted."""

    def __init__(self) -> None:
        self.notes, self.beats, self.view = Notes(), BeatMap(), View()
        self.tiles = Tiles(self.notes.between, self.beats.lines)
        self.notes.when_over = self.tiles.touch
        self.hovered: RollNote | None = None
        self.keys_px = self.ruler_px = 0
        """Device pixels that the keyboard is wide and the ruler high."""
        self.pulse: Pulse | None = None
        self._inks, self._font = Inks.__new__(Inks), QFont()
        self._heard_ns = -REST_NS
        self._looked_ns = -LOOK_NS
        self._boxes: dict[int, tuple[int, int]] = {}
        self._boxes_of: tuple[object, ...] = ()
        self._keyboard = QPixmap()
        self._keyboard_of: tuple[object, ...] = ()

    def fit(self, width: int, height: int, dpr: float, keys: int, ruler: int) -> None:
        """The whole is so large, and its edges; device pixels."""
        self.keys_px, self.ruler_px = keys, ruler
        self.view.width, self.view.height = max(width - keys, 1), max(height - ruler, 1)
        self.view.dpr = dpr

    def wear(self, inks: Inks, font: QFont) -> None:
        """Be painted in these colours, with numbers in this font, its size in device pixels."""
        self._inks, self._font = inks, font
        self._keyboard_of = ()

    # ------------------------------------------------------------------------------ told

    def take(self, message: object) -> bool:
        """Take in what the session tells; whether it is to be seen."""
        match message:
            case NoteSounded():
                note = self.notes.began(message)
                self._heard(message.t_ns)
                if not self.view.low <= note.pitch <= self.view.high:
                    self._looked_ns = -LOOK_NS
            case NoteEnded():
                self.notes.ended(message)
                self._heard(message.t_ns)
            case Planned(notes):
                self.notes.plan(notes)
            case Pulse():
                self._take_pulse(message)
            case _:
                return False
        return True

    def position(self, position: Position, now_ns: int) -> None:
        """Take in which bar it is, and whose turn."""
        if self.beats.position(position, now_ns):
            self.tiles.clear()

    def silence(self) -> None:
        """The session is gone: nothing sounds, nothing is planned."""
        self.notes.end_all(self.view.now_ns)
        self.notes.plan(())
        self.beats.end_turns(self.view.now_ns)

    def _heard(self, t_ns: int) -> None:
        self._heard_ns = max(self._heard_ns, t_ns)

    def _take_pulse(self, pulse: Pulse) -> None:
        if self.pulse is not None and pulse.origin_ns != self.pulse.origin_ns:
            self._shift(self.pulse.origin_ns - pulse.origin_ns)
        self.pulse = pulse
        changed_ns = self.beats.pulse(pulse)
        if changed_ns is not None:
            self.tiles.drop(changed_ns)

    def _shift(self, by_ns: int) -> None:
        self.silence()
        self.notes.shift(by_ns)
        self.beats.shift(by_ns)
        self.view.shift(by_ns)
        self._heard_ns += by_ns
        self._looked_ns += by_ns
        self.tiles.clear()

    # ------------------------------------------------------------------------------ moving

    @property
    def beat_goes_on(self) -> bool:
        """Whether a clock runs, so that time is seen to pass though nobody plays."""
        return self.pulse is not None and self.pulse.running and self.pulse.bpm > 0

    def moves(self, now_ns: int) -> bool:
        """Whether the next frame will be another."""
        return (
            self.beat_goes_on
            or self.notes.sounds
            or bool(self.notes.ghosts)
            or now_ns - self._heard_ns < REST_NS
            or self.view.glides
        )

    def tick(self, now_ns: int, passed_ns: int) -> bool:
        """Time has passed; whether something in sight changed."""
        view = self.view
        before = (view.left, view.low, view.high)
        self.notes.drop_ghosts(now_ns - STALE_NS)
        view.tick(now_ns, passed_ns)
        if abs(now_ns - self._looked_ns) >= LOOK_NS:
            self.look(now_ns)
        return before != (view.left, view.low, view.high) or view.span_ns[1] > view.now_ns

    def look(self, now_ns: int) -> None:
        """Aim at the pitches in sight."""
        self._looked_ns = now_ns
        self.view.aim(self.notes.reach(*self.view.span_ns))

    # ------------------------------------------------------------------------------ asked

    def at(self, place: QPoint) -> RollNote | None:
        """The note at this place; device pixels of the whole."""
        view = self.view
        x, y = place.x() - self.keys_px, place.y() - self.ruler_px
        if x < 0 or y < 0:
            return None
        reach_ns = round(HOVER_PX * view.dpr / view.px_per_ns)
        return self.notes.at(view.moment(view.left + x), view.pitch(y), reach_ns)

    def about(self, note: RollNote) -> str:
        """A note in words."""
        return about(note, self.beats.where(note.t_ns))

    # ------------------------------------------------------------------------------ painted

    def frame(self) -> Frame:
        """Where things are now, from the left edge of the keyboard."""
        view = self.view
        of = (view.low, view.high, view.height, self.ruler_px, view.dpr)
        if of != self._boxes_of:
            self._boxes_of, self._boxes = of, {}
        return Frame(
            px_per_ns=view.px_per_ns,
            left=view.left - self.keys_px,
            low=view.low,
            high=view.high,
            top=self.ruler_px,
            height=view.height,
            unit=view.dpr,
            now_ns=view.now_ns,
            moving=view.glides,
            boxes=self._boxes,
        )

    def paint(self, painter: QPainter) -> None:
        """The whole, in device pixels."""
        view, inks = self.view, self._inks
        frame = self.frame()
        width, bottom = self.keys_px + view.width, frame.top + frame.height
        self.tiles.fit(frame, self._font, inks)
        self.tiles.paint(painter, view.left, view.width, self.keys_px)
        begin_ns, end_ns = view.span_ns
        pressed = self.notes.open_notes()
        if pressed:
            paint_notes(painter, [n for n in pressed if n.t_ns < end_ns], frame, inks)
        paint_ghosts(
            painter,
            [g for g in self.notes.ghosts if g.due_ns < end_ns and g.end_ns > begin_ns],
            frame,
            inks,
        )
        if self.hovered is not None:
            self._outline(painter, self.hovered, frame)
        turns = [t for t in self.beats.turns if t.end_ns > begin_ns and t.begin_ns < end_ns]
        paint_turns(painter, turns, frame, width, self._font, inks)
        wide = max(round(2 * view.dpr), 1)
        painter.fillRect(frame.x(view.now_ns), 0, wide, bottom, inks.playhead)
        self._paint_keyboard(painter, frame)
        if pressed:
            keys = [(n.pitch, n.partner) for n in pressed]
            painter.setClipRect(0, frame.top, self.keys_px, view.height)
            paint_pressed(painter, keys, frame, self.keys_px, inks)
            painter.setClipping(False)

    def _paint_keyboard(self, painter: QPainter, frame: Frame) -> None:
        of = (frame.low, frame.high, frame.top, frame.height, self.keys_px, frame.unit)
        if of != self._keyboard_of:
            self._keyboard_of = of
            self._keyboard = QPixmap(self.keys_px, frame.top + frame.height)
            inner = QPainter(self._keyboard)
            paint_keyboard(inner, frame, self.keys_px, self._font, self._inks)
            inner.end()
        painter.drawPixmap(0, 0, self._keyboard)

    def _outline(self, painter: QPainter, note: RollNote, frame: Frame) -> None:
        top, below = frame.row(note.pitch)
        begin = frame.x(note.t_ns)
        end = frame.x(min(note.end_ns, frame.now_ns))
        painter.setPen(self._inks.playhead)
        painter.setBrush(self._inks.no_brush)
        painter.drawRect(begin - 2, top - 1, max(end - begin, 2) + 2, below - top + 1)
