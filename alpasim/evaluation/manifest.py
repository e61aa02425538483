"""`manifest.json`: what ran, with what, where and when; written before the first rollout, whole or not at all.

Answers whether a results folder belongs to the plan at hand. Times stand under `sessions`, one entry each time the run
was started or resumed; under `renderers`, from the first session's end on, what drew pictures for the policies' cameras: more
than one, and results stand side by side that should not, none where no policy has a camera.
"""

from __future__ import annotations

import json
import os
import platform
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alpasim.errors import InfrastructureError, PlanError
from alpasim.evaluation.plan import Plan

MANIFEST_NAME = "manifest.json"
FORMAT = "alpasim/run@1"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The plan of a run and the sessions that have worked on it."""

    plan: Plan
    machine: Mapping[str, Any]
    settings: Mapping[str, Any]
    sessions: tuple[Mapping[str, Any], ...]
    renderers: tuple[str, ...] = ()


def now() -> str:
    """Wall-clock time as the run's files have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def machine() -> dict[str, Any]:
    """The machine, for people who wonder why two runs differ."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "libc": " ".join(platform.libc_ver()),
        "python": platform.python_version(),
    }


def _processor() -> str:
    """The CPU's name where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def session(workers: int) -> dict[str, Any]:
    """The entry of one start or resume."""
    return {"started": now(), "host": socket.gethostname(), "pid": os.getpid(), "workers": workers}


def write_manifest(run_dir: Path, manifest: Manifest) -> None:
    """Replace the manifest in one step; InfrastructureError where the disk does not take it."""
    value = {
        "format": FORMAT,
        "plan": manifest.plan.to_json(),
        "machine": dict(manifest.machine),
        "settings": dict(manifest.settings),
        "sessions": [dict(entry) for entry in manifest.sessions],
        "renderers": list(manifest.renderers),
    }
    target, part = run_dir / MANIFEST_NAME, run_dir / f"{MANIFEST_NAME}.part"
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(json.dumps(value, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as cause:
        raise InfrastructureError(f"{target}: cannot be written: {cause.strerror}") from cause


def read_manifest(run_dir: Path) -> Manifest | None:
    """The run's manifest, None where there is none; PlanError where it cannot be read."""
    path = run_dir / MANIFEST_NAME
    if not path.is_file():
        return None
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if value["format"] != FORMAT:
            raise PlanError(f"{path}: format {value['format']!r}, expected {FORMAT!r}")
        return Manifest(
            plan=Plan.from_json(value["plan"]),
            machine=value["machine"],
            settings=value["settings"],
            sessions=tuple(value["sessions"]),
            renderers=tuple(value["renderers"]),
        )
    except (ValueError, KeyError, TypeError) as cause:
        raise PlanError(f"{path}: cannot be read: {type(cause).__name__}: {cause}") from cause
