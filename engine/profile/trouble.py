"""What can go wrong with a profile, and the sentence that says so.

Standard library only. It refuses to mend anything.
"""

from pathlib import Path

from engine.words import shown_name


class ProfileError(Exception):
    """A profile cannot do what was asked; the message is a sentence and a next step."""


class NoSuchProfileError(ProfileError):
    """There is no profile of that name."""


class ChangedError(ProfileError):
    """Somebody else saved since the caller read: read again, then save. Nothing was written."""


class DamagedError(Exception):
    """Some bytes are not what was written; the message says what is wrong with them, for us."""


class NewerError(DamagedError):
    """Some bytes were written by a newer Antiphon."""


def not_written(error: OSError, what: str, where: Path) -> ProfileError:
    """The sentence for something that could not be written; what stood there still does.

    what: begins the sentence, e.g. "The memory of “me”".
    """
    return ProfileError(
        f"{what} could not be saved in {where} ({_reason(error)}), and all is as it was before: "
        "free some space, or make the folder writable."
    )


def not_read(error: OSError, path: Path) -> ProfileError:
    """The sentence for something that could not be read."""
    return ProfileError(
        f"{shown_name(path)} cannot be read ({_reason(error)}): check that it is there and yours."
    )


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()
