"""What the SLO engine says about rolling out now."""

from framegate.quality.gate.judging.check import Verdict
from framegate.quality.gate.judging.judge import Budget
from framegate.quality.gate.policy.policy import ErrorBudget
from framegate.slo.commands.gate_run import run_gate
from framegate.slo.judging.gate import Decision
from framegate.slo.judging.policy import Verdict as BudgetVerdict
from framegate.telemetry.platform.errors import InputError

VERDICTS = {
    BudgetVerdict.PASS: Verdict.PASS,
    BudgetVerdict.FAIL: Verdict.FAIL,
    BudgetVerdict.INCONCLUSIVE: Verdict.INCONCLUSIVE,
}


def engine_budget(rule: ErrorBudget, collector: str) -> Budget:
    """What the SLO engine says; an engine that does not answer says nothing good."""
    try:
        decision = run_gate(collector, list(rule.objectives), rule.change, None)
    except InputError:
        raise
    except OSError as error:
        return Budget(Verdict.INCONCLUSIVE, f"the SLO engine does not answer: {error}")
    return Budget(VERDICTS[decision.verdict], said(decision))


def said(decision: Decision) -> str:
    """The objectives that the verdict comes from."""
    why = [
        f"{one.objective}: {one.reason}"
        for one in decision.rulings
        if one.verdict is decision.verdict
    ]
    if decision.verdict is BudgetVerdict.PASS:
        return f"{len(why)} objectives allow a {decision.change.value} change"
    return "; ".join(why[:3]) or "no objective is watched"
