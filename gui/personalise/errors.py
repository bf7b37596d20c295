"""What went wrong in a worker, as a sentence for the dock.

It refuses to hide what nobody expected: that is logged with all there is to know.
"""

import logging

from engine.smf.chunks import MidiFileError
from gui.personalise.shelf import ShelfError
from gui.personalise.wording import in_window
from plugin.takes import TakeError

_log = logging.getLogger(__name__)


def sentence_of(error: Exception) -> str:
    """A sentence and a next step."""
    if isinstance(error, ShelfError | TakeError | MidiFileError):
        return in_window(str(error))
    if isinstance(error, ImportError):
        return f"Profiles need the music engine ({error}): install Antiphon with its engine."
    if isinstance(error, OSError):
        reason = (error.strerror or "unknown reason").lower()
        return f"The disk would not have it ({reason}), and nothing was changed: free some space."
    _log.error("unexpected in the Personalise dock: %s", error, exc_info=error)
    return (
        f"That went wrong ({type(error).__name__}: {error}), and nothing was changed: try it "
        "again, and report it if it stays."
    )
