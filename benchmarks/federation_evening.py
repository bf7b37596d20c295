"""One whole evening of sharing on one machine: 25 players, a server, three versions, adoption.

    python -m benchmarks.federation_evening [--postgres] [--players 25] [--at-once 2]
                                            [--rounds 3] [--data DIR]

Nothing is simulated but the music of the players, which is of real players the prior never met,
recorded into 25 take libraries: `antiphon serve` over TLS, its aggregation on two Flower workers,
its gate with public music; 25 processes with the real client, which trains in a child process with
the shipped prior. Each evening of the schedule 20 of them (others each time) work out a change,
look at it and send it; when a version is out, those who were away, and at the last evening
everybody, try it on phrases that were held back, and adopt it where it is better. The clock of the
schedule is set forward by 31 hours between evenings, which `Sharing` is made for; clocks that are
signed and checked are the true ones, and no limit, check or smallest cohort is changed. With
--postgres two gateways and an aggregator share a PostgreSQL.

One JSON value; words on standard error. Exit code 1 if fewer versions came, a raw change is left,
or something of a player was found on the server.
"""

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.federation_evening_parts import (
    Lift,
    Player,
    Server,
    Wire,
    commands,
    players_music,
    wait_until,
)
from benchmarks.federation_evening_report import (
    found_of_players,
    of_book,
    of_changes,
    of_player,
    of_versions,
    saved,
)
from engine.corpus import CorpusError
from engine.words import NO_DATA, data_folder
from federation.server import setup
from federation.server.database import of_folder
from federation.server.settings import Places
from federation.server.setup import Opened
from tests.federation.server.postgres import Postgres, why_not

HOURS = 31
"""More than a day and its jitter: the next evening of the schedule."""
LEAST = 20
PATIENCE_S = 900.0
LAST_S = 20.0
"""So long after the end Flower's processes may take to end, too."""
POLICY = ("--every-s", "1")

Say = Callable[[str], None]


def main(words: Sequence[str]) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="benchmarks.federation_evening")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--players", type=int, default=25)
    parser.add_argument("--at-once", type=int, default=2, help="who train at the same time")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path)
    args = parser.parse_args(list(words))
    data, reason = data_folder(args.data), why_not() if args.postgres else None
    if data is None or reason:
        print(f"Skipped: {reason or NO_DATA}", file=sys.stderr)
        return 0
    folder = Path(tempfile.mkdtemp(prefix="antiphon-evening-"))
    postgres = Postgres() if args.postgres else None
    try:
        music = players_music(data, args.players)
        database = None if postgres is None else postgres.fresh("evening")
        also = () if postgres is None else (postgres.folder / "data",)
        evening = Evening(folder, data, music, database, args.at_once, also)
        report = evening.run(args.rounds)
    except CorpusError as error:
        print(f"Skipped: {error}", file=sys.stderr)
        return 0
    finally:
        if postgres is not None:
            postgres.close()
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(report, indent=1))
    return 0 if report["well"] else 1


