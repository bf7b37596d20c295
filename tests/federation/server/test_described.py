"""The API against its own description: what fits is answered, what does not is refused.

    python -m tests.federation.server.test_described [EXAMPLES]

tries so many requests of each operation by hand, and prints what was answered.
"""

import json
import secrets
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from federation.formats.requests import DeviceKey, RequestError
from federation.server.database import of_folder
from federation.server.desk import Parts
from federation.server.gateway import gateway
from federation.server.limits import Rate
from federation.server.metrics import Metrics
from federation.server.settings import Limits
from tests.federation.server.conftest import CONSENT, Stage, make_stage

FEW = 8
WHOSE = ("nobody's", "a stranger's", "a device's")


class Described:
    """A gateway in this process, its description, and one device that it knows."""

    def __init__(self, stage: Stage) -> None:
        stage.time.now_s = time.time()
        many = Rate(1e6, 1e6)
        limits = Limits(device=many, address=many, most_a_day=10**6, enrolments_a_day=10**6)
        here, self.stage, self.metrics = stage.here, stage, Metrics()
        door = gateway(
            Parts(
                here.book, here.leases, here.store, limits, 1.0,
                time.time, time.monotonic, self.metrics,
            )
        )  # fmt: skip
        self.schema = schemathesis.openapi.from_asgi("/openapi.json", door)
        self.key = DeviceKey.fresh()
        words = (self.key.id, self.key.public, CONSENT[0], "2026-11-21", "0.1.0")
        assert here.book.enrol(*words, nonce=secrets.token_hex(16))
        self.answers: Counter[str] = Counter()

    def fuzz(self, examples: int) -> None:
        """So many of each operation. Raises AssertionError."""
        for found in self.schema.get_all_operations():
            operation = found.ok()
            cases = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

            @settings(
                max_examples=examples, deadline=None, database=None, derandomize=True,
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(case=st.one_of(cases), whose=st.sampled_from(WHOSE))
            def probe(case, whose):
                self.answered(case, whose)

            probe()

    def answered(self, case, whose: str) -> None:
        response = case.call(headers=self.signed(case, whose))
        self.answers[f"{response.status_code}"] += 1
        assert response.status_code < 500, response.text
        if response.status_code >= 400:
            assert set(response.json()) == {"says", "why"}
        # Bytes are described as bytes: that they are a change of the model no description can say.
        but = [positive_data_acceptance] if case.method.upper() == "PUT" else []
        case.validate_response(response, excluded_checks=but)

    def signed(self, case, whose: str) -> dict[str, str]:
        """The headers of a true signature of what schemathesis thought of."""
        if whose == "nobody's":
            return {}
        try:
            made = requests.Request(**case.as_transport_kwargs(base_url="http://x")).prepare()
        except (requests.RequestException, ValueError, TypeError):
            return {}
        body = made.body or b""
        key = self.key if whose == "a device's" else DeviceKey.fresh()
        said = {"now_s": int(time.time()), "nonce": secrets.token_bytes(16), "base": "1"}
        body = body.encode() if isinstance(body, str) else bytes(body)
        try:
            return key.headers(case.method.upper(), made.path_url, body, **said)
        except RequestError:  # an address that is too long to be signed
            return {}


@pytest.mark.slow
def test_no_request_that_anybody_can_think_of_is_a_mistake_of_the_servers(small):
    described = Described(small)
    described.fuzz(FEW)
    assert described.answers.total() > 8 * FEW / 2
    assert {"401", "404", "422"} <= set(described.answers)
    assert b"antiphon_mistakes_total{" not in described.metrics.text({}, {}, {})
    assert small.deltas() == []


def test_the_description_names_every_address(small):
    described = Described(small)
    with_methods = {
        f"{method.upper()} {path}"
        for path, methods in described.schema.raw_schema["paths"].items()
        for method in methods
    }
    assert with_methods == {
        "GET /v1/lineages", "GET /v1/model/latest", "GET /v1/model/{version}",
        "GET /v1/blobs/{sha256}", "POST /v1/devices", "DELETE /v1/devices/{device}",
        "PUT /v1/contributions/{uuid}", "GET /v1/contributions/{uuid}",
        "DELETE /v1/contributions/{uuid}",
    }  # fmt: skip


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        stage = make_stage(Path(name), of_folder(Path(name)))
        described = Described(stage)
        described.fuzz(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
        mistakes = b"antiphon_mistakes_total{" in described.metrics.text({}, {}, {})
        print(json.dumps({"requests": described.answers.total(), "answers": described.answers,
                          "mistakes": mistakes, "stored": stage.deltas()}))  # fmt: skip
