"""A jam, as a state machine: messages and moments in, sound and events out.

The session owns time and sound. It takes a clock's readings, never a clock; ports, engine and take
library are handed in, so it runs the same on a manual clock in a test. What the partner does with
what is heard is up to the way of playing (`plugin.ways`); here is what holds for all of them: who
is heard, what is passed on, what becomes of commands, of the engine's messages, of trouble. It
refuses to know which ports and engine these are, to block, and to let anybody's trouble stop the
music.

Thread: one. Real-time: yes.
"""

from collections.abc import Callable

from engine.api import (
    Candidates,
    Expected,
    Failed,
    FromEngine,
    Plan,
    Playing,
    Profile,
    Ready,
    Refused,
    Tells,
)
from engine.events import Timebase, Voice
from engine.smf.notes import is_channel_message
from plugin import protocol
from plugin.afterthoughts import obey
from plugin.audition import Auditions, Score, begin
from plugin.clicks import Clicks
from plugin.conductor import Conductor
from plugin.engine_link import EngineLink, Stopped
from plugin.ensemble import Ensemble
from plugin.hands import Hands
from plugin.hindsight import Hindsight
from plugin.intake import Intake, Steer
from plugin.lamp import Lamp
from plugin.outlet import Outlet, Send
from plugin.partner import Partner
from plugin.protocol import State
from plugin.realtime.ledger import NOTE_OFF, NOTE_ON, RELEASE_VELOCITY, means_all_notes_off
from plugin.realtime.listener import HeardNote, Listener
from plugin.recorder import Recorder
from plugin.room import Room
from plugin.settings import Settings, Way
from plugin.take_log import TakeLog
from plugin.transport import Transport
from plugin.ways import way_of

FORGOTTEN_KEY_NS = 30_000_000_000
"""A key that is down for so long while nothing else happens has lost its note-off."""


