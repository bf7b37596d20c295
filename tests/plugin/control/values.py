"""Hypothesis strategies for what dials hold, drawn through the table itself."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from engine.scales import SCALES, Scale
from plugin.control.dials import Dial
from plugin.control.kinds_music import Controller, Styles, WholeScale
from plugin.control.table import DIALS
from plugin.settings import Settings

dials = st.sampled_from(list(DIALS))

_UNTURNED: dict[type, SearchStrategy[object]] = {
    WholeScale: st.none() | st.builds(Scale, st.integers(0, 11), st.sampled_from(list(SCALES))),
    Controller: st.none() | st.tuples(st.integers(0, 15), st.integers(0, 119)),
    Styles: st.lists(
        st.tuples(st.sampled_from(["blues", "bach chorales", "jig"]), st.sampled_from([0.25, 1.0])),
        unique_by=lambda pair: pair[0],
        max_size=3,
    ).map(tuple),
}


def values(dial: Dial) -> SearchStrategy[object]:
    """What this dial can be put to."""
    if dial.kind.turns:
        return st.floats(0, 1).map(dial.kind.at)
    return _UNTURNED[type(dial.kind)]


@st.composite
def turned(draw: st.DrawFn) -> Settings:
    """Settings after a few dials were turned."""
    settings = Settings()
    for dial in draw(st.lists(dials, max_size=8)):
        settings = dial.put(settings, draw(values(dial)))
    return settings
