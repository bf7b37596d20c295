"""`antiphon jam` and `antiphon demo`: play together, then say how it went.

With a MIDI system the jam goes on until Ctrl-C, steered by lines that are typed and by knobs; it
begins with the settings of the last one. A file can play the player. Without a MIDI system the
built-in phrase is played through ports in memory, in real time.
"""

import argparse
import secrets
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.events import Voice
from engine.smf.song import MidiFileError, MidiSong, read_midi
from engine.words import shown_name
from plugin import compose, protocol
from plugin.backends.memory import MemoryBackend
from plugin.cables import PortWish
from plugin.commands.common import DID_IT, WRONG_USAGE, complain, put_json, say
from plugin.console import Console
from plugin.control.desk import Desk
from plugin.control.orders import Put
from plugin.control.store import Kept, load, path_in
from plugin.control.terminal import Terminal
from plugin.control.wording import read
from plugin.file_player import song_timebase
from plugin.midifile_writer import write_midi
from plugin.picture import PictureError, draw_jam
from plugin.ports import Backend, PortError
from plugin.realtime.loop import PortGoneError
from plugin.running import announced
from plugin.screen import Screen
from plugin.settings import Settings
from plugin.signals import heeded

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

DEMO_PHRASE = compose.DEMO_PHRASE
MIDI_NAME, PICTURE_NAME = "jam.mid", "jam.png"


def add_parsers(subparsers: "Subparsers") -> None:
    """Add `jam` and `demo` to the command line."""
    jam = subparsers.add_parser("jam", help="play together through MIDI ports until Ctrl-C")
    jam.set_defaults(run=run_jam)
    jam.add_argument(
        "--in",
        dest="ins",
        action="append",
        default=[],
        type=_port,
        metavar="PORT[@CHANNELS]",
        help="listen to this existing port, e.g. Keys or Keys@1-4,10; may be repeated",
    )
    jam.add_argument(
        "--out",
        dest="outs",
        action="append",
        default=[],
        type=PortWish,
        metavar="PORT",
        help="play to this existing port; may be repeated",
    )
    jam.add_argument("--way", metavar="WAY", help="answer, trade, sign, accompany, harmonise, ...")
    jam.add_argument("--bars", metavar="N", help="of each side when trading: 1, 2, 4 or 8")
    jam.add_argument("--tempo", metavar="BPM", help="beats per minute, or free")
    jam.add_argument("--meter", metavar="N/M", help="where bars begin, like 6/8; usually 4/4")
    jam.add_argument("--clock", metavar="WHO", help="auto, internal or external")
    jam.add_argument(
        "--say",
        action="append",
        default=[],
        metavar="LINE",
        help="as if typed while playing, e.g. 'scale D dorian'; may be repeated",
    )
    jam.add_argument("--usual", action="store_true", help="begin with the usual settings")
    jam.add_argument(
        "--profile", metavar="NAME", help="who you are (default: the one in use, at first me)"
    )
    jam.add_argument("--file", type=Path, metavar="MID", help="this MIDI file plays the player")
    jam.add_argument("--thru", action="store_true", help="pass on what is heard to the output")
    jam.add_argument(
        "--system", metavar="NAME", help="ALSA, JACK, PipeWire, CoreMIDI, ... or memory"
    )
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
    if args.file is not None and args.ins:
        return _wrong("A file plays the player: leave out either --file or --in.")
    try:
        _told(args, Settings())
    except ValueError as error:
        return _wrong(str(error))
    if no_weights := _missing_weights(args):
        return complain(no_weights)
    song = None
    if args.file is not None:
        try:
            song = (read_midi(args.file), shown_name(args.file))
        except MidiFileError as error:
            return complain(str(error))
        if not song[0].notes:
            name = shown_name(args.file)
            return complain(f"{name} holds no notes: choose a file with music in it.")
    try:
        backend = (
            MemoryBackend() if args.system == "memory" else compose.system_backend(args.system)
        )
    except PortError as error:
        if args.ins or args.outs or args.system:
            return complain(str(error))
        say(f"{error} Playing through ports in memory instead.", as_json=args.json)
        backend = MemoryBackend()
    if song is None and isinstance(backend, MemoryBackend) and not args.ins:
        song = (read_midi(DEMO_PHRASE), "the built-in phrase")
    desk, says = _desk(args, song)
    if says:
        say(says, as_json=args.json)
    return _play(backend, args, desk, song=song)


def run_demo(args: argparse.Namespace) -> int:
    """`antiphon demo`."""
    if no_weights := _missing_weights(args):
        return complain(no_weights)
    song = (read_midi(DEMO_PHRASE), "the built-in phrase")
    desk = Desk(Kept(settings=_song_settings(song[0], args)))
    return _play(MemoryBackend(), args, desk, song=song)


