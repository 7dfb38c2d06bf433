"""How each kind of target is told."""

import hashlib
import hmac
import json
import smtplib
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

import httpx

from framegate.slo.alerting.targets import Alertmanager, AnyTarget, Email, Slack, Webhook
from framegate.slo.openslo.strict_model import environment

SECONDS = 10.0
SIGNATURE = "framegate-signature"  # sha256=hex of the body, by the secret (as GitHub's webhooks)
DELIVERY = "framegate-delivery"  # the same for every attempt
SLACK_LONGEST = 2_900

Body = Mapping[str, Any]


class DeliveryError(Exception):
    """A target did not take a message; it may later."""


def send(target: AnyTarget, delivery_id: str, body: Body) -> None:
    """Hand over one message; raises DeliveryError saying why it could not be."""
    try:
        SENDERS[type(target)](target, delivery_id, body)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, smtplib.SMTPException) as error:
        raise DeliveryError(f"{type(error).__name__}: {error}") from error


def send_webhook(target: Webhook, delivery_id: str, body: Body) -> None:
    content = json.dumps(body, sort_keys=True).encode()
    headers = {"content-type": "application/json", DELIVERY: delivery_id}
    if target.secret_env:
        headers[SIGNATURE] = signature(content, environment(target.secret_env))
    post(target.address, content, headers)


def signature(content: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def send_slack(target: Slack, _: str, body: Body) -> None:
    text = plain_text(body)
    shown = text if len(text) <= SLACK_LONGEST else f"{text[:SLACK_LONGEST]}…"
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": title(body)[:150]}},
        {"type": "section", "text": {"type": "mrkdwn", "text": escaped(shown)}},
    ]
    content = json.dumps({"text": title(body), "blocks": blocks}).encode()
    post(target.address, content, {"content-type": "application/json"})


def escaped(text: str) -> str:
    """Slack's three characters of control."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def send_alertmanager(target: Alertmanager, _: str, body: Body) -> None:
    content = json.dumps(alertmanager_alerts(body)).encode()
    url = f"{target.address.rstrip('/')}/api/v2/alerts"
    post(url, content, {"content-type": "application/json"})


def alertmanager_alerts(body: Body) -> list[dict[str, Any]]:
    """The alerts of a message as Alertmanager's API v2 has them."""
    return [
        {
            "labels": alert["labels"],
            "annotations": {
                "summary": alert["summary"],
                "description": alert["description"],
                "runbook_url": alert["runbook"],
            },
            "startsAt": instant(alert["since_ns"]),
            "endsAt": instant(alert["ends_ns"]),
        }
        for alert in body["alerts"]
    ]


def send_email(target: Email, delivery_id: str, body: Body) -> None:
    message = EmailMessage()
    message["Subject"] = title(body)
    message["From"], message["To"] = target.sender, ", ".join(target.to)
    message["Message-ID"] = make_msgid(delivery_id[:32], domain=target.sender.split("@")[1])
    message.set_content(plain_text(body))
    with smtplib.SMTP(target.server, target.port, timeout=SECONDS) as server:
        if target.starttls:
            server.starttls(context=ssl.create_default_context())  # checks the certificate
        if target.user:
            server.login(target.user, environment(target.password_env or ""))
        server.send_message(message)


SENDERS: Mapping[type[Any], Callable[[Any, str, Body], None]] = {
    Alertmanager: send_alertmanager,
    Webhook: send_webhook,
    Slack: send_slack,
    Email: send_email,
}


def post(url: str, content: bytes, headers: Mapping[str, str]) -> None:
    answer = httpx.post(url, content=content, headers=dict(headers), timeout=SECONDS)
    if not answer.is_success:
        raise DeliveryError(f"answered {answer.status_code}: {answer.text[:200]}")


def title(body: Body) -> str:
    """One line for a subject."""
    firing = [alert for alert in body["alerts"] if alert["phase"] == "firing"]
    words = f"{len(firing)} firing" if firing else "resolved"
    names = sorted({alert["labels"]["slo"] for alert in firing or body["alerts"]})
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"[{words}] {body['service']}: {', '.join(names[:2])}{more}"


def plain_text(body: Body) -> str:
    return "\n\n".join(
        f"{alert['phase'].upper()} ({alert['labels']['severity']}) {alert['summary']}\n"
        f"{alert['description']}"
        for alert in body["alerts"]
    )


def instant(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat().replace("+00:00", "Z")
