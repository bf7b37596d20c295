"""`python -m plugin.served`: a session whose window is at the far end of standard input and output.

Exit codes: 0 it was asked to end, or the window went; 1 it stumbled, or could not understand the
window; the last frame says why. ANTIPHON_DIARY=FILE: see `plugin.served.diary`.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugin.served.outbox import Outbox


def main() -> int:
    """Until the window has had enough."""
    # Nothing of ours may print before the line is taken over.
    from plugin.served.line import take_over

    pipes = take_over()
    import faulthandler

    from plugin.running import announced, left_behind
    from plugin.served.host import Host
    from plugin.served.inbox import Inbox
    from plugin.served.messages import Over
    from plugin.signals import heeded

    faulthandler.enable()
    killed = left_behind()
    with heeded() as wishes, announced():
        inbox = Inbox(pipes.read)
        outbox = _outbox(pipes.write)
        says = Host(inbox, outbox, wishes, silence_first=killed).run()
        inbox.close()
    outbox.put(Over(says))
    outbox.close()
    return 1 if says else 0


def _outbox(write: Callable[[bytes], None]) -> "Outbox":
    from plugin.served import diary, outbox

    path = os.environ.get(diary.VARIABLE)
    if not path:
        return outbox.Outbox(write)
    from plugin.realtime.clock import MonotonicClock

    return diary.Diary(write, Path(path), MonotonicClock().now_ns)


if __name__ == "__main__":
    sys.exit(main())
