"""What would be sent, as it is shown before: the file itself, and what is to be said about it.

The file and its description lie side by side; the description names the hash of the file, and a
file that does not fit it is no preview. What is sent later is this file, by its hash. It refuses to
make one: that takes torch, in a process of its own (`training`).
"""

import hashlib
from pathlib import Path

import msgspec

from federation.client import places
from federation.client.places import Places
from federation.client.trouble import SharingError
from federation.client.wording import NEVER_LEAVES

_FILE, _ABOUT = "change.safetensors", "preview.json"


class Histogram(msgspec.Struct, frozen=True):
    """How many values fall between each two edges; there is one edge more than counts."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class Leak(msgspec.Struct, frozen=True):
    """The leak test: how many notes in a row the model gives back of the player's own phrases.

    With each note before given as it was played, the model's likeliest next one is taken. with_:
    the shared model with this change; without: as it is. of: notes of the longest phrase.
    """

    with_: int
    without: int
    of: int

    @property
    def says(self) -> str:
        """For people."""
        if self.with_ <= self.without:
            return (
                f"The changed model gives back at most {self.with_} notes in a row of your "
                f"phrases; without your change it is {self.without}. It gives away no more."
            )
        known = "long parts of them by heart" if 2 * self.with_ >= self.of else "a little of them"
        return (
            f"The changed model gives back up to {self.with_} notes in a row of your phrases (the "
            f"longest has {self.of}); without your change it is {self.without}. By itself it would "
            f"know {known}; "
            "it is added to those of at least 19 others before anybody uses it."
        )


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """See the module.

    values: how many numbers; shapes: (rows, columns) by name; words: what the file says beside
    them. version: of the shared model that it starts from. clip: C, before and after: its length
    before and after clipping (and blur, of deviation sigma). bits_before, bits_after: a note of
    the held-back phrases. epsilon_spent: by the device that took part most often, None: not
    differentially private yet. made: ISO 8601.
    """

    sha256: str
    bytes: int
    values: int
    shapes: dict[str, tuple[int, int]]
    words: dict[str, str]
    lineage: str
    version: int
    notes: int
    phrases: int
    clip: float
    sigma: float
    norm_before: float
    norm: float
    histogram_before: Histogram
    histogram: Histogram
    leak: Leak
    epsilon_spent: float | None
    epsilon_most: float
    made: str
    seconds: float = 0.0
    remarks: tuple[str, ...] = ()
    path: str = ""

    @property
    def sentence(self) -> str:
        """What leaves."""
        return f"These {self.values:,} numbers ({self.bytes:,} bytes), and nothing else."

    @property
    def never_leaves(self) -> tuple[str, ...]:
        """What does not."""
        return NEVER_LEAVES

    @property
    def epsilon_left(self) -> float | None:
        """Of the budget; None: there is no promise yet that could be counted."""
        if self.epsilon_spent is None:
            return None
        return max(0.0, self.epsilon_most - self.epsilon_spent)

    @property
    def privacy(self) -> str:
        """The gauge in words."""
        if self.epsilon_spent is None:
            return "Not differentially private yet: no noise is added while few take part."
        return (
            f"Epsilon {self.epsilon_spent:.2f} of your {self.epsilon_most:g} is spent, "
            f"{self.epsilon_left:.2f} is left."
        )


def put(where: Places, data: bytes, about: Preview) -> None:
    """Lay both down, in the place of those before. Raises OSError."""
    drop(where)
    places.write(where.draft / _FILE, data)
    places.keep(where.draft / _ABOUT, about)


def look(where: Places) -> Preview | None:
    """The preview, if there is one and its file is the one it tells of."""
    about = places.read(where.draft / _ABOUT, Preview)
    if about is None:
        return None
    try:
        data = path_of(where).read_bytes()
    except OSError:
        return None
    if hashlib.sha256(data).hexdigest() != about.sha256:
        return None
    return msgspec.structs.replace(about, path=str(path_of(where)))


def bytes_of(where: Places, sha256: str) -> bytes:
    """The file, if it is the one of this hash. Raises SharingError."""
    try:
        data = path_of(where).read_bytes()
    except OSError as error:
        raise SharingError("There is no preview: `antiphon share preview` makes one.") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise SharingError(
            "This is not what was shown, and it was not sent: `antiphon share preview` shows it "
            "again."
        )
    return data


def path_of(where: Places) -> Path:
    """Where the file lies."""
    return where.draft / _FILE


def drop(where: Places) -> None:
    """Throw both away."""
    places.remove_all(where.draft)
