"""What an importer makes of a foreign file, before it is written as a scenario, and the shape of an importer itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from alpasim.road.network import RoadNetwork
from alpasim.scenario.concrete import Goal, Track
from alpasim.types import ActorKind


@dataclass(frozen=True, slots=True)
class ImportedActor:
    """One road user: `extent` is length, width, height [m]; it replays the track of id `track`, or, where that is None,
    stands at the box-centre `pose` x, y, yaw for the whole scenario."""

    name: str
    kind: ActorKind
    extent: tuple[float, float, float]
    track: str | None = None
    pose: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class ImportedScenario:
    """A foreign file in this project's terms.

    Coordinates are the file's minus `offset_m`. `ego_pose` is the box centre x, y, yaw. `reference` is the id of the
    track that the ego itself drove, where the file holds it. `notes` name everything that was changed or dropped.
    """

    name: str
    title: str
    source: str
    source_sha256: str
    road: RoadNetwork
    actors: tuple[ImportedActor, ...]
    tracks: Mapping[str, Track]
    ego_pose: tuple[float, float, float]
    ego_speed_mps: float
    goal: Goal
    time_limit_s: float
    vehicle: str = "sedan"
    reference: str | None = None
    offset_m: tuple[float, float] = (0.0, 0.0)
    tags: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Importer(Protocol):
    """A registered importer: knows its files by suffix and first bytes, and reads one."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """File suffixes in lower case, with the dot."""
        ...

    def sniff(self, head: bytes) -> bool:
        """Whether a file that begins with `head` (up to 4096 bytes) is one of its own."""
        ...

    def read(self, path: Path, *, drop_unsupported: bool = False, problem: int | None = None) -> ImportedScenario:
        """Read one file; raises InputError or UnsupportedError."""
        ...
