"""What `antiphon share` prints for people. It refuses to decide and to write."""

from typing import Any

import msgspec

from federation.client.course import Course
from federation.client.ledger import Entry
from federation.client.material import Item
from federation.client.preview import Histogram, Preview
from federation.client.status import SharingStatus

NOTHING_TEACHES = (
    "Nothing may teach yet, so there is nothing to see: antiphon share add FILE.mid, then "
    "antiphon share on."
)
IS_ON = "Sharing is on. `antiphon share off` ends it at once, `antiphon share log` shows it all."
PAUSED = "Sharing is on, but paused: `antiphon share resume` goes on."
ANEW = (
    "Next: `antiphon share preview --new` works it out from the server's newest version, and "
    "`antiphon share send` sends that; so far nothing was asked of the server."
)
NO_KEY = "Who signs its versions is not known yet: whoever runs it tells the key, for --key HEX."
TERMS = (
    "These choices hold from the next change on that you look at; until then nothing is sent: "
    "antiphon share on"
)
_BECAME = {
    "pending": "waits there until enough others have given", "leased": "is being added up there",
    "used": "used", "withdrawn": "taken back", "expired": "no longer there, not used",
    "quarantined": "not used: the version it was in was no better",
}  # fmt: skip
_TO_SECONDS = len("2026-12-31T23:59:59")
_BAR = 40


def status(now: SharingStatus, course: Course) -> str:
    """What is the case."""
    lines = [f"Sharing is {_stands(now)}."]
    lines += [says for says in (now.forbidden, now.asks_again, now.trouble) if says]
    if now.stage == "off" and len(lines) == 1:
        lines.append("antiphon share on tells what it would mean; to look changes nothing.")
    if now.server is not None:
        lines.append(f"Server: {now.server.url}")
    if now.stage != "off" and now.choices is not None:
        asking = now.choices.asking + (f" {now.choices.until}" if now.choices.until else "")
        lines.append(f"Agreed on {now.agreed}; asks: {asking}.")
        pieces = "1 piece" if now.items == 1 else f"{now.items} pieces"
        lines.append(f"May teach: {pieces}, {now.notes:,} notes.")
    if now.preview:
        lines.append("A preview waits for you: antiphon share preview")
    if now.waiting:
        lines.append(f"Approved and not yet sent: {now.waiting}.")
    for one in course.sent[-3:]:
        used = f", used in version {one.used_in}" if one.used_in else ""
        others = f" together with {one.others} others" if one.others else ""
        became = _BECAME.get(one.state, one.state)
        lines.append(f"Sent {one.when[:_TO_SECONDS]} UTC: {became}{used}{others}.")
    if now.version is not None:
        lines.append(f"Shared version {now.version} plays here.")
    if now.forgetting:
        lines.append("The server has not heard yet that it should forget: antiphon share revoke")
    return "\n".join(lines)


def _stands(now: SharingStatus) -> str:
    """In a few words; what forbids it is stronger than what was agreed to."""
    if now.forbidden or now.stage == "off":
        return "off"
    if now.stage == "look":
        return "off (you may look at what would be sent)"
    return "on, paused (`antiphon share resume` goes on)" if now.paused else "on"


def preview(found: Preview) -> str:
    """Everything about what would be sent."""
    lines = [
        found.sentence,
        f"  file      {found.path}",
        f"  SHA-256   {found.sha256}",
        f"  made from {found.notes:,} notes in {found.phrases} phrases, told as “{_notes(found)}”",
        "  starts at "
        + (f"shared version {found.version}" if found.version else "the model as it came"),
        f"  length    {found.norm_before:.4g} before the limit of {found.clip:g}, "
        f"{found.norm:.4g} after" + (f", blurred by {found.sigma:g}" if found.sigma else ""),
        "  values    before -> after",
        *_bars(found.histogram_before, found.histogram),
        f"  privacy   {found.privacy}",
        f"  leak test {found.leak.says}",
        "What never leaves: " + ", ".join(found.never_leaves) + ".",
    ]
    return "\n".join([*lines, *found.remarks])


def preview_value(found: Preview) -> dict[str, Any]:
    """The same as one JSON value."""
    value: dict[str, Any] = msgspec.to_builtins(found)
    return value | {
        "sentence": found.sentence,
        "never_leaves": list(found.never_leaves),
        "epsilon_left": found.epsilon_left,
        "privacy": found.privacy,
        "leak_says": found.leak.says,
    }


def entry(one: Entry) -> str:
    """A line of the log."""
    parts = [one.when, one.what, one.result]
    if one.server:
        parts.append(one.server)
    if one.bytes:
        parts.append(f"{one.bytes:,} bytes, SHA-256 {one.sha256}")
    if one.version is not None:
        parts.append(f"version {one.version}")
    if one.norm is not None:
        blur = f", sigma {one.sigma:g}" if one.sigma else ""
        parts.append(f"length {one.norm:.4g} (limit {one.clip:g}{blur})")
    if one.epsilon_spent is not None:
        parts.append(f"epsilon {one.epsilon_spent:.2f} spent, {one.epsilon_left or 0:.2f} left")
    return "  ".join(parts)


def item(one: Item) -> str:
    """A piece that may teach."""
    return f"{one.id}  {one.name}  {one.notes:,} notes  from {one.origin}, {one.added}"


def _notes(found: Preview) -> str:
    return f"{found.words.get('notes', '?')} notes or more"


def _bars(before: Histogram, after: Histogram) -> list[str]:
    most = max(1, *before.counts, *after.counts)
    lines = []
    for low, high, one, other in zip(
        after.edges, after.edges[1:], before.counts, after.counts, strict=False
    ):
        if one or other:
            bar = "#" * max(1, round(_BAR * other / most)) if other else ""
            lines.append(f"    {low:+.2e} .. {high:+.2e}  {one:>7,} -> {other:>7,}  {bar}")
    return lines
