"""OTLP/gRPC, duty by duty: opentelemetry.io/docs/specs/otlp."""

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from tests.telemetry.conformance.bodies import METHODS, RESPONSES, SIGNALS, protobuf
from tests.telemetry.conformance.conftest import Endpoint

DETAILS = "grpc-status-details-bin"
COMPRESSIONS = [grpc.Compression.NoCompression, grpc.Compression.Gzip]


def call(
    address: str,
    method: str,
    body: bytes,
    *,
    compression: grpc.Compression = grpc.Compression.NoCompression,
) -> bytes:
    with grpc.insecure_channel(address) as channel:
        export: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
        return export(body, timeout=120, compression=compression)


def trailing(error: grpc.RpcError) -> dict[str, bytes]:
    return {
        item.key: bytes(item.value)
        for item in error.trailing_metadata() or ()
        if item.key == DETAILS
    }


def refused(address: str, method: str, body: bytes) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        call(address, method, body)
    return caught.value


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("compression", COMPRESSIONS, ids=str)
def test_a_request_is_acknowledged(
    grpc_address: str, signal: str, compression: grpc.Compression
) -> None:
    answer = call(grpc_address, METHODS[signal], protobuf(signal), compression=compression)
    message = RESPONSES[signal]()
    message.ParseFromString(answer)
    assert not message.HasField("partial_success")


@pytest.mark.parametrize("signal", SIGNALS)
def test_an_empty_request_is_a_success(grpc_address: str, signal: str) -> None:
    assert call(grpc_address, METHODS[signal], b"") == b""


def test_the_same_body_again_is_acknowledged_again(grpc_address: str) -> None:
    body = protobuf("traces")
    for _ in range(2):
        call(grpc_address, METHODS["traces"], body)


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_body_that_is_not_otlp_is_refused_for_good(grpc_address: str, signal: str) -> None:
    error = refused(grpc_address, METHODS[signal], b"\xff\xff not protobuf")
    assert error.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.INTERNAL)
    assert error.details()


@pytest.mark.parametrize("compression", COMPRESSIONS, ids=str)
def test_a_message_above_the_limit_is_refused_for_good(
    grpc_address: str, endpoint: Endpoint, compression: grpc.Compression
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        call(
            grpc_address,
            METHODS["traces"],
            b"\0" * (endpoint.limit_bytes + 1),
            compression=compression,
        )
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    # With RetryInfo this code would mean: try again.
    assert DETAILS not in trailing(caught.value)


def test_a_method_of_no_signal_is_unimplemented(grpc_address: str) -> None:
    method = METHODS["traces"].replace("trace", "profile")
    assert refused(grpc_address, method, b"").code() is grpc.StatusCode.UNIMPLEMENTED


def test_an_overloaded_endpoint_says_when_to_come_back(overloaded: Endpoint) -> None:
    for signal in SIGNALS:
        error = refused(overloaded.grpc, METHODS[signal], protobuf(signal))
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        status = Status.FromString(trailing(error)[DETAILS])
        retry = RetryInfo()
        assert status.details[0].Unpack(retry)
        assert 1 <= retry.retry_delay.seconds <= 2
