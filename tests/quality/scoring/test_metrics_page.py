"""The page of metrics."""

from pathlib import Path

from framegate.quality.metrics.definitions import DEFAULT_METRICS, WITHOUT_REFERENCE
from framegate.quality.metrics.table import METRICS
from framegate.quality.scoring.metrics_page import PEERS, catalogue_page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"


def test_the_page_is_what_the_metrics_make_of_it() -> None:
    assert PAGE.read_text() == catalogue_page()


def test_what_is_named_elsewhere_is_a_metric() -> None:
    assert {*PEERS, *DEFAULT_METRICS, *WITHOUT_REFERENCE} <= METRICS.keys()
