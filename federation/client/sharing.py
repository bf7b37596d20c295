"""Sharing as the window and the command line drive it: what is the case, and what a person decides.

Light to import: no torch, no numpy, no network. Looking writes nothing. Every decision checks the
switches and the yes first; without them it does nothing and raises ForbiddenError. What takes long
is started as a child process (`child.Work`) and never waits for. Thread: one at a time.

It refuses to decide for anybody: there is no default but off.
"""

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from engine.learning import LearnPiece
from federation.client import consent, course, material, outbox, places, preview, switches
from federation.client.child import ChildWork, Start, Work
from federation.client.consent import Choices, ConsentRecord, ConsentText, Server, Stage
from federation.client.course import Course
from federation.client.due import due
from federation.client.ledger import Entry, Ledger, stamp
from federation.client.material import Item
from federation.client.outbox import Outbox, Parcel
from federation.client.places import Places, data_folder
from federation.client.power import on_mains
from federation.client.preview import Preview
from federation.client.status import SharingStatus, status_of
from federation.client.trouble import ForbiddenError, SharingError


def _now() -> datetime:
    return datetime.now(UTC)


class Sharing:
    """See the module. folder: the data folder (default: the user's); environment: os.environ."""

    def __init__(
        self,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        *,
        now: Callable[[], datetime] = _now,
        start: Start | None = None,
        chance: outbox.Chance = os.urandom,
        mains: Callable[[], bool | None] = on_mains,
    ) -> None:
        self._environment = os.environ if environment is None else environment
        self.places = Places(folder or data_folder(self._environment))
        self._now, self._chance, self._mains = now, chance, mains
        self._start = start or self._child
        self._ledger = Ledger(self.places.ledger)

    # ---------------------------------------------------------------------- looking, writes nothing

    def status(self) -> SharingStatus:
        """What is the case."""
        return status_of(self.places, self._environment)

    def consent_text(self) -> ConsentText:
        """What is read first."""
        return consent.TEXT

    def preview(self) -> Preview | None:
        """What would be sent, if it was worked out (`prepare`)."""
        return preview.look(self.places)

    def log(self) -> tuple[Entry, ...]:
        """Every attempt, the oldest first."""
        return self._ledger.entries()

    def material(self) -> tuple[Item, ...]:
        """What may teach."""
        return material.items(self.places)

    def waiting(self) -> list[Parcel]:
        """What was approved and not yet taken by the server."""
        return Outbox(self.places).parcels()

    def course(self) -> Course:
        """What was sent, and what became of it."""
        return course.load(self.places)

    def record(
        self, stage: Stage, choices: Choices | None = None, *, seen: str = ""
    ) -> ConsentRecord:
        """A yes to today's text and server, to be handed to `turn_on`. Raises SharingError."""
        server = switches.settings(self.places).server
        if server is None:
            raise SharingError(
                "There is no server to share with: name one with `antiphon share server URL`."
            )
        return consent.record_of(stage, server, choices or Choices(), self._today(), seen=seen)

    # ------------------------------------------------------------------------------------- deciding

    def set_server(self, server: Server | None) -> None:
        """With whom it would be; another one needs a new yes. Raises SharingError."""
        if server is not None:
            consent.check_server(server)
        set_ = switches.settings(self.places)
        places.keep(self.places.settings, switches.Settings(server, set_.never))
        if server != set_.server and self.places.course.exists():
            # How the one before was says nothing of this one.
            course.change(self.places, answered="", failures=0, failed="", why="", told=False)

    def never(self, yes: bool) -> None:
        """The switch in the settings: whatever was agreed to, nothing is shared."""
        set_ = switches.settings(self.places)
        places.keep(self.places.settings, switches.Settings(set_.server, yes))

    def turn_on(self, record: ConsentRecord) -> None:
        """Keep a yes. To send, what would be sent must have been seen. Raises SharingError."""
        set_ = self._allowed()
        if why := consent.why_not(record, set_.server):
            raise ForbiddenError(why)
        consent.check(record.choices, self._today())
        if record.stage == consent.SEND:
            found = preview.look(self.places)
            if found is None or found.sha256 != record.seen:
                raise ForbiddenError(
                    "Look first at what would be sent: `antiphon share preview` shows it."
                )
        self._log("consent", f"yes to {record.stage}, text {record.text_version}")
        places.keep(self.places.consent, record)

    def turn_off(self) -> None:
        """At once: nothing is worked out, kept or sent. What waited to be sent is thrown away."""
        if not self.places.consent.exists():
            return
        places.remove(self.places.consent)
        preview.drop(self.places)
        Outbox(self.places).clear()
        with contextlib.suppress(OSError):  # off it is, even where no line can be written
            self._log("off", "turned off")

    def pause(self) -> None:
        """At once, until `resume`; the yes stays."""
        self.need(consent.LOOK, though_paused=True)
        course.change(self.places, paused=True)

    def resume(self) -> None:
        """Go on."""
        self.need(consent.LOOK, though_paused=True)
        course.change(self.places, paused=False)

    def said(self) -> None:
        """The trouble in the status was told to the player; it is not told again."""
        if course.load(self.places).why:
            course.change(self.places, told=True)

    # ------------------------------------------------------------------------------------- material

    def may_add(self) -> None:
        """Raises ForbiddenError if nothing may be kept."""
        self.need(consent.LOOK, though_paused=True)

    def add_material(self, name: str, piece: LearnPiece, *, origin: str = "") -> Item:
        """Let a piece teach. origin: where it is from, for people. Raises SharingError."""
        self.may_add()
        added = self._today().isoformat()
        return material.add(self.places, name, piece, origin=origin or name, added=added)

    def remove_material(self, named: str) -> Item:
        """By its id or name; what was worked out from it goes, too. Raises SharingError."""
        gone = material.remove(self.places, named)
        preview.drop(self.places)
        Outbox(self.places).clear()
        return gone

    # -------------------------------------------------------------------------------------- working

    def prepare(self) -> Work:
        """Work out what would be sent; then `preview` has it. Raises SharingError."""
        self.need(consent.LOOK)
        if not material.items(self.places):
            raise SharingError(
                "Nothing may teach yet: choose some takes, or `antiphon share add FILE.mid`."
            )
        return self._start(["prepare"])

    def send(self, preview_hash: str) -> Work:
        """Send exactly what was shown under this hash. Raises SharingError, and sends nothing."""
        self.approve(preview_hash)
        return self._start(["send"])

    def send_waiting(self) -> Work:
        """Send what was approved before and could not be sent. Raises SharingError."""
        self.need(consent.SEND)
        return self._start(["send"])

    def approve(self, preview_hash: str, *, not_before: str = "") -> Parcel:
        """Put what was shown into the outbox. Raises SharingError."""
        record = self.need(consent.SEND)
        found = preview.look(self.places)
        if found is None:
            raise SharingError("There is no preview: `antiphon share preview` makes one.")
        data = preview.bytes_of(self.places, preview_hash)
        if not found.version:
            raise SharingError(
                "This was worked out before anything was asked of the server: look at the preview "
                "anew with `antiphon share preview --new`, then send."
            )
        if found.epsilon_spent is not None and found.epsilon_spent >= record.choices.epsilon_most:
            raise ForbiddenError("Your privacy budget is used up: nothing more is sent.")
        parcel = Parcel(
            id=outbox.fresh_id(self._chance),
            sha256=found.sha256,
            lineage=found.lineage,
            version=found.version,
            approved=self._now().isoformat(),
            not_before=not_before,
            bytes=found.bytes,
            clip=found.clip,
            sigma=found.sigma,
            norm_before=found.norm_before,
            norm=found.norm,
        )
        # A kill between these two leaves both: what is shown again is then what waits already.
        same = [one for one in self.waiting() if one.sha256 == parcel.sha256]
        if same:
            parcel = same[0]
        else:
            Outbox(self.places).put(data, parcel)
        preview.drop(self.places)
        return parcel

    def not_this_time(self) -> None:
        """Throw away what was worked out, and what waits to be sent."""
        preview.drop(self.places)
        Outbox(self.places).clear()

    def set_receiving(self, yes: bool) -> None:
        """Whether newer versions are looked for now and then; giving is not needed for it."""
        set_ = self._allowed() if yes else switches.settings(self.places)
        if not yes and not self.places.course.exists():
            return
        if yes and set_.server is None:
            raise SharingError(
                "There is no server to look at: name one with `antiphon share server URL`."
            )
        course.change(self.places, receiving=set_.server.url if yes and set_.server else "")

    def receive(self) -> Work:
        """Look for a newer version now, and use it if it suits the player better."""
        self.server()
        return self._start(["receive"])

    def back(self) -> int | None:
        """Use what was used before the last version; the version then. Raises SharingError."""
        from federation.client.adopted import back

        version = back(self.places)
        course.change(self.places, refused=course.load(self.places).looked)
        return version

    def tick(self, idle_s: float) -> Work | None:
        """To be called now and then: starts what is due, if anything is. Opens nothing itself."""
        task = self.due(idle_s)
        return self._start([task]) if task else None

    def due(self, idle_s: float) -> str:
        """The task for which it is time, "" for none."""
        return due(self.places, self._environment, self._now(), idle_s, self._mains)

    def revoke(self, *, keep_received: bool = False) -> Work | None:
        """End it for good: nothing of it stays here, and the server is asked to forget the device.

        Only a signed question can make the server forget, so the key stays until it has answered;
        a second call asks again. keep_received: what others taught the model goes on playing.
        """
        from federation.client.revoking import revoke

        asks = revoke(self.places, keep_received=keep_received)
        blocked = switches.forbidden(self._environment, switches.Settings())
        return self._start(["forget"]) if asks and not blocked else None

    # ---------------------------------------------------------- what the child process asks, too

    def may(self, task: str) -> None:
        """Whether a task may run at all. Raises ForbiddenError, SharingError."""
        if task == "receive":
            self.server()
        elif task == "forget":
            self._allowed()
        else:
            self.need(consent.LOOK if task == "prepare" else consent.SEND)

    def server(self) -> Server:
        """Whom a person named, while nothing forbids to ask it. Raises SharingError."""
        server = self._allowed().server
        if server is None:
            raise SharingError(
                "There is no server to look at: name one with `antiphon share server URL`."
            )
        return server

    # --------------------------------------------------------------------------------------- inside

    def _allowed(self) -> switches.Settings:
        set_ = switches.settings(self.places)
        if why := switches.forbidden(self._environment, set_):
            raise ForbiddenError(why)
        return set_

    def need(self, stage: Stage, *, though_paused: bool = False) -> ConsentRecord:
        """The record, if it is a yes to this. Raises ForbiddenError."""
        set_, record = self._allowed(), consent.load(self.places)
        if why := consent.why_not(record, set_.server):
            raise ForbiddenError(why)
        assert record is not None
        if stage == consent.SEND and record.stage != consent.SEND:
            raise ForbiddenError("You have not said yes to sending yet: `antiphon share on`.")
        if not though_paused and course.load(self.places).paused:
            raise ForbiddenError("Sharing is paused: `antiphon share resume` goes on.")
        return record

    def _log(self, what: str, result: str) -> None:
        set_ = switches.settings(self.places)
        url = set_.server.url if set_.server else ""
        self._ledger.add(Entry(when=stamp(self._now()), what=what, result=result, server=url))

    def _today(self) -> date:
        return self._now().date()

    def _child(self, words: Sequence[str]) -> Work:
        return ChildWork(words, self.places.data, self._environment)
