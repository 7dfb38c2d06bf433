"""Who is told of alerts: a file of targets."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from framegate.slo.objectives.conditions import Severity
from framegate.slo.openslo.strict_model import HTTP_URL, environment_variable
from framegate.telemetry.platform.clock import DAY_MINUTES
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import StrictModel, read_model

TargetName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
HttpUrl = Annotated[str, Field(pattern=HTTP_URL)]


class AlertTarget(StrictModel):
    """What every target has; ``severities`` are those that it is told of."""

    name: TargetName
    severities: tuple[Severity, ...] = tuple(Severity)


class HttpAlertTarget(AlertTarget):
    """Its URL, or the environment's variable that holds it where it is a secret."""

    url: HttpUrl | None = None
    url_env: str | None = None

    @model_validator(mode="after")
    def check_one_url(self) -> Self:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("needs url or url_env, and not both")
        return self

    @property
    def address(self) -> str:
        return self.url or environment_variable(self.url_env or "")


class AlertmanagerTarget(HttpAlertTarget):
    """Prometheus's Alertmanager, API v2."""

    kind: Literal["alertmanager"]


class WebhookTarget(HttpAlertTarget):
    """Any server that takes JSON; signed with the secret of a variable."""

    kind: Literal["webhook"]
    secret_env: str | None = None


class SlackTarget(HttpAlertTarget):
    """An incoming webhook of Slack, or of what understands the same."""

    kind: Literal["slack"]


class EmailTarget(AlertTarget):
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
    def check_password_needs_starttls(self) -> Self:
        if (self.user is None) != (self.password_env is None):
            raise ValueError("needs user and password_env, or neither")
        if self.user and not self.starttls:
            raise ValueError("a password needs starttls")
        return self


AnyTarget = Annotated[
    AlertmanagerTarget | WebhookTarget | SlackTarget | EmailTarget, Field(discriminator="kind")
]


class Heartbeat(StrictModel):
    """A dead man's switch: something elsewhere raises the alarm when these calls stop."""

    url: HttpUrl
    every_seconds: Annotated[int, Field(ge=10, le=3600)] = 60


class AlertTargets(StrictModel):
    """The whole file."""

    targets: tuple[AnyTarget, ...] = ()
    heartbeat: Heartbeat | None = None
    repeat_minutes: Annotated[int, Field(ge=5, le=7 * DAY_MINUTES)] = 240

    @model_validator(mode="after")
    def check_unique_names(self) -> Self:
        names = [target.name for target in self.targets]
        if len(set(names)) != len(names):
            raise ValueError("a name is given to two targets")
        return self

    def by_name(self) -> Mapping[str, AnyTarget]:
        return {target.name: target for target in self.targets}


def load_targets(path: Path) -> AlertTargets:
    """Raises InputError naming file, line and key, also for a variable that is not set."""
    found = read_model(path, AlertTargets, empty={})
    for target in found.targets:
        for field in ("url_env", "secret_env", "password_env"):
            name = getattr(target, field, None)
            if name:
                try:
                    environment_variable(name)
                except InputError as error:
                    raise InputError(f"{path}: target {target.name!r}, {field}: {error}") from error
    return found
