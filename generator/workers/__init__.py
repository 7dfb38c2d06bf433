"""Workers: processes that make clips and references, and the queues in front of them.

In come tasks, out come files and messages about their progress. Start at ``pool.py``.
"""
