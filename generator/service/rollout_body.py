"""The bodies of requests that change the rollout."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from framegate.generator.request import RequestError
from framegate.generator.service.rollout import Registry, Rollout

RolloutAction = Callable[[Registry], Rollout]


class RolloutBody(BaseModel):
    """``share`` is for a canary, ``reason`` for a rollback."""

    model_config = ConfigDict(extra="forbid")

    model: str
    share: float = 0.0
    reason: str = Field("none given", max_length=1_000)


def parse_rollout_action(action: str, fields: Mapping[str, Any]) -> RolloutAction:
    """The change to apply to the registry; raises RequestError naming the first invalid field."""
    try:
        body = RolloutBody.model_validate(dict(fields))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "body"
        raise RequestError(name, first["msg"].lower()) from error
    moves: Mapping[str, RolloutAction] = {
        "canary": lambda registry: registry.start_canary(body.model, body.share),
        "promote": lambda registry: registry.promote(body.model),
        "rollback": lambda registry: registry.roll_back(body.model, body.reason),
    }
    if action not in moves:
        raise RequestError("action", f"unknown action {action!r}; expected {', '.join(moves)}")
    return moves[action]


def rollout_json(rollout: Rollout) -> dict[str, Any]:
    return {"object": "rollout", **asdict(rollout)}
