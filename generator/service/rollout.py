"""The rollout: which model version makes the clips of requests that name no model.

That is the stable version and, for a share of the requests, a canary. It is kept in a file, so that
a restart does not bring back a canary that was rolled back.
"""

import json
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from framegate.generator.model.versions import DEFAULT_MODEL, model_version
from framegate.generator.request import RequestError
from framegate.telemetry.platform.durable_files import write_file_atomically
from framegate.telemetry.platform.errors import InputError

MAX_HISTORY = 100  # changes
HASH_SPACE = 2**32


@dataclass(frozen=True, slots=True)
class RolloutChange:
    """One change: the action, the version, the reason, and when (Unix nanoseconds)."""

    action: str
    model: str
    reason: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Rollout:
    """The versions in use; ``share`` (0 to 1) is the canary's share of requests without a model."""

    stable: str = DEFAULT_MODEL
    before: str | None = None  # the previous stable version, for a rollback
    canary: str | None = None
    share: float = 0.0
    history: tuple[RolloutChange, ...] = ()


class Registry:
    """The rollout of one service; a change is on disk before the call returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._rollout = read_rollout(path)

    @property
    def rollout(self) -> Rollout:
        return self._rollout

    def choose(self, prompt_hash: int) -> str:
        """The version for a request; equal hashes get the same version."""
        found = self._rollout
        if found.canary and prompt_hash % HASH_SPACE < found.share * HASH_SPACE:
            return found.canary
        return found.stable

    def start_canary(self, model: str, share: float) -> Rollout:
        name = model_version(model).name
        if not 0 < share <= 1:
            raise RequestError("share", f"must be greater than 0 and at most 1, got {share:g}")
        if name == self._rollout.stable:
            raise RequestError("model", f"{name!r} is already the stable version")
        return self._change("canary", name, f"{share:.1%} of requests", canary=name, share=share)

    def promote(self, model: str) -> Rollout:
        name = model_version(model).name
        if name == self._rollout.stable:
            return self._rollout
        before = self._rollout.stable
        return self._change(
            "promote", name, f"was {before}", stable=name, before=before, canary=None, share=0.0
        )

    def roll_back(self, model: str, reason: str) -> Rollout:
        """Take a version out of the rollout; nothing changes if it is not part of it."""
        name = model_version(model).name
        found = self._rollout
        if name == found.canary:
            return self._change("rollback", name, reason, canary=None, share=0.0)
        if name == found.stable and found.before:
            return self._change("rollback", name, reason, stable=found.before, before=None)
        if name == found.stable:
            raise RequestError(
                "model",
                f"{name!r} is the stable version, and there is no earlier one to roll back to",
            )
        return found

    def _change(self, action: str, model: str, reason: str, **fields: Any) -> Rollout:
        with self._lock:
            change = RolloutChange(action, model, reason, time.time_ns())
            history = (*self._rollout.history, change)[-MAX_HISTORY:]
            found = replace(self._rollout, history=history, **fields)
            write_rollout(self._path, found)
            self._rollout = found
            return found


def read_rollout(path: Path) -> Rollout:
    """The rollout in a file, or the initial one where the file does not exist.

    Raises InputError for a file that is not a rollout.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        history = tuple(RolloutChange(**change) for change in raw.pop("history"))
        found = Rollout(**raw, history=history)
        for name in filter(None, (found.stable, found.before, found.canary)):
            model_version(name)
    except FileNotFoundError:
        return Rollout()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path}: is not a valid rollout file: {error}") from error
    return found


def write_rollout(path: Path, rollout: Rollout) -> None:
    write_file_atomically(path, json.dumps(asdict(rollout)).encode())
