"""An objective whose counts are in a Prometheus."""

SPEC = """
apiVersion: openslo/v1
kind: DataSource
metadata: {{name: metrics}}
spec:
  type: prometheus
  connectionDetails: {{url: "{url}"}}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: made
  annotations:
    framegate/owner: me
    framegate/runbook: docs/runbooks/jobs-fail.md
    framegate/reason: because
spec:
  service: made
  indicator:
    metadata: {{name: made}}
    spec:
      ratioMetric:
        counter: {counter}
        bad: {{metricSource: {{metricSourceRef: metrics, spec: {{query: '{bad}'}}}}}}
        total: {{metricSource: {{metricSourceRef: metrics, spec: {{query: '{total}'}}}}}}
  timeWindow: [{{duration: 7h, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: 0.99}}]
"""
