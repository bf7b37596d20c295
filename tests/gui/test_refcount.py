"""The binding keeps count of None: a release that does not ends the program within seconds."""

import sys

from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot


def test_calls_that_return_nothing_take_no_reference_to_none(qtbot: QtBot) -> None:
    label, image = QLabel(), QImage(8, 8, QImage.Format.Format_RGB32)
    qtbot.addWidget(label)
    before = sys.getrefcount(None)
    for number in range(2000):
        label.setText(str(number))
        label.update()
        with QPainter(image) as painter:
            painter.fillRect(0, 0, 4, 4, QColor("red"))
    assert abs(sys.getrefcount(None) - before) < 200, "pin another PySide6: see pyproject.toml"
