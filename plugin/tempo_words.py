"""What became of the beat, in words for the player. Pure; the transport keeps the facts."""

from plugin.transport import News, NewsKind

_WORDS = {
    NewsKind.CLOCK_WAITING: "A clock is coming in: finding its tempo.",
    NewsKind.CLOCK_LOCKED: "Following the DAW's clock at {bpm}.",
    NewsKind.CLOCK_LOST: "The DAW's clock has gone quiet: going on at {bpm}.",
    NewsKind.CLOCK_BACK: "The DAW's clock is back, at {bpm}.",
    NewsKind.TEMPO_FREE: "No tempo any more: playing in free time.",
    NewsKind.COUNTING_IN: "Counting in.",
    NewsKind.STARTED: "The song goes, at {bpm}.",
    NewsKind.STOPPED: "The song stops.",
    NewsKind.TROUBLE: "{says}",
}
"""Other news show themselves, in the bars that are counted."""


def in_words(news: News) -> str:
    """A sentence, or nothing where none is needed."""
    words = _WORDS.get(news.kind, "")
    return words.format(bpm=f"{news.timebase.bpm:.1f} bpm", says=news.says)
