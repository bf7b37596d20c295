"""A witness at Antiphon's output: hears what Ardour, when it stands, does not record.

A JACK client that is connected to nothing but the port it was named, and to that before it says
"ready". When its standard input is closed it prints every message it heard, as hexadecimal, one
JSON list. It refuses to judge.

    python -m tests.daw.listener PORT
"""

import contextlib
import gc
import json
import sys

import jack

from tests.rig.waiting import wait_for


def main() -> None:
    """Listen until standard input is closed."""
    gc.disable()
    client = jack.Client("Listener", no_start_server=True)
    sink = client.midi_inports.register("in")
    heard: list[str] = []

    @client.set_process_callback
    def process(_: int) -> None:
        heard.extend(bytes(data).hex() for _, data in sink.incoming_midi_events())

    def connected() -> bool:
        with contextlib.suppress(jack.JackError):
            client.connect(sys.argv[1], sink)
        return bool(client.get_all_connections(sink))

    with client:
        wait_for(connected, sys.argv[1])
        print("ready", flush=True)
        sys.stdin.read()
    print(json.dumps(heard))


if __name__ == "__main__":
    main()
