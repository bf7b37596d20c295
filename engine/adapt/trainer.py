"""The trainer process: learns a player from a request, says how far it is, and keeps it or not.

It runs at the lowest priority beside a jam, ends with its pipe, and changes nothing but the
profile, in one step at the very end. What its folds showed is noted beside the profiles, so that
after a kill the same request goes on instead of beginning anew. Messages are those of
`engine.learning`.

Importing this module costs nothing; torch is loaded inside `run`. It refuses to know where notes
come from.
"""

import contextlib
import hashlib
import json
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.files import write_whole
from engine.learning import (
    FromTrainer,
    LearnCancel,
    Learned,
    LearnFailed,
    LearnProgress,
    LearnRequest,
    ToTrainer,
)
from engine.words import INSTALL

if TYPE_CHECKING:
    from engine.adapt.descent import Start
    from engine.adapt.learn import Learning, Result, Step
    from engine.adapt.material import Material
    from engine.profile.store import ProfileStore

LOWEST_PRIORITY = 19
THREADS = 1
NOTES_FOLDER = ".learning"
MOST_NOTES = 4
"""Of requests that never came to an end, so many are remembered."""
NOT_BETTER = (
    "This does not predict your held-back phrases better than before ({before:.2f} bits a note, "
    "{after:.2f} after), so everything stays as it was. More phrases may help."
)
BETTER = (
    "Learnt from {notes} notes in {phrases} phrases: your held-back phrases take {after:.2f} bits "
    "a note instead of {before:.2f} ({share:.1f} % fewer)."
)


class Pipe(Protocol):
    """Our end of the way to whoever asked, as far as it is used here."""

    def poll(self) -> bool:
        """Whether a message waits."""

    def recv(self) -> ToTrainer:
        """The next message; waits for it. Raises EOFError when the other side is gone."""

    def send(self, message: FromTrainer) -> None:
        """To the other side."""


