"""How other processes ask the collector.

In: a URL, or the variables that name one. Out: rows of named queries as Arrow tables or records,
leases, commits, and the JSON documents of the SLO engine.
Start with ``collector_client.py``; users import it as ``framegate.client``.
"""
