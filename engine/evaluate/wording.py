"""The words of `antiphon evaluate`: what can be measured, and with which options.

It refuses to import anything heavy: `--help` answers at once.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from engine.meta.command import FORMS
from engine.words import DEFAULT_DATA, positive

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command; `what` names the measurement."""
    found = argparse.ArgumentParser(
        prog="antiphon evaluate", description="How good the models are, on music they never saw."
    )
    subparsers = found.add_subparsers(dest="what", metavar="WHAT", required=True)
    _add_prior(subparsers)
    _add_melody(subparsers)
    _add_memory(subparsers)
    _add_continuation(subparsers)
    _add_backbones(subparsers)
    _add_endings(subparsers)
    _add_key(subparsers)
    _add_adapt(subparsers)
    _add_quotes(subparsers)
    _add_taste(subparsers)
    return found


def _add(
    subparsers: "Subparsers", name: str, says: str, more: str, *, split: bool = True
) -> argparse.ArgumentParser:
    """A measurement with the options that all of them have."""
    one = subparsers.add_parser(name, help=says, description=more)
    one.add_argument("--data", type=Path, help=f"data folder (default: {DEFAULT_DATA})")
    if split:
        one.add_argument("--split", default="test", help="split of index.csv (default: test)")
        one.add_argument(
            "--tier", default="ship", help='tier of index.csv, or "all" (default: ship)'
        )
    one.add_argument("--threads", type=positive, default=2, help="of the network (default: 2)")
    one.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return one


def _add_weights(one: argparse.ArgumentParser) -> None:
    one.add_argument("--weights", type=Path, help="other weights than the shipped ones")


def _add_quick(one: argparse.ArgumentParser, says: str) -> None:
    one.add_argument("--quick", action="store_true", help=says)


def _add_prior(subparsers: "Subparsers") -> None:
    prior = _add(
        subparsers,
        "prior",
        "bits per note of the prior, beside baselines of the same run",
        "Bits per note of the prior on a split: onset, pitch, duration, velocity, voice and their "
        "sum, beside uniform choice, single frequencies and an order-k back-off model learnt from "
        "the same training notes.",
    )
    _add_weights(prior)
    prior.add_argument(
        "--beside", type=Path, nargs="+", default=[], help="other weights, on the same notes"
    )
    _add_quick(prior, "a part of it, within a minute")
    prior.add_argument(
        "--no-baselines", dest="baselines", action="store_false", help="the prior alone"
    )


def _add_melody(subparsers: "Subparsers") -> None:
    melody = _add(
        subparsers,
        "melody",
        "bits per pitch on the eight published melody sets",
        "Bits per pitch on the eight sets of melodic expectation, ten folds each: the prior as "
        "shipped, tuned on the other nine folds, and mixed with long- and short-term n-grams, "
        "beside the published figures. Folds that are done are kept, so a run that was stopped "
        "goes on.",
        split=False,
    )
    _add_weights(melody)
    melody.add_argument("--sets", nargs="+", metavar="SET", help="only these of the eight sets")
    melody.add_argument(
        "--seen",
        choices=("pitch", "times"),
        help="pitch: pitches alone; times: durations and bars, too (default: both, in turn)",
    )
    melody.add_argument("--epochs", type=positive, help="passes over the nine folds in tuning")
    melody.add_argument(
        "--out",
        type=Path,
        default=Path("runs") / "melody",
        help="where finished folds are kept (default: %(default)s)",
    )
    melody.add_argument(
        "--no-prior", dest="prior", action="store_false", help="the n-grams alone, in a minute"
    )


def _add_memory(subparsers: "Subparsers") -> None:
    memory = _add(
        subparsers,
        "memory",
        "what remembering the player is worth, note by note and phrase by phrase",
        "Bits per note at note 10, 50, 200 and 1,000 of players that neither prior nor memory "
        "knows, for the prior, the memory alone and both; and after 1 to 16 phrases of the same "
        "evening or of another day. Test split and test tasks; intervals from drawing players "
        "anew.",
        split=False,
    )
    memory.add_argument("--tier", default="ship", help='tier of index.csv, or "all"')
    _add_weights(memory)
    memory.add_argument("--memory", type=Path, help="other weights of the memory")
    memory.add_argument("--seed", type=positive, default=1, help="of all (default: 1)")
    _add_quick(memory, "a tenth of the notes")
    memory.add_argument("--out", type=Path, help="folder for the curve as a picture")


def _add_continuation(subparsers: "Subparsers") -> None:
    continuation = _add(
        subparsers,
        "continuation",
        "held-out primes continued, beside an n-gram, a copy and the truth",
        "Four bars (8 s where no tempo is known) are given, four are continued: how like the true "
        "continuation, how ordered, how new, how repeatable, and whether a small network can tell "
        "it from the human one.",
    )
    _add_weights(continuation)
    continuation.add_argument("--primes", type=positive, help="how many (default: 300; quick: 30)")
    continuation.add_argument("--seed", type=positive, default=1, help="of all (default: 1)")
    _add_quick(continuation, "30 primes and a part of the training notes")
    continuation.add_argument("--critic", type=Path, help="another critic than the shipped one")
    continuation.add_argument(
        "--no-critic", dest="choose", action="store_false", help="no best of several answers"
    )
    continuation.add_argument(
        "--out", type=Path, help="folder for 20 examples as MIDI files and one picture"
    )


