"""Words of the dock: sentences of the command line in a window's words, moments, counts.

Plain strings, no Qt. It refuses to soften: what it does not know it passes on as it is.
"""

import re
from datetime import datetime

from gui.takes.words import when

_WHOLE = (
    (
        "look at the preview anew with `antiphon share preview --new`, then send",
        "work it out anew, then send",
    ),
    ("`antiphon share on` tells what it would mean", "read below what it would mean"),
    ("say yes anew with `antiphon share on`", "read the text below and decide anew"),
    ("read it again with `antiphon share on`", "read it again below"),
    ("say yes to it with `antiphon share on`", "read the text below and decide anew"),
    ("sending yet: `antiphon share on`", "sending yet: look at what would be sent first"),
    ("choose some takes, or `antiphon share add FILE.mid`", "tick some of your takes"),
    ("name the key with `antiphon share server URL --key HEX`", "name the key below, at Server"),
    ("name it again with --key", "name it again below, at Server"),
    ("name one with `antiphon share server URL`", "name one below, at Server"),
    (
        "`antiphon share never --undo` allows it",
        "take the tick off “Never share from this computer” to have a choice",
    ),
)
_BY_VERB = {
    "material": "the list of takes",
    "preview": "“Show me what would be sent”",
    "revoke": "“Stop and forget”",
    "server": "the address at Server",
    "log": "the history below",
    "back": "“Keep mine”",
    "resume": "“Go on”",
}
_BEGIN = re.compile(r"(?<=[.!?] )[a-z]|^[a-z]")
_LONG = re.compile(r"\S{16}(?=\S)")
_TYPED = re.compile(r"`antiphon share ([a-z]+)[^`]*`")


def in_window(says: str) -> str:
    """A sentence of the command line, with the next step that there is here."""
    for typed, clicked in _WHOLE:
        says = says.replace(typed, clicked)
    says = _TYPED.sub(lambda found: _BY_VERB.get(found[1], "the Sharing dock"), says)
    return _BEGIN.sub(lambda found: found[0].upper(), says)


def moment(iso: str, now: datetime) -> str:
    """A moment as it was kept, "2 min ago, 14:03"; as it stands where it is none."""
    try:
        return when(datetime.fromisoformat(iso).astimezone().isoformat(), now)
    except ValueError:
        return iso


def breakable(text: str) -> str:
    """Long words, such as a hash, may go on in the next line."""
    return _LONG.sub(lambda found: found[0] + "\u200b", text)


def listed(words: tuple[str, ...]) -> str:
    """A list in a sentence: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
