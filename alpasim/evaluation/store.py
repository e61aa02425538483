"""`results.sqlite`: one row a planned rollout, the source of truth and of resume.

Answers which rollouts are done and how they went. A row is written in one transaction that is on disk before anything
else happens (WAL, synchronous=FULL), so a kill at any moment loses nothing that was reported. Columns that may differ
between two equal runs start with `wall_` or `run_`.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from alpasim.errors import InfrastructureError, PlanError
from alpasim.evaluation.jobs import Outcome
from alpasim.evaluation.plan import Plan

STORE_NAME = "results.sqlite"
PLANNED, CLAIMED = "planned", "claimed"
OPEN = (PLANNED, CLAIMED)
"""Statuses of rollouts that have not been run to their end."""

MAIN_METRICS = (
    "collision_any",
    "collision_at_fault",
    "offroad",
    "offroad_or_collision_at_fault",
    "wrong_lane",
    "goal_reached",
    "progress_rel_to_total",
    "dist_traveled_m",
    "time_to_collision",
    "min_distance_to_obstacle_m",
)
"""Metrics with a column of their own; all of them stand in the column `metrics` as JSON."""

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS rollouts (
    rollout INTEGER PRIMARY KEY,
    scenario TEXT NOT NULL,
    policy TEXT NOT NULL,
    seed INTEGER NOT NULL,
    status TEXT NOT NULL,
    end_reason TEXT,
    passed INTEGER,
    margin REAL,
    score REAL,
    reference TEXT,
    steps INTEGER,
    duration_s REAL,
    {" ".join(f"{name} REAL," for name in MAIN_METRICS)}
    metrics TEXT,
    expectations TEXT,
    parameters TEXT,
    conditions TEXT,
    faults TEXT,
    scenario_hash TEXT,
    content_hash TEXT,
    log TEXT NOT NULL,
    run_error TEXT,
    run_traceback TEXT,
    run_renderer TEXT,
    run_worker INTEGER,
    run_attempts INTEGER NOT NULL DEFAULT 0,
    wall_s REAL,
    wall_finished TEXT,
    UNIQUE (scenario, policy, seed)
) STRICT
"""

_LATER = {"conditions": "", "faults": "[]"}
"""Columns that runs of earlier versions lack, and what stands in them there."""


@dataclass(frozen=True, slots=True)
class Row:
    """One rollout of the plan and, once it has run, its outcome. `log` is its folder, relative to the run's."""

    rollout: int
    scenario: str
    policy: str
    seed: int
    log: str
    outcome: Outcome | None

    @property
    def status(self) -> str:
        """The outcome's status, `planned` where there is none yet."""
        return PLANNED if self.outcome is None else self.outcome.status


