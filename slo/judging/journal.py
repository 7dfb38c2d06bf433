"""Everything that must survive a restart: alert states, undelivered messages, decisions.

A SQLite file; when a method has returned, its change is on the disk.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from framegate.slo.counting.series import MinuteSpan
from framegate.slo.judging.alerts import AlertKey, AlertPhase, AlertState
from framegate.telemetry.platform.clock import DAY_NS, MINUTE_NS
from framegate.telemetry.platform.sqlite_file import SqliteFile

FILE_NAME = "slo.sqlite"
LONGEST_RETRY_NS = 10 * MINUTE_NS  # between two attempts
DELIVERED_RETENTION_NS = 7 * DAY_NS  # deliveries that are done are kept so long

TABLES = (
    """
    CREATE TABLE IF NOT EXISTS alerts (
        objective TEXT, condition TEXT, alert_group TEXT, state TEXT NOT NULL,
        PRIMARY KEY (objective, condition, alert_group)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS deliveries (
        delivery_id TEXT, target TEXT, body TEXT NOT NULL, created_ns INTEGER NOT NULL,
        next_ns INTEGER NOT NULL, attempts INTEGER NOT NULL, done_ns INTEGER, trouble TEXT,
        PRIMARY KEY (delivery_id, target)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS entries (
        number INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL,
        author TEXT NOT NULL, reason TEXT NOT NULL, made_ns INTEGER NOT NULL,
        revoked_ns INTEGER, revoked_by TEXT
    )
    """,
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one target; its id is the same for every attempt."""

    delivery_id: str
    target: str
    body: Mapping[str, Any]
    created_ns: int
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A decision of a person: a silence, a correction or a bypass; never changed afterwards."""

    number: int
    kind: str
    body: Mapping[str, Any]
    author: str
    reason: str
    made_ns: int
    revoked_ns: int | None = None
    revoked_by: str | None = None


@dataclass(frozen=True, slots=True)
class StandingDecision:
    """A decision that was not revoked."""

    number: int
    labels: Mapping[str, str]
    start_ns: int
    end_ns: int
    author: str
    reason: str
    changes: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(labels.get(name) == value for name, value in self.labels.items())

    def covers(self, labels: Mapping[str, str], *, now_ns: int) -> bool:
        return self.start_ns <= now_ns < self.end_ns and self.matches(labels)

    @property
    def minutes(self) -> MinuteSpan:
        """The minutes that lie completely inside."""
        return MinuteSpan(-(-self.start_ns // MINUTE_NS), self.end_ns // MINUTE_NS)

    def __str__(self) -> str:
        return f"{self.number} by {self.author}: {self.reason}"


class Journal:
    """One file, safe to share between threads; raises InputError if the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, TABLES, name="journal")

    def close(self) -> None:
        self._file.close()

    def alerts(self) -> dict[AlertKey, AlertState]:
        """The state of every alert when it was last saved."""
        rows = self._file.fetch_all(
            "SELECT objective, condition, alert_group, state FROM alerts", ()
        )
        return {
            AlertKey(objective, condition, tuple(json.loads(group))): alert_state_from(
                json.loads(state)
            )
            for objective, condition, group, state in rows
        }

    def save(
        self, changed: Mapping[AlertKey, AlertState | None], deliveries: Sequence[Delivery]
    ) -> None:
        """Save alert states (None deletes one) and their messages in one transaction."""
        with self._file.transaction() as file:
            for key, state in changed.items():
                name = (key.objective, key.condition, json.dumps(key.group))
                if state is None:
                    file.execute(
                        "DELETE FROM alerts WHERE objective = ? AND condition = ? "
                        "AND alert_group = ?",
                        name,
                    )
                else:
                    values = (*name, json.dumps(asdict(state)))
                    file.execute("INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?)", values)
            file.executemany(
                "INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, ?, ?, 0, NULL, NULL)",
                [
                    (one.delivery_id, one.target, json.dumps(one.body), one.created_ns, 0)
                    for one in deliveries
                ],
            )

    def due_deliveries(self, now_ns: int) -> list[Delivery]:
        """Messages due now, oldest first; also those that a clock set back moved far ahead."""
        rows = self._file.fetch_all(
            "SELECT delivery_id, target, body, created_ns, attempts FROM deliveries "
            "WHERE done_ns IS NULL AND NOT next_ns BETWEEN ? AND ? "
            "ORDER BY created_ns, delivery_id",
            (now_ns + 1, now_ns + LONGEST_RETRY_NS),
        )
        return [
            Delivery(delivery_id, target, json.loads(body), created_ns, attempts)
            for delivery_id, target, body, created_ns, attempts in rows
        ]

    def mark_delivered(self, delivery: Delivery, *, now_ns: int) -> None:
        with self._file.transaction() as file:
            file.execute(
                "UPDATE deliveries SET done_ns = ?, attempts = attempts + 1, trouble = NULL "
                "WHERE delivery_id = ? AND target = ?",
                (now_ns, delivery.delivery_id, delivery.target),
            )
            file.execute(
                "DELETE FROM deliveries WHERE done_ns < ?", (now_ns - DELIVERED_RETENTION_NS,)
            )

    def mark_failed(self, delivery: Delivery, *, again_ns: int, trouble: str) -> None:
        with self._file.transaction() as file:
            file.execute(
                "UPDATE deliveries SET next_ns = ?, attempts = attempts + 1, trouble = ? "
                "WHERE delivery_id = ? AND target = ?",
                (again_ns, trouble, delivery.delivery_id, delivery.target),
            )

    def undelivered_count(self) -> int:
        """The number of messages that are not delivered yet."""
        return int(
            self._file.fetch_all("SELECT count(*) FROM deliveries WHERE done_ns IS NULL", ())[0][0]
        )

    def add_entry(
        self, kind: str, body: Mapping[str, Any], *, author: str, reason: str, now_ns: int
    ) -> int:
        """Store a decision; returns its number."""
        with self._file.transaction() as file:
            added = file.execute(
                "INSERT INTO entries (kind, body, author, reason, made_ns) VALUES (?, ?, ?, ?, ?)",
                (kind, json.dumps(body), author, reason, now_ns),
            )
            assert added.lastrowid is not None
            return added.lastrowid

    def revoke(self, kind: str, number: int, *, author: str, now_ns: int) -> bool:
        """Revoke a decision; False if it does not exist or is already revoked."""
        with self._file.transaction() as file:
            changed = file.execute(
                "UPDATE entries SET revoked_ns = ?, revoked_by = ? "
                "WHERE number = ? AND kind = ? AND revoked_ns IS NULL",
                (now_ns, author, number, kind),
            )
            return changed.rowcount == 1

    def entries(self, kind: str) -> list[JournalEntry]:
        """All decisions of a kind, including revoked ones, oldest first."""
        rows = self._file.fetch_all(
            "SELECT number, kind, body, author, reason, made_ns, revoked_ns, revoked_by "
            "FROM entries WHERE kind = ? ORDER BY number",
            (kind,),
        )
        return [
            JournalEntry(number, kind, json.loads(body), *rest)
            for number, kind, body, *rest in rows
        ]


def alert_state_from(raw: Mapping[str, Any]) -> AlertState:
    return AlertState(**{**raw, "phase": AlertPhase(raw["phase"])})


def standing_decisions(entries: Iterable[JournalEntry]) -> list[StandingDecision]:
    """The decisions that were not revoked."""
    return [
        StandingDecision(
            entry.number,
            entry.body["labels"],
            entry.body["start_ns"],
            entry.body["end_ns"],
            entry.author,
            entry.reason,
            frozenset(entry.body.get("changes", ())),
        )
        for entry in entries
        if entry.revoked_ns is None
    ]


def first_covering(
    decisions: Sequence[StandingDecision], labels: Mapping[str, str], *, now_ns: int
) -> StandingDecision | None:
    """The first decision in force for these labels."""
    return next((one for one in decisions if one.covers(labels, now_ns=now_ns)), None)
