"""A take as MusicXML: one staff for the player, one for the partner, as notation programs read it.

It is made of the MIDI file that the take exports, so that the score shows what the DAW gets. It
refuses dynamics and pedals: a score of a jam is for reading the notes.
"""

import json
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from engine.scales import SCALES, Scale
from engine.smf.song import MidiSong
from gui.takes.score.keys import altered_by, fifths_of_notes, fifths_of_scale, spelled
from gui.takes.score.quantise import UNITS, Bar, Piece, Played, bars_of
from gui.takes.trouble import ScoreError
from plugin.takes import Take

MOST_BARS = 400
_PARTS = (("P1", "You", 1), ("P2", "Partner", 2))
"""Id, name, and track of the exported file."""
_VALUES = {3: ("16th", 0), 6: ("eighth", 0), 9: ("eighth", 1), 12: ("quarter", 0),
           18: ("quarter", 1), 24: ("half", 0), 36: ("half", 1), 48: ("whole", 0)}  # fmt: skip
_TRIPLETS = {4: "eighth", 8: "quarter"}
_SIGNS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_BASS_BELOW = 57
_DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC '
    '"-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)


def musicxml(song: MidiSong, take: Take) -> str:
    """The score of a take, from the file that it exports. Raises ScoreError."""
    if not song.notes:
        raise ScoreError("This take holds no notes: choose another one for a score.")
    meter = song.meters[0] if song.meters and take.tempo_known else None
    beats, unit = (meter.numerator, meter.denominator) if meter else (4, 4)
    if beats * 4 * UNITS % unit or (beats * 4 * UNITS // unit) % 3:
        beats, unit = 4, 4  # bars that sixteenths cannot fill
    bar_units = beats * 4 * UNITS // unit
    fifths = _signature(song, take)
    tpb = round(song.ticks_per_beat)
    staves = []
    for part_id, name, track in _PARTS:
        played = [
            Played(note.onset_tick, note.onset_tick + note.duration_ticks, note.pitch)
            for note in song.notes
            if note.track == track
        ]
        if played:
            staves.append((part_id, name, played))
    last = max(note.end for _, _, played in staves for note in played)
    count = -(-last * UNITS // tpb // bar_units)
    if count > MOST_BARS:
        raise ScoreError(
            f"This take has {count:,} bars, too many for a score of at most {MOST_BARS}: export it "
            "and open a part of it in a notation program."
        )
    written = [(*staff[:2], staff[2], bars_of(staff[2], tpb, bar_units, count)) for staff in staves]
    count = max(len(bars) for *_, bars in written)

    root = ET.Element("score-partwise", version="4.0")
    ET.SubElement(ET.SubElement(root, "work"), "work-title").text = _xml_text(take.title)
    _put(ET.SubElement(ET.SubElement(root, "identification"), "encoding"), "software", "Antiphon")
    names = ET.SubElement(root, "part-list")
    for part_id, name, _, _ in written:
        _put(ET.SubElement(names, "score-part", id=part_id), "part-name", name)
    for number, (part_id, _, played, bars) in enumerate(written):
        part = ET.SubElement(root, "part", id=part_id)
        rest = (Piece(0, bar_units, ()),)
        for at, bar in enumerate([*bars, *[rest] * (count - len(bars))], 1):
            measure = ET.SubElement(part, "measure", number=str(at))
            if at == 1:
                _attributes(measure, fifths, beats, unit, played)
                if not number and take.tempo_known:
                    _tempo(measure, take.tempo_bpm)
            _measure(measure, bar, bar_units, fifths)
    ET.indent(root)
    return _DOCTYPE + ET.tostring(root, encoding="unicode") + "\n"


def _signature(song: MidiSong, take: Take) -> int:
    try:
        kept = json.loads(take.settings).get("scale")
        scale = Scale(int(kept["root"]), str(kept["name"])) if isinstance(kept, dict) else None
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        scale = None
    found = fifths_of_scale(scale) if scale is not None and scale.name in SCALES else None
    if found is not None:
        return found
    return fifths_of_notes((note.pitch, note.duration_ticks) for note in song.notes)


def _attributes(
    measure: ET.Element, fifths: int, beats: int, unit: int, played: Sequence[Played]
) -> None:
    attributes = ET.SubElement(measure, "attributes")
    _put(attributes, "divisions", UNITS)
    _put(ET.SubElement(attributes, "key"), "fifths", fifths)
    time = ET.SubElement(attributes, "time")
    _put(time, "beats", beats)
    _put(time, "beat-type", unit)
    clef = ET.SubElement(attributes, "clef")
    low = sum(note.pitch for note in played) / len(played) < _BASS_BELOW
    _put(clef, "sign", "F" if low else "G")
    _put(clef, "line", 4 if low else 2)


def _tempo(measure: ET.Element, bpm: float) -> None:
    direction = ET.SubElement(measure, "direction", placement="above")
    metronome = ET.SubElement(ET.SubElement(direction, "direction-type"), "metronome")
    _put(metronome, "beat-unit", "quarter")
    _put(metronome, "per-minute", f"{bpm:.1f}".removesuffix(".0"))
    ET.SubElement(direction, "sound", tempo=f"{bpm:.3f}")


def _measure(measure: ET.Element, bar: Bar, bar_units: int, fifths: int) -> None:
    shown: dict[tuple[str, int], int] = {}
    """What the last sign before each place on the staff says."""
    usual = altered_by(fifths)
    beams = _beams(bar)
    if all(not piece.pitches for piece in bar):
        note = ET.SubElement(measure, "note")
        ET.SubElement(note, "rest", measure="yes")
        _put(note, "duration", bar_units)
        return
    for number, piece in enumerate(bar):
        if not piece.pitches:
            note = ET.SubElement(measure, "note")
            ET.SubElement(note, "rest")
            _put(note, "duration", piece.length)
            _value(note, piece, "")
            _notations(note, piece)
            continue
        for place, pitch in enumerate(piece.pitches):
            letter, alter, octave = spelled(pitch, fifths)
            sign = ""
            if shown.get((letter, octave), usual[letter]) != alter and not piece.tied_back:
                sign = _SIGNS.get(alter, "")
                shown[letter, octave] = alter
            _note(measure, piece, (letter, alter, octave), sign, place, beams.get(number, ""))


def _note(
    measure: ET.Element,
    piece: Piece,
    spelling: tuple[str, int, int],
    sign: str,
    place: int,
    beam: str,
) -> None:
    note = ET.SubElement(measure, "note")
    if place:
        ET.SubElement(note, "chord")
    pitch = ET.SubElement(note, "pitch")
    _put(pitch, "step", spelling[0])
    if spelling[1]:
        _put(pitch, "alter", spelling[1])
    _put(pitch, "octave", spelling[2])
    _put(note, "duration", piece.length)
    if piece.tied_back:
        ET.SubElement(note, "tie", type="stop")
    if piece.tied:
        ET.SubElement(note, "tie", type="start")
    _value(note, piece, sign)
    if beam and not place:
        _put(note, "beam", beam).set("number", "1")
    _notations(note, piece, brackets=not place)


def _value(note: ET.Element, piece: Piece, sign: str) -> None:
    """The kind of note head, its dots, its accidental, and that it counts in three."""
    if piece.triplet:
        kind, dots = _TRIPLETS[piece.length], 0
    else:
        kind, dots = _VALUES[piece.length]
    _put(note, "type", kind)
    for _ in range(dots):
        ET.SubElement(note, "dot")
    if sign:
        _put(note, "accidental", sign)
    if piece.triplet:
        three = ET.SubElement(note, "time-modification")
        _put(three, "actual-notes", 3)
        _put(three, "normal-notes", 2)


def _notations(note: ET.Element, piece: Piece, *, brackets: bool = True) -> None:
    marks = [("tied", "stop")] if piece.tied_back else []
    marks += [("tied", "start")] if piece.tied else []
    if brackets:
        marks += [("tuplet", "start")] if piece.opens else []
        marks += [("tuplet", "stop")] if piece.closes else []
    if marks:
        notations = ET.SubElement(note, "notations")
        for name, kind in marks:
            ET.SubElement(notations, name, type=kind)


def _beams(bar: Bar) -> dict[int, str]:
    """Which pieces begin, go on with and end a beam: short notes that follow within a beat."""
    found: dict[int, str] = {}
    run: list[int] = []

    def close() -> None:
        if len(run) > 1:
            for number in run[1:-1]:
                found[number] = "continue"
            found[run[0]], found[run[-1]] = "begin", "end"
        run.clear()

    for number, piece in enumerate(bar):
        short = piece.pitches and (piece.length <= 4 if piece.triplet else piece.length <= 9)
        if run and (not short or bar[run[-1]].start // UNITS != piece.start // UNITS):
            close()
        if short:
            run.append(number)
    close()
    return found


def _put(parent: ET.Element, name: str, value: object) -> ET.Element:
    made = ET.SubElement(parent, name)
    made.text = str(value)
    return made


def _xml_text(text: str) -> str:
    """Text that XML can hold."""
    return "".join(char for char in text if char.isprintable())
