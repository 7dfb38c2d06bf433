"""Which version makes a clip that names none: a stable one, and a canary beside it for a share.

Kept in a file, so that a restart brings no canary back that was taken away.
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
    """What was done, to which version, when and why."""

    action: str
    model: str
    reason: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Rollout:
    """``share`` is the canary's part of the requests that name no version, 0 to 1."""

    stable: str = DEFAULT_MODEL
    before: str | None = None  # the stable version before this one
    canary: str | None = None
    share: float = 0.0
    history: tuple[RolloutChange, ...] = ()


class Registry:
    """The rollout of one service; every change is on the disk before it is answered."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._rollout = read_rollout(path)

    @property
    def rollout(self) -> Rollout:
        return self._rollout

    def choose(self, prompt_hash: int) -> str:
        """The version for a request; the same hash goes to the same one."""
        found = self._rollout
        if found.canary and prompt_hash % HASH_SPACE < found.share * HASH_SPACE:
            return found.canary
        return found.stable

    def start_canary(self, model: str, share: float) -> Rollout:
        name = model_version(model).name
        if not 0 < share <= 1:
            raise RequestError("share", f"{share:g} is not above 0 and at most 1")
        if name == self._rollout.stable:
            raise RequestError("model", f"{name!r} is the stable version already")
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
        """Take a version out of the rollout; one that is not in it changes nothing."""
        name = model_version(model).name
        found = self._rollout
        if name == found.canary:
            return self._change("rollback", name, reason, canary=None, share=0.0)
        if name == found.stable and found.before:
            return self._change("rollback", name, reason, stable=found.before, before=None)
        if name == found.stable:
            raise RequestError("model", f"{name!r} is stable, and there is none before it")
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
    """The rollout of a file; that of a new service where there is none."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        history = tuple(RolloutChange(**change) for change in raw.pop("history"))
        found = Rollout(**raw, history=history)
        for name in filter(None, (found.stable, found.before, found.canary)):
            model_version(name)
    except FileNotFoundError:
        return Rollout()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path}: is no rollout: {error}") from error
    return found


def write_rollout(path: Path, rollout: Rollout) -> None:
    write_file_atomically(path, json.dumps(asdict(rollout)).encode())
