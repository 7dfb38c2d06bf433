"""Leases: one holder at a time, and for a while only."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.platform.access import Access, Scope, token_digest
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.server.collector import Collector, application
from framegate.telemetry.server.leases import MAX_LEASE_SECONDS, MAX_NAMES, LeaseRequest, Leases
from tests.conftest import RunningCollector, serving


@pytest.fixture
def leases(tmp_path: Path) -> Leases:
    return Leases(tmp_path / "leases.sqlite")


def ask(holder: str, *names: str, seconds: float = 60.0, most: int = MAX_NAMES) -> LeaseRequest:
    return LeaseRequest(holder=holder, names=names, seconds=seconds, most=most)


def let_pass(leases: Leases, seconds: float) -> None:
    """What would be so after that time."""
    with leases._file.transaction() as file:
        file.execute("UPDATE leases SET until = until - ?", (seconds,))


def test_a_thing_has_one_holder_at_a_time(leases: Leases) -> None:
    assert leases.grant(ask("a", "x", "y")) == ["x", "y"]
    assert leases.grant(ask("b", "x", "z")) == ["z"]
    assert leases.grant(ask("a", "x", seconds=1)) == ["x"]
    leases.grant(ask("b", "x", seconds=0))  # not b's to give back
    assert leases.grant(ask("b", "x")) == []
    leases.grant(ask("a", "x", seconds=0))
    assert leases.grant(ask("b", "x")) == ["x"]


def test_a_lease_that_ran_out_is_the_next_ones_or_still_its_holders(leases: Leases) -> None:
    leases.grant(ask("a", "x", "y"))
    let_pass(leases, 61)
    assert leases.grant(ask("b", "x")) == ["x"]
    assert leases.grant(ask("a", "x", "y")) == ["y"]


def test_no_more_is_granted_than_is_wanted_and_the_first_come_first(leases: Leases) -> None:
    leases.grant(ask("a", "1"))
    assert leases.grant(ask("b", "1", "2", "3", "4", most=2)) == ["2", "3"]
    assert leases.grant(ask("c", "2", "3", "4", most=2)) == ["4"]


def test_many_who_ask_at_once_share_without_overlap(collector: RunningCollector) -> None:
    names = [f"clip {number}" for number in range(200)]
    start = threading.Barrier(8)

    def taken(holder: int) -> list[str]:
        start.wait()
        with CollectorClient(collector.url) as client:
            found: list[str] = []
            while got := client.lease(
                f"holder {holder}", set_aside(names, found), seconds=60, most=3
            ):
                found += got
            return found

    with ThreadPoolExecutor(8) as threads:
        shares = list(threads.map(taken, range(8)))
    assert Counter(name for share in shares for name in share) == Counter(names)


def set_aside(names: list[str], found: list[str]) -> list[str]:
    return [name for name in names if name not in found]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("", "JSON"),
        ("[]", "object"),
        ('{"holder": "a", "names": ["x"]}', "seconds"),
        ('{"holder": "a", "names": ["x"], "seconds": -1}', "seconds"),
        ('{"holder": "a", "names": ["x"], "seconds": 1e9}', "seconds"),
        ('{"holder": "a", "names": ["x"], "seconds": NaN}', "seconds"),
        ('{"holder": "", "names": ["x"], "seconds": 1}', "holder"),
        ('{"holder": "a", "names": [""], "seconds": 1}', "names"),
        ('{"holder": "a", "names": "x", "seconds": 1}', "names"),
        ('{"holder": "a", "names": ["x"], "seconds": 1, "more": 1}', "more"),
        ('{"holder": "' + "a" * 300 + '", "names": ["x"], "seconds": 1}', "holder"),
        ('{"holder": "a", "seconds": 1, "names": ["x"' + ', "x"' * MAX_NAMES + "]}", "names"),
        (" " * 3_000_000, "larger than 2097152 bytes"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong(
    collector: RunningCollector, body: str, word: str
) -> None:
    response = httpx.post(f"{collector.url}/leases", content=body)
    assert response.status_code == 400
    assert word in response.text
    assert len(response.text) < 300


def test_reading_alone_gives_no_right_to_a_lease(tmp_path: Path) -> None:
    access = Access({token_digest("r" * 16): frozenset({Scope.READ})})
    body = {"holder": "a", "names": ["x"], "seconds": 1}
    with serving(application(Collector(tmp_path / "store", access=access))) as url:
        assert httpx.post(f"{url}/leases", json=body).status_code == 401
        headers = {"authorization": f"Bearer {'r' * 16}"}
        assert httpx.post(f"{url}/leases", json=body, headers=headers).status_code == 403


def test_old_leases_are_not_kept(leases: Leases) -> None:
    leases.grant(ask("a", *(str(number) for number in range(500))))
    let_pass(leases, MAX_LEASE_SECONDS + 61)
    leases.grant(ask("b", "x"))
    assert leases._file.fetch_all("SELECT count(*) FROM leases") == [(1,)]


def test_a_file_that_holds_no_leases_is_an_error_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "leases.sqlite"
    path.write_bytes(b"nothing of the kind " * 100)
    with pytest.raises(InputError, match="file is not a database"):
        Leases(path)
    with pytest.raises(InputError, match="leases"):
        Leases(path / "below")
