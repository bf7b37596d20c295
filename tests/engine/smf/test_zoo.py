"""The zoo: odd, broken and huge MIDI files from the wild. Each is read, or refused in a sentence.

`index.csv` of the zoo says how many notes another tolerant reader found. Where ours differs, the
reason is written here; a new difference fails.
"""

import csv
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.smf.notes import is_note_on
from engine.smf.song import MidiFileError, MidiSong, read_midi
from tests.shared import SHARED

ZOO = SHARED / "midi-zoo" if SHARED else None

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        ZOO is None or not (ZOO / "index.csv").is_file(), reason="no midi-zoo in the shared folder"
    ),
]

# Start of the file name -> (our notes, notes of the index's reader, "" where it refused; why).
DIFFERENT = {
    "081": (5225, "", "MacBinary wrapper: the header is looked for behind it"),
    "910": (3212, "", "MacBinary wrapper: the header is looked for behind it"),
    "099": (454, "205", "wrong chunk sizes: the next track is found by its name"),
    "100": (12387, "0", "wrong chunk sizes: the next track is found by its name"),
    "101": (4616, "0", "wrong chunk sizes: the next track is found by its name"),
    "106": (2267, "740", "wrong chunk sizes: the next track is found by its name"),
    "102": (5347, "0", "stray bytes before the first event are stepped over"),
    "104": (2527, "2420", "an overlong last track is read to its end"),
    "115": (1874, "1869", "an overlong last track is read to its end"),
    "166": (8, "0", "an illegal time code message is stepped over with its data"),
    "922": (5, "4", "a delta of five bytes is read as one number"),
}


@dataclass(frozen=True)
class Visit:
    file: str
    wanted: str
    song: MidiSong | None
    refusal: str
    cpu_s: float


@pytest.fixture(scope="module")
def visits() -> list[Visit]:
    assert ZOO is not None
    found = []
    with (ZOO / "index.csv").open(encoding="utf-8", newline="") as index:
        for row in csv.DictReader(index):
            found.append(visit(ZOO / row["file"], row["own_notes"]))
    return found


def visit(path: Path, wanted: str) -> Visit:
    started = time.process_time()
    song, refusal = None, ""
    try:
        song = read_midi(path)
        song.messages()
    except MidiFileError as error:
        refusal = str(error)
    return Visit(path.name, wanted, song, refusal, time.process_time() - started)


def test_every_file_of_the_zoo_is_read_or_refused_in_one_sentence(visits: list[Visit]) -> None:
    assert len(visits) >= 255
    refused = [visit for visit in visits if visit.song is None]
    assert {visit.file[:3] for visit in refused} == {
        *("011", "012", "013"),  # MIDI 2.0 clips
        *("079", "080", "082", "083", "084", "085", "086"),  # web pages, a ZIP archive, notes
        *("158", "173", "186"),  # empty, text, a system exclusive dump
    }
    for visit in refused:
        assert visit.refusal.endswith("."), visit
        assert visit.refusal.count("\n") == 0, visit
        assert ": " in visit.refusal, f"no next step: {visit.refusal}"


def test_no_file_of_the_zoo_takes_five_seconds(visits: list[Visit]) -> None:
    slowest = max(visits, key=lambda visit: visit.cpu_s)
    # Time of the processor, not of the wall: another program's load is not the reader's.
    assert slowest.cpu_s < 5.0, slowest.file


def test_as_many_notes_as_a_tolerant_reader_finds(visits: list[Visit]) -> None:
    different = {
        visit.file[:3]: (len(visit.song.notes) if visit.song else "refused", visit.wanted)
        for visit in visits
        if (str(len(visit.song.notes)) if visit.song else "") != visit.wanted
    }
    assert different == {file: (ours, theirs) for file, (ours, theirs, _) in DIFFERENT.items()}


def test_every_song_of_the_zoo_can_be_played(visits: list[Visit]) -> None:
    for visit in visits:
        if visit.song is None:
            continue
        messages = visit.song.messages()
        times = [seconds for seconds, _ in messages]
        assert times == sorted(times), visit.file
        assert sum(is_note_on(message) for _, message in messages) == len(visit.song.notes)
        sounding: Counter[tuple[int, int]] = Counter()
        for _, message in messages:
            assert message[0] < 0xF0, visit.file
            assert max(message[1:]) < 0x80, visit.file
            if is_note_on(message):
                sounding[message[0] & 0x0F, message[1]] += 1
            elif message[0] & 0xE0 == 0x80 and sounding[message[0] & 0x0F, message[1]]:
                sounding[message[0] & 0x0F, message[1]] -= 1
        assert not +sounding, f"{visit.file} leaves notes sounding"


def test_damage_is_told(visits: list[Visit]) -> None:
    by_number = {visit.file[:3]: visit.song for visit in visits if visit.song}
    for number, words in {
        "906": "middle of a track",
        "904": "no time unit",
        "914": "one after the other",
        "916": "Tempo changes were ignored",
        "917": "Time signatures were ignored",
        "920": "never released",
        "921": "pause of",
        "929": "nothing to play",
        "035": "above 127",
        "113": "unknown format",
    }.items():
        assert any(words in warning for warning in by_number[number].warnings), number
