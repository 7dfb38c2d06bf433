"""Past and simulated days: backtests, reports of weeks and months, lint.

In come objectives and the counts of whole days; out come alerts compared with known incidents,
period reports, and warnings about objectives. Start with ``backtest.backtest``.
"""
