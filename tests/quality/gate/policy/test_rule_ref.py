"""A rule's text form: what verdicts, waivers and reports hold."""

import pytest

from framegate.quality.gate.policy.rule_ref import RuleKind, RuleRef, parse_rule

TEXTS = {
    "environment": RuleRef(None, RuleKind.ENVIRONMENT),
    "error_budget": RuleRef(None, RuleKind.ERROR_BUDGET),
    "metrics.lpips_alex_v0.1.margin": RuleRef("lpips_alex_v0.1", RuleKind.MARGIN),
    "metrics.golden.ssim_wang_rgb_v1.worst": RuleRef("golden.ssim_wang_rgb_v1", RuleKind.WORST),
    "metrics.a.relative_margin": RuleRef("a", RuleKind.RELATIVE_MARGIN),
    "metrics.a.floor": RuleRef("a", RuleKind.FLOOR),
    "metrics.a.categories": RuleRef("a", RuleKind.CATEGORIES),
    "metrics.a.categories.faces": RuleRef("a", RuleKind.CATEGORIES, "faces"),
    "metrics.a.categories.margin": RuleRef("a", RuleKind.CATEGORIES, "margin"),
    "metrics.a.categories.night/v1.2": RuleRef("a", RuleKind.CATEGORIES, "night/v1.2"),
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_rule_and_its_text_are_one(text: str) -> None:
    assert parse_rule(text) == TEXTS[text]
    assert str(TEXTS[text]) == text


@pytest.mark.parametrize(
    "text", ["", "margin", "metrics", "metrics.margin", "metrics.a.environment", "metrics.a.b"]
)
def test_a_text_that_names_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a rule"):
        parse_rule(text)


def test_only_a_plain_margin_goes_by_its_metric() -> None:
    labels = [TEXTS[text].label for text in list(TEXTS)[2:5]]
    assert labels == ["lpips_alex_v0.1", "golden.ssim_wang_rgb_v1.worst", "a.relative_margin"]
    assert TEXTS["metrics.a.categories.margin"].label == "a.categories.margin"
