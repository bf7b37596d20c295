"""What the tests of few-shot training share: a tiny prior, players of habit, clocks, pipes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.adapt.adapter import Adapter
from engine.adapt.descent import Start, Values, even_rates
from engine.adapt.forms import first_values
from engine.adapt.lesson import Scorer
from engine.adapt.material import Material, Take
from engine.encoding import COLUMNS, ORDER, IntArray, Row, kind_of
from engine.events import DRUM_CHANNEL, Note, Timebase
from engine.learning import FromTrainer, LearnCancel, LearnPiece, LearnRequest, ToTrainer
from engine.model.fast import FastPrior
from engine.model.shape import Shape
from tests.fakes import tiny_prior

PRIOR = "0123456789abcdef"
COUNTED = Timebase(bpm=100.0, beats_per_bar=4.0, tempo_known=True)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in one order, and nothing taken from who else runs here."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def scorer(*, seed: int = 0, shape: Shape = tiny_prior.SHAPE) -> Scorer:
    return Scorer(tiny_prior.model(seed=seed, shape=shape))


def random_values(form: str, base: Values, *, size: float = 0.1, seed: int = 1) -> Values:
    """Values of a form in which nothing is zero."""
    rng = torch.Generator().manual_seed(seed)
    return {
        name: size * torch.randn(value.shape, generator=rng)
        for name, value in first_values(form, base).items()
    }


def as_adapter(form: str, values: Values) -> Adapter:
    kind, _, rank = form.partition("-")
    tensors = {name: value.detach().numpy() for name, value in values.items()}
    return Adapter(kind, int(rank or 0), PRIOR, tensors, {"steps": "3"})


def start_of(base: Values, *, rate: float = 0.02, steps: int = 4, form: str = "lora-4") -> Start:
    values = first_values(form, base)
    return Start(form, values, even_rates(values, rate, steps))


def habit(count: int = 100, *, seed: int = 0) -> list[Note]:
    """What a player of one habit plays: a figure of three keys, short, loud on the beat."""
    rng = np.random.default_rng(seed)
    keys = (62, 69, 74)
    return [
        Note(n / 2, 0.25, keys[n % 3], 112 if n % 2 == 0 else int(rng.integers(40, 44)))
        for n in range(count)
    ]


def piece(notes: list[Note], name: str = "take 1", timebase: Timebase = COUNTED) -> LearnPiece:
    return LearnPiece(name, tuple(notes), timebase)


def drums(notes: list[Note]) -> list[Note]:
    return [Note(n.onset, n.duration, 36 + n.pitch % 8, n.velocity, DRUM_CHANNEL) for n in notes]


def material_of_rows(rows: IntArray, *, each: int = 20) -> Material:
    """Rows as one take of phrases of `each` notes."""
    cuts = np.arange(0, len(rows) + 1, each)
    return Material((Take("take", rows[: cuts[-1]], cuts),))


def drawn_from(prior: FastPrior, count: int, *, seed: int) -> IntArray:
    """Notes that the prior itself would play: it has nothing to learn from them."""
    rng = np.random.default_rng(seed)
    found = []
    prior.reset()
    for _ in range(count):
        row = Row(*[0] * len(COLUMNS))._replace(kind=kind_of(tempo_known=False))
        for place, field in enumerate(ORDER):
            logits = prior.field(field, row, frozenset(ORDER[:place])).astype(np.float64)
            chances = np.exp(logits - logits.max())
            row = row._replace(
                **{COLUMNS[field]: int(rng.choice(len(logits), p=chances / chances.sum()))}
            )
        row = row._replace(duration=max(row.duration, 1))
        prior.read(row)
        found.append(row)
    return np.array(found, dtype=np.int64)


class Ticking:
    """A clock that goes on by `each` seconds whenever it is asked."""

    def __init__(self, each: float) -> None:
        self.each, self.now = each, 0.0

    def __call__(self) -> float:
        self.now += self.each
        return self.now


class FakePipe:
    """The trainer's end of the pipe: keeps what is sent, and says what it was told to say.

    after: so many messages are sent before the other side cancels ("cancel"), or is gone ("gone"
    when it is looked at, "broken" when it is written to).
    """

    def __init__(self, after: int | None = None, how: str = "cancel") -> None:
        self.sent: list[FromTrainer] = []
        self._after, self._how = after, how

    @property
    def _over(self) -> bool:
        return self._after is not None and len(self.sent) >= self._after

    def poll(self) -> bool:
        return self._over

    def recv(self) -> ToTrainer:
        if self._how == "cancel":
            return LearnCancel()
        raise EOFError

    def send(self, message: FromTrainer) -> None:
        if self._over and self._how == "broken":
            raise BrokenPipeError
        self.sent.append(message)


def request(folder: Path, weights: Path, *pieces: LearnPiece, **more: object) -> LearnRequest:
    """To learn one player of habit, if nothing else is said."""
    chosen = pieces or (piece(habit()),)
    told: dict = {"profile": "me", "weights": str(weights), **more}
    return LearnRequest(str(folder), pieces=tuple(chosen), **told)


def assert_is_a_sentence(text: str) -> None:
    assert text.endswith(".")
    assert "\n" not in text
    assert ":" in text or ";" in text or ". " in text, "a next step follows"
    assert "Error" not in text
