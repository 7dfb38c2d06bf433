"""Scoring: clips become scores, in this process, in others or on Ray; tables, JSON and reports.

Start at ``score.py``; ``task.py`` and ``pools.py`` score elsewhere, ``explain.py`` writes the HTML.
"""
