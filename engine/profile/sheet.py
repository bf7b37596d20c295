"""JSON that knows whether it is whole: a format with its version, a checksum, and the value.

What is read again is what was written: no NaN, no infinity, no endless nesting. It refuses to know
what the value means.
"""

import json
from typing import Any

from engine.profile.disk import sha256
from engine.profile.trouble import DamagedError, NewerError

MOST_BYTES = 4 * 1024 * 1024
_DEEPEST = 64


def canonical(value: Any) -> str:
    """The one way in which a value is written for its checksum. Raises ValueError."""
    try:
        return json.dumps(value, allow_nan=False, sort_keys=True, separators=(",", ":"))
    except (TypeError, RecursionError) as error:
        raise ValueError("not JSON") from error


def parsed(text: str | bytes) -> Any:
    """A value from JSON text, finite and not too deep. Raises ValueError."""
    if len(text) > MOST_BYTES:
        raise ValueError("too long")
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("brackets within brackets without end") from error
    if _too_deep(value):
        raise ValueError("too many brackets within brackets")
    canonical(value)  # 1e999 is read as infinity
    return value


def pack(kind: str, version: int, value: Any) -> bytes:
    """A value as the bytes of a file. Raises ValueError if it is not JSON, or far too large."""
    if _too_deep(value):
        raise ValueError("too many brackets within brackets")
    whole = {
        "format": f"antiphon-{kind}-{version}",
        "sha256": sha256(canonical(value).encode()),
        "value": value,
    }
    data = json.dumps(whole, indent=1, allow_nan=False).encode() + b"\n"
    if len(data) > MOST_BYTES:
        raise ValueError("too long")
    return data


def unpack(kind: str, version: int, data: bytes) -> Any:
    """The value again. Raises DamagedError, NewerError."""
    try:
        whole = parsed(data)
        check_format(str(whole["format"]), kind, version)
        value = whole["value"]
        if whole["sha256"] != sha256(canonical(value).encode()):
            raise DamagedError("the checksum is another")
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedError(str(error)) from error
    return value


def check_format(found: str, kind: str, version: int) -> None:
    """Raises DamagedError for what is not ours, NewerError for what is not ours yet."""
    beginning = f"antiphon-{kind}-"
    number = found.removeprefix(beginning)
    if not found.startswith(beginning) or not (number.isascii() and number.isdigit()):
        raise DamagedError(f"no {kind}")
    if len(number) > 9 or int(number) > version:
        raise NewerError(f"{kind} of version {number[:9]}")
    if int(number) < version:
        raise DamagedError(f"{kind} of version {number}")


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list, tuple))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True
