"""The words of `antiphon share`. It refuses to run anything."""

from argparse import ArgumentParser
from pathlib import Path


def parser() -> ArgumentParser:
    """All verbs with their options."""
    top = ArgumentParser(
        prog="antiphon share",
        description="Share what was learned, never what was played. Off unless you say so twice.",
    )
    common = ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON value")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)

    def verb(name: str, text: str) -> ArgumentParser:
        return verbs.add_parser(name, help=text, description=text, parents=[common])

    on = verb("on", "read what it means, see what would be sent, then say yes or no")
    on.add_argument("--read", metavar="VERSION", help="the version of the text that was read")
    on.add_argument("--seen", metavar="HASH", help="the hash of the change that was seen")
    on.add_argument("--until", metavar="DAY", help="send without asking until this day")
    on.add_argument("--ask", action="store_true", help="ask every time")
    on.add_argument("--most-a-week", type=int, metavar="N", help="contributions, 1 to 7")
    on.add_argument("--epsilon-most", type=float, metavar="E", help="the privacy budget")
    on.add_argument("--on-battery", action="store_true", help="on battery, too")
    verb("off", "nothing is worked out, kept or sent any more")
    verb("status", "what is the case")
    preview = verb("preview", "exactly what would be sent")
    preview.add_argument("--new", action="store_true", help="work it out anew")
    preview.add_argument("-o", "--output", type=Path, metavar="FILE", help="save the very file")
    send = verb("send", "send what was shown")
    send.add_argument("hash", nargs="?", metavar="HASH", help="of the preview")
    send.add_argument("--not-this-time", action="store_true", help="throw it away instead")
    verb("log", "every attempt there was")
    revoke = verb("revoke", "stop for good: delete it all, ask the server to forget this device")
    revoke.add_argument("--yes", action="store_true", help="do it without a question")
    revoke.add_argument(
        "--keep-received", action="store_true", help="what others taught the model goes on playing"
    )
    add = verb("add", "let MIDI files teach")
    add.add_argument("files", nargs="+", type=Path, metavar="FILE.mid")
    verb("material", "what may teach")
    remove = verb("remove", "it no longer teaches")
    remove.add_argument("named", nargs="+", metavar="NAME-OR-ID")
    receive = verb("receive", "look for a newer version and use it if it suits you better")
    often = receive.add_mutually_exclusive_group()
    often.add_argument("--always", action="store_true", help="and from now on now and then")
    often.add_argument("--never", action="store_true", help="no longer unasked")
    verb("back", "use what was used before the last version")
    server = verb("server", "with whom; another one needs a new yes")
    server.add_argument("url", nargs="?", metavar="URL", help="begins with https://")
    server.add_argument("--ca", type=Path, metavar="FILE", help="certificates to trust")
    server.add_argument("--key", metavar="HEX", help="public key that signs its versions")
    verb("pause", "for a while; your yes stays")
    verb("resume", "go on")
    never = verb("never", "switch sharing off, whatever was agreed to")
    never.add_argument("--undo", action="store_true", help="allow a choice again")
    return top
