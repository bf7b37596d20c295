"""MusicXML of a take, its key and spelling, and the engraving where Verovio is installed."""

from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from engine.events import Timebase
from engine.scales import Scale
from engine.smf.song import parse_midi
from gui.actions import Actions
from gui.takes.panel import TakesPanel
from gui.takes.score import engrave as engraving
from gui.takes.score.keys import altered_by, fifths_of_notes, fifths_of_scale, spelled
from gui.takes.score.musicxml import musicxml
from gui.takes.score.window import Score, ScoreWindow, make_score, save_score
from gui.takes.trouble import ScoreError
from plugin.takes import Take, TakeLibrary, TakeWriter, library_path
from tests.gui.takes.conftest import Asked
from tests.gui.takes.stage import library
from tests.plugin.sentences import assert_is_a_sentence

needs_verovio = pytest.mark.skipif(
    find_spec("verovio") is None, reason="Verovio is not installed (the extra “score”)"
)


def xml_of(take_id: str) -> tuple[ET.Element, Take]:
    with TakeLibrary() as takes:
        take = takes.get(take_id)
        return ET.fromstring(musicxml(parse_midi(takes.midi(take_id)), take)), take


# ------------------------------------------------------------------------------ key and spelling


def test_signatures_of_scales() -> None:
    found = [
        fifths_of_scale(Scale(root, name))
        for root, name in ((2, "dorian"), (9, "harmonic minor"), (3, "major"), (0, "blues"))
    ]
    assert found == [0, 0, -3, None]


def test_signatures_of_what_was_played() -> None:
    g_major = [(pitch, 1.0) for pitch in (67, 69, 71, 72, 74, 76, 78, 79, 67, 74)]
    d_minor = [(pitch, 1.0) for pitch in (62, 64, 65, 67, 69, 70, 73, 74, 62, 69, 65)]
    assert fifths_of_notes(g_major) == 1
    assert fifths_of_notes(d_minor) == -1
    assert fifths_of_notes([]) == 0


@given(pitch=st.integers(0, 127), fifths=st.integers(-6, 6))
def test_a_spelling_sounds_as_its_key(pitch: int, fifths: int) -> None:
    letter, alter, octave = spelled(pitch, fifths)
    sounds = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[letter]
    assert sounds + alter + 12 * (octave + 1) == pitch
    assert abs(alter) <= 2


def test_the_keys_of_a_signature_need_no_sign() -> None:
    for fifths in range(-6, 7):
        tonic = 7 * fifths % 12
        for step in (0, 2, 4, 5, 7, 9, 11):
            letter, alter, _ = spelled(60 + (tonic + step) % 12, fifths)
            assert altered_by(fifths)[letter] == alter


# ------------------------------------------------------------------------------------ MusicXML


def test_a_staff_for_each_side_with_meter_tempo_and_title(data_folder: Path) -> None:
    (take_id,) = library(data_folder, "Night <bus> & more")
    root, _ = xml_of(take_id)
    assert root.findtext("work/work-title") == "Night <bus> & more"
    assert [name.text for name in root.iter("part-name")] == ["You", "Partner"]
    assert [clef.findtext("sign") for clef in root.iter("clef")] == ["G", "F"]
    assert root.findtext(".//per-minute") == "96"
    assert {time.findtext("beats") for time in root.iter("time")} == {"4"}
    counts = {len(part.findall("measure")) for part in root.findall("part")}
    assert counts == {2}, "both staves have the bars of the file"


def test_every_measure_is_full(data_folder: Path) -> None:
    (take_id,) = library(data_folder, "Waltz", timebase=Timebase(120.0, 3.0, tempo_known=True))
    root, _ = xml_of(take_id)
    for measure in root.iter("measure"):
        heads = [note for note in measure.findall("note") if note.find("chord") is None]
        assert sum(int(note.findtext("duration") or 0) for note in heads) == 36
    kinds = {tie.get("type") for tie in root.iter("tie")}
    assert kinds <= {"start", "stop"}


@pytest.mark.parametrize("beats", [4.0, 3.5, 0.5, 0.125, 1.3])
def test_meters_of_all_kinds(data_folder: Path, beats: float) -> None:
    (take_id,) = library(data_folder, "", timebase=Timebase(96.0, beats, tempo_known=True))
    root, _ = xml_of(take_id)
    assert root.find("part/measure/note") is not None


def test_free_time_has_no_tempo_and_says_nothing_of_one(data_folder: Path) -> None:
    (take_id,) = library(data_folder, "", timebase=Timebase())
    root, _ = xml_of(take_id)
    assert root.find(".//metronome") is None


def test_a_scale_that_was_set_gives_the_signature(data_folder: Path) -> None:
    writer = TakeWriter(library_path(data_folder))
    from tests.gui.takes.stage import play

    take_id = play(writer)
    writer.finish(take_id, settings={"scale": {"root": 2, "name": "major"}})
    writer.close()
    root, _ = xml_of(take_id)
    assert {key.findtext("fifths") for key in root.iter("key")} == {"2"}