class Session:
    """See the module. `send` is the output port's and may raise PortError."""

    def __init__(
        self,
        *,
        send: Send,
        engine: EngineLink,
        takes: TakeLog,
        emit: Callable[[protocol.Event], None],
        settings: Settings,
        seed: int,
        thru: bool = False,
        pass_on: Send | None = None,
        origin_ns: int | None = None,
        steer: Steer = lambda now_ns, message: False,
        early_ns: int = 0,
    ) -> None:
        """origin_ns is the moment of beat 0; without it the player's first note is beat 0.

        thru passes the player's messages on, through `pass_on` (else `send`). early_ns
        is by how much sooner notes are to be sent, beside what the settings say.
        """
        self._emit = emit
        self._out = Outlet(send, self._trouble)
        room = Room()
        self._clicks = Clicks(self._send_click, room.maker("clicks"))
        self._transport = Transport(
            settings,
            self._clicks.send,
            lambda now_ns, message: self._out.send(message),
            origin_ns=origin_ns,
        )
        grid = self._transport.grid
        self._partner = Partner(engine, grid.timebase)
        through = (Outlet(pass_on, self._trouble) if pass_on else self._out).send
        self._intake = Intake(
            steer=steer,
            emit=emit,
            pass_on=through if thru else None,
            make_room=room.maker("player"),
        )
        self._listener, self._recorder = Listener(), Recorder(takes, Hindsight(takes, grid))
        hands = Hands(self._out, self._intake.echo, self._recorder, emit, room.maker("partner"))
        self._performer = hands.performer
        self._auditions = Auditions(
            self._send_click, room.maker("audition"), lambda name: emit(protocol.Auditioning(name))
        )
        room.between(
            clicks=self._clicks,
            partner=self._performer,
            player=self._intake,
            audition=self._auditions,
        )
        self._band = Ensemble(
            grid=grid,
            partner=self._partner,
            performer=self._performer,
            listener=self._listener,
            recorder=self._recorder,
            thru=self._intake.thru,
            emit=emit,
            seed=seed,
            settings=settings,
            early_ns=early_ns,
        )
        self._band.handover.eagerness = settings.eagerness
        self._way = way_of(settings.way)(self._band)
        self._conductor = Conductor(self._transport, self._band, emit)
        hands.join(self._band, self._conductor.bar)
        self._closed = False
        self._told_trouble = ""
        self._lamp = Lamp(self._send_click)

    @property
    def state(self) -> State:
        """What the partner does."""
        return self._band.state

    @property
    def band(self) -> Ensemble:
        """What the ways of playing work with; for looking at."""
        return self._band

    @property
    def transport(self) -> Transport:
        """Who says where the beat is; for looking at."""
        return self._transport

    @property
    def holding(self) -> bool:
        """Whether no note of the partner begins."""
        return self._performer.holding

    @property
    def settings(self) -> Settings:
        """How it plays."""
        return self._band.settings

    @property
    def timebase(self) -> Timebase:
        """How beats count now."""
        return self._band.grid.timebase

    @property
    def idle(self) -> bool:
        """True when nobody plays and nothing is owed."""
        return self._band.turn is None and not self._band.agenda.busy and self._listener.held == 0

    def beat(self, at_ns: int) -> float:
        """The beat at a moment of the clock."""
        return self._band.grid.beat(at_ns)

    def introduce(self, profile: Profile, session_id: int) -> None:
        """Whose partner it is, before anything was heard. session_id: see `engine.api.Begin`."""
        self._partner.introduce(profile, session_id)

    # -- what comes in --

    def midi(self, now_ns: int, message: bytes, arrived_ns: int | None = None) -> None:
        """One message from the player's port; what is no whole message is passed over.

        arrived_ns: when it really arrived, where the port knows; the DAW's clock goes by it.
        """
        if self._closed or not message:
            return
        if message[0] >= 0xF0:
            self._transport.midi(now_ns if arrived_ns is None else arrived_ns, message)
            return
        if not is_channel_message(message):
            return
        music = self._intake.music(now_ns, message, arrived_ns)
        if music is None:
            return
        self._band.last_input_ns = now_ns
        message, kind, channel = music, music[0] & 0xF0, music[0] & 0x0F
        if kind == NOTE_ON and message[2] > 0:
            self._key_down(now_ns, channel, message)
            return
        self._recorder.heard(now_ns, message)
        if kind in (NOTE_OFF, NOTE_ON):
            note = self._listener.note_off(now_ns, channel, message[1])
            if note is not None:
                self._key_up(now_ns, note)
        elif means_all_notes_off(message):
            self._let_go(now_ns, channel)

    def player_gone(self, now_ns: int) -> None:
        """Whoever played may have gone with keys down: count them as released."""
        if not self._closed:
            self._let_go(now_ns)

    def engine_said(self, now_ns: int, message: FromEngine | Stopped) -> None:
        """One message from the engine."""
        if self._closed:
            return
        match self._partner.receive(now_ns, message):
            case Ready() as ready:
                self._told_trouble = ""
                self._emit(protocol.EngineReady(ready.model, ready.parameters))
                if self._band.state is State.ENGINE_STOPPED:
                    turn = self._band.turn
                    answering = turn is not None and turn.answering
                    self._band.force_state(self._way.plays if answering else State.LISTENING)
            case Plan() as plan:
                plan = self._band.ear.as_played(plan)
                for pitch, end_beat in plan.ends:
                    self._intake.end_at(pitch, self._band.grid.ns(end_beat))
                self._way.planned(now_ns, plan)
            case Candidates() as found:
                self._way.drawn(now_ns, self._band.ear.candidates_as_played(found))
            case Playing(profile, _, adapter, learnt_notes):
                self._emit(protocol.PartnerOf(profile, adapter, learnt_notes))
            case Tells(says):
                self._emit(protocol.Trouble(says))
            case Expected() as expected:
                self._band.expected(now_ns, expected.request, expected.over, expected.gaps)
            case Refused() as refused:
                self._trouble(refused.says)
                self._way.lost(now_ns)
            case Failed() as failed:
                self._engine_failed(now_ns, failed)

    def command(self, now_ns: int, command: protocol.Command) -> None:
        """A wish of the player. `Quit` and `Learn` belong to whoever runs the loop."""
        if self._closed:
            return
        match command:
            case protocol.Panic():
                self._panic(now_ns)
            case protocol.Forget():
                self._band.forget(now_ns)
            case protocol.Change(settings):
                self._change(now_ns, settings)
            case protocol.Go():
                self._way.go(now_ns)
            case protocol.Again():
                self._way.again(now_ns)
            case protocol.Hold(on):
                self._performer.holding = on
            case protocol.Tap() | protocol.Start() | protocol.Stop():
                self._conductor.obey(now_ns, command)
            case protocol.RestartEngine():
                self._partner.restart(now_ns)
                self._engine_lost(now_ns)
            case _:
                obey(now_ns, command, self._band, self._way)

    def audition(self, now_ns: int, score: Score, name: str) -> None:
        """Have this sound, see `plugin.audition.begin`; an empty score ends what does."""
        if not self._closed:
            begin(now_ns, self._auditions, self._band, score, name)

    def tick(self, now_ns: int) -> int | None:
        """Do what is due; returns the next moment at which something will be."""
        if self._closed:
            return None
        self._performer.perform(now_ns)
        self._auditions.tick(now_ns)
        self._recorder.tick()
        self._conductor.follow(now_ns, self._way)
        failed = self._partner.watch(now_ns)
        if failed is not None:
            self._engine_failed(now_ns, failed)
        if self._listener.held and now_ns - self._band.last_input_ns > FORGOTTEN_KEY_NS:
            self._let_go(now_ns)
        self._way.tick(now_ns)
        self._band.agenda.commit_due(now_ns, self._band.latency_ns, self.settings.partner_channel)
        if self._intake.thru is not None:
            self._intake.thru.tick(now_ns)
        nobody = self._band.turn is None
        self._lamp.show(now_ns, self.settings.state_cc, self.state, nobody_plays=nobody)
        self._conductor.tell_position(now_ns, self._way)
        dues = (
            self._performer.next_due_ns(),
            self._auditions.next_due_ns(),
            self._transport.next_due_ns(),
        )
        return min((due for due in dues if due is not None), default=None)

    def close(self, now_ns: int) -> None:
        """Release everything, keep what was played; nothing is heard or sent after. Once."""
        if self._closed:
            return
        self._auditions.stop(now_ns)
        self._band.silence(now_ns)
        self._intake.release(now_ns)
        self._transport.close(now_ns)
        self._let_go(now_ns)
        self._band.end(now_ns)
        self._recorder.close()
        self._closed = True

    # -- the player --

    def _key_down(self, now_ns: int, channel: int, message: bytes) -> None:
        band = self._band
        pitch, velocity = message[1], message[2]
        self._auditions.stop(now_ns)
        band.clear_the_stage(now_ns)
        self._way.entering(now_ns)
        band.grid.begin(now_ns)
        if band.turn is None:
            band.open_turn(now_ns)
        ended = self._listener.note_on(now_ns, channel, pitch, velocity)
        if ended is not None:
            self._key_up(now_ns, ended)
        band.ear.telling.begin(
            (channel, pitch),
            Voice.PLAYER,
            now_ns,
            channel=channel,
            pitch=pitch,
            velocity=velocity,
        )
        band.ear.feel.hear(band.grid.beat(now_ns))
        band.handover.note_on(now_ns)
        self._recorder.heard(now_ns, message)
        self._way.struck(now_ns, channel, pitch, velocity)
        t_ns, bar = band.grid.since_ns(now_ns), self._conductor.bar(now_ns)
        self._emit(protocol.NoteSounded(t_ns, False, channel, pitch, velocity, bar=bar))

    def _key_up(self, now_ns: int, note: HeardNote) -> None:
        self._band.ear.telling.end((note.channel, note.pitch), now_ns)
        t_ns = self._band.grid.since_ns(now_ns)
        self._emit(protocol.NoteEnded(t_ns, False, note.channel, note.pitch))
        self._band.heard(note)
        self._way.released(now_ns, note)

    def _let_go(self, now_ns: int, channel: int | None = None) -> None:
        """Held keys (of one channel) are counted as released: their note-offs will not come."""
        for note in self._listener.let_go(now_ns, channel):
            release = bytes((NOTE_OFF | note.channel, note.pitch, RELEASE_VELOCITY))
            self._recorder.heard(now_ns, release)
            self._key_up(now_ns, note)

    # -- commands --

    def _panic(self, now_ns: int) -> None:
        self._auditions.stop(now_ns)
        self._intake.release(now_ns)
        self._band.agenda.plan([])
        self._performer.panic(now_ns)
        self._let_go(now_ns)
        self._band.end(now_ns)

    def _change(self, now_ns: int, settings: Settings) -> None:
        """Play like this from now on; the clock goes on."""
        self._conductor.go_on()
        settings = self._conductor.with_tempo(settings)
        before, self._band.settings = self._band.settings, settings
        self._band.handover.eagerness = settings.eagerness
        self._transport.change(now_ns, settings)
        if settings.way is not before.way:
            self._way.leave(now_ns)
            self._way = way_of(settings.way)(self._band)
        else:
            self._way.settings_changed(now_ns)
        if settings.way is Way.TRADE and settings.partner_starts:
            self._band.grid.begin(now_ns)
        self._emit(protocol.SettingsChanged(settings))

    # -- trouble --

    def _engine_failed(self, now_ns: int, failed: Failed) -> None:
        self._trouble(failed.says)
        self._engine_lost(now_ns)

    def _engine_lost(self, now_ns: int) -> None:
        self._band.force_state(State.ENGINE_STOPPED)
        self._band.engine_lost()
        self._way.lost(now_ns)

    def _trouble(self, says: str) -> None:
        """Say it, but not over and over: an engine that cannot start fails again and again."""
        if says != self._told_trouble:
            self._told_trouble = says
            self._emit(protocol.Trouble(says))

    # -- sound --

    def _send_click(self, now_ns: int, message: bytes, due_ns: int | None = None) -> None:
        self._out.send(message, due_ns)
        self._intake.echo.sent(now_ns, message)
