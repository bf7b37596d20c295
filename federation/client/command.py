"""`antiphon share`: whether what was learnt is shared, what would be sent, and what was.

    on, off, status, preview, send, log, revoke     giving, and an end to it
    add, material, remove                           which phrases may teach
    receive, back                                   newer versions, which need no giving
    server, pause, resume, never                    with whom, and switches

Exit codes: 0 it did its work, 1 it could not (a sentence and a next step on standard error), 2
wrong usage. With --json one JSON value goes to standard output and nothing else. It refuses to say
yes for anybody: `on` asks twice, on a terminal, or wants to be told the version of the text that
was read (--read) and then the hash of the change that was seen (--seen).
"""

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from engine.words import complain
from federation.client import arguments, showing
from federation.client.child import Line, Work
from federation.client.consent import EVERY_TIME, LOOK, SEND, UNTIL, Choices, Server
from federation.client.pieces import PieceError, piece_of
from federation.client.preview import Preview
from federation.client.sharing import Sharing
from federation.client.trouble import SharingError
from federation.client.wording import REVOKED

WRONG_USAGE = 2
Found = tuple[Any, str]
"""What --json prints, and the same for people."""
Ask = Callable[[str], str]


class UsageError(Exception):
    """What was asked lacks a word; the message says which."""


def main(words: Sequence[str], *, sharing: Sharing | None = None, ask: Ask | None = None) -> int:
    """Run `antiphon share` with these words; returns the exit code.

    ask: puts a question to a person; None where there is none.
    """
    try:
        args = arguments.parser().parse_args(list(words))
    except SystemExit as stop:  # argparse has said why; --help ends with 0
        return int(stop.code or 0)
    if ask is None and sys.stdin is not None and sys.stdin.isatty() and not args.json:
        ask = input
    desk = _Desk(sharing or Sharing(), args, ask)
    try:
        value, text = getattr(desk, args.verb)()
    except UsageError as error:
        complain(str(error))
        return WRONG_USAGE
    except (SharingError, PieceError) as error:
        return complain(str(error))
    except OSError as error:
        return complain(
            f"The folder of sharing cannot be written ({error.strerror or error}): free some "
            "space, or make it writable."
        )
    if args.json:
        print(msgspec.json.format(msgspec.json.encode(value), indent=1).decode(), flush=True)
    elif text:
        print(text, flush=True)
    return 0


