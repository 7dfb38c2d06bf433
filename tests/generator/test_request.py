"""What may be asked for."""

from typing import Any

import pytest

from framegate.generator.request import RequestError
from framegate.generator.service.video_body import parse_request

GOOD: dict[str, Any] = {"prompt": "a red ball", "seconds": "2", "seed": 7}


@pytest.mark.parametrize(
    ("changed", "field", "value"),
    [
        ({"prompt": ""}, "prompt", "''"),
        ({"prompt": "  \n"}, "prompt", "empty"),
        ({"prompt": "x" * 501}, "prompt", "501"),
        ({"size": "255x256"}, "width", "255"),
        ({"size": "256x2064"}, "height", "2064"),
        ({"size": "264x256"}, "width", "264"),
        ({"size": "big"}, "size", "'big'"),
        ({"seconds": 0.9}, "seconds", "0.9"),
        ({"seconds": "31"}, "seconds", "31"),
        ({"seconds": "nan"}, "seconds", "nan"),
        ({"seconds": "soon"}, "seconds", "'soon'"),
        ({"fps": 0}, "fps", "0"),
        ({"steps": 9}, "steps", "9"),
        ({"seed": -1}, "seed", "-1"),
        ({"seed": 2**63}, "seed", str(2**63)),
        ({"model": "sora"}, "model", "'sora'"),
        ({"workload": "fast"}, "workload", "'fast'"),
    ],
)
def test_a_wrong_field_is_named_with_its_value(
    changed: dict[str, Any], field: str, value: str
) -> None:
    with pytest.raises(RequestError, match=field) as caught:
        parse_request(GOOD | changed)
    assert caught.value.field == field
    assert value in str(caught.value)


@pytest.mark.parametrize(
    "changed", [{"size": "2048x256"}, {"seconds": 30}, {"prompt": "x" * 500}, {"steps": 8}]
)
def test_the_limits_themselves_are_allowed(changed: dict[str, Any]) -> None:
    parse_request(GOOD | changed)


def test_a_missing_prompt_is_named() -> None:
    with pytest.raises(RequestError, match="prompt: field required"):
        parse_request({})


def test_steps_are_the_models_own_unless_given() -> None:
    assert parse_request(GOOD).steps == 4
    assert parse_request(GOOD | {"model": "ref-2-draft"}).steps == 1
    assert parse_request(GOOD | {"steps": 2}).steps == 2


def test_the_prompt_id_says_which_clips_may_be_compared() -> None:
    first = parse_request(GOOD)
    assert first.prompt_id == parse_request(GOOD | {"model": "ref-2-draft", "user": "b"}).prompt_id
    for other in ({"prompt": "a blue ball"}, {"seed": 8}, {"size": "512x256"}, {"fps": 12}):
        assert first.prompt_id != parse_request(GOOD | other).prompt_id
