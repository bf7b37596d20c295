"""What the doctor page shows and what a bug report needs, as plain values and text.

Without Qt's widgets. It refuses to put takes, notes or names of profiles into a report; names of
ports and folders are in it, and the page says so before anybody copies it.
"""

import platform
from collections.abc import Sequence
from importlib import metadata

import msgspec

from gui.state import JamState
from plugin.served.messages import NotOpened, Opened

LATE_MS = 10.0
MOST_TROUBLES = 10


class Row(msgspec.Struct, frozen=True):
    """One thing that was looked at. mend: the next step, "" where nothing needs mending."""

    name: str
    ok: bool
    says: str
    mend: str = ""


class _Looked(msgspec.Struct, frozen=True):
    checks: tuple[Row, ...]


NAMES = {
    "python": "Python",
    "midi": "MIDI",
    "systems": "MIDI systems",
    "engine": "Engine",
    "takes": "Takes",
    "pictures": "Pictures",
    "timing": "Timing",
}
"""What `antiphon doctor` calls its checks -> what the page calls them."""


def read(content: bytes) -> tuple[Row, ...]:
    """The rows of what `antiphon doctor --json` printed. Raises ValueError where it is none."""
    try:
        looked = msgspec.json.decode(content, type=_Looked)
    except msgspec.MsgspecError as error:
        raise ValueError(f"the doctor's answer cannot be understood ({error})") from error
    return tuple(
        msgspec.structs.replace(row, name=NAMES.get(row.name, row.name)) for row in looked.checks
    )


def now(state: JamState) -> tuple[Row, ...]:
    """What the window knows of its own session."""
    opened = state.opened
    match opened:
        case Opened():
            says = f"hears “{opened.hears}”, plays “{opened.plays}”, through {opened.system}"
            rows = [Row("This session", True, says)]
        case NotOpened():
            rows = [Row("This session", False, "could not be opened", opened.says)]
        case _:
            mend = "Wait a moment, or choose Partner > Restart the session."
            rows = [Row("This session", False, "is not there", mend)]
    if isinstance(opened, Opened):
        if state.engine is not None:
            rows.append(Row("Its engine", True, f"{state.engine.model} listens"))
        else:
            mend = "Wait a few seconds, or choose Partner > Restart the engine."
            rows.append(Row("Its engine", False, "is not ready", mend))
        rows.append(_lateness(state))
    return tuple(rows)


def _lateness(state: JamState) -> Row:
    pulse = state.pulse
    if pulse is None:
        return Row("Its notes", True, "none were sent yet")
    says = f"99 of 100 were late by at most {pulse.late_p99_ms:.1f} ms in the last ten seconds"
    if pulse.late_p99_ms > LATE_MS:
        return Row("Its notes", False, says, "Close programs that keep the processor busy.")
    return Row("Its notes", True, says)


def text(rows: Sequence[Row], troubles: Sequence[str]) -> str:
    """What is copied for a bug report."""
    lines = [f"Antiphon {version()}, Python {platform.python_version()}, {platform.platform()}"]
    lines += [f"PySide6 {_of('PySide6_Essentials')}, torch {_of('torch')}, numba {_of('numba')}"]
    for row in rows:
        lines.append(f"[{'ok' if row.ok else 'missing'}] {row.name}: {row.says}")
        if row.mend:
            lines.append(f"    {row.mend}")
    if troubles:
        lines.append("The last that was said to be wrong:")
        lines += [f"    {says}" for says in list(troubles)[-MOST_TROUBLES:]]
    return "\n".join(lines) + "\n"


def version() -> str:
    """Of Antiphon."""
    return _of("antiphon")


def _of(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed)"
