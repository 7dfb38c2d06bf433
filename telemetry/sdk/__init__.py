"""How framegate's own processes send telemetry, and the routes that report their health.

In: spans, events and metrics of one process. Out: OTLP exports, and text for Prometheus.
Start with ``sdk.py``.
"""
