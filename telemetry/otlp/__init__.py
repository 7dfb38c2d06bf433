"""OTLP requests become rows.

In: request bodies, protobuf or JSON. Out: Arrow tables with the store's columns, the origins of
the rows, and how many rows were rejected and why.
Start with ``bodies.py``; the fast path for spans is in ``span_rows.py`` and ``span_scan.py``.
"""
