"""Puts what both sides play in the order in which the music model is told it: by onset.

A note is complete when it has ended, and is told then, after every note that began before it. What
still sounds, and what waits behind it, is open: questions to the engine carry it along
(`Ask.so_far`) until it is told. Behind a drone nothing waits for long: a note that many others wait
for is told as held, once, and its end is not told any more. It refuses to know keys, what channels
mean, and beats.

    heard  =  complete, told once, in order of onset
    open   =  sounds, or waits for one that sounds; told again and again as it stands
"""

from collections.abc import Hashable
from dataclasses import dataclass

from engine.events import Voice
from plugin.realtime.listener import HeardNote

MOST_WAITING = 12
"""So many complete notes may wait for one that sounds on."""


@dataclass(frozen=True, slots=True)
class Told:
    """A note as it stands: `held` if it still sounds."""

    voice: Voice
    note: HeardNote
    held: bool = False


@dataclass(slots=True)
class _Entry:
    voice: Voice
    start_ns: int
    channel: int
    pitch: int
    velocity: int
    planned_end_ns: int | None
    end_ns: int | None = None

    def as_note(self, now_ns: int) -> HeardNote:
        end_ns = self.end_ns or self.planned_end_ns or now_ns
        return HeardNote(
            self.start_ns, max(end_ns, self.start_ns + 1), self.channel, self.pitch, self.velocity
        )


class Telling:
    """Notes of both sides between their beginning and their being told. Thread: one."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._sounding: dict[Hashable, _Entry] = {}

    def begin(
        self,
        key: Hashable,
        voice: Voice,
        start_ns: int,
        *,
        channel: int,
        pitch: int,
        velocity: int,
        planned_end_ns: int | None = None,
    ) -> None:
        """A note began; `key` names it until it ends. A key that sounds already ends first."""
        self.end(key, start_ns)
        entry = _Entry(voice, start_ns, channel, pitch, velocity, planned_end_ns)
        place = len(self._entries)
        while place and (start_ns, pitch) < (
            self._entries[place - 1].start_ns,
            self._entries[place - 1].pitch,
        ):
            place -= 1  # a chord is told from the bass up
        self._entries.insert(place, entry)
        self._sounding[key] = entry

    def end(self, key: Hashable, end_ns: int) -> None:
        """The note `key` ended; nothing if it does not sound or was told as held."""
        entry = self._sounding.pop(key, None)
        if entry is not None:
            entry.end_ns = max(end_ns, entry.start_ns + 1)

    def take_complete(self, now_ns: int) -> list[Told]:
        """What is to be told for good now, in order of onset."""
        told: list[Told] = []
        entries = self._entries
        while entries:
            first = entries[0]
            held = first.end_ns is None
            if held and sum(entry.end_ns is not None for entry in entries) <= MOST_WAITING:
                break
            if held:
                self._forget_sounding(first)
            told.append(Told(first.voice, first.as_note(now_ns), held))
            del entries[0]
        return told

    def open(self, now_ns: int) -> list[Told]:
        """What is not told yet, in order of onset; a partner's note is as long as it is planned."""
        return [
            Told(
                entry.voice,
                entry.as_note(now_ns),
                held=entry.end_ns is None and entry.planned_end_ns is None,
            )
            for entry in self._entries
        ]

    def clear(self) -> None:
        """Forget everything; what sounds now is never told."""
        self._entries.clear()
        self._sounding.clear()

    def _forget_sounding(self, entry: _Entry) -> None:
        for key, sounding in self._sounding.items():
            if sounding is entry:
                del self._sounding[key]
                return
