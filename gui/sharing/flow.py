"""What becomes of the clicks: each is one question to sharing, in a worker, and a look afterwards.

What runs is stopped first when the player pauses, turns it off or ends it. It refuses to send
anything but the file whose hash was on the sheet.

Thread: the GUI's.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from federation.client.consent import EVERY_TIME, LOOK, SEND, Choices, Server
from federation.client.wording import REVOKED
from gui.sharing.cards import Cards
from gui.sharing.desk import SharingDesk
from gui.sharing.history import as_csv
from gui.sharing.read_card import NO_SERVER
from gui.sharing.seen import Seen
from gui.sharing.sheet_words import file_name, needs_yes
from gui.sharing.teaching import Teaching
from gui.sharing.words import in_window

if TYPE_CHECKING:
    from federation.client.child import Line
    from federation.client.preview import Preview
    from federation.client.sharing import Sharing

TICK_SOME = "Tick the takes that may teach: none does yet. Then you see what would be sent."
NOT_HEARD = (
    " The server has not heard it yet: press “Stop and forget” again when you are online. Until "
    "then the key of this computer is kept, and nothing else."
)
NAMED = "The server is named, and nothing was asked of it. What it would mean stands above."
TAKEN_BACK = "It was thrown away, and nothing was sent."

Ask = Callable[[str, str, Callable[[Path], None]], None]
"""(title, suggested name, who takes the path)"""


class SharingFlow(QObject):
    """See the module. noted: a sentence for the top of the dock, and whether it is good news."""

    noted = Signal(str, bool)
    look_at = Signal(object)
    """A card that is to be seen now."""

    def __init__(
        self,
        desk: SharingDesk,
        teaching: Teaching,
        cards: Cards,
        ask: Ask,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._teaching, self._cards, self._ask = desk, teaching, cards, ask
        self._next: Callable[[], None] | None = None
        desk.seen_changed.connect(self._seen)
        desk.task_changed.connect(self._task)
        desk.progressed.connect(cards.sheet.show_progress)
        desk.over.connect(self._over)
        desk.failed.connect(lambda says: self.noted.emit(says, False))
        self._connect()
        if desk.seen is not None:
            self._seen(desk.seen)
        self._task()

    def _connect(self) -> None:
        desk, cards = self._desk, self._cards
        cards.read.show_me.connect(self._show_me)
        cards.state.pause.connect(self._pause)
        cards.state.turn_off.connect(
            lambda: self._stop_then(lambda: desk.decide(lambda sharing: sharing.turn_off()))
        )
        cards.state.forget.connect(self._forget)
        cards.state.never.connect(self._never)
        cards.server.chosen.connect(self._server)
        cards.teach.changed.connect(lambda ids, on: self._teaching.set_takes(ids, teach=on))
        cards.teach.remove.connect(
            lambda named: desk.decide(lambda sharing: sharing.remove_material(named))
        )
        cards.choices.agreed.connect(self._agree)
        cards.sheet.make.connect(self._prepare)
        cards.sheet.cancel.connect(desk.cancel)
        cards.sheet.send.connect(self._send)
        cards.sheet.send_waiting.connect(
            lambda: desk.start("send", lambda sharing: sharing.send_waiting())
        )
        cards.sheet.not_this_time.connect(self._not_this_time)
        cards.sheet.always_ask.connect(self._always_ask)
        cards.sheet.stop_and_forget.connect(self._ask_to_forget)
        cards.sheet.save.connect(self._save)
        cards.receive.always.connect(
            lambda on: desk.decide(lambda sharing: sharing.set_receiving(on))
        )
        cards.receive.look_now.connect(
            lambda: desk.start("receive", lambda sharing: sharing.receive())
        )
        cards.receive.back.connect(self._back)
        cards.log.export.connect(self._export)

    # -- two steps --

    def _show_me(self) -> None:
        """The text was read: what is chosen may be kept here, and worked on."""
        if self._desk.seen is not None and self._desk.seen.status.server is None:
            self.noted.emit(NO_SERVER, False)
            self.look_at.emit(self._cards.server)
            self._cards.server.url.setFocus()
            return

        def agree(sharing: "Sharing") -> None:
            choices = sharing.status().choices or Choices()
            sharing.turn_on(sharing.record(LOOK, choices))

        self._desk.decide(agree, self._after_reading)

    def _after_reading(self) -> None:
        seen = self._desk.seen
        if seen is None or seen.status.stage == "off":
            return
        if seen.items:
            self._prepare()
            return
        self.noted.emit(TICK_SOME, True)
        self.look_at.emit(self._cards.teach)
        self._cards.teach.list.setFocus()

    def _prepare(self) -> None:
        self._desk.start("prepare", lambda sharing: sharing.prepare())

    def _send(self, sha256: str) -> None:
        seen = self._desk.seen
        if seen is not None and needs_yes(seen):
            choices = seen.status.choices or Choices()

            def agree(sharing: "Sharing") -> None:
                sharing.turn_on(sharing.record(SEND, choices, seen=sha256))

            self._desk.decide(agree, self._prepare)
            return

        def begin(sharing: "Sharing") -> object:
            status = sharing.status()
            if status.stage != SEND:
                choices = status.choices or Choices()
                sharing.turn_on(sharing.record(SEND, choices, seen=sha256))
            return sharing.send(sha256)

        self._desk.start("send", begin)  # type: ignore[arg-type]

    def _not_this_time(self) -> None:
        self._desk.decide(
            lambda sharing: sharing.not_this_time(), lambda: self.noted.emit(TAKEN_BACK, True)
        )

    # -- terms --

    def _agree(self, choices: Choices) -> None:
        def agree(sharing: "Sharing") -> None:
            found = sharing.preview()
            if sharing.status().stage == SEND and found is not None:
                sharing.turn_on(sharing.record(SEND, choices, seen=found.sha256))
            else:
                # Other terms are another yes: what they mean is seen before anything is sent.
                sharing.turn_on(sharing.record(LOOK, choices))

        self._desk.decide(agree)

    def _always_ask(self) -> None:
        seen = self._desk.seen
        if seen is not None and seen.status.choices is not None:
            choices = seen.status.choices
            self._agree(msgspec.structs.replace(choices, asking=EVERY_TIME, until=""))

    def _server(self, url: str, key: str, certificates: str) -> None:
        self._desk.decide(
            lambda sharing: sharing.set_server(Server(url, certificates, key)),
            lambda: self.noted.emit(NAMED, True),
        )

    # -- pausing, ending --

    def _pause(self, pause: bool) -> None:
        if pause:
            self._stop_then(lambda: self._desk.decide(lambda sharing: sharing.pause()))
        else:
            self._desk.decide(lambda sharing: sharing.resume())

    def _never(self, never: bool) -> None:
        self._stop_then(lambda: self._desk.decide(lambda sharing: sharing.never(never)))

    def _ask_to_forget(self) -> None:
        self.look_at.emit(self._cards.state)
        self._cards.state.ask()

    def _forget(self, keep_received: bool) -> None:
        self._stop_then(
            lambda: self._desk.start(
                "forget", lambda sharing: sharing.revoke(keep_received=keep_received)
            )
        )

    def _stop_then(self, then: Callable[[], None]) -> None:
        """Do it as soon as nothing runs any more."""
        if self._desk.task:
            self._next = then
            self._desk.cancel()
        else:
            then()

    # -- receiving --

    def _back(self) -> None:
        self._desk.decide(
            lambda sharing: sharing.back(),
            lambda: self._cards.receive.show_news(
                "From the next start on the one before plays.", used=False
            ),
        )

    # -- files --

    def _save(self, found: "Preview") -> None:
        sha256 = found.sha256

        def write(path: Path) -> None:
            def question(sharing: "Sharing") -> None:
                from federation.client.preview import bytes_of

                path.write_bytes(bytes_of(sharing.places, sha256))

            self._desk.ask(question, lambda _: self._saved(path))

        self._ask("Save what would be sent", file_name(found), write)

    def _export(self) -> None:
        def write(path: Path) -> None:
            def question(sharing: "Sharing") -> None:
                path.write_text(as_csv(sharing.log()), encoding="utf-8", newline="")

            self._desk.ask(question, lambda _: self._saved(path))

        self._ask("Save the history of sharing", "antiphon-sharing.csv", write)

    def _saved(self, path: Path) -> None:
        self.noted.emit(f"Saved: {path.name} in {path.parent}.", True)

    # -- told --

    @Slot(object)
    def _seen(self, seen: Seen) -> None:
        self._cards.show_seen(seen)

    @Slot()
    def _task(self) -> None:
        task = self._desk.task
        shown = task if task in ("prepare", "contribute", "send", "forget") else ""
        self._cards.sheet.show_task(shown, cancelling=self._desk.cancelling)
        self._cards.receive.show_task(task)
        if task:
            self.noted.emit("", True)
        elif self._next is not None:
            then, self._next = self._next, None
            then()

    @Slot(str, object)
    def _over(self, task: str, line: "Line") -> None:
        failed = line.get("failed")
        says = in_window(str(failed or line.get("says") or ""))
        if task == "forget":
            self.noted.emit(REVOKED + (NOT_HEARD if failed else ""), not failed)
        elif task == "receive":
            found = line.get("done")
            used = isinstance(found, dict) and bool(found.get("adopted"))
            self._cards.receive.show_news(says, used=used)
        elif says:
            self.noted.emit(says, not failed)
        if task == "prepare" and not failed:
            self.look_at.emit(self._cards.sheet)
