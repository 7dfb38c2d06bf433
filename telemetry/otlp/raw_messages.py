"""OTLP's message types, with attributes and spans left as encoded bytes.

Creating a Python object for each of them takes longer than all other work of reading a request.
Most attributes repeat, the same key with the same value: ``attributes`` looks their bytes up.
Most spans are read by ``span_scan``.
On the wire, a field declared as bytes looks the same as one declared as a message, so these types
read the same requests.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

FILES = (  # each file after the files that it imports
    common_pb2,
    resource_pb2,
    trace_pb2,
    logs_pb2,
    metrics_pb2,
    trace_service_pb2,
    logs_service_pb2,
    metrics_service_pb2,
)
KEY_VALUE = ".opentelemetry.proto.common.v1.KeyValue"
SPAN = ".opentelemetry.proto.trace.v1.Span"


def pool_with_raw_attributes() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for module in FILES:
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        for message in file.message_type:
            declare_raw_fields(message)
        pool.Add(file)
    return pool


def declare_raw_fields(message: descriptor_pb2.DescriptorProto) -> None:
    """Declare the message's attributes and spans, and those of messages inside it, as bytes."""
    for field in message.field:
        if field.type_name in (KEY_VALUE, SPAN) and message.name != "KeyValueList":
            field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
            field.ClearField("type_name")
    for inner in message.nested_type:
        declare_raw_fields(inner)


def raw_message_type(message: type[Message]) -> type[Message]:
    """The counterpart of ``message`` with raw attributes and spans."""
    found: type[Message] = message_factory.GetMessageClass(
        POOL.FindMessageTypeByName(message.DESCRIPTOR.full_name)
    )
    return found


POOL = pool_with_raw_attributes()
