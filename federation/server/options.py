"""The words of `antiphon serve`, `serve aggregate`, `serve admin`, and the settings they mean."""

import argparse
import os
from pathlib import Path

from platformdirs import user_data_path

from federation.server.database import of_folder
from federation.server.limits import Rate
from federation.server.settings import RULES, Limits, Places, Policy, Settings

ADMIN, AGGREGATE = "admin", "aggregate"
FOLDER_VARIABLE, DATABASE_VARIABLE = "ANTIPHON_SERVER", "ANTIPHON_SERVER_DATABASE"


def serve_parser() -> argparse.ArgumentParser:
    """`antiphon serve`."""
    parser = argparse.ArgumentParser(
        prog="antiphon serve",
        description="Run the sharing server: one process, SQLite, a folder, unless told otherwise.",
        epilog="Also: `antiphon serve aggregate` and `antiphon serve admin` (each with --help).",
    )
    _places(parser)
    policy(parser)
    default = Limits()
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=_port, default=8443, help="(%(default)s)")
    parser.add_argument(
        "--name", action="append", default=[], help="host name for the own certificate"
    )
    parser.add_argument("--cert", type=Path, help="PEM; without one it is made here")
    parser.add_argument("--key", type=Path, help="PEM, of --cert")
    parser.add_argument(
        "--plain-http", action="store_true", help="no TLS: only behind a proxy on this machine"
    )
    parser.add_argument(
        "--behind-proxy", default="", metavar="ADDRESS", help="whose X-Forwarded-For is believed"
    )
    parser.add_argument("--gateway-only", action="store_true", help="aggregation runs elsewhere")
    parser.add_argument(
        "--device-rate",
        type=float,
        default=default.device.a_second,
        help="requests a second (%(default)s)",
    )
    parser.add_argument(
        "--address-rate",
        type=float,
        default=default.address.a_second,
        help="requests a second (%(default)s)",
    )
    parser.add_argument(
        "--a-day",
        type=int,
        default=default.most_a_day,
        help="contributions of a device (%(default)s)",
    )
    parser.add_argument(
        "--enrolments-a-day",
        type=int,
        default=default.enrolments_a_day,
        help="of an address (%(default)s)",
    )
    parser.add_argument(
        "--request-s",
        type=float,
        default=default.request_s,
        help="time of a whole request (%(default)s)",
    )
    parser.add_argument(
        "--open-metrics", action="store_true", help="/metrics for other machines, too"
    )
    return parser


def aggregate_parser() -> argparse.ArgumentParser:
    """`antiphon serve aggregate`."""
    parser = argparse.ArgumentParser(
        prog="antiphon serve aggregate",
        description="Make versions, beside gateways that run elsewhere.",
    )
    _places(parser)
    policy(parser)
    parser.add_argument("--once", action="store_true", help="what can be made now, then end")
    return parser


