"""What no kill brings about: each mishap is provoked once, over real processes, and then audited.

For `federation_faults`; each function takes its rig, and raises AssertionError.
"""

import hashlib
import socket
import ssl
import threading
import uuid
from collections.abc import Callable
from typing import Any

from benchmarks.federation_rig import CONSENT, LEAST, TRIAL, Rig
from federation.server import blobs
from tests.federation.server.served import Device, assert_says, change
from tests.federation.server.trials import Aggregating, until

AT_ONCE = 6


def half_an_upload(rig: Rig) -> dict[str, Any]:
    """The line is torn with half of the body sent; nothing is kept, and the whole is taken."""
    player, head = rig.crowd.players[0], rig.head
    name, body = str(uuid.uuid4()), change(77_001, head)
    device = _device(rig)
    path = f"/v1/contributions/{name}"
    before = len(list(rig.here.store.names("deltas")))
    headers = device.headers("PUT", path, body, str(head))
    _torn(rig, path, headers, body)
    _torn(rig, path, headers, body, reset=True)
    assert player.device.client.get("/health").status_code == 200  # and it still serves
    assert rig.here.book.sent(name) is None, "half a body was taken"
    assert len(list(rig.here.store.names("deltas"))) == before, "half a body was kept"
    answer = device.put(body, head, name)
    assert answer.status_code == 201, answer.text
    rig.others[name] = body
    return rig.audit()


