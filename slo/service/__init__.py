"""The SLO engine that runs beside a collector, and its HTTP endpoints and metrics.

In come files of objectives, a store and a file of targets; out come snapshots (``SloSnapshot``),
messages and answers under ``/slo``. Start with ``engine.SloEngine.run_once``.
"""
