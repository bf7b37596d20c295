"""What probably comes next: whether the phrase is over, and when the player goes on if it is not.

The prior's own belief before the next note, read off its first two fields: who plays, and when. It
refuses to decide when to come in: that is the session's, which also knows the silence.
"""

import numpy as np

from engine.api import GAP_SHARES, Expect, Expected
from engine.context import Context
from engine.encoding import (
    FAMILIES,
    ONSET,
    TICKS_PER_BEAT,
    TIME_VALUES,
    VOICE,
    Row,
    kind_of,
)
from engine.events import Voice
from engine.model.fast import Vector

_SHARES = np.array(GAP_SHARES)


def expect(context: Context, question: Expect) -> Expected:
    """What the prior expects after what was told and `so_far`; the state is left as it was."""
    with context.looking_ahead(question.so_far):
        kind = kind_of(tempo_known=context.timebase.tempo_known, drums=context.drums, turns=True)
        row = [0] * len(Row._fields)
        row[Row._fields.index("kind")] = kind
        over = chance_over(context.prior.field(VOICE, row))
        row[VOICE] = context.voice(Voice.PLAYER)
        gaps = gap_quantiles(context.prior.field(ONSET, row, {VOICE}))
    return Expected(question.request, over, gaps)


def chance_over(voices: Vector) -> float:
    """Chance that the partner has the next note. voices: logits, shape (voice classes,)."""
    weights = np.exp(voices - voices.max(), dtype=np.float64)
    return float(weights[FAMILIES:].sum() / weights.sum())


def gap_quantiles(onsets: Vector) -> tuple[float, ...]:
    """Beats to the next onset at the shares of `GAP_SHARES`. onsets: logits, (time classes,)."""
    running = np.exp(onsets - onsets.max(), dtype=np.float64).cumsum()
    places = running.searchsorted(_SHARES * running[-1]).clip(max=len(TIME_VALUES) - 1)
    return tuple((TIME_VALUES[places] / TICKS_PER_BEAT).tolist())
