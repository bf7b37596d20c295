"""What a server is told when it starts: where things lie, how much it takes, how versions are made.

Plain values; `federation.server.options` reads them from the command line. It refuses what does
not go together, with a sentence.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path

from federation.aggregate.buffer import LEAST_DEVICES, MOST_STALE
from federation.aggregate.descent import rule
from federation.aggregate.version import MEAN, MEDIAN, TRIMMED, How
from federation.formats.clipping import USUAL_LIMIT
from federation.server.limits import Rate
from federation.server.trouble import ServerError

DEVICE_RATE, ADDRESS_RATE = Rate(1.0, 20.0), Rate(20.0, 200.0)
RULES = ("fedavg", "fedavgm", "fedadam", "median", "trimmed")


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie. database, blobs: URLs or paths; in the folder where none is named."""

    folder: Path
    database: str
    blobs: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What one gateway takes. request_s: for a whole request, its body included.

    connections, of_one: at once, and of one household. most_a_day: contributions of one device.
    enrolments_a_day: of one household, over all gateways.
    """

    device: Rate = DEVICE_RATE
    address: Rate = ADDRESS_RATE
    request_s: float = 60.0
    connections: int = 1000
    of_one: int = 100
    most_a_day: int = 8
    enrolments_a_day: int = 100
    most_stale: int = MOST_STALE
    open_metrics: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """How versions are made. z: noise, 0 for none. small: a trial, which the manifest says.

    most: contributions a version; most_by_one: how many versions one device can be in (for the
    account of privacy; None: as many as there are). gate_limit: by how much a version may be
    worse; without_gate: none is asked. then_median: what the gate keeps back is tried again with
    the median of the same changes. lease_s: after which another aggregator may take a batch.
    """

    least: int = LEAST_DEVICES
    most: int = 1000
    clip: float = USUAL_LIMIT
    rule: str = "fedavg"
    rate: float | None = None
    z: float = 0.0
    small: bool = False
    gate_limit: float = 0.005
    without_gate: bool = False
    then_median: bool = True
    lease_s: float = 300.0
    every_s: float = 10.0
    tier: str = "here"

    def __post_init__(self) -> None:
        """Raises ServerError."""
        if self.least < LEAST_DEVICES and not self.small:
            raise ServerError(
                f"A version is made of at least {LEAST_DEVICES} devices; for a trial add --small, "
                "which every manifest then says."
            )
        if not 1 <= self.least <= self.most:
            raise ServerError(f"From {self.least} to {self.most} devices a version makes no sense.")
        for name in ("clip", "gate_limit", "lease_s", "every_s"):
            if not 0.0 < getattr(self, name) < math.inf:
                words = name.replace("_", "-")
                value = getattr(self, name)
                raise ServerError(f"The {value:g} of --{words} makes no sense; give more than 0.")
        if not 0.0 <= self.z < math.inf:
            raise ServerError(
                f"The {self.z:g} of --noise makes no sense; give 0 for none, or more."
            )
        self.how()

    def how(self, middle: str | None = None) -> How:
        """For `federation.aggregate.version.step`. Raises ServerError."""
        chosen = {"median": MEDIAN, "trimmed": TRIMMED}.get(self.rule, MEAN)
        named = "fedavg" if self.rule in {"median", "trimmed"} else self.rule
        try:
            return How(self.clip, rule(named, self.rate), middle or chosen, self.z)
        except ValueError as error:
            raise ServerError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it. names: hosts for the certificate. behind_proxy: whose X-Forwarded-For is true."""

    places: Places
    limits: Limits = field(default_factory=Limits)
    policy: Policy = field(default_factory=Policy)
    host: str = "127.0.0.1"
    port: int = 8443
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    plain: bool = False
    behind_proxy: str = ""
    aggregates: bool = True
