"""Whether the error budgets allow a rollout now, as the SLO engine decides."""

from framegate.quality.gate.judging.judge import BudgetDecision
from framegate.quality.gate.policy.policy import ErrorBudgetRule
from framegate.slo.commands.gate_run import decide_with_engine
from framegate.slo.judging.gate import RolloutDecision
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.verdict import Verdict


def fetch_budget_decision(rule: ErrorBudgetRule, collector: str) -> BudgetDecision:
    """The SLO engine's decision; INCONCLUSIVE when it does not answer."""
    try:
        decision = decide_with_engine(collector, list(rule.objectives), rule.change, None)
    except InputError:
        raise
    except OSError as error:
        return BudgetDecision(Verdict.INCONCLUSIVE, f"the SLO engine does not answer: {error}")
    return BudgetDecision(decision.verdict, decision_reason(decision))


def decision_reason(decision: RolloutDecision) -> str:
    """The objectives that decided."""
    why = [
        f"{one.objective}: {one.reason}"
        for one in decision.rulings
        if one.verdict is decision.verdict
    ]
    if decision.verdict is Verdict.PASS:
        return f"{len(why)} objectives allow a {decision.change.value} change"
    return "; ".join(why[:3]) or "no objective matches"
