"""Where telemetry is sent and who is asked are two questions."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from framegate.client import CollectorClient, CollectorUnavailableError, InputError, NoEngineError
from framegate.telemetry.client.collector_url import (
    COLLECTOR_VARIABLE,
    DEFAULT_URL,
    ENDPOINT_VARIABLE,
    collector_url,
)
from framegate.telemetry.platform.access import TOKEN_VARIABLE
from framegate.telemetry.sdk.sdk import start_telemetry
from framegate.telemetry.signals import names
from tests.conftest import RunningCollector, serving

NAMES = {names.JOB_ID: "j1", names.JOB_STATE: "queued", names.WORKLOAD: "batch"}


@pytest.fixture
def exports() -> list[Request]:
    """What the foreign collector has received."""
    return []


@pytest.fixture
def foreign(exports: list[Request]) -> Iterator[str]:
    """A collector that takes OTLP and answers no queries, as an OpenTelemetry Collector does."""

    async def receive(request: Request) -> Response:
        await request.body()
        exports.append(request)
        return Response(media_type="application/x-protobuf")

    with serving(Starlette(routes=[Route("/v1/{signal}", receive, methods=["POST"])])) as url:
        yield url


@pytest.mark.parametrize(
    ("variables", "argument", "url"),
    [
        ({}, None, DEFAULT_URL),
        ({ENDPOINT_VARIABLE: "http://a:1"}, None, "http://a:1"),
        ({ENDPOINT_VARIABLE: "http://a:1/", COLLECTOR_VARIABLE: ""}, None, "http://a:1"),
        ({ENDPOINT_VARIABLE: "http://a:1", COLLECTOR_VARIABLE: "http://b:2"}, None, "http://b:2"),
        ({COLLECTOR_VARIABLE: "http://b:2"}, "http://c:3", "http://c:3"),
    ],
)
def test_the_collector_to_ask_is_the_first_that_is_named(
    variables: dict[str, str], argument: str | None, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (ENDPOINT_VARIABLE, COLLECTOR_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert collector_url(argument) == url
    with CollectorClient(argument) as client:
        assert client.url == url


def test_a_process_exports_to_a_foreign_collector_and_asks_ours(
    collector: RunningCollector,
    foreign: str,
    exports: list[Request],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(ENDPOINT_VARIABLE, foreign)
    monkeypatch.setenv(COLLECTOR_VARIABLE, collector.url)
    monkeypatch.setenv(TOKEN_VARIABLE, "t" * 16)
    ours = start_telemetry("sender", endpoint=collector.url)
    ours.event(names.EVENT_JOB_STATE, NAMES)
    ours.shutdown()
    theirs = start_telemetry("sender")
    theirs.event(names.EVENT_JOB_STATE, NAMES | {names.JOB_ID: "j2"})
    theirs.shutdown()
    assert "/v1/logs" in {request.url.path for request in exports}
    with CollectorClient() as client:
        assert [job.job_id for job in client.jobs()] == ["j1"]
    # The token is for our collector; nobody else may see it.
    assert all("authorization" not in request.headers for request in exports)


def test_the_token_goes_to_the_only_collector_there_is(
    foreign: str, exports: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(COLLECTOR_VARIABLE, raising=False)
    monkeypatch.setenv(ENDPOINT_VARIABLE, foreign)
    monkeypatch.setenv(TOKEN_VARIABLE, "t" * 16)
    telemetry = start_telemetry("sender")
    telemetry.event(names.EVENT_JOB_STATE, NAMES)
    telemetry.shutdown()
    assert {request.headers["authorization"] for request in exports} == {f"Bearer {'t' * 16}"}


def test_asking_a_foreign_collector_says_which_variable_to_set(
    foreign: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(COLLECTOR_VARIABLE, raising=False)
    monkeypatch.setenv(ENDPOINT_VARIABLE, foreign)
    with CollectorClient() as client:
        with pytest.raises(InputError, match=r"is not a framegate collector.*FRAMEGATE_COLLECTOR"):
            client.jobs()
        with pytest.raises(NoEngineError, match="no SLO engine is running beside the collector"):
            client.get_slo("objectives")


def test_one_client_asks_for_rows_and_for_objectives(
    judged_collector: RunningCollector,
) -> None:
    found = judged_collector.client.get_slo("objectives")
    assert {"batch-success", "interactive-ttfp"} <= {item["name"] for item in found["objectives"]}
    with pytest.raises(InputError, match="silences"):
        judged_collector.client.post_slo("silences", {"nonsense": 1})


def test_a_collector_that_is_not_there_is_named() -> None:
    with CollectorClient("http://127.0.0.1:9") as client:
        for ask in (client.jobs, lambda: client.get_slo("alerts")):
            with pytest.raises(CollectorUnavailableError, match="cannot reach the collector at"):
                ask()
