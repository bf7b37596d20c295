"""What a jam looks like in a terminal: who plays, bar by bar, and what is late.

Events in, lines out; it refuses to print, so that a test can read what a player would. Bars are
shown where a tempo is known, else stretches of two seconds.
"""

from collections.abc import Callable

from plugin import protocol

NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
FREE_STRETCH_NS = 2_000_000_000
MOST_NAMES = 12


def pitch_name(pitch: int) -> str:
    """Name and octave of a MIDI key; 60 is C4."""
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


class Console:
    """Turns a session's events into lines. Thread: one."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """`write` takes one finished line."""
        self._write = write
        self._notes: list[str] = []
        self._count = 0
        self._where: tuple[str, bool] | None = None
        self._partners_turn: bool | None = None
        self._told_share = 0

    def event(self, event: protocol.Event) -> None:
        """Show one event, or keep it until its bar is full."""
        match event:
            case protocol.NoteSounded():
                self._note(event)
            case protocol.PhraseHeard():
                self._flush()
                self._write(
                    f"  you: {_count(event.notes)}, {event.seconds:.1f} s; "
                    f"your partner comes in {event.gap_ms:.0f} ms after your last note"
                )
            case protocol.AnswerOver():
                self._flush()
                self._write(_answer_line(event))
            case protocol.Trouble():
                self._flush()
                self._write(f"! {event.says}")
            case protocol.EchoIgnored():
                self._flush()
                self._write(
                    "! The DAW sends my notes back to me; I ignore them. "
                    "Take my output out of the track that feeds Antiphon In."
                )
            case protocol.EngineReady():
                self._flush()
                self._write(
                    f"Ready to hear you (model {event.model}, "
                    f"{event.parameters / 1e6:.1f} M parameters)."
                )
            case protocol.StateChanged(state=protocol.State.THINKING):
                self._flush()
                self._write("  your partner is still thinking ...")
            case protocol.StateChanged(state=protocol.State.YIELDING):
                self._flush()
                self._write("  your partner is falling silent ...")
            case protocol.Position():
                self._position(event)
            case protocol.Said():
                self._flush()
                for line in event.says.splitlines():
                    self._write(f"  {line}")
            case protocol.PartnerOf(profile) if profile:
                self._flush()
                self._write(_partner_line(event))
            case protocol.LearnProgress():
                self._progress(event)
            case protocol.LearnOver():
                self._flush()
                self._told_share = 0
                self._write(f"  {event.says}")
            case _:
                pass

    def close(self) -> None:
        """Show what is left."""
        self._flush()

    def _note(self, event: protocol.NoteSounded) -> None:
        where = (_stretch(event), event.partner)
        if where != self._where:
            self._flush()
            self._where = where
        late = f" (late by {event.late_ms:.0f} ms)" if event.late_ms > 5 else ""
        self._count += 1
        if self._count <= MOST_NAMES:
            self._notes.append(pitch_name(event.pitch) + late)

    def _position(self, event: protocol.Position) -> None:
        """While trading: whose bars begin."""
        if event.partners_turn is not None and event.partners_turn is not self._partners_turn:
            self._flush()
            who = "◆ your partner's" if event.partners_turn else "● your"
            bars = "bar" if event.turn_bars == 1 else f"{event.turn_bars} bars"
            self._write(f"  bar {event.bar:3d}  {who} {bars}")
        self._partners_turn = event.partners_turn

    def _progress(self, event: protocol.LearnProgress) -> None:
        """Now and then, not at every step."""
        share = 4 * event.step // max(event.of, 1)
        if share != self._told_share:
            self._told_share = share
            self._flush()
            self._write(
                f"  learning: {event.step} of {event.of}, {event.seconds_left:.0f} s left, "
                f"{event.bits:.2f} bits a note"
            )

    def _flush(self) -> None:
        if self._where is None or not self._notes:
            return
        when, partner = self._where
        names = " ".join(self._notes)
        more = f" … {self._count - MOST_NAMES} more" if self._count > MOST_NAMES else ""
        who = "◆ partner" if partner else "● you    "
        self._write(f"  {when}  {who}  {names}{more}")
        self._notes.clear()
        self._count = 0
        self._where = None


def _stretch(event: protocol.NoteSounded) -> str:
    """The bar of a note, or without a tempo the two seconds in which it began."""
    if event.bar is not None:
        return f"bar {event.bar:3d}"
    seconds = event.t_ns // FREE_STRETCH_NS * FREE_STRETCH_NS // 1_000_000_000
    return f"{seconds // 60:3d}:{seconds % 60:02d}"


def _partner_line(event: protocol.PartnerOf) -> str:
    trained = "" if event.adapter is None else f", version {event.adapter} of what I learnt"
    return f"Partner of “{event.profile}”: {event.learnt_notes:,} notes remembered{trained}."


def _count(notes: int) -> str:
    return "1 note" if notes == 1 else f"{notes} notes"


def _answer_line(event: protocol.AnswerOver) -> str:
    if event.late_notes or event.dropped_notes:
        timing = f"{event.late_notes} late, {event.dropped_notes} too late and left out"
    else:
        timing = "on time"
    end = "; you came in, it stopped" if event.yielded else ""
    return f"  partner: {_count(event.notes)}, {event.seconds:.1f} s, {timing}{end}"
