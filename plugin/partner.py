"""The session's view of its engine: what it was told, what it was asked, whether it still lives.

Keeps the last notes so that a restarted engine is told them again, answers "is this plan still
wanted?", and restarts an engine that died or hangs, ever more patiently if it dies again. One
question stands at a time; beside it there may be small ones (what is expected, what goes with this
note), each with its number. It refuses to decide when to ask and what to do with a plan: those are
the ways of playing (`plugin.ways`).

Thread: one. Real-time: yes.
"""

from collections import deque
from dataclasses import replace

from engine.api import (
    Adopt,
    Ask,
    Begin,
    Candidates,
    Expect,
    Expected,
    Failed,
    Forget,
    FromEngine,
    Hear,
    Judge,
    Ping,
    Plan,
    Playing,
    Pong,
    Profile,
    Ready,
    Refused,
    Rework,
    Tells,
)
from engine.events import Note, Timebase, Voice
from plugin.engine_link import EngineLink, Stopped

PING_EVERY_NS = 1_000_000_000
HUNG_AFTER_NS = 5_000_000_000
STARTS_WITHIN_NS = 30_000_000_000
"""A cold disk and a slow machine read the weights within this."""
ASLEEP_NS = 1_000_000_000
"""If we were not called for so long it was we who slept: the engine is not to blame."""
HEALTHY_AFTER_NS = 5_000_000_000
"""An engine that served for so long was well: if it dies, somebody killed it, and it is restarted
at once."""
FIRST_PAUSE_NS = 2_000_000_000
LONGEST_PAUSE_NS = 30_000_000_000
REMEMBERED_NOTES = 512
"""Notes that a restarted engine is told again."""
MOST_ASIDES = 64
"""Small questions that may stand at once: on top of so many the oldest is given up."""
FURTHEST_BEATS = 256.0
"""A note this far behind the asked end, or this long, is no music but a fault."""


