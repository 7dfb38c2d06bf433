"""Rows become durable, and are read by named queries.

In: Arrow tables with a digest of their request. Out: how many rows were new, once they are on
disk; results of named queries; calls of the listeners of commits.
Start with ``store.py``, which has the writer thread; ``named_queries.py`` and ``queries/`` have
the SQL.
"""
