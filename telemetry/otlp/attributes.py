"""OTLP attributes as plain Python, as JSON, and as the values of typed columns."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

LARGEST_INTEGER = 2**63 - 1

# At most 30 MiB: attributes up to this many bytes, and this many of them.
MAX_CACHED_BYTES, MAX_CACHED_ATTRIBUTES = 256, 2**16

AttributeReader = Callable[[Any], Any]


class AttributeCache(dict[bytes, tuple[str, Any]]):
    """Decoded attributes, by their encoded bytes."""

    def __missing__(self, raw: bytes) -> tuple[str, Any]:
        item = KeyValue.FromString(raw)
        value = item.value
        pair = (item.key, value.string_value or decode_value(value))  # most values are text
        if len(raw) <= MAX_CACHED_BYTES:
            if len(self) >= MAX_CACHED_ATTRIBUTES:
                self.clear()
            self[raw] = pair
        return pair


ATTRIBUTE_CACHE = AttributeCache()


def decode_attributes(attributes: Iterable[bytes]) -> dict[str, Any]:
    """Raw attributes (``raw_messages``) by key; if a key appears twice, the last one counts.

    Raises DecodeError for bytes that are not an attribute.
    """
    return dict(map(ATTRIBUTE_CACHE.__getitem__, attributes))


def decode_value(value: AnyValue) -> Any:
    """An OTLP value as plain Python; bytes become hexadecimal text, no value becomes None."""
    kind: str = value.WhichOneof("value") or ""
    return VALUE_DECODERS[kind](getattr(value, kind)) if kind in VALUE_DECODERS else None


VALUE_DECODERS: Mapping[str, AttributeReader] = {
    "string_value": str,
    "int_value": int,
    "double_value": float,
    "bool_value": bool,
    "bytes_value": bytes.hex,
    "array_value": lambda array: [decode_value(item) for item in array.values],
    "kvlist_value": lambda pairs: {item.key: decode_value(item.value) for item in pairs.values},
}


def as_json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)


def as_text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def as_bool(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def as_integer(value: Any) -> int | None:
    """A whole number, sent as integer or double; None for any other value."""
    number = as_float(value)
    if number is None or not number.is_integer() or abs(value) > LARGEST_INTEGER:
        return None
    return int(value)


def as_float(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
