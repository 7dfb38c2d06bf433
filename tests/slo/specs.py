"""Files of objectives and of alert policies."""

from pathlib import Path

SPEC = """
apiVersion: openslo/v1
kind: SLO
metadata:
  name: {name}
  labels: {{team: video}}
  annotations:
    framegate/owner: me
    framegate/runbook: docs/runbooks/jobs-fail.md
    framegate/reason: because
    framegate/group-by: model
spec:
  service: video-generation
  indicator:
    metadata: {{name: {name}}}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource: {{type: framegate, spec: {{where: "state = 'complete'"}}}}
        total:
          metricSource:
            type: framegate
            spec: {{where: "{where}", open: "state = 'queued'", deadline: 10m}}
  timeWindow: [{{duration: 30d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: {target}}}]
"""


def write(
    folder: Path, name: str = "success", *, where: str = "TRUE", target: str = "0.99"
) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(SPEC.format(name=name, where=where, target=target))
    return path


POLICY = """
  alertPolicies:
    - kind: AlertPolicy
      metadata: {{name: burning}}
      spec:
        alertWhenBreaching: {breaching}
        alertWhenNoData: {no_data}
        alertWhenResolved: {resolved}
        conditions:
          - kind: AlertCondition
            metadata: {{name: fast}}
            spec:
              severity: page
              condition: {{kind: burnrate, op: gt, threshold: 10, lookbackWindow: 1h}}
        notificationTargets:
          - {{kind: AlertNotificationTarget, metadata: {{name: hook}}, spec: {{target: hook}}}}
"""


def write_policy(
    path: Path, *, breaching: str = "true", no_data: str = "false", resolved: str = "false"
) -> None:
    policy = POLICY.format(breaching=breaching, no_data=no_data, resolved=resolved)
    path.write_text(path.read_text() + policy)
