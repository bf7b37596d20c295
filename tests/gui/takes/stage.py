"""What the tests of the takes panel share: a library with takes, and takes without one."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.events import Timebase, Voice
from plugin.takes import Take, TakeWriter, library_path

KNOWN = Timebase(96.0, 4.0, tempo_known=True)
BEAT_NS = 625_000_000
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def library(folder: Path, *names: str, timebase: Timebase = KNOWN) -> list[str]:
    """A library with one take a minute until noon, the oldest first; their ids."""
    moments = iter(NOON - timedelta(minutes=left) for left in range(len(names), 0, -1))
    writer = TakeWriter(library_path(folder), now=lambda: next(moments))
    ids = [play(writer, name, timebase) for name in names]
    assert writer.flush()
    writer.close()
    return ids


def play(writer: TakeWriter, name: str = "", timebase: Timebase = KNOWN) -> str:
    """Four notes and a pedal of the player's, a chord of the partner's that is left sounding."""
    take_id = writer.begin_take(
        timebase, model="prior", seed=7, settings={"way": "answer"}, name=name, start_beat=5.0
    )
    writer.message(take_id, Voice.PLAYER, 0, b"\xb0\x40\x7f")
    for place in range(4):
        at = place * BEAT_NS + 1234
        writer.message(take_id, Voice.PLAYER, at, bytes((0x90, 60 + place, 80)))
        writer.message(take_id, Voice.PLAYER, at + BEAT_NS // 2, bytes((0x90, 60 + place, 0)))
    for pitch in (48, 55):
        writer.message(take_id, Voice.PARTNER, 4 * BEAT_NS, bytes((0x91, pitch, 70)))
    writer.message(take_id, Voice.PARTNER, 5 * BEAT_NS, b"\x81\x30\x40")
    writer.finish(take_id)
    return take_id


def take(number: int = 0, **changed: object) -> Take:
    """A take that is in no library."""
    settings = changed.pop("settings", {})
    values: dict[str, object] = {
        "id": f"{NOON + timedelta(seconds=number):%Y%m%d-%H%M%S}-000aaaa",
        "started": (NOON + timedelta(seconds=number)).isoformat(),
        "name": "",
        "tempo_bpm": 96.0,
        "tempo_known": True,
        "beats_per_bar": 4.0,
        "start_beat": 0.0,
        "model": "prior",
        "seed": 7,
        "settings": settings if isinstance(settings, str) else json.dumps(settings),
        "starred": False,
        "finished": True,
        "heard_notes": 4,
        "answer_notes": 2,
    } | changed
    return Take(**values)  # type: ignore[arg-type]
