"""`antiphon calibrate`: how late an output sounds, through a loop or by ear, kept for that port."""

import argparse
import contextlib
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING

from plugin import compose
from plugin.backends.jack import JackBackend
from plugin.calibration import by_ear, settled, through_loop
from plugin.commands.common import DID_IT, WRONG_USAGE, complain, put_json, say
from plugin.files import data_folder
from plugin.latency import MOST_MS, LatencyError, Measured, write
from plugin.ports import Backend, InputPort, OutputPort, PortError
from plugin.realtime.clock import Clock, MonotonicClock

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

PINGS, CLICKS, BPM = 60, 24, 100.0
_LOOP_HELP = (
    "Name an output and an input that are connected (--out PORT --in PORT), or measure by ear "
    "(--ear)."
)


def add_parser(subparsers: "Subparsers") -> None:
    """Add `calibrate` to the command line."""
    parser = subparsers.add_parser("calibrate", help="measure how late an output sounds")
    parser.set_defaults(run=run_calibrate)
    parser.add_argument("--out", metavar="PORT", help="this existing output (else our own)")
    parser.add_argument("--in", dest="in_name", metavar="PORT", help="where it comes back, or taps")
    parser.add_argument("--ear", action="store_true", help="clicks: tap along, with Enter or a key")
    parser.add_argument("--ms", type=float, help="set the delay by hand")
    parser.add_argument("--system", metavar="NAME", help="as for `antiphon jam`")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run_calibrate(args: argparse.Namespace) -> int:
    """`antiphon calibrate`."""
    if args.ms is not None and not 0 <= args.ms <= MOST_MS:
        complain(f"A delay lies between 0 and {MOST_MS:g} ms: give another --ms.")
        return WRONG_USAGE
    try:
        with contextlib.closing(compose.system_backend(args.system)) as backend:
            output = _output(backend, args.out)
            if args.ms is not None:
                found: dict[str, object] = {"how": "hand", "p50_ms": args.ms}
            elif args.ear:
                found = _by_ear(backend, output, args)
            else:
                found = _through_loop(backend, output, args)
            if "p50_ms" not in found:
                return complain(str(found["says"]))
            delay_ms = float(str(found["p50_ms"]))
            write(data_folder(), output.name, Measured(delay_ms, str(found["how"])))
    except (PortError, LatencyError) as error:
        return complain(str(error))
    found = {"port": output.name, **found}
    say(f"{output.name} sounds {delay_ms:.1f} ms late; that is kept.", as_json=args.json)
    if args.json:
        put_json(found)
    return DID_IT


def _output(backend: Backend, name: str | None) -> OutputPort:
    virtual = name is None and backend.has_virtual_ports
    return backend.open_output(name or compose.OUT_NAME, virtual=virtual)


def _through_loop(
    backend: Backend, output: OutputPort, args: argparse.Namespace
) -> dict[str, object]:
    """Over named ports, or over our own, which only JACK and PipeWire let us connect."""
    if args.in_name:
        heard = backend.open_input(args.in_name, virtual=False)
    elif args.out is None and isinstance(backend, JackBackend):
        heard = backend.open_input(compose.IN_NAME, virtual=True)
        backend.connect_own(output, heard)
    else:
        return {"says": _LOOP_HELP}
    delays_ms, lost = through_loop(output, heard, MonotonicClock(), PINGS)
    if len(delays_ms) < PINGS // 2:
        return {
            "says": f"Of {PINGS} notes {lost} did not come back through {heard.name}: connect it "
            f"with {output.name}, then try again."
        }
    ordered = sorted(delays_ms)
    found = {
        "how": "loop",
        "p50_ms": round(ordered[len(ordered) // 2], 3),
        "p95_ms": round(ordered[len(ordered) * 95 // 100], 3),
        "lost": lost,
    }
    took = f"half of them took {found['p50_ms']} ms, 19 of 20 at most {found['p95_ms']} ms"
    say(f"{len(ordered)} notes: {took}.", as_json=args.json)
    return found


def _by_ear(backend: Backend, output: OutputPort, args: argparse.Namespace) -> dict[str, object]:
    clock = MonotonicClock()
    keys = backend.open_input(args.in_name, virtual=False) if args.in_name else None
    taps = _Taps(clock, keys)
    with_what = f"a key of {keys.name}" if keys else "Enter"
    say(
        f"{CLICKS} clicks come on channel 10 of {output.name}. Tap {with_what} with each click as "
        "you hear it. Most people tap a little early: trust your ear more than the last 20 ms.",
        as_json=args.json,
    )
    delays_ms = by_ear(output, clock, taps.take, clicks=CLICKS, bpm=BPM)
    result = settled(delays_ms)
    if result is None:
        return {"says": "Too few taps to tell: tap along with every click, then try again."}
    middle_ms, spread_ms = result
    say(f"{len(delays_ms)} taps, half of them within {spread_ms:.0f} ms.", as_json=args.json)
    return {
        "how": "ear",
        "p50_ms": round(min(max(middle_ms, 0.0), MOST_MS), 1),
        "spread_ms": round(spread_ms, 1),
        "taps": len(delays_ms),
    }


class _Taps:
    """Moments of Enter, read in a thread of its own, and of keys."""

    def __init__(self, clock: Clock, keys: InputPort | None) -> None:
        self._clock, self._keys = clock, keys
        self._lines: deque[int] = deque()
        reader = self._poll if keys is not None else self._read
        threading.Thread(target=reader, name="antiphon-taps", daemon=True).start()

    def take(self) -> list[int]:
        """Those since it was last asked."""
        return [self._lines.popleft() for _ in range(len(self._lines))]

    def _read(self) -> None:
        for _ in sys.stdin:
            self._lines.append(self._clock.now_ns())

    def _poll(self) -> None:
        assert self._keys is not None
        while self._keys.alive():
            while (message := self._keys.poll()) is not None:
                if message[0] & 0xF0 == 0x90 and message[2]:
                    self._lines.append(self._clock.now_ns())
            self._clock.sleep_until_ns(self._clock.now_ns() + 1_000_000)