def admin_parser() -> argparse.ArgumentParser:
    """`antiphon serve admin`."""
    parser = argparse.ArgumentParser(
        prog="antiphon serve admin",
        description="Look after a sharing server; it may run meanwhile.",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    def verb(name: str, words: str) -> argparse.ArgumentParser:
        found = verbs.add_parser(name, help=words, description=words)
        _places(found)
        return found

    init = verb("init", "make folder, key, tables and lineage; what is there stays")
    init.add_argument(
        "--consent", metavar="VERSION:SHA256", help="text to agree to; else this Antiphon's"
    )
    init.add_argument("--weights", type=Path, help="prior of the lineage; else the shipped one")
    init.add_argument("--lineage", type=Path, help="a lineage as JSON, for trials without a gate")
    verb("lineages", "which models are shared")
    close = verb("close", "a lineage takes no contributions any more")
    close.add_argument("lineage")
    verb("versions", "which versions were published").add_argument("--lineage")
    first = verb("publish-first", "begin a lineage with a version in which nothing is learnt")
    first.add_argument(
        "--from", dest="file", type=Path, help="a file of all B, in place of nothing"
    )
    first.add_argument("--lineage")
    first.add_argument(
        "--clip", type=float, default=Policy().clip, help="C, told to clients (%(default)s)"
    )
    withdraw = verb("withdraw", "take a version back; clients go back to the one before")
    withdraw.add_argument("version", type=int)
    withdraw.add_argument("--lineage")
    verb("quarantined", "what the gate kept back")
    verb("devices", "who takes part: keys without names")
    verb("revoke", "a device may send no more, and what waits of it goes").add_argument("device")
    verb("keys", "the release key's public half, for clients")
    consent = verb("consent", "the text of today, by version and hash")
    consent.add_argument("consent", metavar="VERSION:SHA256")
    data = verb("gate-data", "pack the gate's music from a data folder")
    data.add_argument("--data", type=Path)
    data.add_argument("--notes", type=int, default=12_000)
    policy(verb("aggregate", "make what versions can be made now"))
    return parser


def policy(parser: argparse.ArgumentParser) -> None:
    """How versions are made."""
    default = Policy()
    group = parser.add_argument_group("how versions are made")
    group.add_argument(
        "--least", type=int, default=default.least, help="devices a version (%(default)s)"
    )
    group.add_argument("--most", type=int, default=default.most, help="(%(default)s)")
    group.add_argument(
        "--small", action="store_true", help="a trial with fewer than 20; manifests say so"
    )
    group.add_argument(
        "--clip", type=float, default=default.clip, help="C, the limit of each change (%(default)s)"
    )
    group.add_argument("--rule", choices=RULES, default=default.rule)
    group.add_argument("--rate", type=float, help="the server's step (what was best for the rule)")
    group.add_argument(
        "--noise", type=float, default=0.0, metavar="Z", help="noise on the sum in units of C"
    )
    group.add_argument(
        "--gate-limit",
        type=float,
        default=default.gate_limit,
        help="share by which a version may be worse (%(default)s)",
    )
    group.add_argument("--without-gate", action="store_true", help="for trials; manifests say so")
    group.add_argument(
        "--no-median", action="store_true", help="do not try the median of what the gate keeps back"
    )
    group.add_argument("--lease-s", type=float, default=default.lease_s)
    group.add_argument("--every-s", type=float, default=default.every_s)
    group.add_argument(
        "--tier", choices=("here", "flower"), default="here", help="where sums are worked out"
    )


def policy_of(args: argparse.Namespace) -> Policy:
    """Raises ServerError."""
    return Policy(
        least=args.least, most=max(args.most, args.least), clip=args.clip,
        rule=args.rule, rate=args.rate,
        z=args.noise, small=args.small, gate_limit=args.gate_limit, without_gate=args.without_gate,
        then_median=not args.no_median, lease_s=args.lease_s, every_s=args.every_s, tier=args.tier,
    )  # fmt: skip


def places_of(args: argparse.Namespace) -> Places:
    """Where things lie."""
    folder = args.folder or Path(
        os.environ.get(FOLDER_VARIABLE) or user_data_path("antiphon") / "server"
    )
    database = args.database or os.environ.get(DATABASE_VARIABLE) or of_folder(folder)
    return Places(folder, database, args.blobs or str(folder / "blobs"))


def settings_of(args: argparse.Namespace) -> Settings:
    """Raises ServerError."""
    burst = 20.0
    limits = Limits(
        device=Rate(args.device_rate, max(burst, args.device_rate)),
        address=Rate(args.address_rate, 10 * args.address_rate),
        request_s=args.request_s,
        most_a_day=args.a_day,
        enrolments_a_day=args.enrolments_a_day,
        open_metrics=args.open_metrics,
    )
    return Settings(
        places_of(args), limits, policy_of(args), args.host, args.port, tuple(args.name), args.cert,
        args.key, args.plain_http, args.behind_proxy, not args.gateway_only,
    )  # fmt: skip


def _port(words: str) -> int:
    if not words.isdecimal() or not 1 <= int(words) <= 65_535:
        raise argparse.ArgumentTypeError(f"{words} is no port; name one from 1 to 65535")
    return int(words)


def _places(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder", type=Path, help=f"the server's folder (${FOLDER_VARIABLE}, or the user's data)"
    )
    parser.add_argument(
        "--database",
        metavar="URL",
        help=f"sqlite:///PATH or postgresql://... (${DATABASE_VARIABLE})",
    )
    parser.add_argument(
        "--blobs", metavar="URL", help="a folder, or an object store that fsspec knows"
    )
    parser.add_argument("--json", action="store_true", help="one JSON value on standard output")
