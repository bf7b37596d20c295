"""Fixtures with a real MIDI server; tests that use them carry the mark `realport`.

`jack_server` lasts as long as a test class, because a process has one JACK server at a time: put
tests that share a server into a class, and tests that kill theirs into another.
"""

from collections.abc import Iterator

import pytest

from tests.rig.jackd import JackServer, why_no_jack
from tests.rig.peer import JackPeer
from tests.rig.pipewire import PipeWireServer, why_no_pipewire

PIPEWIRE_PERIOD_FRAMES = 1024
"""As PipeWire comes. With 256, a machine that stood still for some milliseconds lost whole cycles
of messages in one run of sixty, without a word to anybody."""


@pytest.fixture(scope="class")
def jack_server() -> Iterator[JackServer]:
    """A private JACK server for a test class, which clients of this process find by themselves."""
    yield from _server()


@pytest.fixture
def mortal_jack_server() -> Iterator[JackServer]:
    """The same for one test, which may kill it."""
    yield from _server()


@pytest.fixture(scope="class")
def jack_peer(jack_server: JackServer) -> Iterator[JackPeer]:
    """Another program on that server, which plays into ports and tells what comes out."""
    with JackPeer(jack_server) as peer:
        yield peer


@pytest.fixture(scope="class")
def pipewire_server() -> Iterator[PipeWireServer]:
    """A private PipeWire for a test class, which our JACK processes find by themselves."""
    yield from _pipewire()


@pytest.fixture
def mortal_pipewire_server() -> Iterator[PipeWireServer]:
    """The same for one test, which may kill it."""
    yield from _pipewire()


@pytest.fixture(scope="class")
def pipewire_peer(pipewire_server: PipeWireServer) -> Iterator[JackPeer]:
    """Another program on that server."""
    with JackPeer(pipewire_server) as peer:
        yield peer


def _pipewire() -> Iterator[PipeWireServer]:
    reason = why_no_pipewire()
    if reason:
        pytest.skip(reason)
    with PipeWireServer(PIPEWIRE_PERIOD_FRAMES) as server, server.as_default():
        yield server


def _server() -> Iterator[JackServer]:
    reason = why_no_jack()
    if reason:
        pytest.skip(reason)
    with JackServer() as server, server.as_default():
        yield server
