"""OTLP over gRPC: one Export method for each signal, as the OTLP specification requires."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from framegate.telemetry.otlp import bodies
from framegate.telemetry.otlp.bodies import PROTOBUF, OtlpError, Signal
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.http import RETRY_AFTER_SECONDS
from framegate.telemetry.platform.listen import Tls
from framegate.telemetry.server.intake import OtlpReceiver

SERVICES: Mapping[Signal, str] = {
    Signal.TRACES: "opentelemetry.proto.collector.trace.v1.TraceService",
    Signal.LOGS: "opentelemetry.proto.collector.logs.v1.LogsService",
    Signal.METRICS: "opentelemetry.proto.collector.metrics.v1.MetricsService",
}
STATUS_CODES: Mapping[int, grpc.StatusCode] = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}
DETAILS_KEY = "grpc-status-details-bin"  # where gRPC clients look for a google.rpc.Status
THREADS = 32
GRACE_SECONDS = 2.0

ExportHandler = Callable[[bytes, grpc.ServicerContext], bytes]


@contextmanager
def rpc_server(
    intake: OtlpReceiver, *, host: str, port: int, tls: Tls | None = None
) -> Iterator[int]:
    """Serve until the block ends; yields the port, which is a free one when ``port`` is 0.

    Raises InputError when the port cannot be opened.
    """
    # gRPC's own core refuses larger messages, compressed or not, with RESOURCE_EXHAUSTED.
    options = [("grpc.max_receive_message_length", intake.body_limit), ("grpc.so_reuseport", 0)]
    server = grpc.server(ThreadPoolExecutor(THREADS, "otlp-grpc"), options=options)
    server.add_generic_rpc_handlers(tuple(export_service(intake, signal) for signal in Signal))
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        bound = (
            server.add_secure_port(address, server_credentials(tls))
            if tls
            else server.add_insecure_port(address)
        )
    except RuntimeError as error:
        raise InputError(f"gRPC port {port} on {host}: {error}") from error
    server.start()
    try:
        yield bound
    finally:
        server.stop(GRACE_SECONDS).wait()


def server_credentials(tls: Tls) -> grpc.ServerCredentials:
    pair = (tls.key.read_bytes(), tls.certificate.read_bytes())
    return grpc.ssl_server_credentials([pair])


def export_service(intake: OtlpReceiver, signal: Signal) -> grpc.GenericRpcHandler:
    """The signal's Export method over raw bytes, so that retries hash as they do over HTTP."""
    method: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(
        export_method(intake, signal)
    )
    return grpc.method_handlers_generic_handler(SERVICES[signal], {"Export": method})


def export_method(intake: OtlpReceiver, signal: Signal) -> ExportHandler:
    def export(body: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            with intake.request(signal, authorization=authorization_of(context)) as holding:
                holding.add(len(body))
                queued = intake.submit_body(signal, body, PROTOBUF, holding).result()
                queued.done.result()
        except OtlpError as error:
            abort_call(context, error)
        intake.count_rows(queued.export)
        return bodies.success_body(queued.export, PROTOBUF)

    return export


def authorization_of(context: grpc.ServicerContext) -> str | None:
    values = [value for key, value in context.invocation_metadata() if key == "authorization"]
    return str(values[0]) if values else None


def abort_call(context: grpc.ServicerContext, error: OtlpError) -> None:
    """End the call with the error; UNAVAILABLE carries the delay before a retry."""
    code = STATUS_CODES[error.status]
    status = Status(code=code.value[0], message=str(error))
    if code is grpc.StatusCode.UNAVAILABLE:
        detail = Any()
        detail.Pack(RetryInfo(retry_delay=Duration(seconds=RETRY_AFTER_SECONDS)))
        status.details.append(detail)
    context.set_trailing_metadata(((DETAILS_KEY, status.SerializeToString()),))
    context.abort(code, str(error))
