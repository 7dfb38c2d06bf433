"""Choosing margins: the noise of a model, lint and power, and a first policy for two folders.

What is measured and judged is in ``framegate.quality.gate.judging``; here are the commands, and how
their results are printed. Start at ``commands.py``.
"""
