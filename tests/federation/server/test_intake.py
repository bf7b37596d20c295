"""What happens between the first look and the row: another gateway, an aggregator, a replay."""

import secrets
import uuid

import pytest

from federation.formats.requests import Credentials
from federation.server import blobs
from federation.server.intake import Intake
from federation.server.trouble import RefusedError
from tests.federation.formats.stage import SMALL, contribution


@pytest.mark.parametrize("leased", [False, True])
def test_a_replay_that_loses_the_race_leaves_the_blob_of_the_first(stage, leased):
    """The same request at two gateways at once; the other was first, and may be leased already."""
    device, body, name = stage.device(), contribution(5, from_version=1), str(uuid.uuid4())
    said = Credentials(device, "1", int(stage.time()), secrets.token_hex(16), b"")
    lineages, here = stage.here.book.lineages(), stage.here

    def take_in(at=lambda _: None):
        limits = {"clip": 1.0, "most_stale": 5, "most_a_day": 8, "at": at}
        intake = Intake(here.book, here.leases, here.store, **limits)
        return intake.take_in(name, body, said, lineages)

    def other_gateway(place: str) -> None:
        if place == "blob":
            take_in()
            if leased:
                assert here.leases.take(SMALL.id, least=1, most=1, seconds=60) is not None

    with pytest.raises(RefusedError, match="made before"):
        take_in(other_gateway)
    sent = here.book.sent(name)
    assert sent.status == ("leased" if leased else "pending")
    assert here.store.get(blobs.delta(name, sent.sha256)) == body
