"""What is compared: how players learn, how the server combines, and what goes wrong meanwhile.

Values were chosen on the players of `meta_valid` (docs/SWEEPS.md). It refuses to run anything.
"""

from dataclasses import dataclass, replace
from typing import Literal

from federation.aggregate.descent import RATES
from federation.client.learning import PROX, RATE, STEPS
from federation.formats.clipping import USUAL_LIMIT

Combine = Literal["mean", "median", "trimmed"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of sharing.

    rate, steps: of a player's learning (`federation.client.learning.learn`). prox: FedProx's mu.
    adapting: Per-FedAvg's slope. server, server_rate: a name of `federation.aggregate.descent`.
    clip: longest change, None for none. attackers: share of the players of each round who send
    their change reversed and twenty times as long. gate: versions that are worse by more than half
    a percent on public music are dropped. stale: share who train from up to five versions ago.
    z, cohort: noise as if so many had taken part. pooled: no federation, all music in one place.
    """

    name: str
    rate: float = RATE
    steps: int = STEPS
    prox: float = 0.0
    adapting: bool = False
    server: str = "fedavg"
    server_rate: float = 1.0
    combine: Combine = "mean"
    clip: float | None = None
    attackers: float = 0.0
    gate: bool = False
    stale: float = 0.0
    z: float = 0.0
    cohort: int = 0
    pooled: bool = False


BOLD = 2.0
"""Twice the mean change, so that few rounds show where it leads; a server's gate would keep back
some of these versions, and `descent.RATES` is gentler."""

MAIN = (
    Arm("FedAvg", server_rate=BOLD),
    Arm("FedAvgM", server="fedavgm", server_rate=RATES["fedavgm"]),
    Arm("FedAdam", server="fedadam", server_rate=RATES["fedadam"]),
    Arm("FedProx", server_rate=BOLD, prox=PROX),
    Arm("Reptile", steps=8, server_rate=1.0),
    Arm("Per-FedAvg", server_rate=BOLD, steps=3, adapting=True),
    Arm("centralised", pooled=True),
)
_DEFENCES: tuple[tuple[str, float, float | None, Combine, bool], ...] = (
    ("5% attackers, plain mean", 0.05, None, "mean", False),
    ("5% attackers, clip, gate", 0.05, USUAL_LIMIT, "mean", True),
    ("20% attackers, plain mean", 0.2, None, "mean", False),
    ("20% attackers, clip, gate", 0.2, USUAL_LIMIT, "mean", True),
    ("20% attackers, clip, trimmed mean, gate", 0.2, USUAL_LIMIT, "trimmed", True),
    ("20% attackers, clip, median, gate", 0.2, USUAL_LIMIT, "median", True),
)
_PLAIN = Arm("", server_rate=BOLD, clip=USUAL_LIMIT)
TRIALS = (
    replace(_PLAIN, name="FedAvg, clip"),
    *(
        replace(_PLAIN, name=name, attackers=share, clip=limit, combine=combine, gate=gate)
        for name, share, limit, combine, gate in _DEFENCES
    ),
    replace(_PLAIN, name="30% stale", stale=0.3),
    *(
        replace(_PLAIN, name=f"noise z=4, {cohort:,} a version", z=4.0, cohort=cohort)
        for cohort in (1_000, 5_000, 20_000)
    ),
)


def arm(name: str) -> Arm:
    """By its name. Raises ValueError."""
    for one in (*MAIN, *TRIALS):
        if one.name == name:
            return one
    raise ValueError(f"There is no arm {name!r}; name one of {[a.name for a in (*MAIN, *TRIALS)]}.")
