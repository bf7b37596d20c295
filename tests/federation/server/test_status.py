import re
from xml.etree import ElementTree

from federation.aggregate.privacy import NOT_YET
from federation.server.status import page, plot
from tests.federation.formats.stage import SMALL
from tests.federation.server.test_aggregator import StrictGate, aggregator


def svgs(words):
    """Every plot, as XML would be read: browsers are kinder than this."""
    return re.findall(r"<svg.*?</svg>", words, re.DOTALL)


def shown(stage):
    leases = stage.here.leases
    lineages = stage.here.book.lineages()
    return page(lineages, leases.versions(), leases.counts(), leases.kept_back())


def test_versions_their_gate_and_what_was_kept_back_are_shown(small):
    for turn in (1, 2, 3):
        for seed in range(3 + turn):
            small.send(seed, from_version=turn)
        assert aggregator(small, StrictGate(9.0)).turn()
    for seed in range(3):
        small.send(seed, from_version=4)
    assert aggregator(small, StrictGate(0.0), then_median=False).turn()[0].what == "quarantined"
    words = shown(small)
    assert words.count("<tr>") == 1 + 4
    assert "kept back by the gate: 1." in words
    assert NOT_YET in words
    assert SMALL.id[:12] in words
    plots = svgs(words)
    assert len(plots) == 2  # there is no privacy to draw yet
    for one in plots:
        assert len(ElementTree.fromstring(one).findall("{*}circle")) == 3


def test_an_empty_server_has_a_page_too():
    assert "Nothing is shared yet" in page({}, [], {}, [])
    assert "No figures yet" in plot("Bits", [])


def test_points_lie_within_the_picture_and_the_best_is_lowest():
    drawn = ElementTree.fromstring(svgs(plot("Bits", [(1, 5.0), (2, 4.0), (9, 4.5)]))[0])
    box = [float(word) for word in drawn.get("viewBox").split()]
    places = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in drawn.findall("{*}circle")]
    assert all(0 < x < box[2] and 0 < y < box[3] for x, y in places)
    assert places[0][1] < places[2][1] < places[1][1]
    assert [x for x, _ in places] == sorted(x for x, _ in places)


def test_words_from_outside_are_text():
    assert "<script>" not in plot("<script>", [(1, 1.0)])
