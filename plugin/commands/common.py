"""What every sub-command shares: exit codes, and where words and JSON go."""

import json
import sys

DID_IT, COULD_NOT, WRONG_USAGE = 0, 1, 2


def say(words: str, *, as_json: bool) -> None:
    """Words for people: on standard output, or beside it where that is kept for JSON."""
    print(words, file=sys.stderr if as_json else sys.stdout, flush=True)


def complain(words: str) -> int:
    """A sentence and a next step on standard error; the exit code that goes with it."""
    print(words, file=sys.stderr, flush=True)
    return COULD_NOT


def put_json(value: object) -> None:
    """The one JSON value of a command."""
    print(json.dumps(value, ensure_ascii=False, indent=1), flush=True)
