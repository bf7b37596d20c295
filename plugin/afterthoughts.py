"""Commands about answers that were given, and about whose partner it is: one function.

What a star or a choice means for the take and the taste is `plugin.verdicts`'. It refuses to know
commands about playing: those are the session's.

Thread: the session's. Real-time: yes.
"""

from dataclasses import replace

from plugin import protocol
from plugin.ensemble import Ensemble
from plugin.ways.base import Way


def obey(now_ns: int, command: protocol.Command, band: Ensemble, way: Way) -> None:
    """Carry out such a command; any other is passed over."""
    match command:
        case protocol.Star(on):
            band.verdicts.star(on)
        case protocol.Keep():
            band.verdicts.keep()
        case protocol.KeepLast():
            _keep_last(band)
        case protocol.Delete():
            if band.turn is not None and band.turn.answering:
                band.silence(now_ns)
                band.close_turn(now_ns, yielded=True)
            band.verdicts.delete()
        case protocol.Alternatives():
            band.emit(protocol.Said(band.verdicts.listed()))
        case protocol.Choose(number):
            way.choose(now_ns, number)
        case protocol.Adopt(undo):
            band.partner.adopt(undo=undo)
        case protocol.UseProfile(None):
            band.emit(protocol.Said(whose(band)))
        case protocol.UseProfile(str(name)):
            band.partner.play_for(replace(band.partner.profile, name=name))
        case _:
            pass


def _keep_last(band: Ensemble) -> None:
    take_id = band.recorder.keep_last(band.partner.model, str(band.settings.way))
    if take_id:
        band.emit(protocol.TakeMarked(take_id, "kept"))
    else:
        band.emit(protocol.Said("Nothing was played yet that could be kept: play something."))


def whose(band: Ensemble) -> str:
    """Whose partner it is, in a sentence."""
    playing = band.partner.playing
    if playing is None or not playing.profile:
        return "I am nobody's partner: what I learn of you is gone with the jam."
    learnt = f"{playing.learnt_notes:,} notes learnt when it was opened"
    trained = "nothing trained" if playing.adapter is None else f"version {playing.adapter}"
    return f"I am the partner of “{playing.profile}”: {learnt}, {trained}."
