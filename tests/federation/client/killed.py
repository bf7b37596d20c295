"""A client that is killed for real, between every two steps of what it does: run in a process.

`python -m tests.federation.client.killed ORDERS` reads where, and with which server; for each step
it forks a copy of itself that approves and sends, and kills itself with SIGKILL right before that
step; then another copy goes on as the schedule would. A step is whatever Python does to a file or
to the line, as its audit hooks tell: a change of a file in the folder of sharing, and each request
before it is sent and after it was answered. One JSON line a step says what became of it.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from federation.client.consent import Server
from federation.client.keys import device_key
from federation.client.mailbox import Mailbox
from federation.client.sharing import Sharing
from federation.client.tasks import Means, run
from federation.client.trouble import SharingError
from tests.federation.client.pupil import Pupil

CHANGES = frozenset({"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir"})


def main(orders: dict[str, Any]) -> None:
    """Every step, one after the other, each in a folder of its own."""
    template, work = Path(orders["template"]), Path(orders["work"])
    step, died = 0, True
    while died:
        folder = work / f"{step:03d}"
        shutil.copytree(template, folder)
        place = work / f"{step:03d}.place"
        died = _forked(_until_killed, folder, orders, step, place) < 0
        again = work / f"{step:03d}.again"
        _forked(_goes_on, folder, orders, again)
        named = place.read_text() if died else "the end"
        print(json.dumps([named, folder.name, again.read_text()]), flush=True)
        step += 1


def _until_killed(folder: Path, orders: dict[str, Any], step: int, place: Path) -> None:
    _client(folder, orders, _dies(folder, step, place))


def _goes_on(folder: Path, orders: dict[str, Any], again: Path) -> None:
    again.write_text(_client(folder, orders, lambda _: None))


def _client(folder: Path, orders: dict[str, Any], at: Callable[[str], None]) -> str:
    """What the player clicked, then what the schedule would do; the last sentence of it."""
    sharing = Sharing(folder, {}, start=lambda _: None)  # type: ignore[arg-type, return-value]
    means = Means(
        sharing, lambda: datetime.now(UTC), os.urandom,
        lambda server: _Watched(server, at), Path(orders["weights"]), "0.1.0",
        lambda where: device_key(where, lambda: None), Pupil,
    )  # fmt: skip
    try:
        if sharing.preview() is not None:
            sharing.approve(orders["sha256"])
        return run("send", means, lambda _: None)[1] if sharing.waiting() else "nothing waits"
    except SharingError as error:
        return f"failed: {error}"


class _Watched(Mailbox):
    def __init__(self, server: Server, at: Callable[[str], None]) -> None:
        super().__init__(
            server, now_s=lambda: int(datetime.now(UTC).timestamp()), chance=os.urandom,
            sleep=lambda _: None,
        )  # fmt: skip
        self._at = at

    def _once(self, method: str, path: str, *others: Any) -> Any:
        self._at(f"before {method} {path.split('/')[2]}")
        answer = super()._once(method, path, *others)
        self._at(f"after {method} {path.split('/')[2]}")
        return answer


def _dies(folder: Path, step: int, place: Path) -> Callable[[str], None]:
    """Counts steps, and ends the process at this one."""
    left = [step]

    def at(named: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            left[0] = sys.maxsize  # what is written here is no step
            place.write_text(named)
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event not in CHANGES or left[0] > step or isinstance(args[0], int):
            return
        if event == "open" and not (
            isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        ):
            return
        path = Path(os.fsdecode(args[1 if event == "os.rename" else 0]))
        if folder in path.parents:
            at(f"{event} {_plain(path.relative_to(folder))}")

    sys.addaudithook(hook)
    return at


def _plain(path: Path) -> str:
    """Without what is drawn by chance."""
    return str(path.with_name("*" + path.suffix)) if len(path.stem) > 12 else str(path)


def _forked(do: Callable[..., object], *what: Any) -> int:
    """Run it in a copy of this process; how it ended, negative for a signal."""
    child = os.fork()
    if child == 0:
        try:
            do(*what)
        except BaseException as error:
            print(f"unexpected: {error!r}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
