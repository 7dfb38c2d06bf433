"""Bodies that no SDK would send: each is stored or refused, and nothing else happens."""

import copy
import json
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx
import psutil

from framegate.telemetry.otlp import bodies
from framegate.telemetry.otlp.bodies import JSON, PROTOBUF, OtlpError
from framegate.telemetry.store.store import Store
from tests.conftest import RunningCollector
from tests.telemetry.good_bodies import Body, good_bodies
from tests.volume import examples

BODIES = examples(10_000)
OVER_HTTP = examples(1_000)
MOST_GROWTH_BYTES = 400 * 2**20  # DuckDB's own buffers included
TEXTS = ("", "x", "\0", "‮💥", "a" * 5_000, "NaN", "-1", "9" * 30, "1e400", "zz" * 8)
INTEGERS = (0, 1, -1, 24, 999, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63), 2**64 - 1)
FLOATS = (float("nan"), float("inf"), -0.0, 1e308, 5e-324)
BYTES = (b"", b"x", b"y" * 16, b"z" * 8)
VALUES: tuple[Any, ...] = (
    *(None, True, [], {}, [[]], {"a": 1}, [1, "a"], "\ud83d", 2**64, 1.5, *TEXTS, *INTEGERS),
    {"stringValue": 5},
    {"intValue": "x"},
    {"doubleValue": "NaN"},
    {"bytesValue": "!!"},
    {"arrayValue": {"values": [None]}},
    {"kvlistValue": {"values": [{"key": "a"}, {"key": "a"}]}},
)


def torn(body: Body, source: random.Random) -> bytes:
    """A few bytes changed, lost, put in or repeated."""
    data = bytearray(body.data)
    for _ in range(source.choice((1, 1, 1, 2, 8))):
        at, size = source.randrange(len(data)), source.randrange(1, 9)
        match source.randrange(4):
            case 0:
                data[at] ^= 1 << source.randrange(8)
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = source.randbytes(size)
            case _:
                data[at:at] = data[at : at + 4 * size]
    return bytes(data)


def swapped_json(body: Body, source: random.Random) -> bytes:
    """Any value of the document in the place of another kind of value."""
    document = json.loads(body.data)
    for _ in range(source.choice((1, 1, 2))):
        holder, key = source.choice(places(document))
        holder[key] = copy.deepcopy(source.choice(VALUES))
    return json.dumps(document).encode("utf-8", "surrogatepass")


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key inside a JSON value."""
    inside: dict[Any, Any] = {}
    if isinstance(value, dict):
        inside = value
    elif isinstance(value, list):
        inside = dict(enumerate(value))
    own = [(value, key) for key in inside]
    return own + [place for item in inside.values() for place in places(item)]


def swapped_field(body: Body, source: random.Random) -> bytes:
    """One field of the message with an extreme value of its own type."""
    message: Any = bodies.SIGNAL_CODECS[body.signal].request.FromString(body.data)
    holder = message
    while fields := holder.ListFields():
        field, value = source.choice(fields)
        if field.message_type is None:
            extreme(holder, field.name, source)
            break
        holder = source.choice(list(value)) if hasattr(value, "__len__") else value
    return bytes(message.SerializeToString())


def extreme(holder: Any, name: str, source: random.Random) -> None:
    options = [*TEXTS, *INTEGERS, *FLOATS, *BYTES]
    for value in source.sample(options, len(options)):
        try:
            setattr(holder, name, value)
        except (TypeError, ValueError, OverflowError, AttributeError):
            continue
        return


WAYS: dict[str, tuple[Callable[[Body, random.Random], bytes], ...]] = {
    PROTOBUF: (torn, swapped_field),
    JSON: (torn, swapped_json),
}


def bad_body(good: list[Body], source: random.Random) -> Body:
    body = source.choice(good)
    way = source.choice(WAYS[body.content_type])
    return Body(body.signal, body.content_type, way(body, source))


def test_every_body_is_stored_or_refused_as_the_clients_fault(tmp_path: Path) -> None:
    source, good = random.Random(20_261_121), good_bodies()
    process = psutil.Process()
    before = process.memory_info().rss
    store = Store(tmp_path / "store")
    statuses: Counter[int] = Counter()
    waiting: list[Future[int]] = []
    for number in range(BODIES):
        body = bad_body(good, source)
        try:
            export = bodies.decode_request(body.signal, body.data, body.content_type)
            waiting.append(store.append(body.signal, export.rows, digest=number.to_bytes(32)))
        except OtlpError as error:
            statuses[error.status] += 1
    for future in waiting:
        future.result()  # what was decoded can be stored
    store.close()
    assert set(statuses) == {400}
    assert min(len(waiting), statuses[400]) > BODIES // 5
    assert process.memory_info().rss - before < MOST_GROWTH_BYTES


def test_over_http_the_answer_is_200_or_400_in_the_requests_own_type(
    collector: RunningCollector,
) -> None:
    source, good = random.Random(1), good_bodies()
    with httpx.Client(base_url=collector.url) as client:
        for _ in range(OVER_HTTP):
            body = bad_body(good, source)
            answer = client.post(
                f"/v1/{body.signal}",
                content=body.data,
                headers={"content-type": body.content_type},
            )
            assert answer.status_code in (200, 400)
            assert answer.headers["content-type"] == body.content_type
    assert collector.client.query("spans").commit > 1
