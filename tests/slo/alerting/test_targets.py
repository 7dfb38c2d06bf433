"""Everybody who is told of alerts: real servers that speak what they speak."""

import json
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import ValidationError

from framegate.slo.alerting.targets import (
    AlertTargets,
    AnyTarget,
    DeliveryError,
    SlackTarget,
    WebhookTarget,
    alertmanager_alerts,
    load_targets,
    send_message,
    subject_line,
)
from framegate.telemetry.platform.errors import InputError
from tests.slo.documents import yaml_text
from tests.slo.mail import mail_server, mail_target, port_of
from tests.slo.receivers import receiving

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "get-notified.md"
SECOND = 10**9


def alert(name: str = "one", phase: str = "firing") -> dict[str, Any]:
    return {
        "objective": name,
        "phase": phase,
        "labels": {"slo": name, "severity": "page", "service": "video"},
        "summary": f"{name}: 30 of 100 <jobs> & more bad",
        "description": "What is left.\nRunbook: docs/x.md. Owner: me.",
        "runbook": "docs/x.md",
        "since_ns": 1_790_000_000 * SECOND,
        "ends_ns": 1_790_000_120 * SECOND,
    }


BODY = {"version": 1, "service": "video", "alerts": [alert(), alert("two", "resolved")]}


def test_mail_says_it_in_its_subject_and_all_of_it_in_its_text() -> None:
    with mail_server() as server:
        send_message(mail_target(port_of(server)), "id" * 32, BODY)
        (message,) = server.messages
    assert "Subject: [1 firing] video: one" in message
    assert "To: team@example.org, boss@example.org" in message
    assert "FIRING (page) one: 30 of 100 <jobs> & more bad" in message
    assert "RESOLVED (page) two" in message


def test_mail_with_a_password_goes_through_tls_to_a_server_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    monkeypatch.setenv("MAIL_PASSWORD", "secret")
    more = {"starttls": True, "user": "me", "password_env": "MAIL_PASSWORD"}
    with mail_server(tls) as server:
        target = mail_target(port_of(server), **more)
        with pytest.raises(DeliveryError, match="CERTIFICATE_VERIFY_FAILED"):
            send_message(target, "id", BODY)
        assert (server.logins, server.messages) == ([], [])
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        send_message(target, "id", BODY)
        assert server.logins == [b"\0me\0secret"]
        assert "Subject: [1 firing] video: one" in server.messages[0]


@pytest.mark.parametrize(
    "more", [{"user": "me"}, {"user": "me", "password_env": "X"}, {"password_env": "X"}]
)
def test_a_password_is_whole_and_never_in_the_clear(more: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"starttls|together"):
        mail_target(25, **more)


def test_a_server_without_tls_is_sent_nothing_where_it_was_asked_for() -> None:
    with mail_server() as server:
        with pytest.raises(DeliveryError, match="STARTTLS"):
            send_message(mail_target(port_of(server), starttls=True), "id", BODY)
        assert server.messages == []


def test_slack_is_sent_text_that_is_no_markup() -> None:
    with receiving() as received:
        send_message(SlackTarget(kind="slack", name="chat", url=received.url), "id", BODY)
        ((_, body),) = received.requests
    found = json.loads(body)
    assert found["text"] == "[1 firing] video: one"
    text = found["blocks"][1]["text"]["text"]
    assert "30 of 100 &lt;jobs&gt; &amp; more bad" in text
    long = BODY | {"alerts": [alert(f"slo-{number}") for number in range(100)]}
    with receiving() as received:
        send_message(SlackTarget(kind="slack", name="chat", url=received.url), "id", long)
        ((_, body),) = received.requests
    assert len(json.loads(body)["blocks"][1]["text"]["text"]) < 3_000 * 2
    assert subject_line(long) == "[100 firing] video: slo-0, slo-1 and 98 more"


def test_alertmanager_is_told_when_an_alert_ends_unless_it_is_told_again() -> None:
    one, _ = alertmanager_alerts(BODY)
    assert (one["startsAt"], one["endsAt"]) == ("2026-09-21T14:13:20Z", "2026-09-21T14:15:20Z")


@pytest.mark.parametrize(
    "target",
    [
        WebhookTarget(kind="webhook", name="hook", url="http://127.0.0.1:1/"),
        WebhookTarget(kind="webhook", name="hook", url="http://[::bad/"),
        mail_target(1),
    ],
)
def test_a_target_that_is_away_is_an_error_that_says_so(target: AnyTarget) -> None:
    with pytest.raises(DeliveryError, match=r"Error|Invalid"):
        send_message(target, "id", BODY)


def test_a_target_that_refuses_is_an_error_with_its_answer() -> None:
    with receiving(refuse=1) as received, pytest.raises(DeliveryError, match="500: not now"):
        send_message(WebhookTarget(kind="webhook", name="hook", url=received.url), "id", BODY)


def test_the_documented_file_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = GUIDE.read_text().partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "notify.yaml"
    path.write_text(text)
    monkeypatch.setenv("HOOK_SECRET", "x")
    monkeypatch.delenv("CHAT_URL", raising=False)
    with pytest.raises(
        InputError, match="'chat', url_env: environment variable CHAT_URL is not set"
    ):
        load_targets(path)
    monkeypatch.setenv("CHAT_URL", "http://127.0.0.1:1/")
    found = load_targets(path)
    assert [target.name for target in found.targets] == ["prometheus", "chat", "hook", "mail"]
    assert found.heartbeat
    assert load_targets_of(tmp_path, {}) == AlertTargets()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"kind": "pigeon", "name": "a"}, ":2: targets.0: .*'pigeon'"),
        ({"kind": "slack", "name": "a"}, "needs either url or url_env"),
        ({"kind": "slack", "name": "a", "url": "ftp://x"}, "targets.0.url: .*'ftp://x'"),
        ({"kind": "slack", "name": "A B", "url": "http://x"}, "targets.0.name"),
        (
            {"kind": "slack", "name": "a", "ur": "http://x"},
            r"some\.yaml:4: targets\.0\.ur: unknown key; did you mean 'url'\?",
        ),
        ({"kind": "webhook", "name": "a", "url": "http://x", "severities": ["sms"]}, "severities"),
    ],
)
def test_mistakes_in_the_file_are_named(
    tmp_path: Path, target: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        load_targets_of(tmp_path, {"targets": [target]})


def test_a_name_is_given_once(tmp_path: Path) -> None:
    one = {"kind": "slack", "name": "a", "url": "http://x"}
    with pytest.raises(InputError, match="two targets are named 'a'"):
        load_targets_of(tmp_path, {"targets": [one, one]})
    with pytest.raises(InputError, match="no-such"):
        load_targets(tmp_path / "no-such.yaml")


def test_a_second_list_of_targets_does_not_replace_the_first(tmp_path: Path) -> None:
    path = tmp_path / "notify.yaml"
    one = "targets: [{kind: slack, name: NAME, url: 'http://x'}]\n"
    path.write_text(one.replace("NAME", "a") + one.replace("NAME", "b"))
    with pytest.raises(InputError, match=r"notify\.yaml:2: duplicate key 'targets'"):
        load_targets(path)


def load_targets_of(folder: Path, document: object) -> AlertTargets:
    path = folder / "some.yaml"
    path.write_text(yaml_text(document))
    return load_targets(path)
