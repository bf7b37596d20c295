"""The one place for Hypothesis strategies: notes, MIDI messages, performances, takes, names.

Add to it rather than drawing by hand in a test, so that all laws are tried on the same music.
Times of performances are ns from the start, as the session process counts them.
"""

from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from engine.events import Note, Timebase

MS = 1_000_000

pitches = st.integers(0, 127)
velocities = st.integers(1, 127)
channels = st.integers(0, 15)
data_bytes = st.integers(0, 127)

# A few keys and one or two channels: with all of them equal keys would hardly ever meet.
crowded_pitches = st.integers(60, 64)
crowded_channels = st.integers(0, 1)


def notes(
    *,
    onsets: SearchStrategy[float] | None = None,
    durations: SearchStrategy[float] | None = None,
    pitch: SearchStrategy[int] = pitches,
    channel: SearchStrategy[int] = channels,
) -> SearchStrategy[Note]:
    """One note; times in the caller's unit, by default up to a minute and up to four."""
    return st.builds(
        Note,
        onset=onsets if onsets is not None else st.floats(0.0, 60.0),
        duration=durations if durations is not None else st.floats(0.01, 4.0),
        pitch=pitch,
        velocity=velocities,
        channel=channel,
    )


def phrases(max_notes: int = 40) -> SearchStrategy[list[Note]]:
    """Notes by onset."""
    return st.lists(notes(), max_size=max_notes).map(lambda found: sorted(found, key=_by_onset))


def _by_onset(note: Note) -> float:
    return note.onset


def timebases(*, tempo_known: SearchStrategy[bool] | None = None) -> SearchStrategy[Timebase]:
    """Tempos as DAWs have them, meters as musicians have them."""
    return st.builds(
        Timebase,
        bpm=st.one_of(st.integers(20, 400).map(float), st.floats(20.0, 400.0)),
        beats_per_bar=st.sampled_from([1.0, 2.0, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 1.25, 1.625]),
        tempo_known=tempo_known if tempo_known is not None else st.booleans(),
    )


# ------------------------------------------------------------------------------- raw messages


@st.composite
def channel_messages(draw: st.DrawFn) -> bytes:
    """One complete channel message of any kind."""
    status = draw(st.integers(0x80, 0xEF))
    length = 1 if 0xC0 <= status < 0xE0 else 2
    return bytes([status, *draw(st.lists(data_bytes, min_size=length, max_size=length))])


system_messages: SearchStrategy[bytes] = st.one_of(
    st.sampled_from([b"\xf6", b"\xf8", b"\xfa", b"\xfb", b"\xfc", b"\xfe", b"\xff"]),
    st.tuples(data_bytes, data_bytes).map(lambda two: bytes([0xF2, *two])),
    st.lists(data_bytes, max_size=12).map(lambda inner: bytes([0xF0, *inner, 0xF7])),
)

raw_messages: SearchStrategy[bytes] = st.one_of(
    channel_messages(), system_messages, st.binary(max_size=5)
)
"""Whatever may come through a port, broken messages included."""


@dataclass(frozen=True)
class Stroke:
    """A key pressed and released, in ns."""

    onset_ns: int
    end_ns: int
    pitch: int
    velocity: int
    channel: int


@st.composite
def strokes(draw: st.DrawFn, *, grid_ns: int = 1, longest_ns: int = 20_000 * MS) -> Stroke:
    """A key pressed and released on multiples of `grid_ns`."""
    last = longest_ns // grid_ns
    onset = draw(st.integers(0, last))
    length = draw(st.integers(1, max(1, last // 8)))
    return Stroke(
        onset * grid_ns,
        (onset + length) * grid_ns,
        draw(crowded_pitches),
        draw(velocities),
        draw(crowded_channels),
    )


@st.composite
def performances(draw: st.DrawFn, *, grid_ns: int = 1) -> list[tuple[int, bytes]]:
    """What one side played: timed messages in order, every note released, some wheels and pedal.

    Equal keys overlap often; a release is a note-off or a note-on of velocity 0.
    """
    timed: list[tuple[int, bytes]] = []
    for stroke in draw(st.lists(strokes(grid_ns=grid_ns), max_size=16)):
        release = (
            bytes([0x90 | stroke.channel, stroke.pitch, 0])
            if draw(st.booleans())
            else bytes([0x80 | stroke.channel, stroke.pitch, draw(data_bytes)])
        )
        struck = bytes([0x90 | stroke.channel, stroke.pitch, stroke.velocity])
        timed += [(stroke.onset_ns, struck), (stroke.end_ns, release)]
    others = st.tuples(st.integers(0xA0, 0xEF), data_bytes, data_bytes).map(
        lambda m: bytes(m[:2]) if 0xC0 <= m[0] < 0xE0 else bytes(m)
    )
    for message in draw(st.lists(others, max_size=4)):
        timed.append((draw(st.integers(0, 20_000 * MS // grid_ns)) * grid_ns, message))
    return sorted(timed, key=lambda at: at[0])


@st.composite
def messy_performances(draw: st.DrawFn) -> list[tuple[int, bytes]]:
    """Anything through a port, in order of time: open notes, orphans, broken messages, clocks."""
    messages = draw(st.lists(raw_messages, max_size=30))
    times = sorted(draw(st.integers(0, 10_000 * MS)) for _ in messages)
    return list(zip(times, messages, strict=True))


# -------------------------------------------------------------------------------------- names

# Text with what file systems and terminals trip over put in often.
awkward_names: SearchStrategy[str] = st.lists(
    st.one_of(
        st.text(max_size=6),
        st.sampled_from(
            [
                *("/", "\\", ":", "..", ".", " ", "*", "?", '"', "<", ">", "|", "\x00", "\n"),
                *("CON", "nul", "com1", "LPT¹", "\u202e", "\ud800", "é", "e\u0301", "日本", "🎹"),
                "a" * 90,
            ]
        ),
    ),
    max_size=6,
).map("".join)


# ------------------------------------------------------------------------ commitments and gestures

gaps_ns: SearchStrategy[int] = st.one_of(
    st.integers(0, 3 * MS),
    st.integers(0, 90 * MS),
    st.sampled_from([5 * MS, 5 * MS + 1, 100 * MS, 100 * MS + 1, 130 * MS, 600 * MS]),
)
"""How much time passes: around the limits of lateness, of a chord, of a poll."""


@dataclass(frozen=True)
class Commitment:
    """A note to be played: due so long from now (or ago), for so long."""

    due_in_ns: int
    length_ns: int
    pitch: int
    velocity: int
    channel: int


commitments: SearchStrategy[Commitment] = st.builds(
    Commitment,
    due_in_ns=st.integers(-150 * MS, 400 * MS),
    length_ns=st.one_of(st.integers(0, 2), st.integers(1, 300 * MS)),
    pitch=crowded_pitches,
    velocity=velocities,
    channel=crowded_channels,
)
