"""Who is told of alerts: a file of targets."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from framegate.slo.objectives.conditions import Severity
from framegate.slo.openslo.strict_model import HTTP_URL, environment, fault
from framegate.telemetry.platform.errors import InputError

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
Url = Annotated[str, Field(pattern=HTTP_URL)]


class Target(BaseModel):
    """What every target has; ``severities`` are those that it is told of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    severities: tuple[Severity, ...] = tuple(Severity)


class HttpTarget(Target):
    """Its URL, or the environment's variable that holds it where it is a secret."""

    url: Url | None = None
    url_env: str | None = None

    @model_validator(mode="after")
    def one_url(self) -> Self:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("needs url or url_env, and not both")
        return self

    @property
    def address(self) -> str:
        return self.url or environment(self.url_env or "")


class Alertmanager(HttpTarget):
    """Prometheus's Alertmanager, API v2."""

    kind: Literal["alertmanager"]


class Webhook(HttpTarget):
    """Any server that takes JSON; signed with the secret of a variable."""

    kind: Literal["webhook"]
    secret_env: str | None = None


class Slack(HttpTarget):
    """An incoming webhook of Slack, or of what understands the same."""

    kind: Literal["slack"]


class Email(Target):
    """Messages by SMTP, with STARTTLS unless told; a password is sent through nothing else."""

    kind: Literal["email"]
    server: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    sender: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    starttls: bool = True
    user: str | None = None
    password_env: str | None = None

    @model_validator(mode="after")
    def safe_password(self) -> Self:
        if (self.user is None) != (self.password_env is None):
            raise ValueError("needs user and password_env, or neither")
        if self.user and not self.starttls:
            raise ValueError("a password needs starttls")
        return self


AnyTarget = Annotated[Alertmanager | Webhook | Slack | Email, Field(discriminator="kind")]


class Heartbeat(BaseModel):
    """A dead man's switch: something elsewhere raises the alarm when these calls stop."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Url
    every_seconds: Annotated[int, Field(ge=10, le=3600)] = 60


class Targets(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    targets: tuple[AnyTarget, ...] = ()
    heartbeat: Heartbeat | None = None
    repeat_minutes: Annotated[int, Field(ge=5, le=7 * 1440)] = 240

    @model_validator(mode="after")
    def names_once(self) -> Self:
        names = [target.name for target in self.targets]
        if len(set(names)) != len(names):
            raise ValueError("a name is given to two targets")
        return self

    def named(self) -> Mapping[str, AnyTarget]:
        return {target.name: target for target in self.targets}


def load_targets(path: Path) -> Targets:
    """Raises InputError naming file, path and value, also for a variable that is not set."""
    try:
        found = Targets.model_validate(yaml.safe_load(path.read_text()) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: {error}") from error
    except ValidationError as error:
        raise InputError(f"{path}: {fault(error)}") from error
    for target in found.targets:
        for field in ("url_env", "secret_env", "password_env"):
            name = getattr(target, field, None)
            if name:
                try:
                    environment(name)
                except InputError as error:
                    raise InputError(f"{path}: target {target.name!r}, {field}: {error}") from error
    return found
