"""Chips and provenance come from what was kept, and from nothing else."""

from dataclasses import asdict

import pytest

from engine.limits import Constraints
from engine.scales import Scale
from gui.takes import reasons
from plugin.protocol import Alternative
from tests.gui.takes.stage import take

FULL = {
    "way": "trade",
    "attempt": 1,
    "profile": "Ann",
    "adapter": 3,
    "learnt_notes": 1234,
    "why": ["your rhythm (62 % of the waits shared)"],
    "quoted_notes": 9,
    "quoted_from": "own",
    **asdict(Constraints(scale=Scale(2, "natural minor"), closeness=0.4)),
}


def test_chips_of_a_take() -> None:
    found = reasons.of_take(take(settings=FULL))
    assert [one.text for one in found] == [
        "your rhythm",
        "quotes 9 notes of yours",
        "scale D natural minor",
        "closeness to me 0.4",
    ]
    assert found[0].says == "This spoke for it: your rhythm, 62 % of the waits shared."
    assert found[1].says == "9 notes in a row are also in your takes."


def test_provenance_names_phrase_model_profile_adapter_and_seed() -> None:
    assert reasons.provenance(take(settings=FULL)) == (
        "Your phrase of 4 notes, model prior, partner of “Ann”, version 3 of what was learnt, "
        "1,234 notes of yours remembered, answer 2 to the same phrase, way of playing: trade, "
        "seed 7."
    )


@pytest.mark.parametrize(
    "settings",
    [
        "{",
        "[]",
        "[" * 20_000,
        {},
        {"why": "text", "quoted_notes": "9", "quoted_from": 3, "attempt": "x"},
        {"why": [1, None], "scale": {"root": 99, "name": "nothing"}, "way": "sing"},
        {"quoted_notes": 4, "quoted_from": "own"},
        {"temperature": "hot"},
    ],
)
def test_what_was_not_kept_or_cannot_be_read_is_not_said(settings: object) -> None:
    assert reasons.of_take(take(settings=settings)) == []


def test_a_take_of_which_nothing_is_known() -> None:
    bare = take(heard_notes=0, model="", seed=None)
    assert reasons.provenance(bare) == "Nothing more is known of this take."


def test_an_alternative_says_what_it_quotes_however_short() -> None:
    one = Alternative(5, 12, 0.5, ("calmer (0.6 notes to each of yours)", "new"), 4, "training")
    assert [why.text for why in reasons.of_alternative(one)] == ["calmer", "new"]
    assert reasons.quote(one).text == "4 notes in a row as in known music"
    assert reasons.quote(Alternative(5, 12, 0.5, (), 0, "")).text == "quotes nothing"
