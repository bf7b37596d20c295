"""`antiphon doctor` and `antiphon version`: what works here, what is missing, what mends it.

Each check tries the real thing: the engine is started, a port is made, the library is written.
"""

import argparse
import contextlib
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata, util
from typing import TYPE_CHECKING

from engine.api import Failed, Ready
from plugin import compose
from plugin.backends.advice import linux_systems, loopback_advice
from plugin.commands.common import DID_IT, put_json, say
from plugin.engine_link import Stopped
from plugin.files import data_folder
from plugin.ports import PortError
from plugin.realtime.clock import Clock, MonotonicClock
from plugin.takes import TakeError, TakeLibrary, library_path

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

ENGINE_WAIT_NS = 20_000_000_000
TIMER_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried. `mend` is empty where nothing needs mending."""

    name: str
    ok: bool
    says: str
    mend: str = ""


def add_parsers(subparsers: "Subparsers") -> None:
    """Add `doctor` and `version` to the command line."""
    doctor = subparsers.add_parser("doctor", help="say what works here and how to mend the rest")
    doctor.set_defaults(run=run_doctor)
    version = subparsers.add_parser("version", help="print the version")
    version.set_defaults(run=run_version)
    for parser in (doctor, version):
        parser.add_argument("--json", action="store_true", help="print one JSON object")


def run_doctor(args: argparse.Namespace) -> int:
    """`antiphon doctor`: it did its work when it has looked; `ok` says whether all is well."""
    clock = MonotonicClock()
    tries: list[Callable[[], Check]] = [
        _python,
        _midi,
        *([_systems] if sys.platform == "linux" else []),
        lambda: _engine(clock),
        _library,
        _picture,
        lambda: _timer(clock),
    ]
    checks = []
    for attempt in tries:
        check = attempt()
        checks.append(check)
        mark = "ok     " if check.ok else "missing"
        say(f"{mark}  {check.name}: {check.says}", as_json=args.json)
        if check.mend:
            say(f"           {check.mend}", as_json=args.json)
    ok = all(check.ok for check in checks)
    if args.json:
        put_json({"ok": ok, "checks": [asdict(check) for check in checks]})
    return DID_IT


def run_version(args: argparse.Namespace) -> int:
    """`antiphon version`."""
    try:
        version = metadata.version("antiphon")
    except metadata.PackageNotFoundError:
        version = "(not installed)"
    if args.json:
        put_json({"version": version, "python": platform.python_version()})
    else:
        print(f"antiphon {version}, Python {platform.python_version()}")
    return DID_IT


def _python() -> Check:
    found = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Check("python", True, found)
    return Check("python", False, found, "Antiphon is tested on Python 3.11 to 3.13; install one.")


def _midi() -> Check:
    try:
        with contextlib.closing(compose.system_backend()) as backend:
            if not backend.has_virtual_ports:
                found, mend = loopback_advice(backend.inputs(), backend.outputs())
                return Check("midi", True, f"{backend.api}, {found}", mend)
            backend.open_input(f"{compose.IN_NAME} (test)", virtual=True)
            return Check("midi", True, f"{backend.api}, with virtual ports")
    except PortError as error:
        return Check("midi", False, "no MIDI system can be used", str(error))


def _systems() -> Check:
    """Each way to a MIDI system by itself: what could be had besides what is used."""
    found = linux_systems()
    says = "; ".join(f"{name}: {words}" for name, _, words, _ in found)
    mend = " ".join(f"{name}: {step}." for name, _, _, step in found if step)
    # Without ALSA's sequencer there is still JACK.
    return Check("systems", all(ok for name, ok, _, _ in found if name != "ALSA"), says, mend)


def _engine(clock: Clock) -> Check:
    """Start the real engine and wait until it has read its weights."""
    began_ns = clock.now_ns()
    engine = compose.start_engine()
    try:
        while (waited_ns := clock.now_ns() - began_ns) < ENGINE_WAIT_NS:
            match engine.poll():
                case Ready(model=model, parameters=parameters):
                    says = f"model {model}, {parameters / 1e6:.1f} M parameters"
                    return Check("engine", True, f"{says}, ready in {waited_ns / 1e9:.1f} s")
                case Failed(says=mend):
                    return Check("engine", False, "the engine cannot start", mend)
                case Stopped():
                    break
            clock.sleep_until_ns(clock.now_ns() + 5_000_000)
    finally:
        engine.close()
    mend = "Run `python -m pip install 'antiphon[engine]'` again; if it stays, report it."
    return Check("engine", False, "the engine stopped or did not answer", mend)


def _library() -> Check:
    path = library_path(data_folder())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        probe = path.parent / ".antiphon-probe"
        probe.write_bytes(b"")
        probe.unlink()
        with TakeLibrary(path) as library:
            count = len(library.list_takes())
    except TakeError as error:
        return Check("takes", False, "the take library cannot be read", str(error))
    except OSError as error:
        mend = "Make the folder writable, or name another in ANTIPHON_DATA."
        return Check("takes", False, f"{path.parent}: {error.strerror}", mend)
    return Check("takes", True, f"{count} in {path}")


def _picture() -> Check:
    if util.find_spec("matplotlib") is None:
        mend = "Run: pip install 'antiphon[engine]'"
        return Check("pictures", False, "matplotlib is not installed", mend)
    return Check("pictures", True, "matplotlib is installed")


def _timer(clock: Clock) -> Check:
    """How late this machine wakes us: what a note's timing rests on."""
    late_ns = []
    for _ in range(TIMER_ROUNDS):
        due_ns = clock.now_ns() + 2_000_000
        clock.sleep_until_ns(due_ns)
        late_ns.append(clock.now_ns() - due_ns)
    late_ms = sorted(late_ns)[TIMER_ROUNDS * 95 // 100] / 1e6
    says = f"19 of 20 wake-ups are late by at most {late_ms:.2f} ms"
    if late_ms > 5:
        return Check("timing", False, says, "Close programs that keep the processor busy.")
    return Check("timing", True, says)
