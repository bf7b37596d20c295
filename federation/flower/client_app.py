"""What a worker of the tier runs: one shard in, its partial sum out. See `task`.

Workers are machines of the server's own, never players': Flower starts this in a process of its
own for each shard, and ends it.
"""

from flwr.app import Context, Message  # noqa: TID253
from flwr.clientapp import ClientApp  # noqa: TID253

from federation.flower.task import SHARD, work

app = ClientApp()


@app.query(SHARD)
def shard(message: Message, context: Context) -> Message:
    """The answer to one shard; whatever goes wrong becomes an error that the dealer sees."""
    return Message(work(message.content), reply_to=message)