class Store:
    """The open database of one run. Only one process writes it (`lock.py`); anybody may read it meanwhile.

    Raises InfrastructureError where the disk is full or the file cannot be written, PlanError where it is no database.
    """

    def __init__(self, run_dir: Path) -> None:
        self.path = run_dir / STORE_NAME
        with _storage(self.path):
            self._connection = sqlite3.connect(self.path, isolation_level=None, timeout=30.0)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute(_SCHEMA)

    def add_plan(self, plan: Plan) -> None:
        """Write a row for every rollout of the plan that has none, and give back what a dead process had claimed."""
        rows = [(r.index, r.scenario.name, r.policy.name, r.seed, PLANNED, r.folder) for r in plan.rollouts]
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO rollouts (rollout, scenario, policy, seed, status, log) VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            )
            connection.execute("UPDATE rollouts SET status = ? WHERE status = ?", (PLANNED, CLAIMED))
        found = self._connection.execute("SELECT count(*) FROM rollouts").fetchone()[0]
        if found != len(rows):
            raise PlanError(f"{self.path}: holds {found} rollouts, the plan has {len(rows)}")

    def open_rollouts(self) -> list[int]:
        """Numbers of the rollouts that still have to run, in plan order."""
        query = "SELECT rollout FROM rollouts WHERE status IN (?, ?) ORDER BY rollout"
        return [row["rollout"] for row in self._connection.execute(query, OPEN)]

    def claim(self, rollout: int, worker: int) -> None:
        """Note that a worker has begun."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE rollouts SET status = ?, run_worker = ?, run_attempts = run_attempts + 1 WHERE rollout = ?",
                (CLAIMED, worker, rollout),
            )

    def release(self) -> None:
        """Give back everything that is claimed."""
        with self._transaction() as connection:
            connection.execute("UPDATE rollouts SET status = ? WHERE status = ?", (PLANNED, CLAIMED))

    def record(self, rollout: int, outcome: Outcome, finished: str) -> None:
        """Keep what became of a rollout; it is on disk when this returns. A rollout is recorded once."""
        columns = _columns(outcome) | {"wall_finished": finished}
        assignments = ", ".join(f"{name} = ?" for name in columns)
        with self._transaction() as connection:
            changed = connection.execute(
                f"UPDATE rollouts SET {assignments} WHERE rollout = ? AND status IN (?, ?)",
                (*columns.values(), rollout, *OPEN),
            ).rowcount
        if changed != 1:
            raise PlanError(f"{self.path}: rollout {rollout} was recorded before, or is not in the plan")
        self.check_there()

    def check_there(self) -> None:
        """InfrastructureError where the file has been removed: what is written would go nowhere."""
        if not self.path.exists():
            raise InfrastructureError(
                f"{self.path}: was removed while rollouts were running, and what they gave with it"
            )

    def close(self) -> None:
        """Fold the write-ahead log into the one file and let go of it."""
        with _storage(self.path), closing(self._connection):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing."""
        with _storage(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


@contextmanager
def _storage(path: Path) -> Iterator[None]:
    """What SQLite says about disk and file, in this package's words."""
    try:
        yield
    except sqlite3.DatabaseError as cause:
        text = str(cause)
        if "no such table" in text:
            raise PlanError(
                f"{path}: holds no rollouts: its evaluation ended before the first; start it again with --resume"
            ) from cause
        if "not a database" in text or "malformed" in text:
            raise PlanError(f"{path}: is damaged or no results database: {text}") from cause
        full = "; is the disk full?" if "disk" in text else ""
        raise InfrastructureError(f"{path}: cannot be written: {text}{full}") from cause


def _columns(outcome: Outcome) -> dict[str, Any]:
    """An outcome as values of columns."""
    value = outcome.to_json()
    main = {name: _real(outcome.metrics.get(name)) for name in MAIN_METRICS}
    return {
        "status": outcome.status,
        "end_reason": outcome.end_reason,
        "passed": int(outcome.passed),
        "margin": _real(outcome.margin),
        "score": outcome.score,
        "reference": outcome.reference,
        "steps": outcome.steps,
        "duration_s": outcome.duration_s,
        **main,
        "metrics": _json(value["metrics"]),
        "expectations": _json(value["expectations"]),
        "parameters": _json(value["parameters"]),
        "conditions": outcome.conditions,
        "faults": _json(value["faults"]),
        "scenario_hash": outcome.scenario_hash,
        "content_hash": outcome.content_hash,
        "run_error": _storable(value["error"]),
        "run_traceback": _storable(value["error_traceback"]),
        "run_renderer": outcome.renderer,
        "wall_s": outcome.wall_s,
    }


def _real(number: float | None) -> float | None:
    """What a REAL column can hold: SQLite turns nan into NULL by itself, infinities it keeps."""
    return None if number is None or math.isnan(number) else number


def _json(value: Any) -> str:
    """Stable text of plain values."""
    return json.dumps(value, sort_keys=True)


def _storable(text: str) -> str:
    """Text that SQLite takes: lone surrogates and NUL bytes are written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


def read_rows(run_dir: Path) -> list[Row]:
    """Every row of a run in plan order, also while it is being written; PlanError where there is no run."""
    path = run_dir / STORE_NAME
    if not path.is_file():
        raise PlanError(f"{run_dir}: no {STORE_NAME} here; expected the folder of an evaluation")
    with _storage(path), closing(sqlite3.connect(path, timeout=30.0)) as connection:
        connection.row_factory = sqlite3.Row
        return [_row({**_LATER, **dict(row)}) for row in connection.execute("SELECT * FROM rollouts ORDER BY rollout")]


def _row(row: Mapping[str, Any]) -> Row:
    """A database row as a value."""
    outcome = None if row["status"] in OPEN else _outcome(row)
    return Row(row["rollout"], row["scenario"], row["policy"], row["seed"], row["log"], outcome)


def _outcome(row: Mapping[str, Any]) -> Outcome:
    """The outcome that `record` kept."""
    return Outcome.from_json(
        {
            "status": row["status"],
            "end_reason": row["end_reason"],
            "passed": bool(row["passed"]),
            "margin": row["margin"],
            "score": row["score"],
            "reference": row["reference"],
            "steps": row["steps"],
            "duration_s": row["duration_s"],
            "metrics": json.loads(row["metrics"]),
            "expectations": json.loads(row["expectations"]),
            "parameters": json.loads(row["parameters"]),
            "conditions": row["conditions"],
            "faults": json.loads(row["faults"]),
            "scenario_hash": row["scenario_hash"],
            "content_hash": row["content_hash"],
            "error": row["run_error"],
            "error_traceback": row["run_traceback"],
            "renderer": row["run_renderer"],
            "wall_s": row["wall_s"],
        }
    )
