"""Random MIDI, valid, cut off and absurd, through the real way in and the real session.

    python -m benchmarks.fuzz [--messages 1000000] [--seed 1]

Half of the groups come through a port in memory, its filter and thinner and the loop, as messages
of a player do; the other half go to the session as they are, as if a MIDI system had let everything
pass. Ways of playing and all other settings change meanwhile, commands come, the engine answers
with good and bad plans, is killed and hangs. Time is simulated: floods come at 10,000 messages a
second. Printed: messages, seconds, the largest size of every container that grew at all, notes
that still sound in the end, exceptions.
"""

import argparse
import json
import random
import re
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import replace

from engine.api import Ask, Candidate, Candidates, FromEngine, Plan
from engine.events import Note, Timebase, Voice
from engine.limits import Constraints
from plugin import protocol
from plugin.backends.memory import MemoryBackend, MemoryHub
from plugin.hub import FilteredInput
from plugin.realtime.clock import ManualClock
from plugin.realtime.loop import Loop
from plugin.session import Session
from plugin.settings import ClockSource, Companions, Settings, Way, Yield
from tests.fakes.engine import FakeEngine
from tests.plugin.sizes import sizes

MS = 1_000_000
FLOOD_GAP_NS = 100_000
MEGABYTE = bytes([0xF0]) + bytes(1_000_000) + bytes([0xF7])
GROUPS = (30, 300, 5_000, 5_000)
"""Messages under one way of playing; more than a hundred come as a flood."""
WORTH_TELLING = 32
COMMANDS: list[protocol.Command] = [
    *(protocol.Go(), protocol.Again(), protocol.Hold(True), protocol.Hold(False)),
    *(protocol.Forget(), protocol.Tap(), protocol.Start(), protocol.Stop(), protocol.Panic()),
    *(protocol.Star(), protocol.Star(False), protocol.Keep(), protocol.Delete()),
    *(protocol.Alternatives(), protocol.Choose(1), protocol.Choose(2), protocol.Adopt()),
    *(protocol.UseProfile("anna"), protocol.UseProfile()),
]


