"""Twenty minutes of real performances played in over a real MIDI server, and what became of them.

    python -m benchmarks.live [--minutes 20] [--faults] [--quick] [--data DIR]

On a private JACK server (dummy driver, 256 frames at 48 kHz) are the jam with its engine, a client
that plays held-out performances phrase by phrase and waits for the answers or barges into them, and
a client that records what the jam plays. Meanwhile an adaptation trains with torch and a window
paints, both on the machine's last core. Then panic is asked for in the middle of answers.

`schedule_error_ms` is how long after its due time a note was handed to the port, as the session
tells it; `at_recorder_ms` how far the time from there to the recorder, by the server's frames, is
from the usual. `handover_gap_ms` is measured between the two clients: from the player's last
note-off to the answer's first note. --faults kills the engine every 30 s and unplugs a port every
60 s. --quick takes a minute in all, and says so.
"""

import argparse
import json
import pickle
import random
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.live import loads
from benchmarks.live.aims import aims
from benchmarks.live.client import Client
from benchmarks.live.faults import Faults
from benchmarks.live.jam import Jam
from benchmarks.live.machine import Watch
from benchmarks.live.panic import panics
from benchmarks.live.performances import Phrase, shuffled_phrases
from benchmarks.live.player import Turn
from benchmarks.live.report import faults, report, takes
from benchmarks.live.timing import Logs
from tests.rig.jackd import JackServer, why_no_jack

PANICS, QUICK_PANICS = 20, 2
QUICK_MINUTES = 0.4
"""All in all it takes a minute."""
INTERRUPTED = 0.3
"""Share of the answers into which the player comes in."""
NO_ANSWER_S = 6.0
"""A player who gets no answer plays on after so long."""
LET_IT_END_S = 25.0
"""The longest that the last phrase, or an answer to it, may still take."""


def turns(phrases: list[Phrase], rng: random.Random) -> list[Turn]:
    """What the player does: phrase after phrase, each after the answer to the last or into it."""
    found = []
    for phrase in phrases:
        turn = Turn(phrase.events, quiet_s=rng.uniform(0.6, 1.2), no_answer_s=NO_ANSWER_S)
        if rng.random() < INTERRUPTED:
            turn.barge_in_s = rng.uniform(0.1, 2.0)
        found.append(turn)
    return found


class Players:
    """The player, who may be killed and replaced by another who goes on with the next phrase."""

    def __init__(self, server: JackServer, music: list[Turn]) -> None:
        self._server, self._music = server, music
        self.all: list[Client] = []
        self._start(0)

    def replace(self) -> int:
        """The player's ports vanish with keys down; another goes on with the next phrase.

        Returns the moment at which the new ports were there.
        """
        player = self.all[-1]
        player.vanish()
        return self._start(self._next + player.count("begun"))

    def end(self) -> None:
        """Let the last finish its phrase."""
        self.all[-1].end(LET_IT_END_S)

    def _start(self, first: int) -> int:
        self._next = first
        name = f"player-{len(self.all)}"
        player = Client(name, self._server.environment, self._music[first:])
        self.all.append(player)
        self._server.wait_for_port(f"{name}:in")
        plugged_ns = time.monotonic_ns()
        self._server.connect(f"{name}:out", "Antiphon In")
        self._server.connect("Antiphon Out", f"{name}:in")
        player.go()
        return plugged_ns


def play(
    server: JackServer, folder: Path, music: list[Turn], args: argparse.Namespace
) -> dict[str, object]:
    """The whole run; everything that is printed."""
    recorder = Client("recorder", server.environment)
    words = [word for line in args.say for word in ("--say", line)]
    jam = Jam(server.environment, folder, *words)
    players: Players | None = None
    busy = [loads.start("adaptation", "--data", str(args.data)), loads.start("window")]
    try:
        jam.wait_until_ready()
        server.connect("Antiphon Out", "recorder:in")
        players = Players(server, music)
        watch, begin_ns = Watch(jam), time.monotonic_ns()
        breaking = None
        if args.faults:
            breaking = Faults(
                jam,
                server,
                cables={
                    "player unplugged": ("player-", "Antiphon In"),
                    "listener unplugged": ("Antiphon Out", "recorder:in"),
                },
                replace_player=players.replace,
            )
        _wait(args.minutes * 60, jam)
        if breaking:
            breaking.close()
        end_ns = time.monotonic_ns()
        load = watch.close()
        asked = panics(jam, QUICK_PANICS if args.quick else PANICS, args.seed)
        players.end()
        _wait_for_silence(jam)
        code = jam.end()
        recorder.end()
    finally:
        for process in busy:
            process.kill()
            process.wait()
        jam.end()
        recorder.kill()
        for player in players.all if players else []:
            player.kill()
    phrases = sum(player.count("ended") for player in players.all)
    played = sorted(
        (event for player in players.all for event in player.events("played")),
        key=lambda event: event.at_ns,
    )
    logs = Logs(
        begin_ns,
        end_ns,
        jam.told,
        played,
        recorder.events("heard"),
        watch.samples,
        asked,
        breaking.faults if breaking else [],
    )
    if args.keep:
        args.keep.write_bytes(pickle.dumps(logs))
    result: dict[str, object] = {
        "minutes": round((end_ns - begin_ns) / 6e10, 2),
        "phrases": phrases,
    }
    result |= report(logs) | takes(folder, logs)
    if breaking:
        result |= faults(logs)
        result["faults_broken"] = breaking.broken
    result |= {"xruns": recorder.xruns, "exit_code": code, "machine": load}
    return result


def _wait(seconds: float, jam: Jam) -> None:
    """Raises RuntimeError if the jam ends meanwhile."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        time.sleep(0.2)
        jam.must_live()


def _wait_for_silence(jam: Jam) -> None:
    """Until the partner has not begun a note for a while."""
    end_s = time.monotonic() + LET_IT_END_S
    while time.monotonic() < end_s:
        _wait(0.5, jam)
        if not jam.since(time.monotonic_ns() - 4 * 10**9, "NoteSounded"):
            return


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--faults", action="store_true", help="break things all the while")
    parser.add_argument("--quick", action="store_true", help="a minute in all")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seed", type=int, default=1, help="which phrases, when to barge in")
    parser.add_argument(
        "--say", action="append", default=[], metavar="LINE", help="a setting, e.g. 'way trade'"
    )
    parser.add_argument("--keep", type=Path, help="write what happened to this file, too")
    args = parser.parse_args()
    if args.quick:
        args.minutes = QUICK_MINUTES
    reason = why_no_jack()
    if reason:
        sys.exit(f"There is no MIDI server to play through: {reason}.")
    if not (args.data / "index.csv").is_file():
        sys.exit(f"There is no music in {args.data}; name the data folder with --data.")
    music = turns(shuffled_phrases(args.data, args.seed), random.Random(args.seed))
    with JackServer() as server, tempfile.TemporaryDirectory() as folder:
        result = play(server, Path(folder), music, args)
    result |= {"quick": args.quick, "seed": args.seed}
    result["aims"] = aims(result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
