"""The two halves of an episode as lessons: what is learnt, and what is then to be predicted."""

from engine.adapt.lesson import Lesson, lesson_of
from engine.meta.tasks import Episode


def support_of(episode: Episode) -> Lesson:
    """What is learnt from."""
    return lesson_of(episode.support)


def query_of(episode: Episode) -> Lesson:
    """What is predicted; what was heard before it in the same piece leads in, uncounted."""
    return lesson_of([episode.query], unheard=[episode.heard])


def everything_of(episode: Episode) -> Lesson:
    """Support and query in one."""
    if episode.heard:
        return lesson_of([episode.query])
    return lesson_of([*episode.support, episode.query])
