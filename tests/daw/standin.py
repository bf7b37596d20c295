"""A stand-in for Antiphon that needs no Antiphon: it proves the rig, so that the rig can prove us.

A JACK client with Antiphon's two port names. What is played into it comes out an octave higher at
the same frame of the next cycle, and on every 24th tick of the clock it plays a key of its own.
At its end it prints one JSON object: the ticks of the clock in frames, and the other real-time
messages in their order. Frame-accurate: its Python runs in JACK's cycle and does nothing else.
"""

import gc
import json
import sys

import jack

CLICK = 37
TICKS_PER_QUARTER = 24
START, CONTINUE, STOP, TICK = 0xFA, 0xFB, 0xFC, 0xF8


def main() -> None:
    """Run until standard input is closed."""
    gc.disable()
    client = jack.Client("Standin", no_start_server=True)
    sink = client.midi_inports.register("Antiphon In")
    source = client.midi_outports.register("Antiphon Out")
    ticks: list[int] = []
    words: list[int] = []
    since_start = [0]

    @client.set_process_callback
    def process(_: int) -> None:
        source.clear_buffer()
        now = client.last_frame_time
        for offset, data in sink.incoming_midi_events():
            message = bytes(data)
            kind = message[0]
            if kind == TICK:
                if since_start[0] % TICKS_PER_QUARTER == 0:
                    source.write_midi_event(offset, bytes((0x90, CLICK, 100)))
                elif since_start[0] % TICKS_PER_QUARTER == 6:
                    source.write_midi_event(offset, bytes((0x80, CLICK, 64)))
                since_start[0] += 1
                ticks.append(now + offset)
            elif kind in (START, CONTINUE, STOP):
                since_start[0] = 0
                words.append(kind)
            elif kind & 0xE0 == 0x80:
                source.write_midi_event(offset, bytes((kind, message[1] + 12, message[2])))

    with client:
        print("ready", flush=True)
        sys.stdin.read()
    print(json.dumps({"ticks": ticks, "words": words}))


if __name__ == "__main__":
    main()
