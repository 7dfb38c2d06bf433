"""The OpenTelemetry Collector's configuration: whole, and as wide as framegate's own collector."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from framegate.telemetry.otlp.bodies import BODY_LIMIT_BYTES, Signal

PATH = Path(__file__).parents[2] / "deploy" / "otel-collector.yaml"


@pytest.fixture(scope="module")
def config() -> Any:
    return yaml.safe_load(PATH.read_text())


def test_every_signal_reaches_clickhouse_and_metrics_reach_prometheus(config: Any) -> None:
    pipelines = config["service"]["pipelines"]
    assert set(pipelines) == set(Signal)
    assert all("clickhouse" in pipeline["exporters"] for pipeline in pipelines.values())
    assert "prometheusremotewrite" in pipelines["metrics"]["exporters"]


@pytest.mark.parametrize("kind", ["receivers", "processors", "exporters"])
def test_pipelines_use_all_that_is_configured_and_nothing_else(config: Any, kind: str) -> None:
    used = {name for pipe in config["service"]["pipelines"].values() for name in pipe[kind]}
    assert used == set(config[kind])


def test_extensions_that_are_named_are_configured(config: Any) -> None:
    assert set(config["service"]["extensions"]) == set(config["extensions"])
    assert config["exporters"]["clickhouse"]["sending_queue"]["storage"] in config["extensions"]


def test_bodies_may_be_as_large_as_for_our_own_collector(config: Any) -> None:
    protocols = config["receivers"]["otlp"]["protocols"]
    assert protocols["http"]["max_request_body_size"] == BODY_LIMIT_BYTES
    assert protocols["grpc"]["max_recv_msg_size_mib"] * 2**20 == BODY_LIMIT_BYTES


def test_it_listens_on_loopback_and_holds_no_secret(config: Any) -> None:
    for protocol in config["receivers"]["otlp"]["protocols"].values():
        assert protocol["endpoint"].startswith("127.0.0.1:")
    assert config["exporters"]["clickhouse"]["password"] == "${env:CLICKHOUSE_PASSWORD}"
