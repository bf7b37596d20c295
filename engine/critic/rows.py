"""Notes as the critic reads them: rows of `engine.encoding`, what was heard and what answers it.

Planned notes and human ones come here the same way, so that nothing but the music can tell them
apart. It refuses to judge: that is `engine.critic.network`.
"""

from collections.abc import Sequence

import numpy as np

from engine.encoding import DRUM_FAMILY, IntArray, NoteEncoder, Row, voice_of
from engine.events import Note, Timebase, Voice


def rows_of(
    heard: Sequence[Note], answer: Sequence[Note], timebase: Timebase, *, drums: bool
) -> tuple[IntArray, IntArray]:
    """(rows of the player's notes, rows of the partner's): shapes (n, 9) and (m, 9).

    Both in order of onset; the answer's times go on from the last onset heard.
    """
    encoder = NoteEncoder(timebase.beats_per_bar if timebase.tempo_known else None)
    before = encoded(heard, encoder, who=Voice.PLAYER, drums=drums)
    return before, encoded(answer, encoder, who=Voice.PARTNER, drums=drums)


def encoded(notes: Sequence[Note], encoder: NoteEncoder, *, who: Voice, drums: bool) -> IntArray:
    """The rows of notes that follow what `encoder` has seen: shape (n, 9). Advances the encoder."""
    voice = voice_of(int(who), DRUM_FAMILY if drums else 0)
    rows = [encoder.encode(note, drums=drums, voice=voice, turns=True) for note in notes]
    return np.array(rows, dtype=np.int64).reshape(-1, len(Row._fields))
