"""Labels of pieces, and the numbers that a model knows them by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.styles import LEAST_PIECES, MOST_LABELS, StyleError, Vocabulary, labels_of

labels = st.text(min_size=1, max_size=8)
KNOWN = Vocabulary(("fiddle", "reel", "ragtime", "bach"))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"collection": "ryans_mammoth", "style": "fiddle/reel"}, ["fiddle", "reel"]),
        ({"collection": "x", "style": "Jazz; Swing, Bebop"}, ["jazz", "swing", "bebop"]),
        ({"collection": "x", "title": "Maple Leaf Rag"}, ["ragtime"]),
        ({"collection": "x", "title": "Valse brillante"}, ["waltz"]),
        ({"collection": "x", "title": "Dragging Walczak"}, []),
        ({"collection": "x", "composer": "Chopin, Fryderyk"}, ["chopin"]),
        ({"collection": "x", "composer": " Trad. "}, []),
        ({"collection": "x", "composer": "[traditional]"}, []),
        ({"collection": "x", "style": "secular/1850s/"}, []),
        ({"collection": "wjd", "performer": "Charlie Parker"}, ["charlie parker"]),
        ({"collection": "x", "performer": "Charlie Parker"}, []),
        ({"collection": "x", "style": "reel", "title": "A Reel"}, ["reel"]),
    ],
)
def test_labels_come_from_what_the_index_says(row, expected):
    collection = row["collection"].replace("_", " ")
    assert labels_of(row) == (collection, *expected)


def test_a_row_that_says_nothing_has_no_labels():
    assert labels_of({}) == ()


@given(
    row=st.fixed_dictionaries(dict.fromkeys(("collection", "style", "composer", "title"), labels))
)
def test_labels_are_lower_case_and_each_there_once(row):
    found = labels_of({**row, "collection": row["collection"].lower()})
    assert len(set(found)) == len(found)
    assert all(label == label.lower() and label for label in found)


def test_labels_that_few_pieces_share_are_dropped_and_frequent_ones_come_first():
    pieces = [("rare",)] * (LEAST_PIECES - 1)
    pieces += [("common", "twin")] * LEAST_PIECES + [("common",)]
    assert Vocabulary.of(pieces).names == ("common", "twin")
    many = [tuple(f"label {n}" for n in range(MOST_LABELS + 50))] * LEAST_PIECES
    assert len(Vocabulary.of(many).names) == MOST_LABELS


@given(names=st.lists(labels, unique=True, max_size=12).map(tuple))
def test_a_vocabulary_survives_the_metadata_of_a_checkpoint(names):
    assert Vocabulary.from_text(Vocabulary(names).as_text()) == Vocabulary(names)
    assert Vocabulary(names).numbers(names) == list(range(1, len(names) + 1))


@pytest.mark.parametrize("text", ["", "reel", '{"reel": 1}', '["reel", 2]', "null"])
def test_what_is_no_vocabulary_is_refused(text: str):
    with pytest.raises(ValueError, match=r".+"):
        Vocabulary.from_text(text)


def test_unknown_labels_have_no_number():
    assert KNOWN.numbers(["reel", "polka", "fiddle"]) == [2, 1]


def test_a_style_is_found_however_it_is_written():
    assert KNOWN.number(" Ragtime ") == 3


def test_an_unknown_style_is_a_sentence_with_close_ones():
    with pytest.raises(StyleError, match=r"no style 'Ragtimes'; did you mean ragtime\?$"):
        KNOWN.number("Ragtimes")
    with pytest.raises(StyleError, match=r"no style 'zzz'; `antiphon styles` lists them\.$"):
        KNOWN.number("zzz")
