"""Bodies that are nearly right: bytes turned over, words of the header changed, signed alike.

    python -m tests.federation.server.test_bodies [TRIALS]

tries so many by hand, and prints what was said to them.
"""

import json
import random
import secrets
import sys
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path

import pytest

from federation.formats.requests import Credentials
from federation.server.database import of_folder
from federation.server.intake import Intake
from federation.server.trouble import RefusedError
from tests.federation.formats.stage import SMALL, assert_is_a_sentence, contribution
from tests.federation.server.conftest import Stage, make_stage

ODD = (
    "", "0", "-1", "01", "1e3", "9" * 30, " 1", "1\n", "\u0661", "\ud800", "\0", "a" * 5000, None,
    True, 1, -1, 2**63, 2**64, 1e308, [], [[]], {}, [0, 10], "F16", "F32", "I64", "../../etc",
    SMALL.id,
)  # fmt: skip


def turned(chance: random.Random, body: bytes) -> bytes:
    """The body with one to four bytes changed, cut, doubled or put in."""
    data = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randint(1, 20)]
            case 2:
                data[at:at] = data[at : at + 20]
            case _:
                data[at:at] = chance.randbytes(3)
    return bytes(data)


def reworded(chance: random.Random, body: bytes) -> bytes:
    """The body with something odd at a place of its header."""
    length = int.from_bytes(body[:8], "little")
    header = json.loads(body[8 : 8 + length])
    inner = header[chance.choice(list(header))]
    where = chance.choice([header, inner, header["__metadata__"]])
    name = chance.choice([*where, "more"])
    if chance.random() < 0.2:
        where.pop(name, None)
    else:
        where[name] = chance.choice(ODD)
    words = json.dumps(header).encode()
    return len(words).to_bytes(8, "little") + words + body[8 + length :]


def attacked(stage: Stage, trials: int, seed: int = 0) -> "Counter[str]":
    """What is said to so many bodies. Raises whatever is no refusal."""
    here, chance, found = stage.here, random.Random(seed), Counter()
    take = Intake(here.book, here.leases, here.store, clip=1.0, most_stale=5, most_a_day=10**9)
    lineages, device = here.book.lineages(), stage.device()
    for number in range(trials):
        body = contribution(number % 50, from_version=1)
        body = chance.choice([turned, reworded])(chance, body)
        said = Credentials(device, "1", int(time.time()), secrets.token_hex(16), b"")
        try:
            _, new = take.take_in(str(uuid.uuid4()), body, said, lineages)
            found["201" if new else "200"] += 1
            device = stage.device()
        except RefusedError as refused:
            assert_is_a_sentence(refused.says)
            found[str(refused.status)] += 1
    return found


@pytest.mark.slow
def test_whatever_comes_is_taken_or_refused_and_only_what_was_taken_is_kept(small):
    found = attacked(small, 250)
    assert found["422"] > 100
    taken = found["201"]
    assert taken  # a bit of a number turned over is a number
    assert len(small.deltas()) == taken
    assert small.here.leases.counts() == {SMALL.id: {"pending": taken}}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        stage = make_stage(Path(name), of_folder(Path(name)))
        print(json.dumps(attacked(stage, int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)))
