"""Work on a store while no collector runs: ``framegate telemetry``.

In: a store's folder, OTLP files. Out: rows as JSON, OTLP lines or Parquet, a compacted file, and
the reference page of all signals.
Start with ``commands.py``.
"""
