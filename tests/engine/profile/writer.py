"""A process that writes to a profile without end, to be killed: `python -m ... FOLDER WHAT`.

Its first line of output says that it has begun. WHAT is "all", "adapters" or "memory".
"""

import itertools
import os
import sys
import time
from pathlib import Path

from tests.engine.profile.stage import BETTER, adapter, memory, phrase, store_in


def write(folder: Path, what: str) -> None:
    os.fsync = lambda handle: None  # as in conftest: more kills in less time
    store = store_in(folder)
    print("begun", flush=True)
    for number in itertools.count(1):
        time.sleep(0.005)  # nobody writes without a pause, and whoever waits gets a turn
        if what in ("all", "memory"):
            store.save_memory("me", memory(number % 30_000), notes=number)
            store.save_settings("me", {"number": number, "again": [number] * 50})
        if what in ("all", "adapters"):
            store.add_adapter("me", adapter(float(number)), BETTER, [phrase(str(number))])
        if what == "all":
            store.import_(folder / "me.antiphon-profile", "other", replace=True)
            store.rename("other", "another")
            store.copy("another", "other")
            store.delete("another")


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2])
