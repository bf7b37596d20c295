"""A few of the fifty points: `python -m benchmarks.federation_faults` has them all."""

import pytest

from benchmarks.federation_faults import faults, plan
from benchmarks.federation_rig import CLIENT, DATABASE, FLOWER, GATEWAY
from tests.federation.server.giving import PLACES
from tests.federation.server.postgres import why_not

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_who_is_killed_at_any_place_loses_and_doubles_nothing(tmp_path, request):
    """Over PostgreSQL, which is killed, too; where there is none, over SQLite."""
    postgres = None if why_not() else request.getfixturevalue("postgres")
    points = [(CLIENT, "noted"), (GATEWAY, "kept 2"), (DATABASE, "after 0.30")]
    report = faults(tmp_path, postgres, points, 1, 4, ("another body under the same id",))
    assert report["lost_or_doubled"] == 0, report
    assert report["at_the_end"]["acknowledged"] >= 13


def test_the_plan_names_every_place_and_draws_the_rest():
    found = plan(50, 1)
    assert len(found) == 50
    assert {what for what, _ in found} == {CLIENT, GATEWAY, "aggregator", DATABASE, FLOWER}
    assert {place for what, place in found if what == CLIENT} > set(PLACES)
    assert found == plan(50, 1)
