"""kill -9 under load: what was acknowledged is stored, once."""

import threading

import httpx

from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.otlp.bodies import PROTOBUF
from tests.processes import Mortal
from tests.telemetry.spans import SPANS_EACH, body
from tests.volume import examples

KILLS, ACKS_BETWEEN_KILLS = examples(3), 50
SENDERS, BODIES_EACH = 6, 12 * KILLS


def deliver(url: str, data: bytes) -> None:
    """Send until it is acknowledged, as an SDK does."""
    while True:
        try:
            answer = httpx.post(
                f"{url}/v1/traces", content=data, headers={"content-type": PROTOBUF}, timeout=60
            )
        except httpx.TransportError:
            continue
        if answer.status_code == 200:
            return


def test_kills_under_load_lose_nothing_acknowledged_and_store_nothing_twice(
    mortal: Mortal,
) -> None:
    url, acknowledged = mortal.url, threading.Semaphore(0)

    def send(sender: int) -> None:
        for number in range(BODIES_EACH):
            deliver(url, body(sender, number))
            acknowledged.release()

    senders = [threading.Thread(target=send, args=(n,), daemon=True) for n in range(SENDERS)]
    for thread in senders:
        thread.start()
    for _ in range(KILLS):
        for _ in range(ACKS_BETWEEN_KILLS):
            assert acknowledged.acquire(timeout=60)
        mortal.kill()
        mortal.start()
    for thread in senders:
        thread.join(timeout=120)
    with CollectorClient(url) as client:
        stored = [(span.trace_id, span.span_id) for span in client.spans()]
    assert len(stored) == SENDERS * BODIES_EACH * SPANS_EACH
    assert len(set(stored)) == len(stored)


def test_a_body_may_be_sent_again_after_a_kill_and_a_lease_has_the_same_holder(
    mortal: Mortal,
) -> None:
    url, data = mortal.url, body(1, 1)
    with CollectorClient(url) as client:
        deliver(url, data)
        assert client.lease("a", ["x"], seconds=600) == ["x"]
        mortal.kill()
        mortal.start()
        deliver(url, data)
        assert len(client.spans()) == SPANS_EACH
        assert client.lease("b", ["x", "y"], seconds=600) == ["y"]
