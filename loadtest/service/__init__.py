"""Requests to a service that makes clips, and its headers, which nobody else gets.

In: a URL, ``--header`` and variables with secrets. Out: responses.
The load test and the gate both ask with ``connection.py``.
"""