class CountedTakes:
    """A take log that keeps nothing but what must be true of it."""

    def __init__(self) -> None:
        self.begun = self.finished = self.messages = 0
        self._last_ns = 0

    def begin_take(
        self,
        timebase: Timebase,
        *,
        model: str = "",
        seed: int | None = None,
        settings: Mapping[str, object] | None = None,
        start_beat: float = 0.0,
    ) -> str:
        """A new take; the one before is over."""
        assert self.begun == self.finished, "two takes at a time"
        self.begun += 1
        self._last_ns = 0
        return str(self.begun)

    def message(self, take_id: str, side: Voice, t_ns: int, message: bytes) -> None:
        """A message of the open take, in order of time."""
        assert take_id == str(self.begun), "a message for a take that is over"
        assert self.begun == self.finished + 1, "a message for a take that is over"
        assert t_ns >= self._last_ns, "time went back in a take"
        self._last_ns = t_ns
        self.messages += 1

    def finish(
        self,
        take_id: str,
        *,
        model: str | None = None,
        seed: int | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        """The open take is over."""
        assert take_id == str(self.begun), "another take is open"
        self.finished += 1

    def star(self, take_id: str, on: bool) -> None:
        """A take that was begun."""
        assert 1 <= int(take_id) <= self.begun

    def keep(self, take_id: str) -> None:
        """A take that was begun."""
        assert 1 <= int(take_id) <= self.begun

    def delete(self, take_id: str) -> None:
        """A take that is over."""
        assert 1 <= int(take_id) <= self.finished


class Ears:
    """Who listens to the output, and counts what sounds."""

    def __init__(self) -> None:
        self.note_ons = self.orphans = self.doubles = 0
        self.sounding: Counter[tuple[int, int]] = Counter()

    def hear(self, message: bytes) -> None:
        """One message that went out."""
        if message[0] & 0xE0 != 0x80:
            return
        key = (message[0] & 0x0F, message[1])
        if message[0] & 0x10 and message[2]:
            self.note_ons += 1
            self.doubles += self.sounding[key] > 0
            self.sounding[key] += 1
        elif self.sounding[key]:
            self.sounding[key] -= 1
        else:
            self.orphans += 1


class RawPort:
    """An input that lets everything pass."""

    name = "raw"

    def __init__(self) -> None:
        self.queue: deque[bytes] = deque()

    def poll(self) -> bytes | None:
        """The next bytes, whatever they are."""
        return self.queue.popleft() if self.queue else None

    def alive(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Nothing is held."""


KINDS = {"on": 30, "off": 20, "knob": 10, "wheel": 6, "short": 4, "clock": 12}
KINDS |= {"position": 3, "sysex": 2, "cut": 8, "noise": 5}
STATUS = {
    "on": (0x90,),
    "off": (0x80,),
    "knob": (0xB0,),
    "wheel": (0xA0, 0xE0),
    "short": (0xC0, 0xD0),
    "clock": (0xF8, 0xF8, 0xF8, 0xFA, 0xFB, 0xFC, 0xFE, 0xFF),
    "position": (0xF2,),
    "sysex": (0xF0,),
}


def a_message(chance: random.Random) -> bytes:
    """Anything that may come out of a cable."""
    (kind,) = chance.choices([*KINDS], [*KINDS.values()])
    first, value = chance.randrange(128), chance.randrange(128)
    if kind == "noise":
        return chance.randbytes(chance.randrange(9))
    if kind == "cut":  # off, or with something behind it
        whole = bytes((chance.randrange(0x80, 0x100), first, value))
        return whole[: chance.randrange(3)] + chance.randbytes(chance.choice((0, 0, 1, 3)))
    status = chance.choice(STATUS[kind])
    if status < 0xF0:
        status |= chance.choice((0, 0, 0, 1, 9, chance.randrange(16)))
    if kind == "sysex":
        return bytes((status, *chance.randbytes(chance.randrange(40)), 0xF7))
    if kind in ("on", "off"):
        first = chance.randrange(48, 80)
    elif kind == "knob":
        first = chance.choice((1, 64, 120, 121, 123, 126, 6, 100, first))
    return bytes((status, first, value))[: {"clock": 1, "short": 2}.get(kind, 3)]


def some_settings(chance: random.Random, way: Way) -> Settings:
    """All dials anywhere."""
    return Settings(
        way=way,
        eagerness=chance.random(),
        yields=chance.choice(list(Yield)),
        bars=chance.choice((1, 2, 4, 8)),
        partner_starts=chance.random() < 0.3,
        presence=chance.random(),
        companions=chance.choice(list(Companions)),
        distance=chance.random(),
        limits=Constraints(lowest=chance.randrange(60), highest=chance.randrange(60, 128)),
        bpm=chance.choice((None, None, 20.0, 120.0, 400.0)),
        beats_per_bar=chance.choice((4.0, 4.0, 3.0, 0.5, 16.0)),
        clock=chance.choice(list(ClockSource)),
        send_clock=chance.random() < 0.3,
        metronome=chance.random() < 0.3,
        count_in_bars=chance.choice((0, 0, 1)),
        partner_channel=chance.choice((None, 0, 9)),
        state_cc=chance.choice((None, (15, 20))),
        latency_ms=chance.choice((0.0, 20.0, 500.0)),
    )


class Fuzz:
    """One run: what surrounds the session, and what is counted."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = ManualClock(1_000 * MS)
        self.engine, self.takes, self.ears = FakeEngine(self._answer), CountedTakes(), Ears()
        hub = MemoryHub()
        app, daw = MemoryBackend(hub), MemoryBackend(hub)
        heard = app.open_input("Antiphon In", virtual=True)
        output = app.open_output("Antiphon Out", virtual=True)
        self._keys = daw.open_output(heard.name, virtual=False)
        self._daw_ears = daw.open_input(output.name, virtual=False)
        self._raw, self._filtered = RawPort(), FilteredInput(heard, self.clock)
        self.events: Counter[str] = Counter()
        self.session = Session(
            send=output.send,
            engine=self.engine,
            takes=self.takes,
            emit=self._count,
            settings=Settings(),
            seed=seed,
            thru=True,
        )
        self._loop = Loop(
            self.session,
            clock=self.clock,
            inputs=[self._filtered, self._raw],
            output=output,
            engine=self.engine,
        )
        self.messages = self.refused = 0
        self.says: set[str] = set()
        self.peaks: dict[str, int] = {}
        self.exceptions: list[str] = []

    def run(self, messages: int) -> dict[str, object]:
        """So many messages, in groups under one way each; what was seen."""
        began = time.perf_counter()
        group = 0
        while self.messages < messages:
            self._group(min(self.chance.choice(GROUPS), messages - self.messages), group)
            group += 1
        self._try(lambda: self.session.close(self.clock.now_ns()))
        self._listen()
        stuck = sum(self.ears.sounding.values())
        return {
            "messages": self.messages,
            "refused_by_the_port": self.refused,
            "seconds": round(time.perf_counter() - began, 1),
            "simulated_seconds": round(self.clock.now_ns() / 1e9),
            "note_ons_sent": self.ears.note_ons,
            "stuck_notes": stuck,
            "note_offs_without_a_note": self.ears.orphans,
            "keys_struck_twice": self.ears.doubles,
            "takes": self.takes.begun,
            "takes_open": self.takes.begun - self.takes.finished,
            "engine_lives": self.engine.lives,
            "events": dict(sorted(self.events.items())),
            "sentences": sorted(self.says),
            "peak_sizes": dict(
                sorted(
                    ((path, size) for path, size in self.peaks.items() if size > WORTH_TELLING),
                    key=lambda entry: -entry[1],
                )
            ),
            "exceptions": len(self.exceptions),
            "first_exception": self.exceptions[0] if self.exceptions else "",
        }

    def _group(self, size: int, number: int) -> None:
        chance, raw = self.chance, number % 2 == 1
        way = list(Way)[number // 2 % len(Way)]
        self._try(lambda: self._command(protocol.Change(some_settings(chance, way))))
        for _ in range(size):
            self._put(a_message(chance), raw=raw)
            self._pass(FLOOD_GAP_NS if size > 100 else round(chance.expovariate(0.01) * MS))
            if chance.random() < 0.005:
                self._try(lambda: self._command(chance.choice(COMMANDS)))
            if chance.random() < 0.001:
                chance.choice((self.engine.die, self.engine.hang))()
        if number % 20 == 3:
            self._put(MEGABYTE, raw=raw)
            self.messages -= 1
        if number % 4 == 3:
            self._try(lambda: self._command(protocol.Hold(False)))
            self._try(lambda: self.session.player_gone(self.clock.now_ns()))
        self._pass(chance.choice((10, 300, 2_500)) * MS)
        self.engine.log.clear()
        self.engine.told.clear()
        for path, held in sizes(self.session).items():
            path = re.sub(r"\[[^\]]*\]", "[]", path)
            self.peaks[path] = max(self.peaks.get(path, 0), held)

    def _put(self, message: bytes, *, raw: bool) -> None:
        self.messages += 1
        if raw:
            self._raw.queue.append(message)
            return
        try:
            self._keys.send(message)
        except ValueError:
            self.refused += 1

    def _pass(self, gap_ns: int) -> None:
        """Let time pass; what comes within one millisecond is polled together."""
        end_ns = self.clock.now_ns() + gap_ns
        if gap_ns < MS and end_ns % MS >= gap_ns:
            self.clock.advance_ns(gap_ns)
            return
        while self.clock.now_ns() < end_ns:
            self._try(self._loop.round)
            self._listen()

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception:  # whatever it is, it is what is looked for here
            self.exceptions.append(traceback.format_exc())
            self.clock.advance_ns(MS)

    def _command(self, command: protocol.Command) -> None:
        self.session.command(self.clock.now_ns(), command)

    def _listen(self) -> None:
        while (message := self._daw_ears.poll()) is not None:
            self.ears.hear(message)

    def _count(self, event: protocol.Event) -> None:
        self.events[type(event).__name__] += 1
        if isinstance(event, protocol.Trouble | protocol.Said):
            self.says.add(event.says)

    def _answer(self, ask: Ask) -> list[FromEngine]:
        """A line, mostly; sometimes nothing, nonsense, or the first half of something."""
        chance = self.chance
        notes = [
            Note(ask.start_beat + 0.25 * n, 0.3, chance.randrange(48, 80), chance.randrange(1, 128))
            for n in range(chance.choice((0, 1, 8, 24)))
        ]
        if chance.random() < 0.1:
            notes.append(Note(float("nan"), -1.0, 200, 300))
        if chance.random() < 0.1:
            notes = [replace(note, onset=note.onset * 7) for note in notes]
        ends = ((chance.randrange(48, 80), ask.start_beat + 4 * chance.random()),)
        done = chance.random() < 0.9
        said: list[FromEngine] = [
            Plan(ask.request, tuple(notes), done, 0.0, ends=ends, seed=ask.seed)
        ]
        if chance.random() < 0.5:
            other = tuple(replace(note, pitch=60) for note in notes)
            said.append(Plan(ask.request, other, True, 0.0, seed=7, anew=True))
            found = (Candidate(7, other, 1.0), Candidate(ask.seed, tuple(notes), 0.0))
            said.append(Candidates(ask.request, found))
        return said


def main() -> None:
    """Print one JSON object."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--messages", type=int, default=1_000_000)
    words.add_argument("--seed", type=int, default=1)
    given = words.parse_args()
    print(json.dumps(Fuzz(given.seed).run(given.messages), indent=2))


if __name__ == "__main__":
    main()
