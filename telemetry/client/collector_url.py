"""Where the collector is: the one to ask, and the one to send to."""

import os

# Where OpenTelemetry SDKs send. This may be any OpenTelemetry Collector, which cannot be asked.
ENDPOINT_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"
COLLECTOR_VARIABLE = "FRAMEGATE_COLLECTOR"  # which framegate collector to ask
DEFAULT_URL = "http://127.0.0.1:4318"


def collector_url(url: str | None = None) -> str:
    """The framegate collector to ask.

    The first that is given of: ``url``, the variable FRAMEGATE_COLLECTOR, the variable
    OTEL_EXPORTER_OTLP_ENDPOINT, the collector's default address on this machine.
    """
    named = url or os.environ.get(COLLECTOR_VARIABLE) or os.environ.get(ENDPOINT_VARIABLE)
    return (named or DEFAULT_URL).rstrip("/")
