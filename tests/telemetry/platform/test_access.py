"""Who may send and who may ask: tokens on real sockets, and TLS."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import pytest
import trustme
from google.rpc.status_pb2 import Status

from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.otlp.bodies import JSON, PROTOBUF
from framegate.telemetry.platform.access import (
    TOKEN_VARIABLE,
    TOKENS_VARIABLE,
    Access,
    AccessError,
    Scope,
    load_access,
    parse_tokens,
)
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.listen import LISTEN_FD, Tls, listening_socket, load_tls, url_of
from framegate.telemetry.sdk.sdk import start_telemetry
from framegate.telemetry.server.collector import Collector, application
from framegate.telemetry.server.grpc_server import rpc_server
from tests.commands import run_command
from tests.conftest import serving
from tests.telemetry.ports import EXPORT
from tests.telemetry.spans import one_span

SENDER, READER, BOTH = "sender-0123456789", "reader-0123456789", "both-0123456789ab"
FILE = f"# three parties\ningest {SENDER}\n\nread {READER}\ningest,read {BOTH}\n"
READ_PATHS = ("/query/jobs", "/commits?timeout_seconds=0", "/metrics")


@dataclass(frozen=True, slots=True)
class Guarded:
    """One collector that asks for tokens."""

    url: str
    rpc_address: str


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    collector = Collector(tmp_path / "store", access=parse_tokens(FILE, source="test"))
    with (
        serving(application(collector)) as url,
        rpc_server(collector.intake, host="127.0.0.1", port=0) as port,
    ):
        yield Guarded(url, f"127.0.0.1:{port}")


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Basic c2VuZGVy"}, 401),
        ({"authorization": "Bearer"}, 401),
        (bearer("sender-0123456780"), 401),
        (bearer(READER), 403),
        (bearer(SENDER), 200),
        ({"authorization": f"bearer {BOTH}"}, 200),
    ],
)
@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_only_an_ingest_token_may_send(
    guarded: Guarded, headers: dict[str, str], status: int, content_type: str
) -> None:
    body = b"{}" if content_type == JSON else one_span().SerializeToString()
    answer = httpx.post(
        f"{guarded.url}/v1/traces",
        content=body,
        headers={"content-type": content_type, **headers},
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == content_type
    assert ("www-authenticate" in answer.headers) == (status == 401)
    if status != 200 and content_type == PROTOBUF:
        assert "token" in Status.FromString(answer.content).message


@pytest.mark.parametrize("path", READ_PATHS)
def test_only_a_read_token_may_ask(guarded: Guarded, path: str) -> None:
    statuses = [
        httpx.get(f"{guarded.url}{path}", headers=headers).status_code
        for headers in ({}, bearer(SENDER), bearer(READER), bearer(BOTH))
    ]
    assert statuses == [401, 403, 200, 200]


def test_health_needs_no_token(guarded: Guarded) -> None:
    for path in ("/healthz", "/readyz"):
        assert httpx.get(f"{guarded.url}{path}").status_code == 200


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ((), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", f"Bearer {READER}"),), grpc.StatusCode.PERMISSION_DENIED),
    ],
)
def test_grpc_asks_for_the_same_tokens(
    guarded: Guarded, metadata: tuple[tuple[str, str], ...], code: grpc.StatusCode
) -> None:
    with grpc.insecure_channel(guarded.rpc_address) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(EXPORT)
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", timeout=30, metadata=metadata)
        assert caught.value.code() is code
        assert call(b"", timeout=30, metadata=(("authorization", f"Bearer {SENDER}"),)) == b""


def test_our_own_clients_carry_their_token(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, BOTH)
    telemetry = start_telemetry("sender", endpoint=guarded.url)
    telemetry.tracer.start_span("work").end()
    telemetry.shutdown()
    with CollectorClient(guarded.url) as client:
        assert [span.name for span in client.spans()] == ["work"]
    monkeypatch.setenv(TOKEN_VARIABLE, SENDER)
    with CollectorClient(guarded.url) as client, pytest.raises(InputError, match="scope 'read'"):
        client.jobs()
    with CollectorClient(guarded.url, token=READER) as client:
        assert client.jobs() == []


def test_refusals_are_counted(guarded: Guarded) -> None:
    httpx.post(f"{guarded.url}/v1/traces", headers={"content-type": PROTOBUF})
    text = httpx.get(f"{guarded.url}/metrics", headers=bearer(READER)).text
    assert 'rejected_requests_total{signal="traces",status="401"} 1.0' in text


def test_without_tokens_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKENS_VARIABLE, raising=False)
    access = load_access(None)
    assert not access.requires_token
    access.check(None, Scope.READ)


def test_tokens_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKENS_VARIABLE, FILE)
    access = load_access(None)
    access.check(f"Bearer {READER}", Scope.READ)
    with pytest.raises(AccessError):
        access.check(f"Bearer {READER}", Scope.INGEST)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "contains no tokens"),
        ("# only a comment", "contains no tokens"),
        ("write sender-0123456789", "line 1: unknown scope; use ingest, read"),
        ("\ningest short", "line 2: a token needs at least 16 characters"),
        ("ingest", "line 1: a token needs at least 16 characters"),
        ("ingest two words-0123456789", "no spaces"),
    ],
)
def test_a_bad_tokens_file_is_named_and_never_quoted(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        load_access(path)
    assert "0123456789" not in str(caught.value)


def test_the_documented_file_is_a_tokens_file() -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "guard-the-collector.md").read_text()
    text = page.partition("```text\n")[2].partition("```")[0]
    assert sorted(map(sorted, parse_tokens(text, source="page").scopes.values())) == [
        ["ingest"],
        ["ingest", "read"],
        ["operate", "read"],
        ["read"],
    ]


def test_a_foreign_sdk_sends_its_token_as_the_page_says(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"authorization=Bearer%20{BOTH}")
    telemetry = start_telemetry("foreign", endpoint=guarded.url)
    telemetry.tracer.start_span("work").end()
    telemetry.shutdown()
    monkeypatch.setenv(TOKEN_VARIABLE, READER)
    with CollectorClient(guarded.url) as client:
        assert [span.name for span in client.spans()] == ["work"]


def test_tokens_are_not_kept_in_the_clear() -> None:
    access = parse_tokens(FILE, source="test")
    assert all(SENDER.encode() not in known for known in access.scopes)
    assert "0123456789" not in repr(access)
    assert repr(Access()) == repr(access)


def test_a_guarded_server_may_listen_wider() -> None:
    with listening_socket("0.0.0.0", 0, guarded=True) as wide:
        assert wide.getsockname()[0] == "0.0.0.0"


def test_the_command_refuses_a_wide_host_without_tokens(tmp_path: Path) -> None:
    options = ("--data", str(tmp_path / "store"), "--host", "0.0.0.0", "--http-port", "0")
    done = run_command("collector", *options)
    assert done.exit_code == 2
    assert "start the collector with --tokens" in done.stderr
    assert not (tmp_path / "store").exists()


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate for this machine, and who vouches for it."""

    tls: Tls
    authority: trustme.CA


