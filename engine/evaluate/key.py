"""How well keys are found: the classifier beside the correlation method, note by note.

Both hear the same pieces from their first note and are asked after every note. The correlation
method is given its best: profile, half-life, weighing and a bias for minor are chosen on the
validation split by the very figure that is reported, once to be right from the beginning (steady)
and once to notice changes as well (following); the four profiles as published stand beside them.
Three questions: is the key right (MIREX points too); is its scale right, all that a follower
needs; how soon after a change of key is the new one found.

It refuses to print and to parse words: that is `engine.evaluate.command`.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.corpus import SHIPPABLE, CorpusError, data_hash
from engine.key.keys import KEYS, SURE, mirex_points, relative
from engine.key.network import SHIPPED, Network, load
from engine.key.profiles import PROFILES, Correlation, Setting
from engine.key.songs import NO_KEY, Ints, Song, load_songs
from engine.key.trials import AFTER, LIMIT, Trial, changes_of, trials_of
from engine.key.tuning import FOLLOWING, STEADY, as_json, tune

Report = dict[str, Any]
Bar = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]
Floats = npt.NDArray[np.float64]

SHARES = (0.5, 0.75, 0.9)
RESAMPLES = 1000
LEARNT = "classifier"
_COMPARED = (STEADY, FOLLOWING, LEARNT)
_POINTS = np.array([[mirex_points(said, true) for true in range(KEYS)] for said in range(KEYS)])
_RELATIVE = np.array([relative(number) for number in range(KEYS)])


@dataclass(frozen=True, slots=True)
class Answers:
    """A judge's answers to trials after each note, m trials by `LIMIT` notes.

    said (m, LIMIT): keys, the last one going on where a trial has ended; chance, scale_chance:
    how sure of the key and of its scale.
    """

    said: Ints
    chance: Floats
    scale_chance: Floats


class Listener(Protocol):
    """A judge whose memories can be judged all at once, which is quicker than one by one."""

    def reset(self) -> None:
        """Forget everything."""

    def hear(self, pitch: int, duration: float) -> None:
        """Take in a note."""

    def view(self) -> npt.NDArray[Any]:
        """What is remembered."""

    def chances_of(self, views: npt.NDArray[Any]) -> Floats:
        """Chances of the keys for many of these: (n, ...) to (n, 24)."""


def ask(judge: Listener, trials: Sequence[Trial], done: Callable[[int], object]) -> Answers:
    """Play the trials to the judge and write down what it says after every note."""
    chances = np.zeros((len(trials), LIMIT, KEYS))
    for number, trial in enumerate(trials):
        judge.reset()
        views = []
        for place, (pitch, duration) in enumerate(zip(trial.pitch, trial.duration, strict=True)):
            judge.hear(pitch, duration)
            if place >= trial.lead:
                views.append(judge.view())
        chances[number, : len(trial)] = judge.chances_of(np.array(views))
        chances[number, len(trial) :] = chances[number, len(trial) - 1]
        done(1)
    return answers_of(chances)


def answers_of(chances: Floats) -> Answers:
    """The likeliest keys and how likely they are: of shape (m, LIMIT, 24)."""
    said = chances.argmax(axis=2)
    chance = np.take_along_axis(chances, said[..., None], 2)[..., 0]
    other = np.take_along_axis(chances, _RELATIVE[said][..., None], 2)[..., 0]
    return Answers(said, chance, chance + other)


# ------------------------------------------------------------------------------------ figures


@dataclass(frozen=True, slots=True)
class Marks:
    """Points of answers, each (m, LIMIT), and where each figure may be counted.

    live: the trial still goes on and its label is known; modes: (m,) the label's mode is known.
    """

    right: Floats
    mirex: Floats
    scale: Floats
    live: npt.NDArray[np.bool_]
    modes: npt.NDArray[np.bool_]


def mark(answers: Answers, trials: Sequence[Trial]) -> Marks:
    """Compare answers with labels; a label goes on where its trial has ended."""
    key = np.full(answers.said.shape, NO_KEY)
    live = np.zeros(answers.said.shape, dtype=bool)
    for number, trial in enumerate(trials):
        key[number] = trial.key[-1]
        key[number, : len(trial)] = trial.key
        live[number, : len(trial)] = True
    named = np.maximum(key, 0)
    right = answers.said == named
    return Marks(
        right=right.astype(np.float64),
        mirex=_POINTS[answers.said, named],
        scale=(right | (answers.said == _RELATIVE[named])).astype(np.float64),
        live=live & (key != NO_KEY),
        modes=np.array([trial.song.mode_known for trial in trials]),
    )


def figures(marks: Marks, chosen: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Right, MIREX points and right scale of the chosen trials after so many notes, with intervals.

    Only trials that have so many notes count; where none has, the number is left out.
    """
    found: dict[str, Any] = {}
    for notes in AFTER:
        live = marks.live[:, notes - 1] & chosen
        named = live & marks.modes
        if live.any():
            found[str(notes)] = {"pieces": int(named.sum()), "pieces_scale": int(live.sum())}
            for name, which in (("right", named), ("mirex", named), ("scale", live)):
                if which.any():
                    points = getattr(marks, name)[which, notes - 1]
                    found[str(notes)][name] = float(points.mean())
                    found[str(notes)][f"{name}_interval"] = interval(points)
    return found


