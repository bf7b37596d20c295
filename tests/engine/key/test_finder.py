import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import DRUM_CHANNEL, Note
from engine.key.finder import KeyFinder
from engine.key.keys import EVERY_PITCH_CLASS, UNKNOWN, Mode
from engine.key.network import Classifier, Network
from engine.key.profiles import Correlation, Setting
from tests.engine.key.music import HARMONIC_MINOR, MAJOR, notes, tensors

JUDGES = {
    "shipped": KeyFinder,
    "random": lambda: KeyFinder(Network(Classifier(tensors()))),
    "correlation": lambda: KeyFinder(Correlation(Setting(half_life=32.0, sharpness=8.0))),
}
played = st.lists(
    st.builds(
        Note,
        onset=st.floats(0, 100),
        duration=st.floats(0, 8),
        pitch=st.integers(0, 127),
        velocity=st.integers(1, 127),
        channel=st.integers(0, 15),
    ),
    max_size=20,
)


@pytest.fixture(params=JUDGES)
def finder(request: pytest.FixtureRequest) -> KeyFinder:
    return JUDGES[request.param]()


def test_before_the_first_note_nothing_is_known(finder: KeyFinder):
    assert finder.key() == UNKNOWN
    assert not finder.key().known
    assert finder.scale() == EVERY_PITCH_CLASS


@given(heard=played)
def test_drums_change_nothing_and_confidence_is_a_chance(heard):
    for make in (JUDGES["random"], JUDGES["correlation"]):
        with_drums, without = make(), make()
        for note in heard:
            with_drums.hear(note)
            if note.channel != DRUM_CHANNEL:
                without.hear(note)
            key = with_drums.key()
            assert key == without.key()
            assert 0 <= key.confidence <= key.scale_confidence <= 1
            assert with_drums.scale() == without.scale()
            assert len(with_drums.scale()) in (7, 8, 12)


def test_forgetting_on_request_is_complete(finder: KeyFinder):
    phrase = notes(MAJOR)
    said = []
    for _ in range(2):
        for note in phrase:
            finder.hear(note)
        said.append(finder.key())
        finder.reset()
        assert finder.key() == UNKNOWN
    assert said[0] == said[1]


@pytest.mark.parametrize("root", range(12))
def test_the_shipped_finder_knows_plain_keys(root: int):
    finder = KeyFinder()
    for note in notes(MAJOR, root=60 + root, times=2):
        finder.hear(note)
    key = finder.key()
    assert (key.root, key.mode, key.known) == (root, Mode.MAJOR, True)
    assert finder.scale() == {(root + step) % 12 for step in (0, 2, 4, 5, 7, 9, 11)}

    finder.reset()
    for note in notes(HARMONIC_MINOR, root=60 + root, times=2):
        finder.hear(note)
    key = finder.key()
    assert (key.root, key.mode, key.known) == (root, Mode.MINOR, True)
    assert (root + 11) % 12 in finder.scale(), "the raised seventh was played"


def test_the_shipped_finder_is_in_doubt_after_one_note():
    finder = KeyFinder()
    finder.hear(notes(MAJOR)[0])
    assert not finder.key().known


def test_the_shipped_finder_follows_a_change_of_key():
    finder = KeyFinder()
    for note in [*notes(MAJOR, root=60, times=8), *notes(MAJOR, root=66, times=8)]:
        finder.hear(note)
    assert str(finder.key()) == "F sharp major"
    for note in notes(HARMONIC_MINOR, root=62, times=8):
        finder.hear(note)
    assert str(finder.key()) == "D minor"


def test_the_shipped_finder_does_not_mind_tempo_touch_or_unknown_durations():
    plain = [KeyFinder() for _ in range(3)]
    for note in notes(MAJOR, root=65, times=3):
        plain[0].hear(note)
        plain[1].hear(replace(note, duration=note.duration / 9, velocity=3))
        plain[2].hear(replace(note, duration=0.0))
    found = [finder.key() for finder in plain]
    assert {str(key) for key in found} == {"F major"}
    assert found[0].confidence == pytest.approx(found[1].confidence, abs=1e-4)


def test_clusters_of_all_twelve_pitch_classes_have_no_key():
    rng = np.random.default_rng(1)
    finder = KeyFinder()
    known = 0
    for n in range(20):
        for pitch in rng.permutation(12).tolist():
            finder.hear(Note(float(n), 1.0, 54 + pitch, 80))
        known += finder.key().known
    assert known == 0


def test_what_plays_needs_no_torch():
    code = "import sys, engine.key.finder as f; f.KeyFinder().key(); print('torch' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert run.stdout.strip() == "False", run.stderr
