"""Service level objectives: read them, count events, judge budgets, alert.

In come OpenSLO files and the rows that the store commits. Out go statuses, reports, alerts, rollout
decisions, and rules for Prometheus, Alertmanager and Grafana.

The wings, each of which uses only those before it:

- ``openslo``: the documents as they are written
- ``counting``: rows of the store, or Prometheus series, to integers by minute
- ``objectives``: targets, error budgets, alert conditions
- ``judging``: status, evidence, forecast, rollout policy, decisions of people
- ``alerting``: alert states to messages to targets
- ``replay``: backtests, reports of weeks and months, lint
- ``export``: rules and dashboards for other tools
- ``service``: the running engine and its HTTP endpoints
- ``commands``: ``framegate slo``

Start with ``objectives.objective.Objective``, then ``judging.status.status``, then
``service.engine.SloEngine``, which connects everything.
"""
