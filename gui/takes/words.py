"""What the window says of a take: when it was, what is in it, and the row for a screen reader.

Without Qt; the present moment is handed in. It refuses to say what the library does not know.
"""

from datetime import datetime

from plugin.takes import Take

_MINUTE_S = 60
_HOUR_S = 3600


def when(started: str, now: datetime) -> str:
    """A moment, relative and then by the clock on the wall: "2 min ago, 14:03".

    started: ISO 8601 with its zone. now: with a zone, in which the clock is read.
    """
    then = datetime.fromisoformat(started).astimezone(now.tzinfo)
    seconds = (now - then).total_seconds()
    days = (now.date() - then.date()).days
    if seconds < 0 or days > 6:
        # A clock that was set back, or long ago: the date says more.
        return f"{then.day} {then:%b %Y, %H:%M}"
    if seconds < _MINUTE_S:
        ago = "just now"
    elif seconds < _HOUR_S:
        ago = f"{int(seconds // _MINUTE_S)} min ago"
    elif days == 0:
        ago = f"{int(seconds // _HOUR_S)} h ago"
    else:
        ago = "yesterday" if days == 1 else f"{days} days ago"
    return f"{ago}, {then:%H:%M}"


def counted(number: int, one: str = "note") -> str:
    """A number of things: "1 note", "12 notes"."""
    return f"1 {one}" if number == 1 else f"{number:,} {one}s"


def content(take: Take) -> str:
    """What is in a take: "you 12, partner 9 notes"."""
    if not take.answer_notes:
        return f"you {counted(take.heard_notes)}"
    if not take.heard_notes:
        return f"partner {counted(take.answer_notes)}"
    return f"you {take.heard_notes:,}, partner {counted(take.answer_notes)}"


def tempo(take: Take) -> str:
    """Its tempo with the unit, or that it has none."""
    return f"{take.tempo_bpm:.1f} bpm" if take.tempo_known else "free time"


def heading(take: Take, now: datetime) -> str:
    """What stands first in its row: the name, else when it was."""
    return take.name or when(take.started, now)


def below(take: Take, now: datetime) -> str:
    """What stands below that."""
    parts = [when(take.started, now)] if take.name else []
    return " · ".join([*parts, content(take), tempo(take)])


def spoken(take: Take, now: datetime, *, playing: bool = False) -> str:
    """The whole row in words, for whoever hears it."""
    parts = [heading(take, now)]
    if take.starred:
        parts.append("starred")
    if playing:
        parts.append("playing")
    if not take.finished:
        parts.append("not finished")
    if take.name:
        parts.append(when(take.started, now))
    return ", ".join([*parts, content(take), tempo(take)])


def searched(take: Take) -> str:
    """What a search looks in: name, date and time by the clock on the wall, tempo."""
    then = datetime.fromisoformat(take.started).astimezone()
    return f"{take.name} {then.day} {then:%b %Y %H:%M %A} {tempo(take)}".casefold()


def matches(hay: str, text: str) -> bool:
    """Whether every word of `text` is in what `searched` gave."""
    return all(word in hay for word in text.casefold().split())
