"""`antiphon serve`: the server; `serve aggregate`: versions alone; `serve admin`: look after it.

Exit codes: 0 it did its work, 1 it could not (a sentence and a next step on standard error), 2
wrong usage. With --json one JSON value goes to standard output and nothing else; a running server
prints one line when it listens. An empty folder is made ready by `serve` itself.
"""

import json
import logging
import signal
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from engine.words import complain

WRONG_USAGE = 2


def main(words: Sequence[str]) -> int:
    """Run `antiphon serve` with these words; returns the exit code."""
    from federation.server import options
    from federation.server.database import AwayError
    from federation.server.trouble import ServerError

    chosen = {
        options.ADMIN: (options.admin_parser, _admin),
        options.AGGREGATE: (options.aggregate_parser, _aggregate),
    }
    verb = words[0] if words else ""
    make, run = chosen.get(verb, (options.serve_parser, _serve))
    try:
        args = make().parse_args(list(words[1:] if verb in chosen else words))
    except SystemExit as stop:  # argparse has said why; --help ends with 0
        return int(stop.code or 0)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        return run(args)
    except ServerError as error:
        return complain(str(error))
    except AwayError as error:
        return complain(f"The database does not answer ({error}); start it, then try again.")
    except OSError as error:
        return complain(
            f"The server's folder cannot be used ({error}); look at its rights and its disk."
        )


def _serve(args: Namespace) -> int:
    from federation.server.options import settings_of
    from federation.server.running import Listening, serve

    settings = settings_of(args)
    if (settings.certificate is None) != (settings.key is None):
        complain("A certificate needs its key: name both --cert and --key.")
        return WRONG_USAGE
    _make_ready(args)

    def told(listening: Listening) -> None:
        if args.json:
            _print(
                {
                    "address": listening.address,
                    "certificate": listening.certificate and str(listening.certificate),
                }
            )
            return
        own = (
            f" Clients trust {listening.certificate}."
            if listening.certificate and not settings.certificate
            else ""
        )
        print(f"Sharing on {listening.address}.{own} Ctrl+C ends it.", flush=True)

    serve(settings, told)
    return 0


def _make_ready(args: Namespace) -> None:
    """An empty database gets a lineage of the shipped prior, and a first version."""
    from federation.server import admin, setup
    from federation.server.options import places_of

    here = setup.reached(places_of(args), time.time, time.sleep)
    try:
        if args.gateway_only:
            return
        if not here.book.lineages():
            admin.begin(here, Namespace(lineage=None, weights=None, consent=None))
            admin.first(here, Namespace(lineage=None, file=None, clip=args.clip))
        if not args.without_gate and not setup.has_gate(here):
            logging.getLogger("antiphon.sharing").warning(setup.NO_GATE)
    finally:
        here.database.close()


def _aggregate(args: Namespace) -> int:
    from federation.server import setup
    from federation.server.aggregator import Outcome
    from federation.server.options import places_of, policy_of
    from federation.server.running import aggregate

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def told(outcome: Outcome) -> None:
        if args.json:
            print(json.dumps(asdict(outcome)), flush=True)
        else:
            print(f"{outcome.what}: {outcome.says}", flush=True)

    here = setup.reached(places_of(args), time.time, stop.wait)
    aggregate(here, policy_of(args), once=args.once, stop=stop, told=told)
    return 0


def _admin(args: Namespace) -> int:
    from federation.server import admin, setup
    from federation.server.options import places_of

    places = places_of(args)
    if args.verb != "init":
        setup.must_be_there(places)
    here = setup.opened(places, time.time)
    try:
        value, text = admin.run(here, args)
    finally:
        here.database.close()
    if args.json:
        _print(value)
    else:
        print(text, flush=True)
    return 0


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
