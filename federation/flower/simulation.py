"""Many players on one machine: the same contributions and versions, with Flower or without.

`plainly` calls the functions one after the other; `through_flower` has Flower's simulation call
them, players as virtual nodes on ray. Both go by the file that a contribution is (`delta.encode`,
`decode`) and by `aggregate.version`, so they end with the same model: that is what this is for. For
experiments the plain one is faster; ray is not among the project's packages.

It refuses to train: `train` is handed in.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from federation.aggregate.descent import FRESH
from federation.aggregate.version import How, step
from federation.formats.clipping import clip
from federation.formats.delta import Delta, Vector, decode, encode, from_vector, note_step
from federation.formats.lineage import Lineage

Train = Callable[[int, Vector], tuple[Vector, int]]
"""(player, all B as one vector) -> (how training moves them, on how many notes)."""
TIMEOUT_S = 300.0


class SimulationError(Exception):
    """It did not end as it should; the message is a sentence and a next step."""


@dataclass(frozen=True, slots=True)
class World:
    """Who plays, and how versions are made. train must be something that can be pickled for ray."""

    lineage: Lineage
    players: int
    train: Train
    how: How


def contribution(world: World, player: int, model: Vector, version: int) -> bytes:
    """What one player sends: trained, clipped, in the file that would travel."""
    change, notes = world.train(player, model)
    tensors = from_vector(clip(change, world.how.limit), world.lineage)
    made = Delta(world.lineage.id, version, note_step(notes), tensors)
    return encode(made, world.lineage)


def plainly(world: World, versions: int) -> list[Vector]:
    """The model at every version, beginning with nothing learnt."""

    def ask(model: Vector, version: int) -> list[bytes]:
        return [contribution(world, n, model, version) for n in range(world.players)]

    return _versions(world, versions, ask)


def through_flower(world: World, versions: int, cores: int = 2) -> list[Vector]:
    """The same under Flower's simulation. Raises ImportError without ray, SimulationError."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray  # type: ignore[import-not-found,unused-ignore] # noqa: F401
    from flwr.app import ConfigRecord, Context, Message, MessageType, RecordDict
    from flwr.clientapp import ClientApp
    from flwr.serverapp import Grid, ServerApp
    from flwr.simulation import run_simulation

    players, server, found = ClientApp(), ServerApp(), []

    @players.train()
    def learnt(message: Message, context: Context) -> Message:
        asked = message.content.config_records["asked"]
        model = np.frombuffer(_bytes(asked["model"]), np.float32)
        player, version = _whole(context.node_config["partition-id"]), _whole(asked["version"])
        file = contribution(world, player, model, version)
        reply = RecordDict({"made": ConfigRecord({"player": player, "file": file})})
        return Message(reply, reply_to=message)

    @server.main()
    def main(grid: Grid, context: Context) -> None:
        deadline_s = time.monotonic() + TIMEOUT_S
        while len(list(grid.get_node_ids())) < world.players and time.monotonic() < deadline_s:
            time.sleep(0.1)  # virtual nodes come up one by one

        def ask(model: Vector, version: int) -> list[bytes]:
            asked = ConfigRecord({"model": model.tobytes(), "version": version})
            messages = [
                Message(RecordDict({"asked": asked}), node, MessageType.TRAIN)
                for node in grid.get_node_ids()
            ]
            files = {}
            for reply in grid.send_and_receive(messages, timeout=TIMEOUT_S):
                if reply.has_error():
                    raise SimulationError(f"A player failed; look at its error: {reply.error}")
                made = reply.content.config_records["made"]
                files[_whole(made["player"])] = _bytes(made["file"])
            return [files[player] for player in sorted(files)]

        found.extend(_versions(world, versions, ask))

    run_simulation(
        server_app=server,
        client_app=players,
        num_supernodes=world.players,
        backend_config={
            "client_resources": {"num_cpus": 1, "num_gpus": 0.0},
            "init_args": {
                "num_cpus": cores,
                "include_dashboard": False,
                "_node_ip_address": "127.0.0.1",
            },
        },
    )
    if len(found) != versions + 1:
        raise SimulationError("Flower's simulation ended early; what it printed says why.")
    return found


def _versions(
    world: World, versions: int, ask: Callable[[Vector, int], list[bytes]]
) -> list[Vector]:
    model, state = np.zeros(world.lineage.size, np.float32), FRESH
    found = [model]
    for version in range(1, versions + 1):
        files = ask(model, version)
        if len(files) != world.players:
            raise SimulationError(f"{len(files)} of {world.players} players answered; try again.")
        deltas = [decode(file, world.lineage) for file in files]
        state, change = step(deltas, version, state, world.how)
        model = (model + change).astype(np.float32)
        found.append(model)
    return found


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise SimulationError("A message holds something else than bytes; use one Flower for all.")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int):
        raise SimulationError("A message holds something else than a number; use one Flower.")
    return value
