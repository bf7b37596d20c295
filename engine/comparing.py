"""One of the player's phrases, answered twice: with what was learnt last, and without it.

It runs in a process of its own beside a jam, like the trainer, so that what plays is not disturbed,
and ends with its answer. Both answers are drawn from the same seed, after the same notes, with the
same memory of the player: what differs is what was learnt. It changes nothing, and refuses to say
which answer is better: that is the player's.

Importing this module costs nothing; numpy and the weights are loaded inside `run`.
"""

import math
import os
import random
import signal
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from engine.events import Note, Timebase, Voice
from engine.learning import Compared, CompareFailed, CompareRequest, LearnPiece
from engine.words import INSTALL

if TYPE_CHECKING:
    from engine.adapt.adapter import Adapter
    from engine.building import Builder
    from engine.profile.reading import Profile

LOW_PRIORITY = 10
SHORTEST_BEATS, LONGEST_BEATS = 4.0, 16.0
"""An answer is as long as its phrase, within these."""
PAUSE_BEATS = 1.0
"""In free time an answer comes so long after its phrase."""
MOST_DRAWS = 6
"""Answers that are alike, or empty, are drawn anew so often."""
_NEXT_SEED = 0x9E3779B97F4A7C15
NOTHING_LEARNT = (
    "“{name}” plays with the model as it came: there is nothing to compare. Learn something first."
)

Notes = tuple[Note, ...]


def run(pipe: Connection) -> None:
    """Serve one request; ends after it, or when the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asked
    if hasattr(os, "nice"):
        os.nice(LOW_PRIORITY)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    try:
        request = pipe.recv()
        if isinstance(request, CompareRequest):
            pipe.send(compare(request))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def compare(request: CompareRequest) -> Compared | CompareFailed:
    """Both answers, or why there are none."""
    try:
        from engine.adapt.adapter import AdapterError
        from engine.adapt.material import MaterialError
        from engine.profile.trouble import ProfileError
    except ImportError as error:
        return CompareFailed(f"Comparing needs the music engine ({error}); {INSTALL}.")
    try:
        return _compare(request)
    except (MaterialError, ProfileError, AdapterError) as error:
        return CompareFailed(str(error))
    except MemoryError:
        return CompareFailed("There is too little memory to compare: close other programs.")


def _compare(request: CompareRequest) -> Compared | CompareFailed:
    from engine.building import Builder
    from engine.profile.store import ProfileStore

    builder = Builder(Path(request.weights) if request.weights else None)
    store = ProfileStore(Path(request.folder))
    profile = store.open(request.profile)
    record = profile.record
    newest, older = record.now, None
    if newest is not None and (version := record.version(newest)) is not None:
        older = version.before
    elif record.undone:
        newest = record.undone[-1]
    if newest is None:
        return CompareFailed(NOTHING_LEARNT.format(name=profile.name))
    if not builder.prior_name:
        return CompareFailed(builder.says[0])
    phrase, timebase = phrase_of(request.pieces, random.Random(request.seed))
    learnt = store.adapter(profile.name, newest)
    unlearnt = None if older is None else store.adapter(profile.name, older)
    seed = request.seed
    for _ in range(MOST_DRAWS):
        one = _answer(builder, profile, learnt, phrase, timebase, seed)
        other = _answer(builder, profile, unlearnt, phrase, timebase, seed)
        if one and other and one != other:
            break
        seed = (seed + _NEXT_SEED) % 2**63
    return Compared(profile.name, newest, older, timebase, phrase, one, other)


def phrase_of(pieces: tuple[LearnPiece, ...], rng: random.Random) -> tuple[Notes, Timebase]:
    """A phrase of the player's by chance, in its own first bar. Raises MaterialError.

    Of drums and keys it is what the pieces have more of, as in learning.
    """
    from engine.adapt.material import LEAST_PIECE, MaterialError, as_played, take_of
    from engine.events import DRUM_CHANNEL

    found: dict[bool, list[tuple[Notes, Timebase]]] = {False: [], True: []}
    for piece in pieces:
        for drums, phrases in found.items():
            mine = [note for note in piece.notes if (note.channel == DRUM_CHANNEL) is drums]
            if len(mine) < LEAST_PIECE:
                continue
            cuts = [int(cut) for cut in take_of(piece, mine, drums=drums).cuts]
            ordered, timebase = as_played(piece, mine)
            phrases += [(tuple(ordered[first:end]), timebase) for first, end in pairwise(cuts)]
    drums = sum(len(one) for one, _ in found[True]) > sum(len(one) for one, _ in found[False])
    if not found[drums]:
        raise MaterialError("There is no phrase to answer in these: choose takes with some notes.")
    notes, timebase = rng.choice(found[drums])
    return _in_first_bar(notes, timebase), timebase


def _in_first_bar(notes: Notes, timebase: Timebase) -> Notes:
    bar = timebase.beats_per_bar
    first = notes[0].onset
    shift = math.floor(first / bar) * bar if timebase.tempo_known else first
    return tuple(
        Note(note.onset - shift, note.duration, note.pitch, note.velocity, note.channel)
        for note in notes
    )


def _answer(
    builder: "Builder",
    profile: "Profile",
    adapter: "Adapter | None",
    phrase: Notes,
    timebase: Timebase,
    seed: int,
) -> Notes:
    """What is played after the phrase with this adapter. Raises AdapterError."""
    from engine.api import Ask
    from engine.memory.memory import Memory, MemoryDataError
    from engine.planner import Planner

    try:
        memory = Memory() if profile.memory is None else Memory.from_rows(profile.memory)
    except MemoryDataError:  # it is said, and mended, where it plays
        memory = Memory()
    # The clock stands still: nothing here can be late.
    planner = Planner(builder.mixture(builder.prior(adapter), memory), clock=lambda: 0.0)
    planner.begin(timebase)
    for note in phrase:
        planner.hear(note, Voice.PLAYER, learn=False)
    start, end = _room(phrase, timebase)
    return tuple(planner.plan(Ask(0, 0, start, end, seed)))


def _room(phrase: Notes, timebase: Timebase) -> tuple[float, float]:
    """(first, last beat) of an answer: from the next bar line on where there are bars."""
    over = max(note.end for note in phrase)
    length = min(max(over - phrase[0].onset, SHORTEST_BEATS), LONGEST_BEATS)
    if not timebase.tempo_known:
        return over + PAUSE_BEATS, over + PAUSE_BEATS + length
    bar = timebase.beats_per_bar
    start = math.ceil(over / bar - 1e-6) * bar
    return start, start + max(math.ceil(length / bar - 1e-6), 1) * bar