def _add_backbones(subparsers: "Subparsers") -> None:
    backbones = _add(
        subparsers,
        "backbones",
        "several weights side by side: bits, step, state, prompts, long sessions",
        "For each set of weights: bits per note, what a prompt of 8, 32 or 128 notes saves, the "
        "live step's time and state, and the end of a session of ten thousand notes.",
    )
    backbones.add_argument(
        "--weights", type=Path, nargs="+", help="which (default: the shipped ones alone)"
    )
    _add_quick(backbones, "a part of it")


def _add_endings(subparsers: "Subparsers") -> None:
    endings = _add(
        subparsers,
        "endings",
        "whether the model hears that a phrase is over",
        "Held-out melodies with marked phrases, played by two sides in turn: how well the chance "
        "that the turn passes tells the ends from other notes.",
    )
    _add_weights(endings)
    _add_quick(endings, "some of the pieces")


def _add_key(subparsers: "Subparsers") -> None:
    key = _add(
        subparsers,
        "key",
        "how soon the key of what is played is found",
        "The key classifier beside the Krumhansl-Schmuckler correlation method: right keys and "
        "scales after 4 to 128 notes and after changes of key.",
    )
    _add_weights(key)


def _add_adapt(subparsers: "Subparsers") -> None:
    adapt = _add(
        subparsers,
        "adapt",
        "what is learnt of a player from a few phrases",
        "Unseen players (composers, artists, tune types): bits per note of what they play next, "
        "after 1 to 16 of their phrases, by prior, prompt, memory, n-gram and adapters; the same "
        "evening (later in the piece) and another day (another piece) apart.",
        split=False,
    )
    _add_weights(adapt)
    adapt.add_argument("--tier", default="all", help='tier of index.csv, or "all" (default)')
    adapt.add_argument(
        "--tasks", default="meta_test", help="players, by index.csv's meta_split; all takes any"
    )
    adapt.add_argument(
        "--phrases", type=positive, nargs="+", help="numbers of phrases (default: 1 2 4 8 16)"
    )
    adapt.add_argument("--players", type=positive, help="most of one collection (default: 4)")
    adapt.add_argument(
        "--forms",
        type=_forms,
        default=("lora-4",),
        help='of plain adapters, with commas, or "all" (default: lora-4)',
    )
    adapt.add_argument(
        "--starts", type=Path, nargs="+", default=[], help="other starting points to hold beside"
    )
    _add_quick(adapt, "one player of each collection")
    adapt.add_argument("--out", type=Path, help="folder for the curves as PNG")


def _forms(words: str) -> tuple[str, ...]:
    names = FORMS if words == "all" else tuple(words.split(","))
    if not set(names) <= set(FORMS):
        raise argparse.ArgumentTypeError(
            f'{words!r} names no forms of adapters: name some of {", ".join(FORMS)}, or "all"'
        )
    return names


def _add_quotes(subparsers: "Subparsers") -> None:
    quotes = _add(
        subparsers,
        "quotes",
        "what the quote meter costs, finds, and finds that is not there",
        "The meter that compares answers with the training music: size, time, false alarms on "
        "music that is not in it, planted quotes that are found, and what share of human passages "
        "and of the model's continuations the limit would draw anew.",
    )
    _add_weights(quotes)
    quotes.add_argument("--index", type=Path, help="another index than the shipped one")
    quotes.add_argument("--seed", type=positive, default=1, help="of all (default: 1)")
    _add_quick(quotes, "few passages, and no exact runs beside")


def _add_taste(subparsers: "Subparsers") -> None:
    taste = _add(
        subparsers,
        "taste",
        "how many signals it takes until a player's taste is known",
        "Simulated players of known taste star, keep, delete, interrupt and ask again; after 0 to "
        "80 signals the answer chosen for them is held against their favourite, beside chance and "
        "popularity. Then: whether takes and styles that are recommended fit.",
    )
    _add_weights(taste)
    taste.add_argument("--phrases", type=positive, help="how many (default: 300; quick: 40)")
    taste.add_argument("--answers", type=positive, default=6, help="to each (default: 6)")
    taste.add_argument("--players", type=positive, help="of each kind (default: 12; quick: 2)")
    taste.add_argument("--seed", type=positive, default=1, help="of all (default: 1)")
    _add_quick(taste, "few phrases and players, within a minute")
    taste.add_argument(
        "--out", type=Path, help="folder for the curves as PNG and for the answers, drawn once"
    )
