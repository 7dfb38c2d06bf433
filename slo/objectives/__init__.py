"""Objectives: targets, error budgets, burn rates and alert conditions, in exact arithmetic.

In come OpenSLO documents; out come ``objective.Objective`` values. Start with ``objective``; the
arithmetic is in ``error_budget``, composites are in ``components``.
"""
