"""`antiphon styles`: the styles that can be asked for by name. It reads the checkpoint's header."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from engine.words import complain


def main(words: Sequence[str]) -> int:
    """Print the styles that the weights know, the most frequent first; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="antiphon styles", description="Styles that an answer can be asked for by name."
    )
    parser.add_argument("--weights", type=Path, help="other weights than the shipped ones")
    parser.add_argument("--json", action="store_true", help="one JSON list on standard output")
    try:
        args = parser.parse_args(list(words))
    except SystemExit as stop:  # argparse has said why; --help ends with 0
        return int(stop.code or 0)
    from engine.model.checkpoint import SHIPPED, CheckpointError, load
    from engine.styles import Vocabulary

    try:
        _, metadata = load(args.weights or SHIPPED)
        names = Vocabulary.from_text(metadata.get("styles_known", "[]")).names
    except (CheckpointError, ValueError) as error:
        return complain(str(error))
    print(json.dumps(names, ensure_ascii=False) if args.json else "\n".join(names))
    return 0
