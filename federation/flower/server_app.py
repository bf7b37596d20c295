"""What the tier's SuperLink runs for each aggregation: deal the shards, gather the sums, once each.

`dealing` knows who gets what; here it is sent and fetched over Flower's Message API. The rows come
from the job's folder, and the result goes there. Started by Flower in a process of its own.
"""

import time
from collections.abc import Callable
from pathlib import Path

from flwr.app import Context, Message, MessageType  # noqa: TID253
from flwr.serverapp import Grid, ServerApp  # noqa: TID253

from federation.aggregate.rules import Partial
from federation.flower import job
from federation.flower.dealing import Dealing
from federation.flower.task import SHARD, TaskError, dealt, understood

LOOK_S = 0.25
"""How often answers are asked for."""
MOST_AGAIN = 5
QUERY = f"{MessageType.QUERY}.{SHARD}"

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """One aggregation, as Flower starts it: its folder is in the run's configuration."""
    folder = Path(str(context.run_config["job"]))
    try:
        asked = job.asked(folder)
        began_s = time.monotonic()
        dealing = Dealing(
            (part.stop - part.start for part in asked.shards()),
            timeout_s=asked.timeout_s,
            clock=time.monotonic,
        )
        total = deal(grid, asked, dealing, print, time.sleep)
        seconds = time.monotonic() - began_s
        job.finish(folder, total, job.Report(len(asked.shards()), dealing.again, seconds))
    except Exception as error:
        job.fail(folder, f"{type(error).__name__}: {error}")
        raise


def deal(
    grid: Grid,
    asked: job.Job,
    dealing: Dealing,
    say: Callable[[str], None],
    wait: Callable[[float], None],
) -> Partial:
    """Until every shard has its sum; whoever asked for it ends it when it takes too long."""
    shards, size = asked.shards(), asked.rows.shape[1]
    while not dealing.done:
        for worker, shard in dealing.next(grid.get_node_ids()):
            part = shards[shard]
            content = dealt(asked.rows[part], asked.weights[part].tolist())
            message = Message(content, worker, QUERY, ttl=10 * asked.timeout_s)
            for name in grid.push_messages([message]):
                if name:
                    dealing.sent(name, worker, shard)
                    say(f"shard {shard} to worker {worker}")
        for reply in grid.pull_messages(dealing.awaited) if dealing.awaited else ():
            name = reply.metadata.reply_to_message_id
            try:
                if reply.has_error():
                    raise TaskError(reply.error.reason)
                counts = dealing.answered(name, understood(reply.content, size))
                say(f"answer {'counts' if counts else 'not needed'}")
            except TaskError as error:
                dealing.failed(name)
                say(f"a worker failed: {error}")
        for given in dealing.overdue():
            say(f"worker {given.worker} takes too long over shard {given.shard}: dealt again")
        if dealing.again > MOST_AGAIN * len(shards):
            raise TaskError("The workers fail at it again and again; their logs say why.")
        if not dealing.done:
            wait(LOOK_S)
    return dealing.total()
