"""The peer of ``bench.telemetry``: a receiver as it is often written, one INSERT per span.

Rows go in with DuckDB's executemany, in one transaction for each request, and the answer follows
the commit, so that both sides promise the same.
"""

import json
import sys
from typing import Any

import duckdb
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from framegate.telemetry.platform.listen import listening_socket, serve

SCHEMA = """
CREATE TABLE spans (
    start_ns BIGINT, duration_ns BIGINT, trace_id VARCHAR, span_id VARCHAR,
    parent_span_id VARCHAR, name VARCHAR, attributes VARCHAR
)
"""
INSERT = "INSERT INTO spans VALUES (?, ?, ?, ?, ?, ?, ?)"


def row(span: Any) -> tuple[Any, ...]:
    attributes = {item.key: str(item.value) for item in span.attributes}
    return (
        span.start_time_unix_nano,
        span.end_time_unix_nano - span.start_time_unix_nano,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name,
        json.dumps(attributes),
    )


def application(path: str) -> Starlette:
    connection = duckdb.connect(path)
    connection.execute(SCHEMA)

    async def traces(request: Request) -> Response:
        message = ExportTraceServiceRequest.FromString(await request.body())
        scopes = (scope for group in message.resource_spans for scope in group.scope_spans)
        rows = [row(span) for scope in scopes for span in scope.spans]
        connection.begin()
        connection.executemany(INSERT, rows)
        connection.commit()
        return Response(b"", media_type="application/x-protobuf")

    async def ready(_: Request) -> Response:
        return PlainTextResponse("ready")

    return Starlette(
        routes=[Route("/v1/traces", traces, methods=["POST"]), Route("/readyz", ready)]
    )


if __name__ == "__main__":
    serve(application(sys.argv[1]), listening_socket("127.0.0.1", 0))
