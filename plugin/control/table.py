"""The one table of all dials, put together; see `plugin.control.dials` for what a dial is."""

from plugin.control import dials_limits, dials_playing
from plugin.control.dials import Dials

DIALS = Dials(
    {
        "Playing": dials_playing.WAYS,
        "Time": dials_playing.TIME,
        "MIDI": dials_playing.MIDI,
        "Pitch": dials_limits.PITCH,
        "Rhythm": dials_limits.RHYTHM,
        "Notes": dials_limits.NOTES,
        "Manner": dials_limits.MANNER,
    },
    dials_limits.SPANS,
)
"""Groups of a page -> their dials."""