@pytest.fixture
def certified(tmp_path: Path) -> Certified:
    authority = trustme.CA()
    pair = authority.issue_cert("localhost", "127.0.0.1")
    tls = Tls(tmp_path / "certificate.pem", tmp_path / "key.pem")
    pair.private_key_pem.write_to_path(tls.key)
    pair.cert_chain_pems[0].write_to_path(tls.certificate)
    return Certified(tls, authority)


def test_the_command_serves_https_and_asks_for_tokens(tmp_path: Path, certified: Certified) -> None:
    (tmp_path / "tokens").write_text(FILE)
    options: tuple[str, ...] = (
        "--data",
        str(tmp_path / "store"),
        "--tokens",
        str(tmp_path / "tokens"),
    )
    options += ("--tls-certificate", str(certified.tls.certificate), "--grpc-port", "0")
    options += ("--tls-key", str(certified.tls.key))
    with listening_socket("127.0.0.1", 0) as open_socket:
        process = subprocess.Popen(
            [sys.executable, "-m", "framegate", "collector", *options],
            env=os.environ | {LISTEN_FD: str(open_socket.fileno())},
            pass_fds=[open_socket.fileno()],
        )
        url = url_of(open_socket).replace("http:", "https:")
    context = ssl.create_default_context()
    certified.authority.configure_trust(context)
    try:
        with httpx.Client(verify=context, timeout=60) as client:
            assert client.get(f"{url}/readyz").status_code == 200
            assert client.get(f"{url}/query/jobs").status_code == 401
            assert client.get(f"{url}/query/jobs", headers=bearer(READER)).status_code == 200
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_grpc_speaks_tls(tmp_path: Path, certified: Certified) -> None:
    collector = Collector(tmp_path / "store")
    root = grpc.ssl_channel_credentials(certified.authority.cert_pem.bytes())
    with (
        rpc_server(collector.intake, host="127.0.0.1", port=0, tls=certified.tls) as port,
        grpc.secure_channel(f"localhost:{port}", root) as channel,
    ):
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(EXPORT)
        assert call(b"", timeout=30) == b""
    collector.close()


def test_half_of_a_tls_pair_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="both --tls-certificate and --tls-key"):
        load_tls(tmp_path / "certificate.pem", None)
    with pytest.raises(InputError, match=r"certificate\.pem"):
        load_tls(tmp_path / "certificate.pem", tmp_path / "key.pem")
