"""What a lineage has promised so far, and what a version may say about privacy.

Noise is used where a version has the useful cohort (`privacy.useful_cohort`); below it stays off,
and the words are "not differentially private yet". A version that was made without noise can never
be taken back: from then on this lineage names no epsilon, and says why.
"""

from typing import Any

import msgspec

from federation.aggregate.privacy import NOT_YET, Spent, promise, useful_cohort


class Account(msgspec.Struct, frozen=True):
    """spent: what noise was used how often. bare: versions that were made without."""

    spent: Spent = Spent()
    bare: int = 0

    @classmethod
    def read(cls, words: bytes | None) -> "Account":
        """From the lineage's row."""
        return cls() if words is None else msgspec.json.decode(words, type=cls)

    def words(self) -> bytes:
        """For the lineage's row."""
        return msgspec.json.encode(self)

    def after(self, z: float) -> "Account":
        """With one more version: z 0 is one without noise."""
        if z <= 0.0:
            return Account(self.spent, self.bare + 1)
        return Account(self.spent.after(z), self.bare)

    def epsilon(self, z: float) -> float | None:
        """What the newest version may name, if it had noise z; None: nothing."""
        return self.spent.epsilon() if z > 0.0 and not self.bare else None

    def says(self, asked_z: float, z: float, size: int, devices: int) -> str:
        """The words that go with a version. asked_z: the policy's noise; z: what was used."""
        if z > 0.0 and self.bare:
            return (
                f"{NOT_YET}: {self.bare:,} versions before were made without noise; a new lineage "
                "would begin with it"
            )
        return promise(asked_z, size, devices, self.spent)

    def in_manifest(self, **others: Any) -> dict[str, Any]:
        """Plain values for the manifest's `privacy`."""
        return {**self.spent.as_words(), "without_noise": self.bare, **others}


def usable_noise(z: float, size: int, devices: int) -> float:
    """The noise of a version of so many devices: the policy's, or none below the useful cohort."""
    return z if z > 0.0 and devices >= useful_cohort(z, size) else 0.0