class Evening:
    """See the module. music: of each player. database: None for SQLite and one process.

    also: folders of the server beside its own.
    """

    def __init__(
        self,
        folder: Path,
        data: Path,
        music: list[dict[str, Any]],
        database: str | None,
        at_once: int,
        also: Sequence[Path] = (),
    ) -> None:
        self._folder, self._data, self._at_once = folder, data, at_once
        self._database, self._also = database, also
        self._server = Server(folder / "server", database, gateways=1 if database is None else 2)
        self._music = music
        self._players: list[Player] = []
        self._wire: Wire | None = None
        self._steps: list[dict[str, Any]] = []
        self._troubles: list[str] = []
        self._given: dict[str, dict[str, Any]] = {}
        self._received: dict[int, list[dict[str, Any]]] = {}
        self._began_s = time.monotonic()
        self._lift = Lift(folder)

    def run(self, rounds: int) -> dict[str, Any]:
        """All of it."""
        signal.signal(signal.SIGTERM, self._stopped)
        try:
            key = self._step("the server is made", self._make)
            self._step("the server and its workers start", lambda: self._server.begin(*POLICY))
            self._wire = Wire(self._server.ports)
            self._step("takes are recorded", self._record)
            asked = {
                "url": self._wire.url, "key": key,
                "ca": str(self._folder / "server" / "tls" / "cert.pem"),
            }  # fmt: skip
            self._step("everybody agrees", lambda: self._everybody("agree", **asked))
            for number in range(1, rounds + 1):
                self._evening(number, rounds)
            ends = self._step("everybody is asked", lambda: self._everybody("look"))
            report = self._report(ends, rounds)
        finally:
            self._lift.close()
            codes = [player.close() for player in self._players]
            self._server.close()
            if self._wire is not None:
                self._wire.close()
        until_s = time.monotonic() + LAST_S
        while (left := self._left()) and time.monotonic() < until_s:
            time.sleep(0.2)
        report["processes_left"], report["player_exit_codes"] = len(left), sorted(set(codes))
        report["well"] = report["well"] and not left
        return report

    def _left(self) -> list[int]:
        """Processes that were started here and still run."""
        return [pid for pid, words in commands() if str(self._folder).encode() in words]

    # --------------------------------------------------------------------------------------- steps

    def _make(self) -> str:
        self._server.admin("init")
        self._server.admin("publish-first")
        gate = self._server.admin("gate-data", "--data", str(self._data))
        self._say(f"the gate has {gate['notes']:,} notes in {len(gate['groups'])} groups")
        return str(self._server.admin("keys")["public"])

    def _record(self) -> list[dict[str, Any]]:
        for number, music in enumerate(self._music):
            self._players.append(Player(self._folder / f"player-{number:02}", music, number))
        return self._everybody("play")

    def _evening(self, number: int, last: int) -> None:
        """All but a few give; those, and at the last evening everybody, try the new version."""
        hours, before = number * HOURS, self._newest()
        first = (number - 1) * (len(self._players) - LEAST)
        turns = [*self._players[first:], *self._players[:first]]
        away = turns[LEAST:]
        given = self._step(f"evening {number}: they give", lambda: self._give(turns, hours))
        self._given |= {one["sha256"]: one for one in given}
        self._step(f"evening {number}: a version is made", lambda: self._next(before))
        triers = self._players if number == last else away
        found = self._step(
            f"evening {number}: {len(triers)} try it",
            lambda: self._everybody("receive", triers, hours=hours),
        )
        for player, one in zip(triers, found, strict=True):
            self._received.setdefault(player.number, []).append(one)

    def _give(self, turns: list[Player], hours: int) -> list[dict[str, Any]]:
        """Of so many as a version needs; for who cannot another does."""
        given: list[dict[str, Any]] = []
        while turns and len(given) < LEAST:
            chosen, turns = turns[: LEAST - len(given)], turns[LEAST - len(given) :]
            given += [
                one for one in self._everybody("give", chosen, hours=hours) if one.get("done")
            ]
        return given

    def _next(self, before: int) -> int:
        """Until there is a newer version, or the gate has kept one back."""
        here = self._opened()
        try:
            kept = len(here.leases.kept_back())
            wait_until(
                lambda: _newest(here) > before or len(here.leases.kept_back()) > kept,
                "a version",
                PATIENCE_S,
            )
            if _newest(here) == before:
                self._trouble(f"the gate kept a version back: {here.leases.kept_back()[-1]}")
            return _newest(here)
        finally:
            here.database.close()

    def _everybody(
        self, do: str, players: Sequence[Player] = (), **words: Any
    ) -> list[dict[str, Any]]:
        """A few at a time (of all, unless some are named); who cannot says why."""

        def ask(player: Player) -> dict[str, Any]:
            more = {"takes": player.music["takes"]} if do == "play" else {}
            found = player.ask(do, **words, **more)
            if "failed" in found:
                self._trouble(f"player {player.number}, {do}: {found['failed']}")
            self._say(f"  {do} {player.number:>2} {player.style:<14} {_short(found)}")
            return found

        with ThreadPoolExecutor(self._at_once) as pool:
            return list(pool.map(ask, players or self._players))

    def _step(self, name: str, do: Callable[[], Any]) -> Any:
        began_s, wire = time.monotonic(), self._wire.counted() if self._wire else {}
        self._say(name)
        found = do()
        step: dict[str, Any] = {"what": name, "seconds": round(time.monotonic() - began_s, 1)}
        if self._wire is not None and wire:
            step["bytes"] = {end: count - wire[end] for end, count in self._wire.counted().items()}
        self._steps.append(step)
        self._say(f"{name}: {step['seconds']} s")
        return found

    # -------------------------------------------------------------------------------------- report

    def _report(self, ends: list[dict[str, Any]], rounds: int) -> dict[str, Any]:
        server, here = self._server, self._opened()
        try:
            book = of_book(here)
        finally:
            here.database.close()
        music = {player.number: player.music for player in self._players}
        players = [
            of_player(player.style, self._received.get(player.number, []), end)
            for player, end in zip(self._players, ends, strict=True)
        ]
        report = {
            "database": "SQLite" if self._database is None else "PostgreSQL",
            "players": len(players),
            "gateways": len(server.ports),
            "flower_workers": len(server.workers()),
            "versions": of_versions(server.admin("versions")),
            **book,
            **of_changes(list(self._given.values())),
            "of_players_found_on_the_server": found_of_players(
                list(music.values()), [server.folder, *self._also]
            ),
            "adopted": sum(one["plays"] is not None for one in players),
            "bits_saved_percent": saved(players),
            "quarantined": server.admin("quarantined"),
            "of_players": players,
            "lifted_to_the_priority_of_the_benchmark": self._lift.on,
            "wire": self._wire.counted() if self._wire else {},
            "troubles": self._troubles,
            "steps": self._steps,
            "seconds": round(time.monotonic() - self._began_s),
        }
        report["well"] = (
            sum(one["contributions"] > 0 for one in report["versions"]) >= rounds
            and not report["used_but_not_deleted"]
            and not report["of_players_found_on_the_server"]
            and not self._troubles
        )
        return report

    def _stopped(self, *_: object) -> None:
        """Nothing is left running."""
        for player in self._players:
            player.kill()
        sys.exit(143)

    def _newest(self) -> int:
        here = self._opened()
        try:
            return _newest(here)
        finally:
            here.database.close()

    def _opened(self) -> Opened:
        server = self._folder / "server"
        database = self._database or of_folder(server)
        return setup.opened(Places(server, database, str(server / "blobs")), time.time)

    def _trouble(self, words: str) -> None:
        self._troubles.append(words)
        self._say(f"TROUBLE: {words}")

    def _say(self, words: str) -> None:
        print(f"{time.monotonic() - self._began_s:7.1f} s  {words}", file=sys.stderr, flush=True)


def _newest(here: Opened) -> int:
    return max(one.manifest.version for one in here.leases.versions())


def _short(found: dict[str, Any]) -> str:
    kept = {name: value for name, value in found.items() if name not in {"words", "sha256", "seen"}}
    return json.dumps(kept)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
