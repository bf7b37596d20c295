"""Twenty minutes of real performances played in over a real MIDI server, and what became of them.

    python -m benchmarks.live [--minutes 20] [--faults] [--quick] [--no-window] [--data DIR]

On a private JACK server (dummy driver, 256 frames at 48 kHz; in real time where the system grants
that) are the whole app, window, session and engine, as `antiphon` starts it; a client that plays
held-out performances phrase by phrase and waits for the answers or barges into them; and a client
that records what the partner plays. Meanwhile the partner learns: trainings follow each other in
the trainer's process, and what was learnt is swapped in. --no-window runs the session process
alone, to compare. Then panic is asked for in the middle of answers.

`schedule_error_ms` is how long after its due time a note was handed to the port, as the session
tells it; `at_recorder_ms` how far the time from there to the note's frame at the recorder is from
the usual, and `server_ms` how far the server's own cycles are, with nobody's notes in them.
`handover_gap_ms` is measured between the two clients: from the player's last note-off to the
answer's first note. --faults kills the engine every 30 s and unplugs a port every 60 s. --quick
takes a minute in all, and says so.
"""

import argparse
import contextlib
import json
import pickle
import random
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.live.aims import aims
from benchmarks.live.client import Client, grant_real_time
from benchmarks.live.faults import Faults
from benchmarks.live.jam import PROFILE, Alone, Jam, Starts, furnish, settings_from
from benchmarks.live.machine import Watch
from benchmarks.live.panic import panics
from benchmarks.live.performances import Phrase, shuffled_phrases
from benchmarks.live.player import Turn
from benchmarks.live.pupil import Pupil
from benchmarks.live.report import faults, report, takes
from benchmarks.live.sums import Heard, joined
from benchmarks.live.timing import Logs
from benchmarks.live.window import Windowed
from plugin.served.messages import Open
from tests.rig.jackd import JackServer, why_no_jack
from tests.rig.waiting import wait_for

SESSION_SEED = 7
SERVERS_PRIORITY = 12
"""Above its clients and the session, as of a MIDI server that is set up for music."""
PANICS, QUICK_PANICS = 20, 2
QUICK_MINUTES = 0.6
"""All in all it takes a minute."""
INTERRUPTED = 0.3
"""Share of the answers into which the player comes in."""
NO_ANSWER_S = 6.0
"""A player who gets no answer plays on after so long."""
FOUND_S = 10.0
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


class Programs:
    """A player or a listener, which may vanish and be followed by another of its name."""

    def __init__(self, server: JackServer, name: str, music: list[Turn]) -> None:
        self._server, self._name, self._music = server, name, music
        self._first = 0
        self.all = [self._start()]

    @property
    def last(self) -> Client:
        """The one that lives."""
        return self.all[-1]

    def replace(self, cables: tuple[tuple[str, str], ...]) -> tuple[int, int | None]:
        """Its ports vanish, whatever sounds; another's come, which goes on with the next phrase.

        When they were there, and when the jam had connected the `cables`, each (ours, the jam's);
        None if it did not, and they were connected by hand.
        """
        self.last.vanish()
        self._server.wait_until_gone(f"{self._name}:")
        self._first += self.last.count("begun")
        self.all.append(self._start())
        plugged_ns = time.monotonic_ns()

        def found() -> bool:
            return all(self._server.connections(ours) for ours, _ in cables)

        back_ns: int | None = None
        with contextlib.suppress(TimeoutError):
            wait_for(found, "the jam to find its ports", FOUND_S)
            back_ns = time.monotonic_ns()
        if back_ns is None:
            for ours, theirs in cables:
                is_source = ours.endswith(":out")
                self._server.connect(*((ours, theirs) if is_source else (theirs, ours)))
        self.last.go()
        return plugged_ns, back_ns

    def events(self, kind: str) -> list[list[Heard]]:
        """What each of them played or heard."""
        return [client.events(kind) for client in self.all]

    def kill(self) -> None:
        """End whoever still lives."""
        for client in self.all:
            client.kill()

    def _start(self) -> Client:
        client = Client(self._name, self._server.environment, self._music[self._first :])
        self._server.wait_for_port(f"{self._name}:in")
        return client


