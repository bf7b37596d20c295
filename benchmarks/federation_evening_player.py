"""One player's machine of the evening: a process, a data folder, the real client.

    python -m benchmarks.federation_evening_player FOLDER

Commands come as JSON lines, {"do": ..., ...}; each is answered by one line. It does what the window
does: takes in a library, some of them marked as those that may teach, a yes in two steps, `tick`
now and then, a preview looked at and sent, newer versions tried. What learns and sends is a child
process of its own, as ever. {"hours": n} sets the clock of the schedule forward (`Sharing`'s own
`now`); what is signed and checked goes by the true time. It refuses to send what was not looked at.
"""

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.events import Timebase, Voice
from federation.client.child import Work
from federation.client.consent import LOOK, SEND, Server
from federation.client.schedule import IDLE_S
from federation.client.sharing import Sharing
from federation.client.trouble import SharingError
from plugin.lessons import Lessons
from plugin.takes import TakeError, TakeLibrary, TakeWriter, library_path

_BITS = re.compile(r"([0-9.]+) -> ([0-9.]+) bits a note")


class Machine:
    """See the module."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._ahead = folder, timedelta()
        self._sharing = Sharing(folder, now=self._now, mains=lambda: True)

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def play(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Takes of (onset_s, seconds, pitch, velocity) are recorded, as a jam records them."""
        writer = TakeWriter(library_path(self._folder))
        for take in asked["takes"]:
            timebase = Timebase(take["bpm"], 4.0, take["tempo_known"])
            named = writer.begin_take(timebase, name=take["name"])
            for t_s, message in sorted(_messages(take["notes"])):
                writer.message(named, Voice.PLAYER, int(t_s * 1e9), message)
            writer.finish(named)
        if not writer.flush(60.0):
            raise SharingError("The takes could not be written.")
        writer.close()
        return {"takes": len(asked["takes"])}

    def agree(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Read, mark takes, see what would be sent, say yes; receiving, too."""
        sharing = self._sharing
        sharing.set_server(Server(asked["url"], asked["ca"], asked["key"]))
        sharing.turn_on(sharing.record(LOOK))
        with TakeLibrary(library_path(self._folder)) as library:
            for take in library.list_takes():
                lessons = Lessons(library)
                lessons.add([take.id])
                for piece in lessons.pieces:
                    origin = f"take {take.id}"
                    sharing.add_material(take.name or take.title, piece, origin=origin)
        _over(sharing.prepare())
        seen = sharing.preview()
        if seen is None:
            raise SharingError("No preview came of it.")
        sharing.turn_on(sharing.record(SEND, seen=seen.sha256))
        sharing.set_receiving(True)
        return {"items": len(sharing.material()), "seen": seen.sha256}

    def give(self, asked: dict[str, Any]) -> dict[str, Any]:
        """If the schedule says that it is time: work it out, look at it, send it."""
        self._ahead = timedelta(hours=asked["hours"])
        due = self._sharing.due(IDLE_S)
        work = self._sharing.tick(IDLE_S) if due == "prepare" else None
        if work is None:
            raise SharingError(
                f"The schedule says {due or 'nothing'}; the next time is "
                f"{self._sharing.status().next_time or 'now'}."
            )
        _over(work)
        seen = self._sharing.preview()
        if seen is None:
            raise SharingError("No preview came of it.")
        _over(self._sharing.send(seen.sha256))
        return {
            "done": True, "sha256": seen.sha256, "bytes": seen.bytes, "version": seen.version,
            "notes": seen.notes, "phrases": seen.phrases, "norm_before": seen.norm_before,
            "norm": seen.norm, "leak_with": seen.leak.with_, "leak_without": seen.leak.without,
            "leak_of": seen.leak.of, "words": seen.words,
        }  # fmt: skip

    def receive(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Look for a newer version, try it, use it if it is better; unasked, if it is time for it.

        Where it is time to give first, it is asked for by hand.
        """
        self._ahead = timedelta(hours=asked["hours"])
        unasked = self._sharing.due(IDLE_S) == "receive"
        work = self._sharing.tick(IDLE_S) if unasked else self._sharing.receive()
        if work is None:
            raise SharingError("Nothing was started.")
        over = _over(work)
        found = _BITS.search(over["says"])
        before, after = map(float, found.groups()) if found else (None, None)
        return {
            "done": True, "unasked": unasked, **over["done"], "before": before, "after": after,
            "says": over["says"],
        }  # fmt: skip

    def look(self, _: dict[str, Any]) -> dict[str, Any]:
        """What is the case at the end."""
        status, course = self._sharing.status(), self._sharing.course()
        return {
            "version": status.version, "waiting": status.waiting, "trouble": status.trouble,
            "sent": [[one.version, one.state, one.used_in] for one in course.sent],
            "log": len(self._sharing.log()),
        }  # fmt: skip


def _messages(notes: list[list[float]]) -> list[tuple[float, bytes]]:
    found = []
    for onset_s, seconds, pitch, velocity in notes:
        found.append((onset_s, bytes((0x90, int(pitch), int(velocity)))))
        found.append((onset_s + seconds, bytes((0x80, int(pitch), 64))))
    return found


def _over(work: Work) -> dict[str, Any]:
    last = work.wait()
    if "failed" in last:
        raise SharingError(str(last["failed"]))
    return last


def main(words: list[str]) -> int:
    """See the module."""
    machine = Machine(Path(words[0]))
    verbs: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "play": machine.play, "agree": machine.agree, "give": machine.give,
        "receive": machine.receive, "look": machine.look,
    }  # fmt: skip
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            found = verbs[asked["do"]](asked)
        except (SharingError, TakeError) as error:
            found = {"failed": str(error)}
        print(json.dumps(found), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
