"""Hands what both sides played to the take library, message by message, in the take it belongs to.

One take is open at a time. A sustain pedal that went down before the phrase began is written at its
beginning, so that a take sounds as it did. What the player played while the partner was still
falling silent is in both takes, and a phrase that is answered again is in each take anew. It
refuses to know who plays next and why.
"""

from collections.abc import Mapping, Sequence

from engine.events import Timebase, Voice
from engine.smf.notes import SUSTAIN_PEDAL
from plugin.hindsight import Hindsight
from plugin.take_log import TakeLog

RESET_CONTROLLERS = 121
MOST_KEPT = 4096
"""Messages of one phrase that can be written into another take, too."""

Heard = tuple[int, bytes]
"""A message of the player, and its nanosecond."""


class Recorder:
    """Thread: one. Real-time: yes."""

    def __init__(self, takes: TakeLog, hindsight: Hindsight | None = None) -> None:
        """hindsight is told everything, in a take or not."""
        self._takes, self._hindsight = takes, hindsight
        self._take_id = ""
        self._start_ns = 0
        self._settings: dict[str, object] = {}
        self._pedal: dict[int, bytes] = {}
        """The message that put each channel's pedal down."""
        self._phrase: list[Heard] = []

    @property
    def take_id(self) -> str:
        """The take that is open, "" while there is none."""
        return self._take_id

    def begin(
        self,
        now_ns: int,
        timebase: Timebase,
        *,
        start_beat: float,
        model: str,
        seed: int,
        settings: Mapping[str, object],
        earlier: Sequence[Heard] = (),
    ) -> None:
        """A phrase begins, and its take; `earlier` is what was played of it already."""
        self.finish()
        self._start_ns = earlier[0][0] if earlier else now_ns
        self._settings, self._phrase = dict(settings), []
        self._take_id = self._takes.begin_take(
            timebase, model=model, seed=seed, settings=settings, start_beat=start_beat
        )
        for message in self._pedal.values():
            self._takes.message(self._take_id, Voice.PLAYER, 0, message)
        for at_ns, message in earlier:
            self._phrase.append((at_ns, message))
            self._put(Voice.PLAYER, at_ns, message)

    def phrase_since(self, since_ns: int) -> list[Heard]:
        """What the player played in the open take or the last one, from a moment on."""
        return [(at_ns, message) for at_ns, message in self._phrase if at_ns >= since_ns]

    def heard(self, now_ns: int, message: bytes) -> None:
        """A channel message of the player; between two takes only the pedal is remembered."""
        self._remember(Voice.PLAYER, now_ns, message)
        if message[0] & 0xF0 == 0xB0:
            self._watch_pedal(message)
        if self._take_id and len(self._phrase) < MOST_KEPT:
            self._phrase.append((now_ns, message))
        self._put(Voice.PLAYER, now_ns, message)

    def sent(self, now_ns: int, message: bytes) -> None:
        """A message of the partner."""
        self._remember(Voice.PARTNER, now_ns, message)
        self._put(Voice.PARTNER, now_ns, message)

    def note(self, **settings: object) -> None:
        """More of what is needed to make this answer again."""
        self._settings.update(settings)

    def finish(self, model: str = "", seed: int | None = None) -> None:
        """The take is complete; without an open one: nothing. seed: that of its answer."""
        take_id, self._take_id = self._take_id, ""
        if take_id:
            self._takes.finish(take_id, model=model or None, seed=seed, settings=self._settings)

    def star(self, take_id: str, on: bool) -> None:
        """Give a take a star, or take it away."""
        self._takes.star(take_id, on)

    def keep(self, take_id: str) -> None:
        """Note that the player wants to keep this take."""
        if take_id == self._take_id:
            self._settings["kept"] = True
        else:
            self._takes.keep(take_id)

    def keep_last(self, model: str, way: str) -> str:
        """What was just played becomes a take of its own: its id, "" where nothing was."""
        return self._hindsight.keep(model, way) if self._hindsight is not None else ""

    def tick(self) -> None:
        """Go on writing what is long."""
        if self._hindsight is not None:
            self._hindsight.write()

    def close(self) -> None:
        """Write what is left; nothing is played any more."""
        if self._hindsight is not None:
            self._hindsight.finish()

    def delete(self, take_id: str) -> None:
        """Delete a take that is over, for good."""
        self._takes.delete(take_id)

    def _remember(self, side: Voice, now_ns: int, message: bytes) -> None:
        if self._hindsight is not None:
            self._hindsight.played(now_ns, side, message)

    def _put(self, side: Voice, now_ns: int, message: bytes) -> None:
        if self._take_id:
            self._takes.message(self._take_id, side, now_ns - self._start_ns, message)

    def _watch_pedal(self, message: bytes) -> None:
        channel, number, value = message[0] & 0x0F, message[1], message[2]
        if number == SUSTAIN_PEDAL and value >= 64:
            self._pedal[channel] = message
        elif number in (SUSTAIN_PEDAL, RESET_CONTROLLERS):
            self._pedal.pop(channel, None)
