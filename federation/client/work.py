"""`python -m federation.client.work TASK --data FOLDER`: one task, in a process of its own.

JSON lines on standard output say how far it is; the last one has "done" and "says", or "failed", a
sentence. It runs at the lowest priority and ends when nobody listens any more. It refuses to do
anything without the yes that the folder holds.
"""

import argparse
import contextlib
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from federation.client.consent import Server
from federation.client.sharing import Sharing
from federation.client.trouble import SharingError

LOWEST_PRIORITY = 19
NAMES = ("prepare", "contribute", "send", "receive", "forget")
WEIGHTS_VARIABLE = "ANTIPHON_SHARING_WEIGHTS"
"""Another prior than the shipped one, for tests."""


def main(words: Sequence[str]) -> int:
    """Run one task; 0 if it was done."""
    parser = argparse.ArgumentParser(prog="federation.client.work")
    parser.add_argument("task", choices=NAMES)
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args(list(words))
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(LOWEST_PRIORITY)
    try:
        return work(args.task, Sharing(args.data), put)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def work(task: str, sharing: Sharing, tell: Callable[[dict[str, Any]], object]) -> int:
    """The task, with whatever goes wrong in a sentence."""
    try:
        sharing.may(task)  # before anything is loaded
        from federation.client.mailbox import Mailbox
        from federation.client.tasks import Means, run

        def mailbox(server: Server) -> Mailbox:
            return Mailbox(
                server,
                now_s=lambda: int(time.time()),
                chance=secrets.token_bytes,
                sleep=time.sleep,
                version=app(),
            )

        means = Means(
            sharing, lambda: datetime.now(UTC), secrets.token_bytes, mailbox, weights(), app()
        )
        done, says = run(task, means, tell)
    except SharingError as error:
        tell({"failed": str(error)})
    except OSError as error:
        tell({"failed": f"It cannot be kept ({error.strerror or error}): free some space."})
    except ImportError as error:
        tell({"failed": f"This needs the music engine ({error}); run: make venv"})
    except (RuntimeError, MemoryError) as error:
        tell({"failed": f"It went wrong ({error}); nothing was sent. Try fewer pieces."})
    else:
        tell({"done": done, "says": says})
        return 0
    return 1


def weights() -> Path:
    """Of the prior."""
    from engine.model.checkpoint import SHIPPED

    return Path(os.environ.get(WEIGHTS_VARIABLE) or SHIPPED)


def app() -> str:
    """The version of Antiphon."""
    try:
        return metadata.version("antiphon")
    except metadata.PackageNotFoundError:
        return "0"


def put(line: dict[str, Any]) -> None:
    """One line, at once."""
    print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