def test_a_take_without_notes_or_with_hours_of_bars_is_refused(data_folder: Path) -> None:
    from engine.events import Voice

    writer = TakeWriter(library_path(data_folder))
    empty, endless = (writer.begin_take(Timebase(120.0, 4.0, tempo_known=True)) for _ in range(2))
    for at in (0, 3_600_000_000_000):
        writer.message(endless, Voice.PLAYER, at, b"\x90\x3c\x50")
        writer.message(endless, Voice.PLAYER, at + 9, b"\x80\x3c\x50")
    writer.close()
    for take_id in (empty, endless):
        with pytest.raises(ScoreError) as refused:
            xml_of(take_id)
        assert_is_a_sentence(str(refused.value))


# ---------------------------------------------------------------------------------- engraving


def dark(svg: str) -> int:
    """Dark pixels of an SVG as Qt draws it."""
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    assert renderer.isValid()
    image = QImage(400, 300, QImage.Format.Format_Grayscale8)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    data = bytes(image.constBits())
    return sum(pixel < 128 for pixel in data)


NESTED = """<svg xmlns="http://www.w3.org/2000/svg" width="400px" height="300px">
<svg class="definition-scale" color="black" viewBox="0 0 4000 3000">
<rect x="500" y="500" width="1000" height="1000" fill="currentColor" />
<text x="1" y="9" font-size="0px"><tspan x="2000" y="700" text-anchor="middle">
<title>title</title><tspan font-size="600px">Night</tspan></tspan></text>
</svg></svg>"""


def test_qt_draws_what_verovio_nests(qapp: QApplication) -> None:
    flat = engraving.flattened(NESTED)
    assert dark(flat) > 9000, "the square is there"
    assert 'x="2000"' in flat
    assert ">Night<" in flat
    assert "title" not in flat


@needs_verovio
@settings(max_examples=10, deadline=None)
@given(notes=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12), st.integers(36, 96))))
def test_verovio_reads_what_we_write(
    tmp_path_factory: pytest.TempPathFactory, notes: list[tuple[int, int, int]]
) -> None:
    from engine.events import Voice
    from tests.gui.takes.stage import BEAT_NS, KNOWN

    path = tmp_path_factory.mktemp("takes") / "takes.sqlite3"
    writer = TakeWriter(path)
    take_id = writer.begin_take(KNOWN, name="Any")
    events = [(at, bytes((0x90, key, 80))) for at, _, key in notes]
    events += [(at + long, bytes((0x80, key, 64))) for at, long, key in notes]
    for at, message in sorted(events):
        writer.message(take_id, Voice.PLAYER, at * BEAT_NS // 6, message)
    writer.message(take_id, Voice.PARTNER, 0, b"\x90\x30\x50")
    writer.close()
    with TakeLibrary(path) as takes:
        score = make_score(takes, takes.get(take_id))
    assert dark(score.svg) > 400


@needs_verovio
def test_the_score_opens_beside_the_window_and_is_saved(
    qtbot: QtBot, panel: TakesPanel, actions: Actions, asked: Asked, ids: list[str]
) -> None:
    panel.list.choose(panel.model.index_of(ids[2]))
    actions["score"].trigger()
    qtbot.waitUntil(lambda: not panel.librarian.busy)
    assert panel.message.text == ""
    window = panel.findChild(ScoreWindow)
    assert window is not None
    assert not window.isModal()
    assert window.windowTitle() == "Score of Night bus"
    before = window.paper.width()
    window.zoom(1.25)
    assert window.paper.width() > before
    save = next(one for one in window.findChildren(QPushButton) if one.text() == "Save as…")
    qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not panel.librarian.busy)
    assert (asked.folder / "Night bus 96bpm.svg").read_text().startswith("<svg")
    window.close()


def test_formats_of_a_saved_score(tmp_path: Path, qapp: QApplication) -> None:
    score = Score("<xml/>", engraving.flattened(NESTED))
    assert save_score(tmp_path / "a.musicxml", score).read_text() == "<xml/>"
    assert save_score(tmp_path / "a.svg", score).read_text() == score.svg
    png = save_score(tmp_path / "a", score)
    assert png.name == "a.png"
    image = QImage(str(png))
    assert (image.width(), image.height()) == (2400, 1800)


def test_without_verovio_it_is_said_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, panel: TakesPanel, actions: Actions
) -> None:
    def gone(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(engraving.importlib, "import_module", gone)
    actions.refuse("score", "")  # it vanished after the window began
    actions["score"].trigger()
    qtbot.waitUntil(lambda: panel.message.text != "")
    assert "pip install 'antiphon[score]'" in panel.message.text
    assert_is_a_sentence(panel.message.text)