def half_a_blob(rig: Rig) -> dict[str, Any]:
    """A power cut left half a file, and half a temporary one; sent again, it is whole."""
    device, head = _device(rig), rig.head
    name, body = str(uuid.uuid4()), change(77_002, head)
    place = blobs.delta(name, hashlib.sha256(body).hexdigest())
    folder = rig.folder / "blobs" / "deltas"
    folder.mkdir(exist_ok=True)
    (rig.folder / "blobs" / place).write_bytes(body[: len(body) // 2])
    (folder / "0123abcd.tmp").write_bytes(body[:100])
    assert device.put(body, head, name).status_code == 201
    assert rig.here.store.get(place) == body
    rig.others[name] = body
    rig.raw_left()
    assert not (folder / "0123abcd.tmp").exists(), "a half file was left lying"
    return rig.audit()


def two_aggregators(rig: Rig) -> dict[str, Any]:
    """Both work at once on the same mailbox, for three rounds."""
    other = Aggregating(rig.folder, rig.database, *TRIAL, name="other")
    try:
        for _ in range(3):
            rig.crowd.send(rig.head).join()
            rig.settle()
        return rig.audit()
    finally:
        other.kill()


def revoked_between_lease_and_publish(rig: Rig) -> dict[str, Any]:
    """The batch is made again without what was withdrawn."""
    one, head = _device(rig), rig.head
    name, body = str(uuid.uuid4()), change(77_003, head)
    rig.others[name] = body
    with rig.aggregator.armed.held_at("summed") as wait:
        assert one.put(body, head, name).status_code == 201
        for player in rig.crowd.players:
            until(lambda player=player: player.send(head))
        wait()
        leased = rig.here.book.sent(name)
        assert leased is not None
        answer = one.ask("DELETE", f"/v1/devices/{one.key.id}")
        assert answer.status_code == 200, answer.text
    rig.settle()
    sent = rig.here.book.sent(name)
    assert sent is not None
    assert sent.status == "withdrawn", sent
    return {"was": leased.status, "withdrawn": answer.json()["withdrawn"], **rig.audit()}


def replays(rig: Rig) -> dict[str, Any]:
    """The very same request one after another, and at once: it happens once."""
    device, head = _device(rig), rig.head
    name, body = str(uuid.uuid4()), change(77_004, head)
    path = f"/v1/contributions/{name}"
    headers = device.headers("PUT", path, body, str(head))
    found = _at_once(
        rig, lambda client: client.request("PUT", path, content=body, headers=headers).status_code
    )
    again = device.client.request("PUT", path, content=body, headers=headers)
    assert sorted(found).count(201) == 1, found
    assert set(found) <= {201, 401, 409}, found
    assert_says(again, 401)
    rig.others[name] = body
    sent = rig.here.book.sent(name)
    assert sent is not None
    return {"answers": sorted(found), **rig.audit()}


def another_body_under_the_same_id(rig: Rig) -> dict[str, Any]:
    """After the first one, and at once: one of them is kept, and is what was acknowledged."""
    device, head = _device(rig), rig.head
    name = str(uuid.uuid4())
    bodies = [change(77_010 + number, head) for number in range(AT_ONCE)]
    answers: dict[int, int] = {}

    def put(number: int) -> Callable[[Any], int]:
        def ask(client: Any) -> int:
            path = f"/v1/contributions/{name}"
            headers = device.headers("PUT", path, bodies[number], str(head))
            answers[number] = client.request(
                "PUT", path, content=bodies[number], headers=headers
            ).status_code
            return answers[number]

        return ask

    _at_once(rig, *(put(number) for number in range(AT_ONCE)))
    taken = [number for number, status in answers.items() if status == 201]
    assert len(taken) == 1, answers
    assert set(answers.values()) == {201, 409}, answers
    rig.others[name] = bodies[taken[0]]
    assert_says(device.put(change(77_020, head), head, name), 409)
    assert device.put(bodies[taken[0]], head, name).status_code == 200
    return {"answers": sorted(answers.values()), **rig.audit()}


def a_new_head_between_lease_and_publish(rig: Rig) -> dict[str, Any]:
    """One aggregator holds a batch, another publishes; the first begins again and loses nothing."""
    head = rig.head
    with rig.aggregator.armed.held_at("judged") as wait:
        for player in rig.crowd.players[:LEAST]:
            until(lambda player=player: player.send(head))
        wait()
        other = Aggregating(rig.folder, rig.database, *TRIAL, name="other")
        try:
            for player in rig.crowd.players[LEAST:]:
                until(lambda player=player: player.send(head))
            until(lambda: rig.head > head)
        finally:
            other.kill()
    rig.settle()
    return rig.audit()


MISHAPS: dict[str, Callable[[Rig], dict[str, Any]]] = {
    "half an upload": half_an_upload,
    "half a blob": half_a_blob,
    "two aggregators": two_aggregators,
    "revoked between lease and publish": revoked_between_lease_and_publish,
    "a new head between lease and publish": a_new_head_between_lease_and_publish,
    "replays": replays,
    "another body under the same id": another_body_under_the_same_id,
}


def _device(rig: Rig) -> Device:
    """A new one, enrolled."""
    device = Device(rig.gateway.client(), enrol=False)
    rig.strangers.append(device)
    assert device.enrol(CONSENT).status_code == 201
    return device


def _torn(
    rig: Rig, path: str, headers: dict[str, str], body: bytes, *, reset: bool = False
) -> None:
    """Half of a request; then the end of the line, or a reset of it."""
    trusted = ssl.create_default_context(cafile=str(rig.folder / "tls" / "cert.pem"))
    with socket.create_connection(("127.0.0.1", rig.gateway.port)) as plain:
        line = trusted.wrap_socket(plain, server_hostname="127.0.0.1")
        words = {**headers, "Host": "127.0.0.1", "Content-Length": str(len(body))}
        head = "".join(f"{name}: {word}\r\n" for name, word in words.items())
        line.sendall(f"PUT {path} HTTP/1.1\r\n{head}\r\n".encode() + body[: len(body) // 2])
        if reset:
            now = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # on, and 0 s: close sends RST
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
        line.close()


def _at_once(rig: Rig, *asks: Callable[[Any], int]) -> list[int]:
    """Each on a line of its own, released together; one of them is asked several times."""
    every = list(asks) if len(asks) > 1 else [asks[0]] * AT_ONCE
    together, found = threading.Barrier(len(every)), []

    def go(ask: Callable[[Any], int]) -> None:
        with rig.gateway.client() as client:
            client.get("/health")
            together.wait()
            found.append(ask(client))

    threads = [threading.Thread(target=go, args=(ask,)) for ask in every]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
