"""OTLP/HTTP, duty by duty: opentelemetry.io/docs/specs/otlp."""

import gzip
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest
from google.protobuf import json_format
from google.rpc.status_pb2 import Status

from tests.telemetry.conformance.bodies import (
    JSON,
    PROTOBUF,
    RESPONSES,
    SIGNALS,
    as_json,
    json_span,
    json_value,
    protobuf,
)
from tests.telemetry.conformance.conftest import Endpoint

RETRYABLE = {429, 502, 503, 504}
BOMB_SECONDS = 10.0
HUGE_HEADER = 1024 * 1024


def post(
    url: str, signal: str, body: bytes, *, content_type: str = PROTOBUF, **headers: str
) -> httpx.Response:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return httpx.post(
        f"{url}/v1/{signal}",
        content=body,
        headers={"content-type": content_type} | named,
        timeout=120,
    )


def traces_json(*spans: object) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


def accepted(answer: httpx.Response, signal: str) -> None:
    """A full success, in the request's own content type."""
    assert answer.status_code == 200, answer.text
    content_type = answer.headers["content-type"]
    assert content_type == answer.request.headers["content-type"]
    message = RESPONSES[signal]()
    if content_type == JSON:
        json_format.Parse(answer.text, message)
    else:
        message.ParseFromString(answer.content)
    assert not message.HasField("partial_success")


