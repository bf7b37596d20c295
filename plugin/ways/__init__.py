"""Ways of playing: what the partner does with what it hears. One file a way.

`way_of` is the only place that knows all of them.
"""

from collections.abc import Callable
from functools import partial

from plugin.ensemble import Ensemble
from plugin.settings import Way as WayName
from plugin.ways.accompany import Accompany
from plugin.ways.answer import Answer
from plugin.ways.base import Way
from plugin.ways.endless import Endless
from plugin.ways.harmonise import Harmonise
from plugin.ways.trade import Trade
from plugin.ways.vary import Vary

_WAYS: dict[WayName, Callable[[Ensemble], Way]] = {
    WayName.ANSWER: Answer,
    WayName.TRADE: Trade,
    WayName.SIGN: partial(Answer, by_silence=False),
    WayName.ACCOMPANY: Accompany,
    WayName.HARMONISE: Harmonise,
    WayName.VARY: Vary,
    WayName.ENDLESS: Endless,
}


def way_of(name: WayName) -> Callable[[Ensemble], Way]:
    """What makes the way of this name."""
    return _WAYS[name]
