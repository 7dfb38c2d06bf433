"""What sent a row: OTLP resource and instrumentation scope, stored once for many rows."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from framegate.telemetry.otlp.attributes import as_json, decode_attributes

UNKNOWN_SERVICE = "unknown_service"  # OpenTelemetry's name for a resource without one


@dataclass(frozen=True, slots=True)
class Origin:
    """One resource and scope; ``origin_id`` is the first 64 bits of a hash of the other fields."""

    origin_id: int
    service: str
    resource: bytes
    scope: str
    scope_version: str
    scope_attributes: bytes
    schema_url: str

    @classmethod
    def of(cls, resource: Resource, group: Any) -> "Origin":
        """The origin of one ScopeSpans, ScopeLogs or ScopeMetrics of a resource."""
        scope: InstrumentationScope = group.scope
        attributes = decode_attributes(resource.attributes)
        rest = (
            str(attributes.get("service.name", UNKNOWN_SERVICE)),
            as_json(attributes),
            scope.name,
            scope.version,
            as_json(decode_attributes(scope.attributes)),
            group.schema_url,
        )
        return cls(origin_hash(attributes, *rest[2:4], rest[4], rest[5]), *rest)


def origin_hash(attributes: dict[str, Any], *rest: str | bytes) -> int:
    """A hash of resource and scope that does not depend on the order of attributes."""
    ordered = orjson.dumps(attributes, option=orjson.OPT_SORT_KEYS)
    parts = [ordered, *(part.encode() if isinstance(part, str) else part for part in rest)]
    framed = b"".join(len(part).to_bytes(8) + part for part in parts)
    return int.from_bytes(hashlib.sha256(framed).digest()[:8])


def origin_rows(origins: list[Origin]) -> pa.Table:
    """The rows of the table ``origins``."""
    return pa.table(
        {
            "origin_id": pa.array([origin.origin_id for origin in origins], pa.uint64()),
            "service": pa.array([origin.service for origin in origins], pa.string()),
            "resource": pa.array([origin.resource for origin in origins], pa.string()),
            "scope": pa.array([origin.scope for origin in origins], pa.string()),
            "scope_version": pa.array([origin.scope_version for origin in origins], pa.string()),
            "scope_attributes": pa.array(
                [origin.scope_attributes for origin in origins], pa.string()
            ),
            "schema_url": pa.array([origin.schema_url for origin in origins], pa.string()),
        }
    )