def refused(answer: httpx.Response, status: int) -> None:
    """A failure that says why in a google.rpc.Status, in the request's own content type."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == answer.request.headers["content-type"]
    status_message = Status()
    if answer.headers["content-type"] == JSON:
        json_format.Parse(answer.text, status_message)
    else:
        status_message.ParseFromString(answer.content)
    assert status_message.message


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_protobuf_request_is_acknowledged(http_url: str, signal: str) -> None:
    accepted(post(http_url, signal, protobuf(signal)), signal)


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_json_request_is_acknowledged(http_url: str, signal: str) -> None:
    accepted(post(http_url, signal, as_json(signal), content_type=JSON), signal)


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_gzip_is_understood(http_url: str, signal: str, content_type: str) -> None:
    plain = protobuf(signal) if content_type == PROTOBUF else as_json(signal)
    body = gzip.compress(plain)
    accepted(
        post(http_url, signal, body, content_type=content_type, content_encoding="gzip"), signal
    )


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize(("content_type", "empty"), [(PROTOBUF, b""), (JSON, b"{}")])
def test_an_empty_request_is_a_success(
    http_url: str, signal: str, content_type: str, empty: bytes
) -> None:
    accepted(post(http_url, signal, empty, content_type=content_type), signal)


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_body_in_chunks_is_acknowledged(http_url: str, signal: str) -> None:
    body = protobuf(signal)
    chunks = (body[start : start + 5] for start in range(0, len(body), 5))
    answer = httpx.post(
        f"{http_url}/v1/{signal}", content=chunks, headers={"content-type": PROTOBUF}
    )
    accepted(answer, signal)


def test_a_gzip_body_of_several_members_is_read_to_its_end(http_url: str) -> None:
    """RFC 1952 allows it; an id that is not hex in the second member has to be seen."""
    good, bad = as_json("traces"), traces_json(json_span() | {"traceId": "zz" * 16})
    split = len(good) // 2
    whole = gzip.compress(good[:split]) + gzip.compress(good[split:])
    answer = post(http_url, "traces", whole, content_type=JSON, content_encoding="gzip")
    accepted(answer, "traces")
    broken = gzip.compress(bad[:-20]) + gzip.compress(bad[-20:])
    answer = post(http_url, "traces", broken, content_type=JSON, content_encoding="gzip")
    refused(answer, 400)


def test_one_connection_carries_many_requests(http_url: str) -> None:
    with httpx.Client() as client:
        for _ in range(5):
            for signal in SIGNALS:
                answer = client.post(
                    f"{http_url}/v1/{signal}",
                    content=protobuf(signal),
                    headers={"content-type": PROTOBUF},
                )
                accepted(answer, signal)


def test_requests_at_once_are_all_acknowledged(http_url: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: post(http_url, "traces", protobuf("traces")), range(64)))
    for answer in answers:
        accepted(answer, "traces")


def test_the_same_body_again_is_acknowledged_again(http_url: str) -> None:
    body = protobuf("traces")
    for _ in range(2):
        accepted(post(http_url, "traces", body), "traces")


def test_unknown_fields_in_json_are_ignored(http_url: str) -> None:
    body = json_value("traces") | {"fromTheFuture": {"a": [1]}}
    answer = post(http_url, "traces", json.dumps(body).encode(), content_type=JSON)
    accepted(answer, "traces")


def test_unknown_fields_in_protobuf_are_ignored(http_url: str) -> None:
    unknown = bytes([0xFA, 0x01, 0x03]) + b"new"  # field 31, length-delimited
    accepted(post(http_url, "traces", protobuf("traces") + unknown), "traces")


def test_64_bit_integers_in_json_are_text_or_numbers(http_url: str) -> None:
    text = json_span() | {"startTimeUnixNano": "1700000000000000000"}
    number = json_span() | {"startTimeUnixNano": 1700000000000000000}
    accepted(post(http_url, "traces", traces_json(text, number), content_type=JSON), "traces")


def test_ids_in_json_are_hex_in_either_case(http_url: str) -> None:
    span = json_span()
    upper = span | {"traceId": span["traceId"].upper()}
    accepted(post(http_url, "traces", traces_json(span, upper), content_type=JSON), "traces")


def test_an_id_that_is_not_hex_is_refused(http_url: str) -> None:
    span = json_span() | {"traceId": "zz" * 16}
    refused(post(http_url, "traces", traces_json(span), content_type=JSON), 400)


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_body_that_is_not_protobuf_is_refused_for_good(http_url: str, signal: str) -> None:
    refused(post(http_url, signal, b"\xff\xff not protobuf"), 400)


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("body", [b"{]", b"[]", b"\xff"], ids=repr)
def test_a_body_that_is_not_otlp_in_json_is_refused_for_good(
    http_url: str, signal: str, body: bytes
) -> None:
    refused(post(http_url, signal, body, content_type=JSON), 400)


def test_a_field_of_the_wrong_kind_in_json_is_refused_for_good(http_url: str) -> None:
    refused(post(http_url, "traces", b'{"resourceSpans": 3}', content_type=JSON), 400)


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""])
def test_other_content_types_are_not_supported(http_url: str, content_type: str) -> None:
    answer = post(http_url, "traces", protobuf("traces"), content_type=content_type)
    assert answer.status_code == 415


def test_parameters_of_the_content_type_do_not_matter(http_url: str) -> None:
    answer = post(
        http_url, "traces", as_json("traces"), content_type="application/json; charset=utf-8"
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == JSON


@pytest.mark.parametrize(
    "body", [b"not gzip", gzip.compress(protobuf("traces"))[:-9]], ids=["text", "cut"]
)
def test_a_broken_gzip_body_is_refused_for_good(http_url: str, body: bytes) -> None:
    refused(post(http_url, "traces", body, content_encoding="gzip"), 400)


def test_a_body_above_the_limit_is_413(http_url: str, endpoint: Endpoint) -> None:
    refused(post(http_url, "traces", b"\0" * (endpoint.limit_bytes + 1)), 413)


def test_a_body_above_the_limit_once_inflated_is_413(http_url: str, endpoint: Endpoint) -> None:
    bomb = gzip.compress(b"\0" * (endpoint.limit_bytes + 1), 9)
    assert len(bomb) < endpoint.limit_bytes / 100
    refused(post(http_url, "traces", bomb, content_encoding="gzip"), 413)


def test_a_gzip_bomb_is_not_inflated_to_its_end(http_url: str, endpoint: Endpoint) -> None:
    """A body of 16 times the limit costs its sender little, and must cost no more to refuse."""
    part = gzip.compress(b"\0" * endpoint.limit_bytes, 9)
    answer = post(http_url, "traces", part * 16, content_encoding="gzip")
    refused(answer, 413)
    assert answer.elapsed.total_seconds() < BOMB_SECONDS


def test_part_of_a_request_may_be_refused_without_the_rest(http_url: str) -> None:
    span = json_span() | {"traceId": ""}
    answer = post(http_url, "traces", traces_json(json_span(), span), content_type=JSON)
    assert answer.status_code == 200
    partial = answer.json()["partialSuccess"]
    assert int(partial["rejectedSpans"]) == 1
    assert partial["errorMessage"]


def test_signals_are_sent_with_post(http_url: str) -> None:
    assert httpx.get(f"{http_url}/v1/traces").status_code == 405


def test_a_path_of_no_signal_is_not_found(http_url: str) -> None:
    assert post(http_url, "profiles", b"").status_code == 404


def test_an_overloaded_endpoint_says_when_to_come_back(overloaded: Endpoint) -> None:
    for signal in SIGNALS:
        answer = post(overloaded.http, signal, protobuf(signal))
        refused(answer, 503)
        assert answer.status_code in RETRYABLE
        assert 1 <= int(answer.headers["retry-after"]) <= 2  # SDKs give up after ten seconds


def test_a_header_without_end_is_refused(http_url: str) -> None:
    parts = urlsplit(http_url)
    with socket.create_connection((parts.hostname or "", parts.port or 4318), 30) as connection:
        connection.sendall(b"POST /v1/traces HTTP/1.1\r\nhost: x\r\nx-endless: ")
        try:
            for _ in range(HUGE_HEADER // 4096):
                connection.sendall(b"x" * 4096)
            answer = connection.recv(100)
        except ConnectionError:
            return  # refused before all of it was sent
    assert answer.split()[1] in (b"400", b"431") if answer else True
