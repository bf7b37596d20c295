"""What the tests of the take library share: a library of their own, and a take in it."""

from engine.events import Timebase, Voice
from plugin.takes import TakeWriter

SECOND = 1_000_000_000
KNOWN = Timebase(96.0, 4.0, tempo_known=True)


def play(writer: TakeWriter, name: str = "", *, notes: int = 3) -> str:
    """A take of `notes` notes heard and one answered."""
    take_id = writer.begin_take(KNOWN, model="prior", seed=7, settings={"top_p": 0.9}, name=name)
    for index in range(notes):
        onset = index * SECOND // 2
        writer.message(take_id, Voice.PLAYER, onset, bytes([0x90, 60 + index, 80]))
        writer.message(take_id, Voice.PLAYER, onset + SECOND // 4, bytes([0x80, 60 + index, 64]))
    writer.message(take_id, Voice.PARTNER, 2 * SECOND, b"\x90\x48\x50")
    writer.message(take_id, Voice.PARTNER, 3 * SECOND, b"\x90\x48\x00")
    writer.finish(take_id)
    return take_id
