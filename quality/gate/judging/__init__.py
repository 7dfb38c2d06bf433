"""From two sides and a policy to a verdict.

``judge.py`` decides a release with the statistics in ``stats.py``; ``document.py`` is the verdict
as JSON. Start at ``judge.py``.
"""