def play(
    server: JackServer, folder: Path, music: list[Turn], args: argparse.Namespace
) -> dict[str, object]:
    """The whole run; everything that is printed."""
    in_real_time = not args.plain_server and grant_real_time(server.pid, SERVERS_PRIORITY)
    recorder, player = Programs(server, "recorder", []), Programs(server, "player", music)
    opening = Open(system="JACK", profile=PROFILE, seed=SESSION_SEED)
    if args.faults:  # ports that the jam looks for, so that it finds them again
        opening = msgspec.structs.replace(
            opening, ins=("player:out",), outs=("recorder:in", "player:in")
        )
    furnish(folder, settings_from(args.say))
    start: Starts = Windowed if args.window else Alone
    jam = start(server.environment, folder, opening)
    pupil: Pupil | None = None
    try:
        jam.wait_until_ready()
        if not args.faults:
            server.connect("player:out", "Antiphon In")
            server.connect("Antiphon Out", "player:in")
            server.connect("Antiphon Out", "recorder:in")
        pupil = Pupil(jam)
        watch, begin_ns = Watch(jam), time.monotonic_ns()
        player.last.go()
        breaking = _break(jam, server, player, recorder) if args.faults else None
        _wait(args.minutes * 60, jam)
        if breaking:
            breaking.close()
        end_ns = time.monotonic_ns()
        load = watch.close()
        asked = panics(jam, args.panics, args.seed)
        player.last.end(LET_IT_END_S)
        _wait_for_silence(jam)
        pupil.close()
        code = jam.end()
        recorder.last.end()
    finally:
        if pupil is not None:
            pupil.close()
        jam.end()
        recorder.kill()
        player.kill()
    logs = Logs(
        begin_ns,
        end_ns,
        jam.told,
        [heard for heards in player.events("played") for heard in heards],
        joined(recorder.events("heard")),
        [cycle for cycles in recorder.events("cycle") for cycle in cycles],
        watch.samples,
        asked,
        breaking.faults if breaking else [],
    )
    if args.keep:
        args.keep.write_bytes(pickle.dumps(logs))
    result: dict[str, object] = {
        "minutes": round((end_ns - begin_ns) / 6e10, 2),
        "phrases": sum(client.count("ended") for client in player.all),
    }
    result |= report(logs) | takes(folder, logs)
    if breaking:
        result |= faults(logs)
        result["faults_broken"] = breaking.broken
    xruns = sum(client.xruns for client in recorder.all)
    result["server_in_real_time"] = in_real_time
    return result | {"xruns": xruns, "exit_code": code, "window": jam.figures(), "machine": load}


def _break(jam: Jam, server: JackServer, player: Programs, recorder: Programs) -> Faults:
    return Faults(
        jam,
        server,
        cables={
            "player unplugged": ("player:out", "Antiphon In"),
            "listener unplugged": ("Antiphon Out:to recorder", "recorder:in"),
        },
        replace={
            "player gone": lambda: player.replace(
                (("player:out", "Antiphon In"), ("player:in", "Antiphon Out:to player"))
            ),
            "listener gone": lambda: recorder.replace(
                (("recorder:in", "Antiphon Out:to recorder"),)
            ),
        },
    )


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
    parser.add_argument(
        "--no-window", dest="window", action="store_false", help="the session process alone"
    )
    parser.add_argument(
        "--plain-server", action="store_true", help="the MIDI server competes as any program does"
    )
    parser.add_argument("--panics", type=int, default=PANICS, help="how often it is asked for")
    parser.add_argument("--keep", type=Path, help="write what happened to this file, too")
    args = parser.parse_args()
    if args.quick:
        args.minutes, args.panics = QUICK_MINUTES, QUICK_PANICS
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
