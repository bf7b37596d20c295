"""The dials of what an answer may do: pitch, rhythm, notes, manner. See `plugin.control.dials`."""

from engine.scales import Scale
from plugin.control.dials import Dial, Span, limit
from plugin.control.kinds import Choice, Number, Switch, Value
from plugin.control.kinds_music import MODE, Grid, Key, Root, WholeScale
from plugin.settings import Settings

_get_scale, _put_scale = limit("scale")


def _root(settings: Settings) -> int | None:
    scale: Scale | None = _get_scale(settings)
    return None if scale is None else scale.root


def _put_root(settings: Settings, root: Value) -> Settings:
    scale: Scale | None = _get_scale(settings)
    name = "major" if scale is None else scale.name
    return _put_scale(settings, None if root is None else Scale(root, name))


def _mode(settings: Settings) -> str | None:
    scale: Scale | None = _get_scale(settings)
    return None if scale is None else scale.name


def _put_mode(settings: Settings, name: Value) -> Settings:
    scale: Scale | None = _get_scale(settings)
    root = 0 if scale is None else scale.root
    return _put_scale(settings, None if name is None else Scale(root, name))


PITCH = (
    Dial(
        "scale",
        "Scale",
        "the only notes that the partner may play",
        WholeScale(),
        "D dorian",
        _get_scale,
        _put_scale,
    ),
    Dial(
        "root",
        "Root",
        "the root of the scale, by itself",
        Root(),
        "Bb",
        _root,
        _put_root,
        part_of="scale",
    ),
    Dial(
        "mode",
        "Mode",
        "the scale on the same root",
        MODE,
        "mixolydian",
        _mode,
        _put_mode,
        also=("scale name",),
        part_of="scale",
    ),
    Dial(
        "follow key",
        "Follow my key",
        "with no scale named, the partner keeps to the key that you are in",
        Switch(),
        "on",
        *limit("follow_key"),
    ),
    Dial("lowest", "Lowest key", "no note is lower", Key(), "C2", *limit("lowest")),
    Dial("highest", "Highest key", "no note is higher", Key(), "C6", *limit("highest")),
    Dial(
        "reach",
        "Reach",
        "how far the partner may leave the range that you play in",
        Number(0, 60, 1, whole=True, nothing="off", nothing_last=True),
        "5",
        *limit("reach"),
        unit="semitones",
    ),
)


_MOST = Number(1, 32, 1, whole=True, nothing="off", nothing_last=True)
_FEWEST = Number(0, 32, 1, whole=True, nothing="off")

RHYTHM = (
    Dial(
        "grid",
        "Grid",
        "into how many parts a beat is divided: 4 is sixteenths, 2 3 eighths and triplets",
        Grid(),
        "4",
        *limit("grid"),
    ),
    Dial(
        "swing",
        "Swing",
        "how long the first of a pair is: 0.5 is straight, 2/3 a triplet feel",
        Number(0.5, 0.75, 0.01),
        "0.6",
        *limit("swing"),
    ),
    Dial(
        "swing unit",
        "Swung notes",
        "whether eighths or sixteenths are swung",
        Choice((("8", 8), ("16", 16))),
        "16",
        *limit("swing_unit"),
    ),
    Dial(
        "most per beat",
        "Most in a beat",
        "no beat has more onsets; a chord is one",
        _MOST,
        "4",
        *limit("most_per_beat"),
        unit="a beat",
    ),
    Dial(
        "fewest per beat",
        "Fewest in a beat",
        "no beat has fewer onsets",
        _FEWEST,
        "1",
        *limit("fewest_per_beat"),
        unit="a beat",
    ),
    Dial(
        "most per bar",
        "Most in a bar",
        "no bar has more onsets",
        _MOST,
        "8",
        *limit("most_per_bar"),
        unit="a bar",
    ),
    Dial(
        "fewest per bar",
        "Fewest in a bar",
        "no bar has fewer onsets",
        _FEWEST,
        "2",
        *limit("fewest_per_bar"),
        unit="a bar",
    ),
    Dial(
        "longest rest",
        "Longest rest",
        "from one onset to the next at most",
        Number(0.25, 16.0, 0.25),
        "2",
        *limit("longest_rest"),
        unit="beats",
    ),
)

NOTES = (
    Dial(
        "most at once",
        "Most at once",
        "how many notes may sound together; 1 is a melody",
        Number(1, 16, 1, whole=True, nothing="off", nothing_last=True),
        "1",
        *limit("most_at_once"),
        unit="notes",
        also=("voices", "polyphony"),
    ),
    Dial(
        "chord size",
        "Largest chord",
        "how many notes may be struck together",
        Number(1, 16, 1, whole=True),
        "3",
        *limit("most_struck"),
        unit="notes",
        also=("most struck",),
    ),
    Dial(
        "shortest",
        "Shortest note",
        "no note is shorter",
        Number(1 / 96, 4.0, 1 / 96),
        "1/4",
        *limit("shortest"),
        unit="beats",
    ),
    Dial(
        "longest",
        "Longest note",
        "no note is longer",
        Number(1 / 96, 16.0, 1 / 96, nothing="off", nothing_last=True),
        "2",
        *limit("longest"),
        unit="beats",
    ),
    Dial(
        "softest",
        "Softest note",
        "no note has less velocity",
        Number(1, 127, 1, whole=True),
        "30",
        *limit("softest"),
    ),
    Dial(
        "loudest",
        "Loudest note",
        "no note has more velocity",
        Number(1, 127, 1, whole=True),
        "100",
        *limit("loudest"),
    ),
)

MANNER = (
    Dial(
        "closeness",
        "Closeness to me",
        "1 as close as can be to what you play, 0 as I believe, -1 as if I did not know you",
        Number(-1.0, 1.0, 0.01),
        "0.7",
        *limit("closeness"),
        also=("close",),
    ),
    Dial(
        "temperature",
        "Temperature",
        "1 draws as freely as the model believes, below 1 is safer, 0 always the likeliest",
        Number(0.0, 2.0, 0.01),
        "0.8",
        *limit("temperature"),
    ),
    Dial(
        "top p",
        "Top p",
        "only the likeliest choices that together reach this chance",
        Number(0.0, 1.0, 0.01),
        "0.9",
        *limit("top_p"),
        also=("top-p",),
    ),
    Dial(
        "max notes",
        "Longest answer",
        "no answer has more notes",
        Number(1, 512, 1, whole=True),
        "64",
        *limit("max_notes"),
        unit="notes",
    ),
)

_NAMED = {dial.name: dial for dial in (*PITCH, *RHYTHM, *NOTES)}
SPANS = (
    Span(
        "register", "from which key to which", _NAMED["lowest"], _NAMED["highest"], "register C2 C5"
    ),
    Span(
        "density",
        "onsets in a beat at most, or from how many to how many",
        _NAMED["fewest per beat"],
        _NAMED["most per beat"],
        "density 4",
    ),
    Span(
        "loudness",
        "from which velocity to which",
        _NAMED["softest"],
        _NAMED["loudest"],
        "loudness 40 100",
    ),
    Span(
        "length",
        "from how many beats a note lasts to how many",
        _NAMED["shortest"],
        _NAMED["longest"],
        "length 1/4 2",
    ),
)
