"""Training of the critic: what it is shown in each round, the steps, and how it is asked.

Round 1 shows it human continuations beside answers as the planner draws them. Every later round
lets the critic of the round before choose the best of several new answers, and shows it those as
well: what it prefers and is not human it must learn to see. Beside them stand human continuations
that were spoilt on purpose. It refuses to read files and to print.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch  # noqa: TID253

from engine.critic.damage import damaged
from engine.critic.examples import Example
from engine.critic.inputs import Look, look
from engine.critic.network import EMPTY
from engine.critic.reference import Batch, Reference, batch_of

BATCH = 32
RATE = 2e-3
LATER_RATE = 1e-3
DECAY = 0.03
DOUBT = 0.05
"""Every example is taken to be of the other kind with this chance: none is worth certainty."""
_LOOKED_AT_ONCE = 64
_LIKE_LENGTH = 8

Values = npt.NDArray[np.float64]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Shown:
    """What one round shows: looks at human continuations and at the planner's answers."""

    human: list[Look]
    drawn: list[Look]

    def __add__(self, other: "Shown") -> "Shown":
        return Shown(self.human + other.human, self.drawn + other.drawn)


def shown(examples: Sequence[Example], chosen: Sequence[Sequence[int]]) -> Shown:
    """The human continuations, and of each example's answers those that `chosen` names.

    Silence is left out: nobody needs a network to tell it.
    """
    human = [look(one.heard, one.human) for one in examples]
    drawn = [
        look(one.heard, one.answers[number])
        for one, numbers in zip(examples, chosen, strict=True)
        for number in numbers
        if len(one.answers[number])
    ]
    return Shown(human, drawn)


def scores(critic: Reference, looks: Sequence[Look]) -> Values:
    """Logarithm of the odds that a human played each: shape (n,)."""
    critic.eval()
    order = np.argsort([len(one.numbers) for one in looks], kind="stable")
    found = np.zeros(len(looks))
    with torch.inference_mode():
        for first in range(0, len(order), _LOOKED_AT_ONCE):
            chosen = order[first : first + _LOOKED_AT_ONCE]
            found[chosen] = critic(batch_of([looks[number] for number in chosen])).numpy()
    return found


def some(seen: Shown, share: float, seed: int) -> Shown:
    """A share of what was shown, drawn at random."""
    rng = np.random.default_rng(seed)

    def part(looks: list[Look]) -> list[Look]:
        return [one for one in looks if rng.random() < share]

    return Shown(part(seen.human), part(seen.drawn))


def spoilt(examples: Sequence[Example], seed: int) -> Shown:
    """Of each human continuation one that is broken or dull on purpose (`engine.critic.damage`)."""
    rng = np.random.default_rng(seed)
    others = rng.permutation(len(examples))
    return Shown([], [
        look(one.heard, damaged(one.human, examples[other].human, rng))
        for one, other in zip(examples, others, strict=True)
    ])  # fmt: skip


def of_answers(critic: Reference, examples: Sequence[Example]) -> list[list[float]]:
    """The score of every answer of each example; silence has the lowest that there is."""
    there = [(p, n) for p, one in enumerate(examples) for n, a in enumerate(one.answers) if len(a)]
    looks = [look(examples[place].heard, examples[place].answers[n]) for place, n in there]
    found = [[EMPTY] * len(one.answers) for one in examples]
    for (place, number), score in zip(there, scores(critic, looks), strict=True):
        found[place][number] = float(score)
    return found


def best_and_another(critic: Reference, examples: Sequence[Example]) -> list[list[int]]:
    """Of each example the number of its best answer by the critic, and of the one behind it."""
    best = [each.index(max(each)) for each in of_answers(critic, examples)]
    return [
        [number, (number + 1) % len(one.answers)]
        for number, one in zip(best, examples, strict=True)
    ]


def asked(critic: Reference, examples: Sequence[Example]) -> dict[str, float]:
    """AUC of the human continuations against one answer each, its best of all, and spoilt ones."""
    human = scores(critic, [look(one.heard, one.human) for one in examples])
    drawn = np.array(of_answers(critic, examples))
    broken = scores(critic, spoilt(examples, 0).drawn)
    return {
        "one": auc(human, drawn[:, 0]),
        "best": auc(human, drawn.max(axis=1)),
        "spoilt": auc(human, broken),
    }


def auc(human: Values, drawn: Values) -> float:
    """Chance that of one human and one drawn answer the human one has the higher score."""
    both = np.concatenate([human, drawn])
    ranks = both.argsort(kind="stable").argsort(kind="stable")
    one, two = len(human), len(drawn)
    return float((ranks[:one].sum() - one * (one - 1) / 2) / (one * two))


def fit(
    critic: Reference,
    train: Shown,
    valid: Shown,
    *,
    epochs: int,
    rate: float,
    seed: int,
    say: Say,
) -> list[dict[str, float]]:
    """Train in place, the two kinds weighing the same; returns what each epoch came to.

    The state that told `valid` apart best is kept. Raises ArithmeticError for a loss that is no
    number.
    """
    looks = [*train.human, *train.drawn]
    kinds = (len(train.human), len(train.drawn))
    wanted = np.repeat(np.array([1 - DOUBT, DOUBT], dtype=np.float32), kinds)
    weight = np.repeat(np.array([len(looks) / 2 / n for n in kinds], dtype=np.float32), kinds)
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    adam = torch.optim.AdamW(critic.parameters(), lr=rate, weight_decay=DECAY)
    steps = epochs * (len(looks) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, rate, total_steps=steps)
    history: list[dict[str, float]] = []
    best, kept = -1.0, critic.tensors()
    for epoch in range(epochs):
        total = 0.0
        critic.train()
        for chosen in _batches(looks, rng):
            loss = _loss(critic, [looks[n] for n in chosen], wanted[chosen], weight[chosen])
            adam.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(critic.parameters(), 1.0)
            adam.step()
            schedule.step()
            total += float(loss.detach()) * len(chosen)
        mean = total / len(looks)
        if not np.isfinite(mean):
            raise ArithmeticError(f"the loss is not a number after epoch {epoch + 1}")
        told = auc(scores(critic, valid.human), scores(critic, valid.drawn))
        history.append({"train": mean, "valid_auc": told})
        say(f"epoch {epoch + 1}: train {mean:.4f} nats, valid AUC {told:.4f}")
        if told > best:
            best, kept = told, critic.tensors()
    critic.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in kept.items()})
    return history


def _batches(looks: Sequence[Look], rng: np.random.Generator) -> list[npt.NDArray[np.int64]]:
    """All numbers in batches of like length, in random order."""
    lengths = np.array([len(one.numbers) for one in looks]) + rng.integers(0, _LIKE_LENGTH)
    order = np.lexsort((rng.random(len(looks)), lengths // _LIKE_LENGTH))
    parts = np.array_split(order, len(looks) // BATCH + 1)
    return [parts[number] for number in rng.permutation(len(parts))]


def _loss(
    critic: Reference,
    looks: Sequence[Look],
    wanted: npt.NDArray[np.float32],
    weight: npt.NDArray[np.float32],
) -> torch.Tensor:
    batch: Batch = batch_of(looks)
    each = torch.nn.functional.binary_cross_entropy_with_logits(
        critic(batch), torch.from_numpy(wanted), reduction="none"
    )
    return (each * torch.from_numpy(weight)).mean()
