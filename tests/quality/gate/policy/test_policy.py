"""Policies: what may be said in one, and how a wrong one is told."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from framegate.quality.gate.judging.schemas import SCHEMAS, text_of
from framegate.quality.gate.policy.policy import DEFAULT_POLICY, LIVE_POLICY, load_policy, schema
from framegate.telemetry.platform.errors import InputError

HEAD = "version: 1\nminimum_prompts: 8\nunmatched_share: 0.1\nmetrics:\n"
SSIM = "  ssim_wang_rgb_v1: "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Input should be"),
        ("version: 2", "version"),
        ("version: 1\nminimum_promts: 8", ":2: minimum_promts: unknown key; did you mean 'minimum"),
        ("metrics: [", "while parsing"),
        ("M  ssim_wang_rbg_v1: {margin: 0.1}", "did you mean 'ssim_wang_rgb_v1'"),
        (f"M{SSIM}{{margin: 0}}", ":5: .*margin: .*greater than 0: 0"),
        (f"M{SSIM}{{margin: .nan}}", "margin"),
        (
            f"M{SSIM}{{margn: 1}}",
            "gate.yaml:5: metrics.ssim_wang_rgb_v1.margn: unknown key; did you mean 'margin'",
        ),
        (f"M{SSIM}{{}}", "has none of margin"),
        (f"M{SSIM}{{tier: critical}}", "has none of margin"),
        (f"M{SSIM}{{tier: urgent, margin: 1}}", "tier"),
        (f"M{SSIM}{{floor: 0.9, ceiling: 0.8}}", "floor above its ceiling"),
        (f"M{SSIM}{{broken: {{worse_by: 0.1, at_most: 1.5}}}}", "less than or equal to 1"),
        (f"M{SSIM}{{margin: 1}}\n{SSIM}{{margin: 2}}", ":6: duplicate key 'ssim_wang_rgb_v1'"),
        (f"M{SSIM}{{margin: 1}}\napprovers: {{ada: ssh-rsa AAAA}}", ":6: approvers.ada: is no"),
        (f"M{SSIM}{{margin: 1}}\nerror_budget: {{change: any}}", "error_budget.change"),
        ("a: &a [*a]", ":1: anchors and aliases are not supported"),
        ("[" * 2000, "."),
        ("!!python/object/apply:os.system [ls]", ":1: the tag .* is not supported"),
    ],
)
def test_a_wrong_policy_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "gate.yaml"
    path.write_text(HEAD + text[1:] if text.startswith("M") else text)
    with pytest.raises(InputError, match=message) as caught:
        load_policy(path)
    assert "gate.yaml" in str(caught.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gate.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"gate\.yaml"):
        load_policy(path)


@pytest.mark.parametrize("path", [DEFAULT_POLICY, LIVE_POLICY])
def test_our_policies_fit_the_schema(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(yaml.safe_load(path.read_text()), schema())


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    for text in ("  ssim: {margin: 1}", f"{SSIM}{{margin: -1}}", f"{SSIM}{{margn: 1}}"):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(yaml.safe_load(HEAD + text), schema())


def test_every_rule_knows_its_line(tmp_path: Path) -> None:
    path = tmp_path / "gate.yaml"
    path.write_text(
        f"{HEAD}  ssim_wang_rgb_v1:\n    margin: 0.01\n    worst:\n      prompts: 3\n"
        "      margin: 0.1\n"
    )
    found = load_policy(path)
    assert found.line("metrics.ssim_wang_rgb_v1.margin") == 6
    assert found.line("metrics.ssim_wang_rgb_v1.worst") == 7
    assert found.line("metrics.ssim_wang_rgb_v1.categories.orbit") == 5
    assert found.line("environment") == 1


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_schemas_are_current(name: str) -> None:
    committed = Path(__file__).parents[4] / "docs" / "reference" / name
    assert committed.read_text() == text_of(name), "run `make generate`"
