"""The gate: is a candidate model worse than the baseline in any way that a policy names?

In come two sides' evidence (``Evidence``: values of every clip and the environment they come from)
and a policy; out comes a verdict, PASS, FAIL or INCONCLUSIVE, with one check per rule, as a JSON
document and in reports. Nothing here reads a clock or opens a socket. What reads and makes the
evidence, and the commands, are in ``framegate/gate``. Start at ``judging/judge.py``.
"""
