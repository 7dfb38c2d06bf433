"""Objectives for other tools: Prometheus rules, an Alertmanager configuration, a Grafana dashboard.

In come objectives; out come YAML and JSON texts. Start with ``prometheus.rules_yaml``.
"""