def _desk(args: argparse.Namespace, song: tuple[MidiSong, str] | None) -> tuple[Desk, str]:
    """The desk as it was left, or as the song wants it, and then as the words want it.

    Beside it a sentence if what was kept could not be read. Raises ValueError, a sentence.
    """
    kept, says = Kept(), ""
    if song is not None:
        kept = Kept(settings=_song_settings(song[0], args))
    else:
        kept, says = load(path_in())
        if args.usual:  # presets and bindings stay: the next change is written with them
            kept = msgspec.structs.replace(kept, settings=Settings())
    settings = _told(args, kept.settings)
    return Desk(msgspec.structs.replace(kept, settings=settings)), says


def _song_settings(song: MidiSong, args: argparse.Namespace) -> Settings:
    """The song's tempo; with a seed only one answer is drawn, because others need time."""
    settings = compose.settings_of(song_timebase(song))
    return settings if args.seed is None else msgspec.structs.replace(settings, candidates=1)


def _told(args: argparse.Namespace, settings: Settings) -> Settings:
    """The settings as the words of the command want them. Raises ValueError, a sentence."""
    words = [(name, getattr(args, name)) for name in ("way", "bars", "tempo", "meter", "clock")]
    lines = [f"{name} {value}" for name, value in words if value is not None] + args.say
    for line in lines:
        order = read(line, settings)
        if not isinstance(order, Put):
            raise ValueError(f"“{line}” sets nothing: type it while playing instead.")
        settings = order.settings
    return settings


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
    desk: Desk,
    *,
    song: tuple[MidiSong, str] | None,
) -> int:
    seed = secrets.randbelow(2**31) if args.seed is None else args.seed
    tally = _Tally()
    console = Console(lambda line: say(line, as_json=args.json))
    terminal = Terminal(sys.stdin if args.command == "jam" else None)
    screen = Screen(console.event, console.close)

    def emit(event: protocol.Event) -> None:
        tally.event(event)
        screen.event(event)

    gone = ""
    try:
        with (
            heeded() as wishes,
            announced(),
            compose.open_jam(
                backend,
                emit=emit,
                seed=seed,
                desk=desk,
                lines=terminal.poll,
                thru=getattr(args, "thru", False),
                ins=getattr(args, "ins", ()),
                outs=getattr(args, "outs", ()),
                song=song,
                weights=args.weights,
                profile=_profile(args, plays_file=song is not None),
            ) as jam,
        ):
            say(_welcome(backend, jam, song), as_json=args.json)

            def silence() -> None:
                jam.session.command(jam.clock.now_ns(), protocol.Panic())

            try:
                jam.loop.run(lambda: wishes.grant(silence) and not jam.over)
            except PortGoneError as error:
                gone = str(error)
    except PortError as error:
        return complain(str(error))
    finally:
        terminal.close()
        screen.close()
    report = _report(jam, tally, seed)
    if song is not None:
        report |= _keep(jam, tally, seed, as_json=args.json)
    if args.json:
        put_json(report)
    if gone:
        return complain(gone)
    if song is not None and not report["answer_notes"]:
        if wishes.quit:
            return complain("Stopped before an answer came.")
        return complain(tally.broken or "No answer came; run: antiphon doctor")
    return DID_IT


def _profile(args: argparse.Namespace, *, plays_file: bool) -> str | None:
    """A file that plays is nobody, unless somebody is named."""
    named: str | None = getattr(args, "profile", None)
    return compose.NOBODY if plays_file and named is None else named


def _welcome(backend: Backend, jam: compose.Jam, song: tuple[MidiSong, str] | None) -> str:
    if song is not None:
        return f"Playing {song[1]} to your partner, through {backend.api}."
    return (
        f"In your DAW, send your keyboard's track to the MIDI port “{jam.hears}” and let an "
        f"instrument's track listen to “{jam.plays}”. Play; pause, and your partner answers. "
        "Type help for what you can tell it; Ctrl-C ends."
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
    timebase = jam.session.timebase
    if timebase.tempo_known:
        start_beat = jam.session.beat(record.start_ns)
    try:
        path = write_midi(MIDI_NAME, record.parts(), timebase, start_beat=start_beat, name="Jam")
        kept["midi"] = str(path.resolve())
        picture = draw_jam(
            PICTURE_NAME,
            record.notes_in_seconds(Voice.PLAYER),
            record.notes_in_seconds(Voice.PARTNER),
            timebase=timebase,
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


def _wrong(words: str) -> int:
    complain(words)
    return WRONG_USAGE


def _missing_weights(args: argparse.Namespace) -> str:
    """Said before anything is opened; what is wrong inside the file, the engine says."""
    if args.weights is None or Path(args.weights).is_file():
        return ""
    return f"There is no checkpoint {shown_name(args.weights)}: check the name and the folder."


def _port(text: str) -> PortWish:
    try:
        return PortWish.of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
