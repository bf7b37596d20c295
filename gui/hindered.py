"""A start that fails before there is a window says why in a dialog: Qt's, else the desktop's own.

Whoever starts Antiphon from a menu sees no terminal. It refuses to raise: what it cannot show was
printed anyway.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

_DESKTOPS = (
    ("zenity", "--error", "--no-markup", "--title=Antiphon", "--text={}"),
    ("kdialog", "--title", "Antiphon", "--error", "{}"),
    ("xmessage", "-center", "{}"),
)
_MAC = ("osascript", "-e", 'on run says\ndisplay alert "Antiphon" message item 1 of says\nend run')


def show(says: str) -> bool:
    """Show it until it is closed; whether anybody could."""
    try:
        from PySide6.QtWidgets import QApplication, QMessageBox
    except ImportError:
        return by_the_desktop(says)
    app = QApplication.instance() or QApplication(["antiphon"])
    QMessageBox.critical(None, "Antiphon", says)
    del app
    return True


def by_the_desktop(
    says: str,
    which: Callable[[str], str | None] = shutil.which,
    run: Callable[[Sequence[str]], object] = lambda words: subprocess.run(words, check=False),
    platform: str = sys.platform,
) -> bool:
    """The same without Qt, by what the desktop has for it."""
    commands = [(*_MAC, "{}")] if platform == "darwin" else _DESKTOPS
    for command in commands:
        if which(command[0]) is not None:
            run([word.replace("{}", says) for word in command])
            return True
    return False
