"""The picture of a jam: both sides are there, told apart, whatever was played."""

import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import DRUM_CHANNEL, Note, Timebase
from plugin.picture import PictureError, draw_jam
from tests.strategies import phrases, timebases

np = pytest.importorskip("numpy")
image = pytest.importorskip("matplotlib.image")

pytestmark = pytest.mark.slow

BLUE, ORANGE = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)

# Below the title and the legend, which have both colours too.
HEADING_PX = 150


def blobs(path: Path, colour: tuple[int, int, int]) -> list[int]:
    """Columns (of the roll alone) where stretches of this full colour begin."""
    pixels = np.rint(image.imread(path)[HEADING_PX:, :, :3] * 255).astype(int)
    columns = (abs(pixels - np.array(colour)).max(axis=2) <= 4).any(axis=0)
    return [int(at) for at in np.flatnonzero(columns[1:] & ~columns[:-1])]


def loud(onset: float, pitch: int, duration: float = 0.2, channel: int = 0) -> Note:
    return Note(onset, duration, pitch, 127, channel)


def size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@pytest.mark.parametrize("duration", [0.0, 0.001, 0.05, 0.12, 0.4])
@pytest.mark.parametrize("channel", [0, DRUM_CHANNEL])
def test_every_note_is_seen_on_its_side(tmp_path: Path, duration: float, channel: int) -> None:
    player = [loud(i * 1.0, 60 + i, duration, channel) for i in range(5)]
    partner = [loud(6.0 + i * 1.0, 48 + i, duration, channel) for i in range(4)]
    path = draw_jam(tmp_path / "jam.png", player, partner)
    blue, orange = blobs(path, BLUE), blobs(path, ORANGE)
    assert len(blue) == 5
    assert len(orange) >= 4
    assert max(blue) < min(orange)


def test_the_sides_differ_in_shape_and_not_only_in_colour(tmp_path: Path) -> None:
    one = [Note(0.5, 2.0, 60, 127)]
    mine = draw_jam(tmp_path / "player.png", one, [])
    yours = draw_jam(tmp_path / "partner.png", [], one)
    middle = blobs(mine, BLUE)[0] + 200
    ink = [
        (image.imread(path)[HEADING_PX:, middle, :3].mean(axis=1) < 0.7) for path in (mine, yours)
    ]
    # Through its middle the player's bar is solid, the partner's two thin lines.
    solid, outline = (np.diff(np.flatnonzero(rows[:-100])) for rows in ink)
    assert len(solid) > 10
    assert set(solid) == {1}
    assert len(outline) < len(solid) / 2
    assert max(outline) > 5


@pytest.mark.parametrize(
    ("player", "partner"),
    [([], []), ([loud(0, 60)], []), ([], [loud(0, 127)]), ([loud(0, 0)], [loud(0, 0)])],
)
def test_there_is_a_picture_of_next_to_nothing(
    tmp_path: Path, player: list[Note], partner: list[Note]
) -> None:
    width, height = size(draw_jam(tmp_path / "jam.png", player, partner))
    assert width >= 1600
    assert height >= 400


def test_five_hundred_notes_and_a_long_name(tmp_path: Path) -> None:
    notes = [Note(i * 0.1, 0.3, 30 + i % 70, 1 + i % 127) for i in range(500)]
    path = draw_jam(
        tmp_path / "jam.png",
        notes[:250],
        notes[250:],
        timebase=Timebase(120.0, 4.0, tempo_known=True),
        title="$x$ \\frac テスト " * 20,
        model="m" * 300,
        seed=2**70,
    )
    width, height = size(path)
    assert width < 4000
    assert height < 1600


@settings(max_examples=8)
@given(
    player=phrases(),
    partner=phrases(),
    timebase=timebases(),
    start_beat=st.floats(0.0, 20.0),
    title=st.text(max_size=20),
)
def test_whatever_was_played_there_is_a_picture(
    tmp_path_factory: pytest.TempPathFactory,
    player: list[Note],
    partner: list[Note],
    timebase: Timebase,
    start_beat: float,
    title: str,
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.png"
    draw_jam(path, player, partner, timebase=timebase, start_beat=start_beat, title=title)
    assert size(path)[0] >= 1600


def test_without_matplotlib_there_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(PictureError, match="matplotlib is not installed: pip install"):
        draw_jam(tmp_path / "jam.png", [], [])
    assert not (tmp_path / "jam.png").exists()


def test_a_picture_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="could not be written"):
        draw_jam(tmp_path / "no folder" / "jam.png", [], [])
