"""CommonRoad XML (2018b and 2020a) → ImportedScenario: the order in which a file is read, its header and its tags.

Nothing in a file is passed over: whatever no reader has asked for is left over in the tree at the end and refuses the
file, unless the caller drops it by name. What is read but changed, or has no counterpart and moves nothing (who made the
file, weather, right of way, lights of vehicles), is a note. What would change the drive if it were left out is unsupported.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alpasim.errors import did_you_mean
from alpasim.importers.commonroad.intersections import read_intersections
from alpasim.importers.commonroad.lanelets import Lanelet, read_lanelets
from alpasim.importers.commonroad.obstacles import (
    read_obstacles,
    tracks_of,
    unique_names,
)
from alpasim.importers.commonroad.overlaps import standing_recordings, without_ego
from alpasim.importers.commonroad.problems import MAX_TIME_S, choose_problem, read_goal, read_start
from alpasim.importers.commonroad.signs import read_lights, read_signs, signal_row, signals_of, speed_limit
from alpasim.importers.commonroad.standing import Obstacle
from alpasim.importers.commonroad.values import Context, read_dt
from alpasim.importers.findings import Findings
from alpasim.importers.imported import ImportedScenario
from alpasim.importers.xml_tree import Element, parse, read_bytes
from alpasim.road.network import RoadNetwork

VERSIONS = ("2018b", "2020a")
FAR_M = 10_000.0
"""An ego that starts farther than this from the file's origin has the origin moved to it."""
DEFAULT_TIME_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class CommonRoad:
    """CommonRoad XML, 2018b and 2020a."""

    suffixes: tuple[str, ...] = (".xml",)

    def sniff(self, head: bytes) -> bool:
        """Whether the file's first bytes open a CommonRoad document."""
        return b"<commonRoad" in head or b"<\x00c\x00o\x00m\x00m\x00o\x00n\x00R\x00o\x00a\x00d" in head

    def read(self, path: Path, *, drop_unsupported: bool = False, problem: int | None = None) -> ImportedScenario:
        """See `read_commonroad`."""
        return read_commonroad(path, drop_unsupported=drop_unsupported, problem=problem)


def read_commonroad(
    path: Path | str, *, drop_unsupported: bool = False, problem: int | None = None
) -> ImportedScenario:
    """Read one file.

    `problem` is the id of the planning problem that becomes the ego's, None the first. Raises InputError where the file is
    damaged or contradicts itself, and UnsupportedError, naming every such element with its line, where it holds what
    cannot be carried over; with `drop_unsupported` those elements are left out and named in the notes instead.
    """
    path = Path(path)
    data = read_bytes(path)
    root = parse(data, str(path))
    findings = Findings(str(path))
    title, tags = _header(root, findings)
    chosen, problem_notes = choose_problem(root, problem)
    for note in problem_notes:
        findings.note(note)
    context, ego_pose, ego_speed = _placed(root, chosen, findings)
    road, lanelets = _road(root, context)
    goal = read_goal(chosen, lanelets, context)
    obstacles, ego = without_ego(read_obstacles(root, context), ego_pose, context)
    time_limit_s = _time_limit(goal.before_s, obstacles, findings)
    obstacles = standing_recordings(unique_names(obstacles), time_limit_s, context)
    tracks = dict(tracks_of([*obstacles, ego] if ego is not None else obstacles))
    reference = _reference(ego, findings)
    findings.refuse_or_note(root.leftovers(), drop_unsupported)
    return ImportedScenario(
        name=path.name.removesuffix(".xml").removesuffix(".cr"),
        title=title,
        source=path.name,
        source_sha256=hashlib.sha256(data).hexdigest(),
        road=road,
        actors=tuple(obstacle.actor for obstacle in obstacles),
        tracks=tracks,
        ego_pose=ego_pose,
        ego_speed_mps=ego_speed,
        goal=goal,
        time_limit_s=time_limit_s,
        reference=reference,
        offset_m=context.offset_m,
        tags=tags,
        notes=findings.notes(),
    )


