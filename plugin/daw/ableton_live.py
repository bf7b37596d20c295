"""Antiphon: tracks and routing for Ableton Live 11 and 12, as a MIDI remote script.

NOT TRIED: written from the documentation of the Live object model, checked for syntax only.

Live runs this inside itself: put it as `Antiphon/__init__.py` into the User Library's `Remote
Scripts`, restart Live, and choose Antiphon as a Control Surface, without ports, while `antiphon
jam` runs. It makes two MIDI tracks, Player and Partner, or finds those of that name: the player's
plays to "Antiphon In", the partner's hears "Antiphon Out"; both are armed. It refuses to touch
other tracks, and cannot turn the switches Track and Sync of the ports: those are in Settings >
Link, Tempo & MIDI.
"""

# Live 11 has Python 3.7 and nothing of ours: no newer syntax, nothing imported but its own.
from typing import Any

# On Windows, write the names of your two loopback ports here.
HEARS, PLAYS = "Antiphon In", "Antiphon Out"
MONITOR_AUTO, NOT_ANYWHERE = 1, "No Output"


def create_instance(c_instance: Any) -> "Antiphon":
    """Live calls this once for every slot in which the script was chosen."""
    return Antiphon(c_instance)


class Antiphon:
    """One use of the script in Live's list of control surfaces."""

    def __init__(self, c_instance: Any) -> None:
        self._live = c_instance
        self._ready = False

    # Live asks for these again and again; what a script may change, it may change only from here.

    def update_display(self) -> None:
        """Called ten times a second; the work is done at the first call."""
        if not self._ready:
            self._ready = True
            self._live.show_message(self._prepare())

    def connect_script_instances(self, instanciated_scripts: Any) -> None:
        """Nothing to share with other scripts."""

    def can_lock_to_devices(self) -> bool:
        """There are no knobs."""
        return False

    def suggest_input_port(self) -> str:
        """None: the tracks listen, not the script."""
        return ""

    def suggest_output_port(self) -> str:
        """None: the tracks play, not the script."""
        return ""

    def suggest_map_mode(self, cc_no: int, channel: int) -> int:
        """There are no knobs."""
        return -1

    def build_midi_map(self, midi_map_handle: Any) -> None:
        """Nothing is mapped."""

    def receive_midi(self, midi_bytes: Any) -> None:
        """Nothing is asked for."""

    def refresh_state(self) -> None:
        """Nothing is shown."""

    def disconnect(self) -> None:
        """Nothing is held."""

    def _prepare(self) -> str:
        player, partner = self._track("Player"), self._track("Partner")
        done = [
            _route(player, "output", HEARS),
            _route(partner, "input", PLAYS),
            partner.has_audio_output or _route(partner, "output", NOT_ANYWHERE),
        ]
        for track in (player, partner):
            track.current_monitoring_state = MONITOR_AUTO
            if track.can_be_armed:
                track.arm = True
        if not all(done):
            return (
                "Antiphon: its ports are not there. Run antiphon jam, switch on Track for "
                f"{PLAYS} and {HEARS} in Settings > Link, Tempo & MIDI, then choose Antiphon again."
            )
        return "Antiphon: choose your keyboard as MIDI From of Player, an instrument for Partner."

    def _track(self, name: str) -> Any:
        song = self._live.song()
        for track in song.tracks:
            if track.name == name:
                return track
        song.create_midi_track(-1)
        made = song.tracks[len(song.tracks) - 1]
        made.name = name
        return made


def _route(track: Any, side: str, part: str) -> bool:
    """Set a track's input or output to the first choice with `part` in its name; whether it is."""
    for choice in getattr(track, f"available_{side}_routing_types"):
        if part in choice.display_name:
            setattr(track, f"{side}_routing_type", choice)
            return True
    return False
