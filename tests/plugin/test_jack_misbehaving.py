"""Our JACK process where JACK refuses, prints or never lets go; real servers do each of it rarely.

Python runs `sitecustomize` before anything else, so a file of that name changes JACK-Client in our
process alone; the server is a real one.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin.backends import jack
from plugin.backends.jack import JackBackend
from plugin.backends.jack_process import NoJackError
from tests.rig.jackd import JackServer
from tests.rig.peer import JackPeer
from tests.rig.pipewire import PipeWireServer

pytestmark = pytest.mark.realport

BUSY = """
import jack

left = {"__init__": 3, "_register_port": 3, "connect": 3}

def refuse_at_first(name, error):
    real = getattr(jack.Client, name)
    def attempt(*words, **more):
        left[name] -= 1
        if left[name] >= 0:
            raise error
        return real(*words, **more)
    setattr(jack.Client, name, attempt)

refuse_at_first("__init__", jack.JackOpenError("busy", jack.Status(STATUS)))
for name in "_register_port", "connect":
    refuse_at_first(name, jack.JackErrorCode("busy", -2))
"""
"""Python: JACK-Client as on a PipeWire while ports of others come and go, at its worst."""
INIT_FAILURE, SERVER_FAILED = 0x41, 0x11


class TestWhereJackMisbehaves:
    @pytest.fixture
    def first_of_all(
        self, jack_server: JackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[Path]:
        """The file that our processes run first."""
        monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
        yield tmp_path / "sitecustomize.py"
        jack_server.wait_until_gone("Antiphon")

    def test_what_is_refused_at_first_is_asked_for_again(
        self, first_of_all: Path, jack_server: JackServer, jack_peer: JackPeer
    ) -> None:
        first_of_all.write_text(BUSY.replace("STATUS", hex(INIT_FAILURE)))
        backend = JackBackend()
        output = backend.open_output(jack_peer.sink, virtual=False)
        assert output.alive()
        assert jack_server.ports("Antiphon Out") != []
        backend.close()

    @pytest.mark.parametrize("times", [jack.STARTS - 1, jack.STARTS])
    def test_a_client_that_is_not_activated_gets_a_new_process(
        self, first_of_all: Path, times: int
    ) -> None:
        """In PipeWire none that was refused it ever ran."""
        refusals = first_of_all.with_name("refusals")
        refusals.write_text("")
        first_of_all.write_text(
            "import jack\n"
            "def activate(client, real=jack.Client.activate):\n"
            f"    with open({str(refusals)!r}, 'r+') as refusals:\n"
            f"        if len(refusals.read()) < {times}:\n"
            "            refusals.write('x')\n"
            "            raise jack.JackErrorCode('busy', -2)\n"
            "    real(client)\n"
            "jack.Client.activate = activate\n"
        )
        if times < jack.STARTS:
            JackBackend().close()
        else:
            with pytest.raises(NoJackError, match="does not let us in now"):
                JackBackend()

    def test_where_no_server_answers_none_is_waited_for(self, first_of_all: Path) -> None:
        """Three tries would have been enough."""
        first_of_all.write_text(BUSY.replace("STATUS", hex(SERVER_FAILED)))
        with pytest.raises(NoJackError, match="No JACK server answers"):
            JackBackend()

    def test_what_libjack_prints_is_no_answer(self, first_of_all: Path) -> None:
        first_of_all.write_text(
            "import ctypes, jack\n"
            "real, c = jack.Client.activate, ctypes.CDLL(None)\n"
            "def activate(client):\n"
            "    c.puts(b'a remark'), c.fflush(None), real(client)\n"
            "jack.Client.activate = activate\n"
        )
        backend = JackBackend()
        assert backend.open_output("Antiphon Out", virtual=True).alive()
        backend.close()

    def test_a_process_that_hangs_as_it_leaves_ends_all_the_same(self, first_of_all: Path) -> None:
        """With Python's lock taken for ever, as by a thread that JACK cancelled."""
        first_of_all.write_text(
            "import ctypes, jack\njack.Client.close = lambda _: ctypes.PyDLL(None).pause()\n"
        )
        backend = JackBackend()
        backend.close()
        assert backend._process._process.returncode == -signal.SIGALRM


class TestWherePipeWireStandsStill:
    def test_nobody_sees_ports_of_ours_come_and_go(
        self, pipewire_server: PipeWireServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """To ask whether the server is there we opened one, which a DAW showed for a moment."""
        monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
        opened = tmp_path / "opened"
        (tmp_path / "sitecustomize.py").write_text(
            "import jack\n"
            "def register(ports, name, real=jack.Ports.register, **more):\n"
            f"    with open({str(opened)!r}, 'a') as log:\n"
            "        print(name, file=log)\n"
            "    return real(ports, name, **more)\n"
            "jack.Ports.register = register\n"
            "jack.Client.set_process_callback = lambda client, callback: None\n"
        )
        backend = JackBackend()
        output = backend.open_output("Antiphon Out", virtual=True)
        for _ in range(10):
            backend._process.ask(do="list")
        assert output.alive()
        assert opened.read_text().split("\n") == ["out", ""]
        backend.close()
        pipewire_server.wait_until_gone("Antiphon")
