"""Carries out what a window asks of a jam that is running.

What goes wrong with one wish is said, and the music goes on. It refuses what belongs to whoever
opens jams: another `Open`, `Quit`.

Thread: the session's. Real-time: yes, but for a line of text, which takes a millisecond at most.
"""

import sys
import traceback
from collections.abc import Callable

from plugin import protocol
from plugin.protocol import Message, Said, Trouble
from plugin.served import messages
from plugin.served.comparing import Comparing
from plugin.served.keys import Keys
from plugin.served.scores import Scores, of_alternative, three_notes
from plugin.served.view import View
from plugin.tutor import Tutor
from plugin.wiring import Jam

LONGEST_LINE = 1_000


class Orders:
    """See the module."""

    def __init__(
        self,
        tell: Callable[[Message], object],
        *,
        tutor: Tutor,
        comparing: Comparing,
        scores: Scores,
        keys: Keys,
        view: View,
    ) -> None:
        self._tell, self._tutor, self._comparing = tell, tutor, comparing
        self._scores, self._keys, self._view = scores, keys, view

    def obey(self, now_ns: int, jam: Jam, asked: messages.Asked) -> None:
        """Carry out one wish."""
        try:
            self._obey(now_ns, jam, asked)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            self._tell(
                Trouble(
                    f"That could not be done ({type(error).__name__}: {error}), and the music goes "
                    "on. Please report it."
                )
            )

    def tend(self, now_ns: int, jam: Jam) -> None:
        """Go on with what takes longer."""
        self._comparing.tend(self._tell)
        found = self._scores.poll()
        if found is None:
            return
        if found.trouble:
            self._tell(Trouble(found.trouble))
        else:
            jam.session.audition(now_ns, found.score, found.name)

    def _obey(self, now_ns: int, jam: Jam, asked: messages.Asked) -> None:
        match asked:
            case messages.Line(text):
                jam.steering.line(now_ns, text[:LONGEST_LINE])
            case messages.Key():
                self._keys.press(asked)
            case messages.Audition():
                self._audition(now_ns, jam, asked)
            case messages.ThreeNotes():
                self._scores.forget()
                channel = jam.session.settings.partner_channel or 0
                jam.session.audition(now_ns, three_notes(channel), "three notes")
            case messages.LearnFrom(take_ids, paths):
                self._tutor.learn_from(take_ids, paths)
            case messages.Compare():
                self._comparing.wish(asked, self._tutor.profile)
            case messages.Listen(on):
                self._view.listen(on)
            case messages.Overhear(on):
                self._view.overhear(on)
            case protocol.Learn():
                self._tutor.wish(asked)
            case messages.Open() | protocol.Quit():
                pass
            case _:
                jam.session.command(now_ns, asked)

    def _audition(self, now_ns: int, jam: Jam, wish: messages.Audition) -> None:
        if wish.take_id or wish.path:
            self._scores.wish(wish)
            return
        self._scores.forget()
        if not wish.alternative:
            jam.session.audition(now_ns, (), "")
            return
        band = jam.session.band
        turn = band.turn if band.turn is not None and band.turn.answering else band.last_phrase
        found = turn.given.candidates if turn is not None and turn.given is not None else ()
        if not 1 <= wish.alternative <= len(found):
            self._tell(Said(band.verdicts.listed()))
            return
        channel = jam.session.settings.partner_channel
        score = of_alternative(found[wish.alternative - 1], band.grid.timebase, channel)
        jam.session.audition(now_ns, score, f"alternative {wish.alternative}")
