"""What is written down of a profile: its adapter versions, which one is in use, and the way back.

Frozen values; every change gives a new one. Going back changes one number. It refuses to touch the
disk, and whatever in a file does not make sense: a version that comes from nowhere, a name of a
file that is not ours.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

FORMAT = 1
MOST_VERSIONS = 100_000
_MOST_NAMES = 10_000
_LONGEST_TEXT = 1_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What training says of itself.

    bits_before, bits_after: per note of the player's phrases that were held back, without and with
    what was learnt; None where nobody looked. kept: whether it is to be used.
    """

    bits_before: float | None = None
    bits_after: float | None = None
    seconds: float = 0.0
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Version:
    """One adapter, or one attempt that was not kept (then there is no file).

    prior: fingerprint of the weights that it changes. learnt_from: names of takes or files.
    before: the version that was in use when this one came, None for the prior alone.
    """

    number: int
    file: str
    sha256: str
    made: str
    kind: str
    rank: int
    prior: str
    learnt_from: tuple[str, ...] = ()
    phrases: int = 0
    notes: int = 0
    bits_before: float | None = None
    bits_after: float | None = None
    kept: bool = True
    seconds: float = 0.0
    before: int | None = None

    @property
    def gain_bits(self) -> float | None:
        """Bits per note that it saves on phrases held back."""
        if self.bits_before is None or self.bits_after is None:
            return None
        return self.bits_before - self.bits_after


@dataclass(frozen=True, slots=True)
class Record:
    """See the module. made, changed: ISO 8601 in UTC. now: the version in use, None for none.

    undone: versions that were gone back from, the last one last.
    """

    made: str
    changed: str
    now: int | None = None
    undone: tuple[int, ...] = ()
    versions: tuple[Version, ...] = ()

    def version(self, number: int | None) -> Version | None:
        """The version of that number."""
        return next((v for v in self.versions if v.number == number), None)

    @property
    def kept(self) -> tuple[Version, ...]:
        """Versions that can be used, in order."""
        return tuple(version for version in self.versions if version.kept)

    def added(self, version: Version) -> "Record":
        """With one more version, in use if it was kept. What was undone stays to be gone to."""
        versions = (*self.versions, version)
        if not version.kept:
            return replace(self, versions=versions, changed=version.made)
        return replace(self, versions=versions, now=version.number, undone=(), changed=version.made)

    def gone_back(self, when: str) -> "Record | None":
        """One version back, to the prior alone in the end; None where there is no way back."""
        if (version := self.version(self.now)) is None:
            return None
        undone = (*self.undone, version.number)
        return replace(self, now=version.before, undone=undone, changed=when)

    def gone_forth(self, when: str) -> "Record | None":
        """The version that was gone back from last; None where there is none."""
        if not self.undone:
            return None
        return replace(self, now=self.undone[-1], undone=self.undone[:-1], changed=when)

    def gone_to(self, number: int | None, when: str) -> "Record":
        """A version that was kept, or None for the prior alone. Raises KeyError."""
        if number is not None and number not in {version.number for version in self.kept}:
            raise KeyError(number)
        return replace(self, now=number, undone=(), changed=when)

    def without(self, numbers: frozenset[int]) -> "Record":
        """Without some versions; what came from one of them comes from the one before it."""
        came_from = {version.number: version.before for version in self.versions}

        def instead(number: int | None) -> int | None:
            while number in numbers:
                number = came_from[number]
            return number

        return replace(
            self,
            now=instead(self.now),
            undone=tuple(number for number in self.undone if number not in numbers),
            versions=tuple(
                replace(version, before=instead(version.before))
                for version in self.versions
                if version.number not in numbers
            ),
        )

    def with_sums(self, sums: Mapping[int, str]) -> "Record":
        """With the SHA-256 of the files of its versions as they were just written."""
        return replace(
            self,
            versions=tuple(
                replace(version, sha256=sums[version.number]) if version.kept else version
                for version in self.versions
            ),
        )


def file_of(number: int) -> str:
    """The name of an adapter's file, from the profile's folder."""
    return f"adapters/{number:04}.safetensors"


def phrases_of(number: int) -> str:
    """The name of the file of the phrases that a version learnt from."""
    return f"phrases/{number:04}.safetensors"


def as_json(record: Record) -> dict[str, Any]:
    """The record as a JSON object."""
    return asdict(record)


def from_json(value: Any) -> Record:
    """The record again. Raises ValueError for whatever does not make sense."""
    fields = _object(value, Record)
    versions = tuple(_version(one) for one in _list(fields["versions"], MOST_VERSIONS))
    numbers = [version.number for version in versions]
    kept = {version.number for version in versions if version.kept}
    undone = tuple(_whole(number) for number in _list(fields["undone"], MOST_VERSIONS))
    now = None if fields["now"] is None else _whole(fields["now"])
    if numbers != sorted(set(numbers)):
        raise ValueError("versions out of order")
    for version in versions:
        if version.before is not None and (
            version.before not in kept or version.before >= version.number
        ):
            raise ValueError(f"version {version.number} comes from nowhere")
    if not {*undone, *([] if now is None else [now])} <= kept:
        raise ValueError("a version in use is not there")
    return Record(_text(fields["made"]), _text(fields["changed"]), now, undone, versions)


def _version(value: Any) -> Version:
    fields = _object(value, Version)
    kept = fields["kept"]
    if not isinstance(kept, bool):
        raise ValueError("kept is neither true nor false")
    number = _whole(fields["number"], least=1)
    if fields["file"] != (file_of(number) if kept else ""):
        raise ValueError(f"{fields['file']!r} is no file of version {number}")
    names = _list(fields["learnt_from"], _MOST_NAMES)
    return Version(
        number=number,
        file=fields["file"],
        sha256=_text(fields["sha256"]),
        made=_text(fields["made"]),
        kind=_text(fields["kind"]),
        rank=_whole(fields["rank"]),
        prior=_text(fields["prior"]),
        learnt_from=tuple(_text(name) for name in names),
        phrases=_whole(fields["phrases"]),
        notes=_whole(fields["notes"]),
        bits_before=_bits(fields["bits_before"]),
        bits_after=_bits(fields["bits_after"]),
        kept=kept,
        seconds=_number(fields["seconds"]),
        before=None if fields["before"] is None else _whole(fields["before"], least=1),
    )


def _object(value: Any, kind: type) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"no {kind.__name__}")
    missing = set(kind.__dataclass_fields__) - set(value)  # type: ignore[attr-defined]
    if missing:
        raise ValueError(f"a {kind.__name__} without {', '.join(sorted(missing))}")
    return value


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, (list, tuple)) or len(value) > most:
        raise ValueError("no list, or one too long")
    return list(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise ValueError("no text, or one too long")
    return value


def _whole(value: Any, *, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**31:
        raise ValueError(f"{value!r:.40} is not a number of things")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{value!r:.40} is not a number")
    return float(value)


def _bits(value: Any) -> float | None:
    return None if value is None else _number(value)