class Partner:
    """One engine, however often it has to be started."""

    def __init__(self, engine: EngineLink, timebase: Timebase) -> None:
        self._engine, self._timebase, self._session = engine, timebase, 0
        self.profile = Profile()
        """Whose partner it is to be."""
        self.playing: Playing | None = None
        """Whose partner it is, as the engine said last."""
        self._context: deque[Hear] = deque(maxlen=REMEMBERED_NOTES)
        self._serial = self._requests = 0
        self._question: Ask | Rework | None = None
        self._asides: dict[int, float] = {}
        """Small questions that stand, and the latest beat of a note that answers them."""
        self._answered = False
        self._watched_ns: int | None = None
        self._begun_ns = self._last_sign_ns = self._pinged_ns = 0
        self._rests_until_ns: int | None = None
        """While this is set there is no engine: it ended, and starts again then."""
        self._ready = self._gave_reason = False
        self._failures = 0
        self.model = ""
        self._introduce()

    def introduce(self, profile: Profile, session: int) -> None:
        """Say whose partner it is, before anything was heard. session: see `engine.api.Begin`."""
        self.profile, self._session = profile, session
        self._introduce()

    @property
    def asked(self) -> bool:
        """Whether a question stands, answered or not."""
        return self._question is not None

    @property
    def thinking(self) -> bool:
        """Whether a question stands whose answer is not complete."""
        return self._question is not None and not self._answered

    @property
    def request(self) -> int:
        """Number of the question that stands, or of the last one that was asked."""
        return self._question.request if self._question is not None else self._requests

    def stands(self, request: int) -> bool:
        """Whether a small question may still be answered."""
        return request in self._asides

    def begin(self, timebase: Timebase) -> None:
        """Time counts in another way from here on: everything told before is forgotten."""
        self._timebase = timebase
        self._context.clear()
        self.void()
        self._asides.clear()
        self._send(Begin(timebase, self._session))

    def play_for(self, profile: Profile) -> None:
        """Be this player's from now on."""
        self.profile = profile
        self._send(profile)

    def adopt(self, *, undo: bool = False) -> None:
        """Play with what was learnt in the profile; undo: it goes back by one first."""
        self._send(Adopt(undo))

    def judge(self, judgement: Judge) -> None:
        """The player let us know what an answer was worth."""
        self._send(judgement)

    def hear(self, note: Note, voice: Voice, *, held: bool = False, again: bool = False) -> None:
        """A note sounded (or still does: `held`); in order of onset. again: it was told before."""
        self._serial += 1
        heard = Hear(self._serial, note, voice, held, again)
        self._context.append(heard)
        self._send(heard)

    def forget(self) -> None:
        """Everything heard so far is forgotten; a question that stands is void."""
        self._context.clear()
        self._question = None
        self._send(Forget())

    def ask(self, question: Ask | Rework) -> None:
        """Ask for notes; an earlier question is void. While there is no engine: nothing.

        The number of the question, and of the last note that it counts on, are given here.
        """
        if self._rests_until_ns is not None:
            return
        self._requests += 1
        self._answered = False
        question = replace(question, request=self._requests)
        if isinstance(question, Ask):
            question = replace(question, heard_serial=self._serial)
        self._question = question
        self._engine.send(question)

    def aside(self, question: Rework | Expect) -> int | None:
        """A small question beside the one that stands: its number, None without an engine."""
        if self._rests_until_ns is not None:
            return None
        self._requests += 1
        while len(self._asides) >= MOST_ASIDES:
            del self._asides[next(iter(self._asides))]
        latest = _last_beat(question) if isinstance(question, Rework) else 0.0
        self._asides[self._requests] = latest + FURTHEST_BEATS
        self._engine.send(replace(question, request=self._requests))
        return self._requests

    def restart(self, now_ns: int) -> None:
        """Somebody wants another engine in the place of this one, however it is."""
        self._question = None
        self._asides.clear()
        self._failures = 0
        self._restart(now_ns)

    def void(self) -> None:
        """No plan is wanted any more."""
        self._question = None

    def receive(
        self, now_ns: int, message: FromEngine | Stopped
    ) -> Ready | Playing | Plan | Candidates | Expected | Refused | Tells | Failed | None:
        """What the session must know of a message: None if it is stale or a heartbeat.

        A death is reported as `Failed`, and the restart is under way.
        """
        if self._rests_until_ns is not None:
            return None  # the last words of an engine that was given up
        self._last_sign_ns = now_ns
        match message:
            case Plan():
                return self._wanted_part(message)
            case Candidates():
                return self._wanted_candidates(message)
            case Refused():
                return self._refused(message)
            case Expected():
                return message if self._asides.pop(message.request, None) is not None else None
            case Stopped():
                return self._died(now_ns, message.says)
            case Pong():
                return None
            case Ready():
                self._ready = True
                self.model = message.model
            case Playing():
                self.playing, self.model = message, message.model
            case Failed():
                self._question, self._gave_reason = None, True
        return message

    def watch(self, now_ns: int) -> Failed | None:
        """Heartbeat and restart; says so if the engine hangs. Call it every few milliseconds."""
        if self._watched_ns is None or now_ns - self._watched_ns > ASLEEP_NS:
            self._last_sign_ns = now_ns
            if self._watched_ns is None:
                self._begun_ns = now_ns
        self._watched_ns = now_ns
        if self._rests_until_ns is not None:
            if now_ns >= self._rests_until_ns:
                self._restart(now_ns)
            return None
        if now_ns - self._pinged_ns >= PING_EVERY_NS:
            self._pinged_ns = now_ns
            self._engine.send(Ping(now_ns))
        patience_ns = HUNG_AFTER_NS if self._ready else STARTS_WITHIN_NS
        if now_ns - self._last_sign_ns > patience_ns:
            return self._died(now_ns, "The engine hung; it is being restarted.")
        return None

    def _refused(self, message: Refused) -> Refused | None:
        if self._asides.pop(message.request, None) is not None:
            return None  # a companion that cannot be had is left out
        if self._question is None or message.request != self._question.request:
            return None
        self._question = None
        return message

    def _wanted_part(self, plan: Plan) -> Plan | None:
        """A piece of the answer to the question that stands, without what is no music."""
        question = self._question
        if plan.request in self._asides:
            latest = self._asides[plan.request]
            if plan.done:
                del self._asides[plan.request]
        elif question is None or not self._awaits(plan, question):
            return None
        else:
            self._answered = plan.done
            latest = FURTHEST_BEATS + (
                question.end_beat if isinstance(question, Ask) else _last_beat(question)
            )
        return replace(plan, notes=tuple(note for note in plan.notes if _is_music(note, latest)))

    def _awaits(self, plan: Plan, question: Ask | Rework) -> bool:
        return plan.request == question.request and (plan.anew or not self._answered)

    def _wanted_candidates(self, found: Candidates) -> Candidates | None:
        """All answers to the question that stands, without what is no music."""
        question = self._question
        if not isinstance(question, Ask) or found.request != question.request:
            return None
        latest = question.end_beat + FURTHEST_BEATS
        clean = (
            replace(one, notes=tuple(note for note in one.notes if _is_music(note, latest)))
            for one in found.candidates
        )
        return replace(found, candidates=tuple(clean))

    def _introduce(self) -> None:
        """What an engine that knows nothing is told first."""
        if self.profile.name != "":
            self._engine.send(self.profile)
        self._engine.send(Begin(self._timebase, self._session))

    def _send(self, message: Begin | Hear | Forget | Profile | Adopt | Judge) -> None:
        if self._rests_until_ns is None:
            self._engine.send(message)

    def _died(self, now_ns: int, says: str) -> Failed | None:
        self._question = None
        self._asides.clear()
        if self._ready and self._last_sign_ns - self._begun_ns > HEALTHY_AFTER_NS:
            self._failures = 0
        self._failures += 1
        if self._failures == 1 and not self._gave_reason:
            self._restart(now_ns)
            return Failed(says)
        pause_ns = FIRST_PAUSE_NS * 2 ** min(max(self._failures - 2, 0), 10)
        self._rests_until_ns = now_ns + min(pause_ns, LONGEST_PAUSE_NS)
        # It has said itself why it cannot go on: that it ended then is no news.
        return None if self._gave_reason else Failed(says)

    def _restart(self, now_ns: int) -> None:
        self._rests_until_ns = None
        self._ready = self._gave_reason = False
        self._engine.restart()
        self._introduce()
        for heard in self._context:
            self._engine.send(heard)
        self._begun_ns = self._pinged_ns = self._last_sign_ns = now_ns


def _last_beat(question: Rework) -> float:
    return max((note.onset for note in question.notes), default=0.0)


def _is_music(note: Note, latest_beat: float) -> bool:
    """Whether a note can be played; comparisons with what is no number are false."""
    return (
        0 <= note.pitch < 128
        and 0 < note.velocity < 128
        and 0 <= note.channel < 16
        and 0 <= note.onset <= latest_beat
        and 0 < note.duration <= FURTHEST_BEATS
    )
