"""`antiphon ports` and `antiphon panic`: what can be connected, and silence on it."""

import argparse
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from plugin import compose
from plugin.commands.common import DID_IT, complain, put_json, say
from plugin.ports import PortError
from plugin.realtime.ledger import NOTE_OFF, RELEASE_VELOCITY, silence
from plugin.running import ask_for_panic

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parsers(subparsers: "Subparsers") -> None:
    """Add `ports` and `panic` to the command line."""
    ports = subparsers.add_parser("ports", help="list the MIDI ports of this machine")
    ports.set_defaults(run=run_ports)
    panic = subparsers.add_parser("panic", help="silence every note, now")
    panic.set_defaults(run=run_panic)
    panic.add_argument("--out", metavar="PORT", help="also silence what listens to this port")
    for parser in (ports, panic):
        parser.add_argument(
            "--system", metavar="NAME", help="ALSA, JACK, PipeWire, CoreMIDI or Windows MM"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")


def run_ports(args: argparse.Namespace) -> int:
    """`antiphon ports`. A machine without a MIDI system has no ports, which is an answer."""
    try:
        with contextlib.closing(compose.system_backend(args.system)) as backend:
            found: dict[str, object] = {
                "inputs": backend.inputs(),
                "outputs": backend.outputs(),
                "virtual_ports": backend.has_virtual_ports,
                "api": backend.api,
            }
    except PortError as error:
        if args.system:
            return complain(str(error))
        say(str(error), as_json=args.json)
        if args.json:
            put_json({"inputs": [], "outputs": [], "virtual_ports": False, "api": None})
        return DID_IT
    if args.json:
        put_json(found)
        return DID_IT
    for title in ("inputs", "outputs"):
        names = found[title]
        assert isinstance(names, list)
        say(f"{title} ({backend.api}):", as_json=False)
        for name in names or ["none"]:
            say(f"  {name}", as_json=False)
    if backend.has_virtual_ports:
        say(f"`antiphon jam` adds “{compose.IN_NAME}” and “{compose.OUT_NAME}”.", as_json=False)
    return DID_IT


def run_panic(args: argparse.Namespace) -> int:
    """`antiphon panic`: the running jam, and the port that was named."""
    told = ask_for_panic()
    if args.out:
        try:
            with contextlib.closing(compose.system_backend(args.system)) as backend:
                output = backend.open_output(args.out, virtual=False)
                for message in _everything_off():
                    output.send(message)
        except PortError as error:
            return complain(str(error))
    if not told and not args.out:
        return complain("No jam is running here; name the port to silence with --out PORT.")
    if args.json:
        put_json({"jam": told, "out": args.out})
    else:
        say("Silenced.", as_json=False)
    return DID_IT


def _everything_off() -> Iterator[bytes]:
    """Silence in the two ways that synthesizers understand: channel by channel, key by key."""
    yield from silence()
    for channel in range(16):
        for pitch in range(128):
            yield bytes((NOTE_OFF | channel, pitch, RELEASE_VELOCITY))