def _header(root: Element, findings: Findings) -> tuple[str, dict[str, Any]]:
    """Title and tags; who made the file, where and when becomes a note."""
    if root.tag != "commonRoad":
        raise root.error(
            f"expected the root element <commonRoad>, found <{root.tag}>{did_you_mean(root.tag, ['commonRoad'])}"
        )
    version = root.required_attribute("commonRoadVersion")
    if version not in VERSIONS:
        near = did_you_mean(version, VERSIONS)
        raise root.error(f"commonRoadVersion {version!r} is not read; expected {' or '.join(VERSIONS)}{near}")
    benchmark = root.attribute("benchmarkID") or ""
    said = {name: root.attribute(name) for name in ("author", "affiliation", "date", "source")}
    credit = "; ".join(f"{name}: {value}" for name, value in said.items() if value)
    findings.note(
        f"from CommonRoad {version} file {benchmark or 'without a benchmark id'}" + (f"; {credit}" if credit else "")
    )
    keywords = (root.attribute("tags") or "").split()
    scenario_tags = root.child("scenarioTags")
    if scenario_tags is not None:
        for tag in scenario_tags.children:
            tag.seen = True
            keywords.append(tag.tag)
    _location(root, findings)
    return benchmark or Path(root.file).stem, {
        "family": "imported",
        "sources": [f"CommonRoad {benchmark}".strip()],
        "keywords": list(dict.fromkeys(keywords)),
    }


def _location(root: Element, findings: Findings) -> None:
    """Place, weather and light are named and not simulated."""
    location = root.child("location")
    if location is None:
        return
    location.read_whole()
    parts: list[str] = []
    _flatten(location, "", parts)
    if parts:
        findings.note(f"location and weather are named here and not simulated: {', '.join(parts)}", location.line)


def _flatten(element: Element, prefix: str, parts: list[str]) -> None:
    for child in element.children:
        if child.text.strip():
            parts.append(f"{prefix}{child.tag} {' '.join(child.text.split())}")
        _flatten(child, f"{child.tag} ", parts)


def _placed(root: Element, problem: Element, findings: Findings) -> tuple[Context, tuple[float, float, float], float]:
    """The file's context, and the ego's pose and speed in it: time zero and, far from the origin, place zero are the
    ego's."""
    dt_s = read_dt(root)
    pose, speed, step = read_start(problem, Context(findings, dt_s))
    offset = (0.0, 0.0)
    if max(abs(pose[0]), abs(pose[1])) > FAR_M:
        offset = (float(round(pose[0])), float(round(pose[1])))
        findings.note(f"coordinates are the file's minus ({offset[0]:.0f}, {offset[1]:.0f}) m", problem.line)
    if step != 0:
        findings.note(f"time zero is step {step} of the file, where the ego starts", problem.line)
    context = Context(findings, dt_s, offset, step)
    return context, (pose[0] - offset[0], pose[1] - offset[1], pose[2]), speed


def _road(root: Element, context: Context) -> tuple[RoadNetwork, dict[str, Lanelet]]:
    lanelets = read_lanelets(root, context)
    read_signs(root, lanelets, context)
    lights = read_lights(root, lanelets, context)
    ways = read_intersections(root, lanelets, context)
    lanes = [
        lanelet.lane(speed_limit(lanelet), signal_row(lanelet, lights, ways.get(key, frozenset()), context))
        for key, lanelet in lanelets.items()
    ]
    return RoadNetwork(lanes, signals=signals_of(lights)), lanelets


def _reference(ego: Obstacle | None, findings: Findings) -> str | None:
    """The track of the obstacle that is the ego, as the drive to compare with, where it goes on for at least a step."""
    if ego is None or ego.track is None or len(ego.track.times_us) < 2:
        return None
    findings.note(f"the track of {ego.actor.name} is the reference that the ego's drive is compared with", ego.line)
    return ego.actor.track


def _time_limit(before_s: float, obstacles: list[Obstacle], findings: Findings) -> float:
    """When the drive is over [s]: the goal's last moment, else the last recorded one, else a default."""
    if math.isfinite(before_s):
        return before_s
    ends = [float(obstacle.track.times_us[-1]) / 1e6 for obstacle in obstacles if obstacle.track is not None]
    if ends and max(ends) > 0.0:
        findings.note("the goal has no end in time: the drive is over with the last recorded state")
        return min(max(ends), MAX_TIME_S)
    findings.note(f"neither goal nor recordings end: the drive is over after {DEFAULT_TIME_LIMIT_S:g} s")
    return DEFAULT_TIME_LIMIT_S
