"""Before Qt: is there a screen, which ports, and a session that is started first."""

from collections.abc import Callable

from gui.kept import Kept
from gui.starting import Early, opening_of, why_no_window
from plugin.protocol import Said
from plugin.served.messages import Open, Told
from tests.gui.fakes import FakeLink


def test_without_qt_or_a_screen_it_says_so_and_tells_of_the_terminal() -> None:
    no_qt = why_no_window({"DISPLAY": ":0"}, "linux", installed=lambda name: None)
    assert "pip install 'antiphon[gui]'" in no_qt
    assert "antiphon jam" in no_qt
    no_screen = why_no_window({"DISPLAY": ""}, "linux")
    assert "no screen" in no_screen
    assert "antiphon jam" in no_screen


def test_with_a_screen_there_is_no_reason() -> None:
    assert why_no_window({"DISPLAY": ":0"}, "linux") == ""
    assert why_no_window({"WAYLAND_DISPLAY": "wayland-0"}, "linux") == ""
    assert why_no_window({}, "darwin") == ""


KEPT = Kept(ins=("Piano",), outs=("Synth",), system="ALSA", profile="", thru=True)


def test_the_ports_of_last_time_are_opened_again() -> None:
    assert opening_of(KEPT, Open(seed=3)) == Open(
        ins=("Piano",), outs=("Synth",), system="ALSA", profile="", thru=True, seed=3
    )


def test_ports_that_are_wished_leave_out_the_kept_ones() -> None:
    assert opening_of(KEPT, Open(outs=("Organ",), profile="anna")) == Open(
        outs=("Organ",), profile="anna"
    )


def test_a_demo_takes_no_ports() -> None:
    assert opening_of(KEPT, Open(demo=True)) == Open(demo=True, system="memory")
    assert opening_of(KEPT, Open(demo=True, system="ALSA")).system == "ALSA"


class Begun:
    """Starts fake processes and remembers them."""

    def __init__(self) -> None:
        self.links: list[FakeLink] = []

    def __call__(self, told: Callable[[Told], None]) -> FakeLink:
        self.links.append(FakeLink(told))
        return self.links[-1]


def test_what_is_told_early_is_handed_over_in_order() -> None:
    begun, told = Begun(), list[Told]()
    early = Early(Open(seed=1), begun)
    begun.links[0].told(Said("one"))
    begun.links[0].told(Said("two"))
    assert early.start(told.append, Open(seed=1)) is begun.links[0]
    begun.links[0].told(Said("three"))
    assert told == [Said("one"), Said("two"), Said("three")]
    assert begun.links[0].asked == [Open(seed=1)]
    early.close(1.0)
    assert begun.links[0].closed_after_s is None


def test_the_second_start_is_another_process() -> None:
    begun = Begun()
    early = Early(Open(), begun)
    early.start(lambda message: None, Open())
    second = early.start(lambda message: None, Open(seed=2))
    assert second is begun.links[1]
    assert begun.links[1].asked == [Open(seed=2)]


def test_a_process_that_nobody_took_is_ended() -> None:
    begun = Begun()
    Early(Open(), begun).close(1.5)
    assert begun.links[0].closed_after_s == 1.5
