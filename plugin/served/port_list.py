"""Which ports there are, which are in use, and which of those are away: as a window lists them.

It refuses to ask the MIDI system itself: that may take milliseconds and is done when there is time.
"""

from collections.abc import Sequence

from plugin.cables import Cables
from plugin.hotplug import LastingInput, LastingOutput
from plugin.ports import Backend
from plugin.served.messages import PortIs, Ports


class PortList:
    """Thread: `survey` one at a time, whichever; the rest the session's."""

    def __init__(self, backend: Backend, cables: Cables) -> None:
        self._backend, self._cables = backend, cables
        self._found: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def ins(self) -> tuple[str, ...]:
        """The inputs of others, as they were listed last."""
        return self._found[0]

    @property
    def chosen_ins(self) -> set[str]:
        """Names of the inputs that are in use."""
        return {port.name for port in self._cables.inputs}

    def survey(self) -> Sequence[str]:
        """Ask the system; the inputs. Raises PortError."""
        self._found = tuple(self._backend.inputs()), tuple(self._backend.outputs())
        return self._found[0]

    def ports(self) -> Ports:
        """Everything as it stands now."""
        ins, outs = self._found
        cables = self._cables
        return Ports(
            self._backend.api,
            _listed(ins, cables.inputs, ours=cables.makes_ins),
            _listed(outs, cables.outputs, ours=cables.makes_outs),
            self._backend.has_virtual_ports,
        )


def _listed(
    names: Sequence[str], used: Sequence[LastingInput] | Sequence[LastingOutput], *, ours: bool
) -> tuple[PortIs, ...]:
    """Those in use first."""
    chosen = tuple(PortIs(port.name, ours, True, port.there) for port in used)
    known = {port.name for port in chosen}
    return chosen + tuple(PortIs(name, False, False, True) for name in names if name not in known)