class _Desk:
    """One call of the command: each verb is a method."""

    def __init__(self, sharing: Sharing, args: Namespace, ask: Ask | None) -> None:
        self._sharing, self._args, self._ask = sharing, args, ask

    # --------------------------------------------------------------------------- giving

    def on(self) -> Found:
        """Read, then see, then on."""
        status = self._sharing.status()
        if status.forbidden:
            raise SharingError(status.forbidden)
        choices = self._choices(status.choices)
        if status.stage == SEND and self._args.seen is None:
            if choices == status.choices:
                return {"stage": "send"}, showing.PAUSED if status.paused else showing.IS_ON
            # Other terms are another yes: what they mean is seen before anything is sent.
            self._sharing.turn_on(self._sharing.record(LOOK, choices))
            return {"stage": "look"}, showing.TERMS
        if status.stage == "off" or (status.stage == "look" and self._args.read):
            self._read(choices)
            status = self._sharing.status()
        if not status.items:
            return {"stage": "look", "items": 0}, showing.NOTHING_TEACHES
        found = self._sharing.preview()
        if found is None or self._args.seen is None:
            found = found or self._made()
            self._note(showing.preview(found))
        seen = self._args.seen
        if seen is None and self._ask is not None:
            answer = self._ask("Send such changes from now on? [yes/no] ")
            seen = found.sha256 if answer.strip().lower() == "yes" else None
        if seen is None:
            return (
                {"stage": self._sharing.status().stage, "preview": found.sha256},
                f"Nothing is sent. To say yes: antiphon share on --seen {found.sha256}",
            )
        self._sharing.turn_on(self._sharing.record(SEND, choices, seen=seen))
        next_ = "" if found.version else f"\n{showing.ANEW}"
        return {"stage": "send", "preview": found.sha256}, showing.IS_ON + next_

    def _read(self, choices: Choices) -> None:
        text = self._sharing.consent_text()
        if self._args.read is not None:
            if self._args.read != text.version:
                raise UsageError(
                    f"The text of now is version {text.version}: read it with `antiphon share on`."
                )
        else:
            self._note(text.whole)
            self._sharing.record(LOOK, choices)  # raises where there is no server to agree about
            if self._ask is None:
                raise UsageError(
                    f"Read the text above; to see what would be sent: antiphon share on --read "
                    f"{text.version}"
                )
            if self._ask("Show me what would be sent? [yes/no] ").strip().lower() != "yes":
                raise SharingError("Not now, then. Nothing was changed.")
        self._sharing.turn_on(self._sharing.record(LOOK, choices))

    def off(self) -> Found:
        self._sharing.turn_off()
        return {"stage": "off"}, "Sharing is off. `antiphon share revoke` also deletes its files."

    def status(self) -> Found:
        status = self._sharing.status()
        value = {**msgspec.to_builtins(status), "on": status.on}
        if status.trouble:
            self._sharing.said()
        return value, showing.status(status, self._sharing.course())

    def preview(self) -> Found:
        found = None if self._args.new else self._sharing.preview()
        found = found or self._made()
        if self._args.output is not None:
            from federation.client.preview import bytes_of

            if self._args.output.exists():
                raise SharingError(f"{self._args.output} is there already: name another file.")
            self._args.output.write_bytes(bytes_of(self._sharing.places, found.sha256))
            self._note(f"Saved as {self._args.output}.")
        return showing.preview_value(found), showing.preview(found)

    def send(self) -> Found:
        found = self._sharing.preview()
        if self._args.not_this_time:
            self._sharing.not_this_time()
            return {"sent": False}, "Thrown away; nothing was sent."
        if found is None and self._sharing.waiting():
            return self._done(self._sharing.send_waiting())
        wanted = self._args.hash
        if found is None:
            found = self._made()
        if wanted is None and self._ask is not None:
            self._note(showing.preview(found))
            answer = self._ask("Send these numbers? [yes/no] ").strip().lower()
            wanted = found.sha256 if answer == "yes" else None
            if wanted is None:
                raise SharingError("Nothing was sent.")
        if wanted is None:
            raise UsageError(f"Look at the preview, then: antiphon share send {found.sha256}")
        return self._done(self._sharing.send(wanted))

    def log(self) -> Found:
        entries = self._sharing.log()
        return entries, "\n".join(map(showing.entry, entries)) or "Nothing was ever attempted."

    def revoke(self) -> Found:
        if not self._args.yes:
            if self._ask is None:
                raise UsageError("This deletes everything of sharing: add --yes to mean it.")
            if self._ask("Stop for good and delete it all? [yes/no] ").strip().lower() != "yes":
                raise SharingError("Nothing was changed.")
        work = self._sharing.revoke(keep_received=self._args.keep_received)
        if work is None:
            return {"forgotten": not self._sharing.status().forgetting}, REVOKED
        over = work.wait()
        forgotten = "done" in over
        if not forgotten:
            self._note(
                f"{over['failed']} The server has not heard it yet: `antiphon share revoke` asks "
                "it again; until then the key of this device is kept, and nothing else."
            )
        return {"forgotten": forgotten}, REVOKED

    # --------------------------------------------------------------------------- material

    def add(self) -> Found:
        added = []
        self._sharing.may_add()
        for path in self._args.files:
            piece, origin = piece_of(path)
            added.append(self._sharing.add_material(piece.name, piece, origin=origin))
        return added, "\n".join(f"May teach now: {showing.item(item)}" for item in added)

    def material(self) -> Found:
        items = self._sharing.material()
        return items, "\n".join(map(showing.item, items)) or "Nothing may teach."

    def remove(self) -> Found:
        gone = [self._sharing.remove_material(named) for named in self._args.named]
        return gone, "\n".join(f"No longer teaches: {showing.item(item)}" for item in gone)

    # --------------------------------------------------------------------------- receiving

    def receive(self) -> Found:
        if self._args.always:
            self._sharing.set_receiving(True)
        if self._args.never:
            self._sharing.set_receiving(False)
            return {"receiving": False}, "Newer versions are no longer looked for unasked."
        return self._done(self._sharing.receive())

    def back(self) -> Found:
        version = self._sharing.back()
        what = "the model as it came" if version is None else f"shared version {version}"
        return {"version": version}, f"From the next start on, {what} plays."

    # --------------------------------------------------------------------------- switches

    def server(self) -> Found:
        if self._args.url is not None:
            ca = str(self._args.ca.resolve()) if self._args.ca else ""
            if ca and not self._args.ca.is_file():
                raise SharingError(f"There is no file {self._args.ca}: name one of certificates.")
            self._sharing.set_server(Server(self._args.url.rstrip("/"), ca, self._args.key or ""))
        server = self._sharing.status().server
        if server is None:
            return None, "No server is named: antiphon share server URL"
        known = "" if server.release_key else f" {showing.NO_KEY}"
        return server, f"{server.url}: naming it connects to nothing.{known}"

    def pause(self) -> Found:
        self._sharing.pause()
        return {"paused": True}, "Paused: nothing is sent until `antiphon share resume`."

    def resume(self) -> Found:
        self._sharing.resume()
        return {"paused": False}, "It goes on: `antiphon share status` tells how it stands."

    def never(self) -> Found:
        self._sharing.never(not self._args.undo)
        return {"never": not self._args.undo}, (
            "There is a choice again; nothing is on by that."
            if self._args.undo
            else "Sharing is switched off, whatever was agreed to."
        )

    # --------------------------------------------------------------------------- inside

    def _choices(self, before: Choices | None) -> Choices:
        args, base = self._args, before or Choices()
        changes: dict[str, Any] = {}
        if args.until is not None:
            changes |= {"asking": UNTIL, "until": args.until}
        if args.ask:
            changes |= {"asking": EVERY_TIME, "until": ""}
        for name in ("most_a_week", "epsilon_most"):
            if getattr(args, name) is not None:
                changes[name] = getattr(args, name)
        if args.on_battery:
            changes["mains_only"] = False
        return msgspec.structs.replace(base, **changes)

    def _made(self) -> Preview:
        over = self._finished(self._sharing.prepare())
        found = self._sharing.preview()
        if found is None:
            raise SharingError(str(over.get("says") or "No preview came of it: try again."))
        return found

    def _done(self, work: Work) -> Found:
        over = self._finished(work)
        return over["done"], str(over.get("says", ""))

    def _finished(self, work: Work) -> Line:
        try:
            over = work.wait(lambda line: self._note(str(line.get("says", ""))))
        except KeyboardInterrupt:
            work.cancel()
            raise
        if "failed" in over:
            raise SharingError(str(over["failed"]))
        return over

    def _note(self, words: str) -> None:
        if words:
            print(words, file=sys.stderr if self._args.json else sys.stdout, flush=True)
