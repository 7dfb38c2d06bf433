"""Telemetry: what every service sends, the collector that stores it, and the client that asks.

In: OTLP over HTTP and gRPC; OTLP files. Out: rows of named queries, with how fresh they are;
leases; notifications of commits; OTLP and Parquet files.

The wings, from the lowest to the highest; none imports a higher one:

- ``signals``: the names of everything that is sent;
- ``platform``: errors, access, sockets, logs, which every room uses;
- ``client``: how other processes ask the collector;
- ``otlp``: requests to rows;
- ``store``: rows to disk, and named queries;
- ``sdk``: how our own processes send;
- ``server``: the collector;
- ``offline``: work on a store without a collector.

Start with ``server/collector.py`` and follow ``ingest``.
"""
