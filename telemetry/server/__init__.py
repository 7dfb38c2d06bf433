"""The collector: OTLP over HTTP and gRPC, the query API, leases, its own metrics.

In: requests. Out: acknowledgements after the commit, rows, leases.
Start with ``collector.py``; ``clickhouse.py`` serves the same queries from ClickHouse.
"""
