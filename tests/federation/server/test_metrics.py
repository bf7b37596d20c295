from prometheus_client.parser import text_string_to_metric_families

from federation.server.metrics import Metrics


def families(metrics, **others):
    words = {"counts": {}, "latest": {}, "devices": {}, **others}
    text = metrics.text(**words).decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(family, **labels):
    return next(one.value for one in family.samples if labels.items() <= one.labels.items())


def test_prometheus_reads_what_is_told():
    metrics = Metrics()
    for status in (201, 201, 429):
        metrics.request("PUT", "/v1/contributions/{uuid}", status, 0.01)
    found = families(
        metrics,
        counts={"a" * 64: {"pending": 3, "used": 40}},
        latest={"a" * 64: (7, 1.5), "b" * 64: (1, None)},
        devices={"enrolled": 43, "revoked": 2},
    )
    requests = found["antiphon_requests"]
    assert value(requests, status="201", method="PUT") == 2
    assert value(requests, status="429") == 1
    assert value(found["antiphon_contributions"], lineage="a" * 12, status="used") == 40
    assert value(found["antiphon_latest_version"], lineage="a" * 12) == 7
    assert value(found["antiphon_devices"], state="revoked") == 2
    assert [one.value for one in found["antiphon_epsilon_spent"].samples] == [1.5]
    assert found["antiphon_request_seconds"].type == "histogram"


def test_what_strangers_ask_for_makes_no_labels():
    metrics = Metrics()
    for number in range(100):
        metrics.request(f"METHOD{number}", "other", 404, 0.0)
    samples = families(metrics)["antiphon_requests"].samples
    assert {one.labels.get("method") for one in samples} == {"other"}


def test_what_is_no_more_is_not_told_any_more():
    metrics = Metrics()
    families(metrics, counts={"a" * 64: {"pending": 3}})
    found = families(metrics, counts={"a" * 64: {"used": 3}})
    samples = found["antiphon_contributions"].samples
    assert {one.labels["status"]: one.value for one in samples if one.value} == {"used": 3.0}


def test_a_mistake_of_ours_is_counted_by_its_kind(caplog):
    metrics = Metrics()
    metrics.mistake(ValueError("x"))
    assert value(families(metrics)["antiphon_mistakes"], kind="ValueError") == 1
    assert "reason of the server's own" in caplog.text