def interval(points: Floats, *, seed: int = 0) -> list[float]:
    """[low, high] of the mean, 95 %, if other pieces of the kind had been drawn (bootstrap)."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(points), np.full(len(points), 1 / len(points)), size=RESAMPLES)
    low, high = np.percentile(counts @ points / len(points), [2.5, 97.5])
    return [float(low), float(high)]


def needed(points: Floats) -> dict[str, int | None]:
    """Notes after which so many per cent of the pieces have it right, None where never.

    points (m, LIMIT). A piece that has ended keeps its last answer.
    """
    curve = points.mean(axis=0)
    found: dict[str, int | None] = {}
    for share in SHARES:
        reached = np.flatnonzero(curve >= share)
        found[f"{share:.0%}"] = int(reached[0]) + 1 if len(reached) else None
    return found


def trust(answers: Answers, marks: Marks) -> dict[str, float]:
    """How often an answer is called known, and how often it is right then: at `AFTER`, pooled."""
    at = np.array(AFTER) - 1
    live = marks.live[:, at]
    named = live & marks.modes[:, None]
    found = {}
    for name, chance, points, which in (
        ("key", answers.chance, marks.right, named),
        ("scale", answers.scale_chance, marks.scale, live),
    ):
        sure = (chance[:, at] >= SURE) & which
        found[f"{name}_known"] = float(sure.sum() / max(1, which.sum()))
        found[f"{name}_right_when_known"] = float(points[:, at][sure].mean()) if sure.any() else 0.0
    return found


# ------------------------------------------------------------------------------------- report


def evaluate(data: Path, weights: Path | None, *, split: str, tier: str, bar: Bar) -> Report:
    """Everything there is to say about both methods on this split.

    Raises CorpusError, KeyWeightsError.
    """
    classifier = load(weights or SHIPPED)
    songs, refused = load_songs(data, split, tier=tier)
    trials, changes = trials_of(songs), changes_of(songs)
    says = []
    try:
        held_out, _ = load_songs(data, "valid", tier=SHIPPABLE)
        settings, tried = tune(trials_of(held_out), changes_of(held_out))
    except CorpusError:
        settings, tried = {STEADY: Setting(), FOLLOWING: Setting(half_life=32.0)}, {}
        says.append(f"{data} has no validation split: the correlation method was not tuned.")
    judges: dict[str, Listener] = {name: Correlation(Setting(profile=name)) for name in PROFILES}
    judges |= {name: Correlation(setting) for name, setting in settings.items()}
    judges[LEARNT] = Network(classifier)
    methods: Report = {}
    marks: dict[str, tuple[Marks, Marks]] = {}
    with bar("keys", len(judges) * (len(trials) + len(changes))) as done:
        for name, judge in judges.items():
            answers = ask(judge, trials, done)
            marks[name] = (mark(answers, trials), mark(ask(judge, changes, done), changes))
            methods[name] = _figures_of(answers, *marks[name], songs)
    return {
        "split": split,
        "tier": tier,
        "data_sha256": data_hash(data, tier=tier),
        "pieces": len(songs),
        "pieces_mode_known": sum(song.mode_known for song in songs),
        "pieces_minor": sum(song.mode_known and int(song.key[0]) >= 12 for song in songs),
        "refused": len(refused),
        "changes": len(changes),
        "settings": {name: as_json(setting) for name, setting in settings.items()},
        "tuning": tried,
        "methods": methods,
        "gain": {
            "from_the_start": _gain(marks[LEARNT][0], marks[STEADY][0]),
            "after_a_change": _gain(marks[LEARNT][1], marks[FOLLOWING][1]),
        },
        "says": says,
    }


def _figures_of(
    answers: Answers, marks: Marks, after_change: Marks, songs: Sequence[Song]
) -> Report:
    collections = np.array([song.collection for song in songs])
    minor = np.array([int(song.key[0]) >= 12 for song in songs])
    return {
        "after": figures(marks, np.ones(len(songs), dtype=bool)),
        "needed": needed(marks.right[marks.modes]),
        "needed_scale": needed(marks.scale),
        "after_change": figures(after_change, np.ones(len(after_change.right), dtype=bool)),
        "needed_after_change": needed(after_change.right),
        "trust": trust(answers, marks),
        "by_mode": {
            "major": figures(marks, marks.modes & ~minor),
            "minor": figures(marks, marks.modes & minor),
        },
        "by_collection": {
            name: figures(marks, collections == name) for name in dict.fromkeys(collections)
        },
    }


def _gain(one: Marks, other: Marks) -> Report:
    """By how much the first is right more often, paired over pieces, with intervals."""
    found: Report = {}
    for notes in AFTER:
        for name, which in (("right", one.live & one.modes[:, None]), ("scale", one.live)):
            use = which[:, notes - 1]
            if use.any():
                more = (getattr(one, name) - getattr(other, name))[use, notes - 1]
                entry = {"gain": float(more.mean()), "interval": interval(more)}
                found.setdefault(str(notes), {})[name] = entry
    return found


def table(report: Report) -> str:
    """The report for people."""
    methods = report["methods"]
    lines = [
        f"Keys of {report['pieces_mode_known']:,} pieces ({report['pieces_minor']:,} in minor) and "
        f"scales of {report['pieces']:,}, split {report['split']}, tier {report['tier']}; "
        f"{report['refused']:,} labels were not believed."
    ]
    for title, part, name in (
        ("Right key after so many notes", "after", "right"),
        ("MIREX points", "after", "mirex"),
        ("Right scale", "after", "scale"),
        ("Right key so many notes after a change of key", "after_change", "right"),
    ):
        lines += ["", _row(title, list(AFTER))]
        lines += [_row(key, _cells(found[part], name)) for key, found in methods.items()]
    lines += ["", _row("Notes until right in", [f"{share:.0%}" for share in SHARES])]
    for title, part in (
        ("key", "needed"),
        ("scale", "needed_scale"),
        ("new key", "needed_after_change"),
    ):
        for name in _COMPARED:
            cells = ["never" if n is None else n for n in methods[name][part].values()]
            lines.append(_row(f"{title}: {name}", cells))
    lines += ["", _row("Right key, by collection", list(AFTER))]
    for collection in methods[LEARNT]["by_collection"]:
        for name in _COMPARED:
            cells = _cells(methods[name]["by_collection"][collection], "right")
            if any(cell != "-" for cell in cells):
                lines.append(_row(f"{collection}: {name}", cells))
    for part, rival in (("from_the_start", STEADY), ("after_a_change", FOLLOWING)):
        lines += ["", f"{LEARNT} minus {rival}, {part.replace('_', ' ')}, over pieces (95 %):"]
        for notes, found in report["gain"][part].items():
            said = [
                f"{name} {entry['gain']:+.1%} ({entry['interval'][0]:+.1%} to "
                f"{entry['interval'][1]:+.1%})"
                for name, entry in found.items()
            ]
            lines.append(f"  after {notes:>3} notes: {', '.join(said)}")
    lines.append("")
    for name in _COMPARED:
        sure = methods[name]["trust"]
        lines.append(
            f"{name}: calls the key known {sure['key_known']:.0%} of the time and is right "
            f"{sure['key_right_when_known']:.0%} of those; the scale {sure['scale_known']:.0%}, "
            f"right {sure['scale_right_when_known']:.0%}."
        )
    return "\n".join([*lines, *report["says"]])


def _cells(found: Report, name: str) -> list[object]:
    """The figure at each of `AFTER`, as per cents; a dash where there is none."""
    at = [found.get(str(notes), {}).get(name) for notes in AFTER]
    return ["-" if value is None else f"{value:.1%}" for value in at]


def _row(title: str, cells: Sequence[object]) -> str:
    return f"{title:<46}" + "".join(f"{cell!s:>8}" for cell in cells)
