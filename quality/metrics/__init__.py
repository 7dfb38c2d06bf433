"""Metrics: pure functions from frames to numbers, and the table that names them.

What each metric means is in ``definitions.py`` (quick to import), what computes it in ``table.py``.
A new metric is a file with a function, a definition, a step and a row.
"""
