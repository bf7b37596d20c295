"""Why there is no window, for who sees no terminal."""

import builtins
from collections.abc import Sequence

import pytest
from PySide6.QtWidgets import QMessageBox

from gui import command, hindered
from plugin.commands.common import COULD_NOT

SAYS = "It cannot be loaded: do this."


def test_qt_shows_it_where_qt_is_there(monkeypatch: pytest.MonkeyPatch, qapp: object) -> None:
    seen: list[str] = []
    monkeypatch.setattr(QMessageBox, "critical", lambda parent, title, text: seen.append(text))
    assert hindered.show(SAYS)
    assert seen == [SAYS]


@pytest.mark.parametrize(
    ("has", "platform", "first"),
    [("zenity", "linux", "zenity"), ("xmessage", "linux", "xmessage"), ("osascript", "darwin", "")],
)
def test_else_the_desktop_does(has: str, platform: str, first: str) -> None:
    ran: list[Sequence[str]] = []
    found = hindered.by_the_desktop(
        SAYS, lambda name: name if name == has else None, ran.append, platform
    )
    assert found
    assert ran[0][0] == (first or has)
    assert SAYS in ran[0][-1]


def test_where_nobody_can_it_was_printed_at_least() -> None:
    assert not hindered.by_the_desktop(SAYS, lambda name: None, pytest.fail, "linux")


def test_a_window_that_cannot_be_loaded_says_so_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []

    class Early:
        def __init__(self, *_: object) -> None: ...

        def close(self, timeout_s: float) -> None:
            shown.append("the session was ended")

    real = builtins.__import__

    def broken(name: str, *rest: object, **more: object) -> object:
        if name == "gui" and rest[2] == ("app",):  # type: ignore[comparison-overlap]
            raise ImportError("libEGL.so.1 is missing")
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("gui.starting.Early", Early)
    monkeypatch.setattr(hindered, "show", shown.append)
    monkeypatch.setattr(builtins, "__import__", broken)
    assert command.main([]) == COULD_NOT
    assert shown[0] == "the session was ended"
    assert "libEGL.so.1 is missing" in shown[1]
    assert shown[1] in capsys.readouterr().err
