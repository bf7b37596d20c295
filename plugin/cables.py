"""The ports of one jam: virtual or by name, several of each, filtered, coming back when they go.

A port that somebody named and that is not there is said and waited for; one that we cannot make
ourselves (a virtual port of a system that is gone) is an error before anything sounds. It refuses
to know which MIDI system it is and what the messages mean.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from plugin.hotplug import AnyLasting, Hotplug, LastingInput, LastingOutput
from plugin.hub import ALL_CHANNELS, FilteredInput, MergedInput, SharedOutput
from plugin.ports import Backend, InputPort, OutputPort, PortError
from plugin.realtime.clock import Clock
from plugin.watching import Watch, WatchedInput, WatchedOutput

_Port = TypeVar("_Port", InputPort, OutputPort)
_WISH = re.compile(r"(?P<name>.+)@(?P<channels>[0-9][0-9,\-]*)")


@dataclass(frozen=True, slots=True)
class PortWish:
    """A port by a name or a part of one, and the channels (0..15) that count of it."""

    name: str
    channels: frozenset[int] = ALL_CHANNELS

    @classmethod
    def of(cls, text: str) -> "PortWish":
        """From words: `Keys`, `Keys@1`, `Keys@1-4,10`. Raises ValueError, a sentence."""
        found = _WISH.fullmatch(text)
        if found is None:
            return cls(text)
        channels: set[int] = set()
        for part in found["channels"].split(","):
            first, _, last = part.partition("-")
            if not first.isdecimal() or (last and not last.isdecimal()):
                raise ValueError(f"Channels are written like @1 or @1-4,10, not @{part}.")
            channels.update(range(int(first), int(last or first) + 1))
        if not channels or not channels <= set(range(1, 17)):
            raise ValueError("MIDI channels run from 1 to 16; name some of these after the @.")
        return cls(found["name"], frozenset(channel - 1 for channel in channels))


class Cables:
    """Opened ports. Thread: the session's; `Hotplug` opens again in one of its own."""

    def __init__(
        self,
        backend: Backend,
        clock: Clock,
        *,
        ins: Sequence[PortWish],
        outs: Sequence[PortWish],
        in_name: str,
        out_name: str,
        tell: Callable[[str], None],
        gone: Callable[[int], None],
        instead: InputPort | None = None,
        also: Sequence[InputPort] = (),
        watch: Watch | None = None,
    ) -> None:
        """Without wishes virtual ports `in_name` and `out_name` are made.

        tell is given sentences for the player. gone is told the moment at which an input went: its
        keys count as released. instead: an input that plays in the place of any other. also: inputs
        that play beside them. watch is shown what goes through. Raises PortError.
        """
        self._tell, self._told_refused = tell, False
        self.makes_ins = backend.has_virtual_ports and not ins
        self.makes_outs = backend.has_virtual_ports and not outs
        """Whether these ports are of our own."""
        self.outputs = [
            self._open_output(backend, wish.name, virtual=self.makes_outs)
            for wish in outs or (PortWish(out_name),)
        ]
        self.inputs: list[LastingInput] = []
        self._filtered: list[FilteredInput] = []
        if instead is None:
            for wish in ins or (PortWish(in_name),):
                port = self._open_input(backend, wish.name, virtual=self.makes_ins)
                self.inputs.append(port)
                shown = port if watch is None else _watched_input(port, watch)
                self._filtered.append(FilteredInput(shown, clock, wish.channels))
        self.input: InputPort = instead or MergedInput([*self._filtered, *also])
        self.output: OutputPort = SharedOutput(self.outputs)
        if watch is not None:
            self.input = WatchedInput(self.input, watch.heard)
            shared = SharedOutput([_watched_output(output, watch) for output in self.outputs])
            self.output = WatchedOutput(shared, watch.sent)

        def went(now_ns: int, port: AnyLasting) -> None:
            if isinstance(port, LastingInput):
                gone(now_ns)

        self.hotplug = Hotplug(
            [*self.inputs, *self.outputs],
            tell=tell,
            gone=went,
            tried=watch.survey if watch is not None else lambda: None,
        )
        if watch is not None:
            watch.begin(backend, self)

    def news(self) -> None:
        """Say what the filters have to say."""
        for port in self._filtered:
            if (says := port.thinner.news()) is not None:
                self._tell(says)
        if not self._told_refused and any(port.refused for port in self.inputs):
            self._told_refused = True
            self._tell(
                "Something came in that is no music: a dump of a synthesizer, or a message cut "
                "short. It is left out and the music goes on; see what sends to me."
            )

    def close(self) -> None:
        """Give everything back. Twice is once."""
        self.hotplug.close()
        for lasting in self.inputs:
            lasting.close()
        for lasting_output in self.outputs:
            lasting_output.close()

    def _open_output(self, backend: Backend, name: str, *, virtual: bool) -> LastingOutput:
        def open_port() -> OutputPort:
            return backend.open_output(name, virtual=virtual)

        return LastingOutput(name, open_port, self._try(open_port, virtual=virtual))

    def _open_input(self, backend: Backend, name: str, *, virtual: bool) -> LastingInput:
        def open_port() -> InputPort:
            return backend.open_input(name, virtual=virtual)

        return LastingInput(name, open_port, self._try(open_port, virtual=virtual))

    def _try(self, open_port: Callable[[], _Port], *, virtual: bool) -> _Port | None:
        try:
            return open_port()
        except PortError as error:
            if virtual:
                raise
            self._tell(f"{error} It is waited for.")
            return None


def _watched_input(port: LastingInput, watch: Watch) -> InputPort:
    return WatchedInput(port, lambda message: watch.through(port.name, False, message))


def _watched_output(port: LastingOutput, watch: Watch) -> OutputPort:
    def show(message: bytes, due_ns: int | None) -> None:
        if port.there:
            watch.through(port.name, True, message)

    return WatchedOutput(port, show)
