"""What a musician can tell the partner to do at once, from wherever they tell it.

An action changes no setting. It refuses to know how the session carries it out.
"""

import enum


class Action(enum.StrEnum):
    """One wish; the value is the word for it."""

    ANSWER_NOW = "go"
    HOLD = "hold"
    RELEASE = "release"
    TOGGLE_HOLD = "hold or release"
    AGAIN = "again"
    FORGET = "forget"
    PANIC = "panic"
    TAP = "tap"
    START = "start"
    STOP = "stop"
    STAR = "star"
    UNSTAR = "unstar"
    KEEP = "keep"
    DELETE = "delete"
    ALTERNATIVES = "alternatives"


SAYS: dict[Action, str] = {
    Action.ANSWER_NOW: "the partner comes in now",
    Action.HOLD: "the partner plays nothing new; what sounds may end",
    Action.RELEASE: "the partner may play again",
    Action.TOGGLE_HOLD: "holds the partner, or lets it play again",
    Action.AGAIN: "the last phrase is answered once more, in another way",
    Action.FORGET: "what was played so far counts no longer",
    Action.PANIC: "everything is silent at once",
    Action.TAP: "tap the tempo, once a beat",
    Action.START: "our own clock starts at bar 1",
    Action.STOP: "our own clock stops",
    Action.STAR: "the last answer gets a star: more like that",
    Action.UNSTAR: "the last answer loses its star",
    Action.KEEP: "the last answer is one to keep",
    Action.DELETE: "the last take is deleted for good: less like that",
    Action.ALTERNATIVES: "the answers that your last phrase could have had, best first",
}
"""What each action does, in a line."""

INVERSE: dict[Action, Action] = {Action.HOLD: Action.RELEASE, Action.START: Action.STOP}
"""What the release of a key or pedal means where its press is held down for the action."""
