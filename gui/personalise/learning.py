"""How far learning is, from the session's messages: plain values, no Qt.

Whoever started it (the dock, a typed line) it is the same. It refuses to start anything: the dock
asks the session, and what comes back is told to `Learning`.
"""

import enum
from dataclasses import dataclass, field, replace
from typing import Literal

from plugin import protocol

Point = tuple[float, float]
SESSION_GONE = (
    "The session ended while it was learning, and the profile is as it was: press Learn again, it "
    "goes on where it stopped."
)


class Phase(enum.Enum):
    """Where it stands."""

    IDLE = "idle"
    ASKED = "asked"
    LEARNING = "learning"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Curve:
    """Bits per note by how many percent are done; learnt from and held back.

    part: the last that was told. anew: points of `learnt` at which learning began anew, with other
    phrases held back; anew_held: of `held_back`.
    """

    learnt: tuple[Point, ...] = ()
    held_back: tuple[Point, ...] = ()
    part: int = 0
    anew: frozenset[int] = frozenset()
    anew_held: frozenset[int] = frozenset()

    def further(self, done: float, bits: float, held: float | None, part: int) -> "Curve":
        """With one more point of each; held: None where nothing was scored."""
        anew, held_back, anew_held = self.anew, self.held_back, self.anew_held
        if part != self.part:
            anew |= {len(self.learnt)}
            if held is not None:
                anew_held |= {len(held_back)}
        if held is not None:
            held_back = (*held_back, (done, held))
        return Curve((*self.learnt, (done, bits)), held_back, part, anew, anew_held)


@dataclass(frozen=True, slots=True)
class Learning:
    """One moment of it; every message makes the next one.

    step of steps; seconds_left: None before anybody knows. says: how it ended. kept: whether what
    was learnt is in use. before_bits, after_bits: per note held back. decision: of the player.
    """

    phase: Phase = Phase.IDLE
    profile: str = ""
    step: int = 0
    of: int = 0
    seconds_left: float | None = None
    curve: Curve = field(default_factory=Curve)
    cancelling: bool = False
    kept: bool = False
    says: str = ""
    version: int | None = None
    before_bits: float | None = None
    after_bits: float | None = None
    decision: Literal["", "kept", "dropped"] = ""

    @property
    def busy(self) -> bool:
        """Whether something is being learnt."""
        return self.phase in (Phase.ASKED, Phase.LEARNING)

    def asked(self, profile: str) -> "Learning":
        """The session was asked to learn."""
        return Learning(Phase.ASKED, profile)

    def cancelled(self) -> "Learning":
        """The session was asked to stop."""
        return replace(self, cancelling=True) if self.busy else self

    def progress(self, told: protocol.LearnProgress) -> "Learning":
        """It goes on."""
        before = self.curve if self.busy else Curve()
        done = round(100 * told.step / max(told.of, 1), 1)
        curve = before.further(done, told.bits, told.held_back_bits, told.part)
        return Learning(
            Phase.LEARNING,
            told.profile,
            told.step,
            told.of,
            told.seconds_left,
            curve,
            self.cancelling and self.busy,
        )

    def over(self, told: protocol.LearnOver) -> "Learning":
        """It has ended, kept or not."""
        return Learning(
            Phase.OVER,
            told.profile,
            self.step,
            self.of,
            curve=self.curve,
            kept=told.kept,
            says=told.says,
            version=told.version,
            before_bits=told.before_bits,
            after_bits=told.after_bits,
        )

    def refused(self, says: str) -> "Learning":
        """The session said something instead of beginning; it counts only then."""
        return Learning(Phase.OVER, self.profile, says=says) if self.phase is Phase.ASKED else self

    def decided(self, *, keep: bool) -> "Learning":
        """The player has kept or dropped what was learnt."""
        return replace(self, decision="kept" if keep else "dropped")

    def lost(self) -> "Learning":
        """The session has ended."""
        return Learning(Phase.OVER, self.profile, says=SESSION_GONE) if self.busy else self


def time_left(seconds: float | None) -> str:
    """In words: "about 6 s left"."""
    if seconds is None:
        return "beginning"
    if seconds < 1:
        return "nearly done"
    if seconds < 90:
        return f"about {seconds:.0f} s left"
    return f"about {seconds / 60:.0f} min left"


def gained(before_bits: float | None, after_bits: float | None) -> str:
    """What it was worth on phrases held back, in words and units."""
    if before_bits is None or after_bits is None:
        return ""
    share = 100 * (1 - after_bits / before_bits) if before_bits else 0.0
    more_or_less = "fewer" if share >= 0 else "more"
    return (
        f"{before_bits:.2f} bits a note before, {after_bits:.2f} after: {abs(share):.1f} % "
        f"{more_or_less}"
    )
