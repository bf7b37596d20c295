"""`antiphon jam` and `antiphon demo`: play together, then say how it went.

With a MIDI system the jam goes on until Ctrl-C; a file can play the player. Without one, the
built-in phrase is played through ports in memory, in real time.
"""

import argparse
import contextlib
import secrets
import signal
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.api import Limits
from engine.events import Timebase, Voice
from plugin import compose, protocol
from plugin.backends.memory import MemoryBackend
from plugin.commands.common import DID_IT, complain, put_json, say
from plugin.console import Console
from plugin.midifile import MidiFileError, MidiSong, read_midi
from plugin.midifile_writer import write_midi
from plugin.picture import PictureError, draw_jam
from plugin.ports import Backend, PortError
from plugin.realtime.loop import PortGoneError
from plugin.running import HAS_SIGNAL, announced

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

DEMO_PHRASE = Path(__file__).resolve().parent.parent / "demo" / "phrase.mid"
MIDI_NAME, PICTURE_NAME = "jam.mid", "jam.png"


def add_parsers(subparsers: "Subparsers") -> None:
    """Add `jam` and `demo` to the command line."""
    jam = subparsers.add_parser("jam", help="play together through MIDI ports until Ctrl-C")
    jam.set_defaults(run=run_jam)
    jam.add_argument("--in", dest="in_name", metavar="PORT", help="listen to this existing port")
    jam.add_argument("--out", dest="out_name", metavar="PORT", help="play to this existing port")
    jam.add_argument(
        "--tempo", type=_tempo, metavar="BPM", help="beats per minute (else free time)"
    )
    jam.add_argument("--meter", type=_meter, default=4.0, metavar="N/M", help="default: 4/4")
    jam.add_argument("--file", type=Path, metavar="MID", help="this MIDI file plays the player")
    jam.add_argument("--thru", action="store_true", help="pass on what is heard to the output")
    jam.add_argument("--system", metavar="NAME", help="ALSA, JACK, CoreMIDI, Windows MM or memory")
    demo = subparsers.add_parser("demo", help="hear the built-in phrase answered, without any port")
    demo.set_defaults(run=run_demo)
    for parser in (jam, demo):
        parser.add_argument("--seed", type=int, help="same seed, same answers (default: by chance)")
        parser.add_argument(
            "--weights", metavar="FILE", help="another checkpoint than the shipped one"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object at the end")


def run_jam(args: argparse.Namespace) -> int:
    """`antiphon jam`."""
    song = None
    if args.file is not None:
        try:
            song = (read_midi(args.file), args.file.name)
        except MidiFileError as error:
            return complain(str(error))
        if not song[0].notes:
            return complain(f"{args.file.name} holds no notes; choose a file with music in it.")
    try:
        backend = (
            MemoryBackend() if args.system == "memory" else compose.system_backend(args.system)
        )
    except PortError as error:
        if args.in_name or args.out_name or args.system:
            return complain(str(error))
        say(f"{error} Playing through ports in memory instead.", as_json=args.json)
        backend = MemoryBackend()
    if song is None and isinstance(backend, MemoryBackend):
        song = (read_midi(DEMO_PHRASE), "the built-in phrase")
    timebase = Timebase(args.tempo, args.meter, True) if args.tempo else None
    return _play(backend, args, song=song, timebase=timebase)


def run_demo(args: argparse.Namespace) -> int:
    """`antiphon demo`."""
    song = (read_midi(DEMO_PHRASE), "the built-in phrase")
    return _play(MemoryBackend(), args, song=song, timebase=None)


@dataclass(slots=True)
class _Tally:
    """What the report at the end is made of."""

    gaps_ms: list[float] = field(default_factory=list)
    first_late_ms: list[float] = field(default_factory=list)
    late_notes: int = 0
    take_id: str = ""
    model: str = ""
    broken: str = ""

    def event(self, event: protocol.Event) -> None:
        match event:
            case protocol.PhraseHeard():
                self.gaps_ms.append(event.gap_ms)
                self.take_id = event.take_id
            case protocol.AnswerOver():
                self.first_late_ms.append(event.first_late_ms)
                self.late_notes += event.late_notes + event.dropped_notes
            case protocol.EngineReady():
                self.model = event.model
            case protocol.Trouble():
                self.broken = event.says
            case _:
                pass


def _play(
    backend: Backend,
    args: argparse.Namespace,
    *,
    song: tuple[MidiSong, str] | None,
    timebase: Timebase | None,
) -> int:
    seed = secrets.randbelow(2**31) if args.seed is None else args.seed
    tally = _Tally()
    consoles: list[Console] = []

    def emit(event: protocol.Event) -> None:
        tally.event(event)
        for console in consoles:
            console.event(event)

    gone = ""
    try:
        with (
            announced(),
            _signals() as wishes,
            compose.open_jam(
                backend,
                emit=emit,
                seed=seed,
                timebase=timebase,
                limits=Limits(),
                thru=getattr(args, "thru", False),
                in_name=getattr(args, "in_name", None),
                out_name=getattr(args, "out_name", None),
                song=song,
                weights=args.weights,
            ) as jam,
        ):
            console = Console(lambda line: say(line, as_json=args.json), jam.timebase)
            consoles.append(console)
            say(_welcome(backend, args, song), as_json=args.json)

            def go_on() -> bool:
                if wishes.panic:
                    wishes.panic = False
                    jam.session.command(jam.clock.now_ns(), protocol.Panic())
                return not (wishes.quit or jam.over)

            try:
                jam.loop.run(go_on)
            except PortGoneError as error:
                gone = str(error)
        console.close()
    except PortError as error:
        return complain(str(error))
    report = _report(jam, tally, seed)
    if song is not None:
        report |= _keep(jam, tally, seed, as_json=args.json)
    if args.json:
        put_json(report)
    if gone:
        return complain(gone)
    if song is not None and not report["answer_notes"]:
        return complain(tally.broken or "No answer came; run: antiphon doctor")
    return DID_IT


def _welcome(backend: Backend, args: argparse.Namespace, song: tuple[MidiSong, str] | None) -> str:
    if song is not None:
        return f"Playing {song[1]} to your partner, through {backend.api}."
    heard = getattr(args, "in_name", None) or compose.IN_NAME
    played = getattr(args, "out_name", None) or compose.OUT_NAME
    return (
        f"In your DAW, send your keyboard's track to the MIDI port “{heard}” and let an "
        f"instrument's track listen to “{played}”. Play; pause, and your partner answers. "
        "Ctrl-C ends."
    )


def _report(jam: compose.Jam, tally: _Tally, seed: int) -> dict[str, object]:
    return {
        "heard_notes": jam.record.note_ons(Voice.PLAYER),
        "answer_notes": jam.record.note_ons(Voice.PARTNER),
        "stuck_notes": jam.record.stuck_notes,
        "late_notes": tally.late_notes,
        "handover_gap_ms": round(statistics.median(tally.gaps_ms), 1) if tally.gaps_ms else None,
        "first_note_lateness_ms": round(max(tally.first_late_ms, default=0.0), 3),
        "answers": len(tally.gaps_ms),
        "model": tally.model,
        "seed": seed,
        "take_id": tally.take_id,
        "midi": None,
        "picture": None,
    }


def _keep(jam: compose.Jam, tally: _Tally, seed: int, *, as_json: bool) -> dict[str, object]:
    """Write the jam as a file and a picture into this folder; what cannot be written is said."""
    kept: dict[str, object] = {}
    record = jam.record
    start_beat = 0.0
    if jam.timebase.tempo_known:
        start_beat = jam.session.beat(record.start_ns)
    try:
        path = write_midi(
            MIDI_NAME, record.parts(), jam.timebase, start_beat=start_beat, name="Jam"
        )
        kept["midi"] = str(path.resolve())
        picture = draw_jam(
            PICTURE_NAME,
            record.notes_in_seconds(Voice.PLAYER),
            record.notes_in_seconds(Voice.PARTNER),
            timebase=jam.timebase,
            start_beat=start_beat,
            title="You and your partner",
            model=tally.model,
            seed=seed,
        )
        kept["picture"] = str(picture.resolve())
    except (MidiFileError, PictureError) as error:
        say(str(error), as_json=as_json)
    for name, where in kept.items():
        say(f"  {name}: {where}", as_json=as_json)
    return kept


@dataclass(slots=True)
class _Wishes:
    """What signals asked for; the loop looks at it between two rounds."""

    quit: bool = False
    panic: bool = False


@contextlib.contextmanager
def _signals() -> Iterator[_Wishes]:
    """Ctrl-C, a closed terminal and `kill` end the jam in order; SIGUSR1 is panic."""
    wishes = _Wishes()

    def wish_quit(number: int, frame: object) -> None:
        wishes.quit = True

    def wish_panic(number: int, frame: object) -> None:
        wishes.panic = True

    handlers = {signal.SIGINT: wish_quit, signal.SIGTERM: wish_quit}
    if HAS_SIGNAL:
        handlers |= {signal.SIGHUP: wish_quit, signal.SIGUSR1: wish_panic}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield wishes
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tempo(text: str) -> float:
    bpm = float(text)
    if not 20 <= bpm <= 400:
        raise argparse.ArgumentTypeError("a tempo lies between 20 and 400 beats per minute")
    return bpm


def _meter(text: str) -> float:
    numerator, _, denominator = text.partition("/")
    try:
        beats = int(numerator) * 4 / int(denominator)
    except (ValueError, ZeroDivisionError):
        beats = 0.0
    if not 0.5 <= beats <= 16:
        raise argparse.ArgumentTypeError("a meter is written like 4/4 or 6/8")
    return beats
