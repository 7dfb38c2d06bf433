"""The file of notification targets (``--notify``), and how each kind is sent one message."""

import hashlib
import hmac
import json
import smtplib
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import httpx
from pydantic import Field, model_validator

from framegate.slo.objectives.alert_rules import Severity
from framegate.slo.openslo.fields import HTTP_URL, environment_variable
from framegate.telemetry.client.certificates import verification
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


SEND_TIMEOUT_SECONDS = 10.0
SIGNATURE_HEADER = (
    "framegate-signature"  # sha256=hex of the body, by the secret (as GitHub's webhooks)
)
DELIVERY_HEADER = "framegate-delivery"  # the same for every attempt
SLACK_MAX_CHARACTERS = 2_900

MessageBody = Mapping[str, Any]


class DeliveryError(Exception):
    """A target did not accept a message; a later attempt may succeed."""


def send_message(target: AnyTarget, delivery_id: str, body: MessageBody) -> None:
    """Send one message; raises DeliveryError with the reason."""
    try:
        SENDERS[type(target)](target, delivery_id, body)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, smtplib.SMTPException) as error:
        raise DeliveryError(f"{type(error).__name__}: {error}") from error


def send_webhook(target: WebhookTarget, delivery_id: str, body: MessageBody) -> None:
    content = json.dumps(body, sort_keys=True).encode()
    headers = {"content-type": "application/json", DELIVERY_HEADER: delivery_id}
    if target.secret_env:
        headers[SIGNATURE_HEADER] = body_signature(content, environment_variable(target.secret_env))
    post_body(target.address, content, headers)


def body_signature(content: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def send_slack(target: SlackTarget, _: str, body: MessageBody) -> None:
    text = plain_text(body)
    shown = text if len(text) <= SLACK_MAX_CHARACTERS else f"{text[:SLACK_MAX_CHARACTERS]}…"
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": subject_line(body)[:150]}},
        {"type": "section", "text": {"type": "mrkdwn", "text": escape_mrkdwn(shown)}},
    ]
    content = json.dumps({"text": subject_line(body), "blocks": blocks}).encode()
    post_body(target.address, content, {"content-type": "application/json"})


def escape_mrkdwn(text: str) -> str:
    """Escape the three characters that Slack treats as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def send_alertmanager(target: AlertmanagerTarget, _: str, body: MessageBody) -> None:
    content = json.dumps(alertmanager_alerts(body)).encode()
    url = f"{target.address.rstrip('/')}/api/v2/alerts"
    post_body(url, content, {"content-type": "application/json"})


def alertmanager_alerts(body: MessageBody) -> list[dict[str, Any]]:
    """The alerts of a message in the format of Alertmanager's API v2."""
    return [
        {
            "labels": alert["labels"],
            "annotations": {
                "summary": alert["summary"],
                "description": alert["description"],
                "runbook_url": alert["runbook"],
            },
            "startsAt": rfc3339(alert["since_ns"]),
            "endsAt": rfc3339(alert["ends_ns"]),
        }
        for alert in body["alerts"]
    ]


def send_email(target: EmailTarget, delivery_id: str, body: MessageBody) -> None:
    message = EmailMessage()
    message["Subject"] = subject_line(body)
    message["From"], message["To"] = target.sender, ", ".join(target.to)
    message["Message-ID"] = make_msgid(delivery_id[:32], domain=target.sender.split("@")[1])
    message.set_content(plain_text(body))
    with smtplib.SMTP(target.server, target.port, timeout=SEND_TIMEOUT_SECONDS) as server:
        if target.starttls:
            server.starttls(context=ssl.create_default_context())  # checks the certificate
        if target.user:
            server.login(target.user, environment_variable(target.password_env or ""))
        server.send_message(message)


SENDERS: Mapping[type[Any], Callable[[Any, str, MessageBody], None]] = {
    AlertmanagerTarget: send_alertmanager,
    WebhookTarget: send_webhook,
    SlackTarget: send_slack,
    EmailTarget: send_email,
}


def post_body(url: str, content: bytes, headers: Mapping[str, str]) -> None:
    answer = httpx.post(
        url,
        content=content,
        headers=dict(headers),
        timeout=SEND_TIMEOUT_SECONDS,
        verify=verification(url),
    )
    if not answer.is_success:
        raise DeliveryError(f"HTTP {answer.status_code}: {answer.text[:200]}")


def subject_line(body: MessageBody) -> str:
    """The subject line: how many alerts fire, for which service and objectives."""
    firing = [alert for alert in body["alerts"] if alert["phase"] == "firing"]
    words = f"{len(firing)} firing" if firing else "resolved"
    names = sorted({alert["labels"]["slo"] for alert in firing or body["alerts"]})
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"[{words}] {body['service']}: {', '.join(names[:2])}{more}"


def plain_text(body: MessageBody) -> str:
    return "\n\n".join(
        f"{alert['phase'].upper()} ({alert['labels']['severity']}) {alert['summary']}\n"
        f"{alert['description']}"
        for alert in body["alerts"]
    )


def rfc3339(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat().replace("+00:00", "Z")
