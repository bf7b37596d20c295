"""Which ports the player chose, as a value: from how a session was opened, and back to that.

Plain data without Qt. A port is known by its name, without the numbers that change; one that is
away is still chosen. It refuses channels that are none, with a sentence.
"""

from dataclasses import dataclass, field, replace

import msgspec

from plugin.cables import PortWish
from plugin.served.messages import Open, PortIs

ALL = "all"
"""The word for all channels."""


@dataclass(frozen=True, slots=True)
class PortChoice:
    """Names of existing ports; none is a port of our own. channels: of an input, as typed."""

    ins: tuple[str, ...] = ()
    outs: tuple[str, ...] = ()
    system: str | None = None
    thru: bool = False
    channels: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, opening: Open) -> "PortChoice":
        """What was chosen when this was sent."""
        ins, channels = [], {}
        for wish in opening.ins:
            name, words = parted(wish)
            ins.append(name)
            if words:
                channels[name] = words
        return cls(tuple(ins), opening.outs, opening.system, opening.thru, channels)

    def into(self, opening: Open) -> Open:
        """Open like that again, but with these ports."""
        ins = tuple(
            f"{name}@{self.channels[name]}" if self.channels.get(name) else name
            for name in self.ins
        )
        return msgspec.structs.replace(
            opening, ins=ins, outs=self.outs, system=self.system, thru=self.thru, demo=False
        )

    def with_in(self, name: str, chosen: bool) -> "PortChoice":
        """With this input, or without it."""
        return replace(self, ins=_with(self.ins, name, chosen))

    def with_out(self, name: str, chosen: bool) -> "PortChoice":
        """With this output, or without it."""
        return replace(self, outs=_with(self.outs, name, chosen))

    def with_channels(self, name: str, words: str) -> "PortChoice":
        """Hear this input on these channels only. Raises ValueError, a sentence and a next step."""
        words = words.replace(" ", "").casefold()
        channels = {other: kept for other, kept in self.channels.items() if other != name}
        if words and words != ALL:
            try:
                PortWish.of(f"x@{words}")
                if PortWish.of(f"x@{words}").name != "x":
                    raise ValueError
            except ValueError:
                raise ValueError(
                    f"“{words}” names no channels: write them like 1 or 1-4,10, or all."
                ) from None
            channels[name] = words
        return replace(self, channels=channels)


def parted(wish: str) -> tuple[str, str]:
    """A port's name and its channels in words, "" for all; a wish that is no such is a name."""
    try:
        name = PortWish.of(wish).name
    except ValueError:
        return wish, ""
    return name, wish[len(name) + 1 :]


def rows(found: tuple[PortIs, ...], chosen: tuple[str, ...]) -> tuple[PortIs, ...]:
    """What a page lists: other programs' ports that are there, and what is chosen and away."""
    there = tuple(port for port in found if not port.ours)
    names = {port.name for port in there}
    away = tuple(
        PortIs(name, ours=False, chosen=True, alive=False) for name in chosen if name not in names
    )
    return tuple(sorted((*there, *away), key=lambda port: port.name.casefold()))


def _with(names: tuple[str, ...], name: str, chosen: bool) -> tuple[str, ...]:
    others = tuple(other for other in names if other != name)
    return (*others, name) if chosen else others
