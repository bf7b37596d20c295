"""A long jam with real performances over a real MIDI server, measured; see `__main__`."""
