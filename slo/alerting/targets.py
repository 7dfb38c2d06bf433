"""The file of notification targets (``--notify``)."""

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
    """Fields of every target; it gets alerts of these ``severities`` only."""

    name: TargetName
    severities: tuple[Severity, ...] = tuple(Severity)


class HttpAlertTarget(AlertTarget):
    """A target with a URL, or with the environment variable that holds it if it is a secret."""

    url: HttpUrl | None = None
    url_env: str | None = None

    @model_validator(mode="after")
    def check_one_url(self) -> Self:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("needs either url or url_env")
        return self

    @property
    def address(self) -> str:
        return self.url or environment_variable(self.url_env or "")


class AlertmanagerTarget(HttpAlertTarget):
    """Prometheus Alertmanager, API v2."""

    kind: Literal["alertmanager"]


class WebhookTarget(HttpAlertTarget):
    """Any server that accepts JSON; ``secret_env`` names the variable with the signing secret."""

    kind: Literal["webhook"]
    secret_env: str | None = None


class SlackTarget(HttpAlertTarget):
    """A Slack incoming webhook, or a compatible one."""

    kind: Literal["slack"]


class EmailTarget(AlertTarget):
    """Messages by SMTP with STARTTLS; ``starttls: false`` is possible only without a password."""

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
            raise ValueError("user and password_env must be set together")
        if self.user and not self.starttls:
            raise ValueError("password_env needs starttls: true")
        return self


AnyTarget = Annotated[
    AlertmanagerTarget | WebhookTarget | SlackTarget | EmailTarget, Field(discriminator="kind")
]


class Heartbeat(StrictModel):
    """A dead man's switch: an external service raises the alarm when these calls stop."""

    url: HttpUrl
    every_seconds: Annotated[int, Field(ge=10, le=3600)] = 60


class AlertTargets(StrictModel):
    """The contents of the file."""

    targets: tuple[AnyTarget, ...] = ()
    heartbeat: Heartbeat | None = None
    repeat_minutes: Annotated[int, Field(ge=5, le=7 * DAY_MINUTES)] = 240

    @model_validator(mode="after")
    def check_unique_names(self) -> Self:
        names = [target.name for target in self.targets]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"two targets are named {twice!r}")
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