def run(pipe: Connection) -> None:
    """Serve one request; ends after it, on a cancel, or when the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asked: they cancel
    if hasattr(os, "nice"):
        os.nice(LOWEST_PRIORITY)
    try:
        request = pipe.recv()
        if isinstance(request, LearnRequest):
            pipe.send(learn(request, pipe))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def learn(request: LearnRequest, pipe: Pipe) -> Learned | LearnFailed:
    """Learn as asked; `pipe` is told how far it is, and may cancel."""
    try:
        from engine.adapt.learn import CancelledError
        from engine.adapt.material import MaterialError
        from engine.corpus import CorpusError
        from engine.model.checkpoint import CheckpointError
        from engine.profile.trouble import ProfileError
    except ImportError as error:
        return LearnFailed(f"Learning needs the music engine ({error}); {INSTALL}.")
    try:
        return _learn(request, pipe)
    except CancelledError:
        return LearnFailed("Stopped; everything stays as it was.")
    except (MaterialError, CheckpointError, ProfileError, CorpusError) as error:
        return LearnFailed(str(error))
    except OSError as error:
        return LearnFailed(
            f"What was learnt cannot be saved in {request.folder} ({error.strerror or error}), and "
            "the profile is as it was: free some space, or make the folder writable."
        )
    except (RuntimeError, MemoryError) as error:
        return LearnFailed(
            f"Learning went wrong ({error}), and the profile is as it was: try fewer takes."
        )


def _learn(request: LearnRequest, pipe: Pipe) -> Learned:
    from engine.adapt.chosen import chosen_by, with_earlier
    from engine.model.checkpoint import SHIPPED, fingerprint
    from engine.profile.store import ProfileStore

    # What can be refused is refused before torch is loaded.
    store = ProfileStore(Path(request.folder))
    chosen = chosen_by(request, store)
    request, material = chosen.request, with_earlier(chosen)

    import torch

    from engine.adapt.learn import Learning
    from engine.adapt.lesson import Scorer
    from engine.evaluate.prior import load_prior

    torch.set_num_threads(THREADS)
    torch.manual_seed(request.seed)
    weights = Path(request.weights) if request.weights else SHIPPED
    scorer = Scorer(load_prior(weights)[0])
    prior = fingerprint(weights)
    start = _start(prior, scorer)

    def watch(now: "Step") -> bool:
        try:
            told = (now.done, now.of, now.seconds_left, now.bits, now.held_back, now.part)
            pipe.send(LearnProgress(*told))
            return not (pipe.poll() and isinstance(pipe.recv(), LearnCancel))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return False  # who asked is gone

    learning = Learning(scorer, start, material, seconds=request.seconds, watch=watch)
    folder = Path(request.folder) / NOTES_FOLDER
    note = folder / f"{_name_of(request, prior, start, material)}.json"
    result = _with_notes(learning, note)
    version = _keep(store, request, prior, start, material, result)
    with contextlib.suppress(OSError):  # the profile is saved: a note too many does no harm
        note.unlink(missing_ok=True)
    words = NOT_BETTER if result.values is None else BETTER
    says = words.format(
        before=result.before,
        after=result.after,
        notes=material.notes,
        phrases=material.phrases,
        share=100 * (1 - result.after / result.before) if result.before else 0.0,
    )
    return Learned(
        kept=result.values is not None,
        says=" ".join([says, *material.remarks, *chosen.remarks]),
        version=version,
        seconds=result.seconds,
        notes=material.notes,
        before_bits=result.before,
        after_bits=result.after,
        profile=request.profile or "",
    )


def _start(prior: str, scorer: object) -> "Start":
    """The shipped starting point; for another prior an even one."""
    from engine.adapt.adapter import AdapterError
    from engine.adapt.lesson import Scorer
    from engine.adapt.plain import plain_start
    from engine.meta.starts import SHIPPED, load_start

    assert isinstance(scorer, Scorer)
    try:
        return load_start(SHIPPED, prior)[0]
    except AdapterError:
        return plain_start(scorer.base)


def _keep(
    store: "ProfileStore",
    request: LearnRequest,
    prior: str,
    start: "Start",
    material: "Material",
    result: "Result",
) -> int | None:
    """Put the adapter, or that there is none, into the profile; the version in use then."""
    from engine.adapt.adapter import Adapter
    from engine.profile.phrases import Phrase
    from engine.profile.record import Outcome
    from engine.profile.trouble import NoSuchProfileError

    kind, _, rank = start.form.partition("-")
    values = result.values or {}
    adapter = Adapter(
        kind,
        int(rank or 0),
        prior,
        {name: value.numpy() for name, value in values.items()},
        {"steps": str(result.steps), "seed": str(request.seed)},
    )
    learnt = [
        Phrase(take.name, take.rows[first:end])
        for take in material.takes
        for first, end in zip(take.cuts[:-1], take.cuts[1:], strict=True)
    ]
    kept = result.values is not None
    outcome = Outcome(result.before, result.after, result.seconds, kept)
    name = request.profile or ""
    try:
        store.open(name)
    except NoSuchProfileError:
        store.create(name)
    added = store.add_adapter(name, adapter, outcome, learnt)
    return added.number if kept else added.before


def _with_notes(learning: "Learning", note: Path) -> "Result":
    """Run, noting what each fold showed in the file `note`; what it holds already is not redone."""
    import numpy as np

    from engine.adapt.learn import Trial

    done: dict[int, Trial] = {}
    try:
        kept = json.loads(note.read_text(encoding="utf-8"))
        done = {int(fold): Trial(np.array(bits, dtype=float)) for fold, bits in kept.items()}
        if any(trial.bits.shape != learning.table for trial in done.values()):
            done = {}
    except (OSError, ValueError, AttributeError, TypeError):
        done = {}
    _tidy(note.parent)
    for fold, trial in learning.trials(done):
        done[fold] = trial
        note.parent.mkdir(parents=True, exist_ok=True)
        kept = {str(number): trial.bits.tolist() for number, trial in done.items()}
        write_whole(note, json.dumps(kept).encode())
    return learning.finish(learning.prior(), done)


def _name_of(request: LearnRequest, prior: str, start: "Start", material: "Material") -> str:
    """The same where folds would show the same, and only there."""
    told = (request.profile, request.seed, prior, start.form)
    digest = hashlib.sha256(repr(told).encode())
    for tensor in (*start.values.values(), *start.rates.values()):
        digest.update(tensor.detach().numpy().tobytes())
    for take in material.takes:
        digest.update(take.rows.tobytes() + take.cuts.tobytes())
    return digest.hexdigest()[:16]


def _tidy(folder: Path) -> None:
    """Remove all but the last notes of what was given up."""
    with contextlib.suppress(OSError):
        others = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in others[:-MOST_NOTES]:
            path.unlink(missing_ok=True)
