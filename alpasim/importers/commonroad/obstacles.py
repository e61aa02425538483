"""CommonRoad obstacles → replayed and standing actors.

2018b writes `<obstacle>` with a `<role>`, 2020a `<staticObstacle>`, `<dynamicObstacle>`, `<environmentObstacle>` and
`<phantomObstacle>`. A dynamic obstacle is there from its first to its last time stamp and nowhere else; what stands is
there from beginning to end. Set-based predictions (`<occupancySet>`, phantom obstacles) say where something might be, not
where it is, and are unsupported.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from alpasim.importers.commonroad.bodies import MAX_SIZE_M, Body, read_body
from alpasim.importers.commonroad.standing import Obstacle, actor_name, read_environment, read_static
from alpasim.importers.commonroad.states import State, read_state
from alpasim.importers.commonroad.values import Context
from alpasim.importers.imported import ImportedActor
from alpasim.importers.xml_tree import Element
from alpasim.scenario.concrete import Track
from alpasim.types import FloatArray, frozen

TAGS = ("obstacle", "staticObstacle", "dynamicObstacle", "environmentObstacle", "phantomObstacle")


def read_obstacles(root: Element, context: Context) -> list[Obstacle]:
    """Every obstacle that can be carried over, in file order."""
    found: list[Obstacle] = []
    ids: dict[str, int] = {}
    for element in root.all(*TAGS):
        key = element.required_attribute("id")
        if key in ids:
            raise element.error(f"obstacle id {key!r} is there twice, first at line {ids[key]}")
        ids[key] = element.line
        if element.tag == "phantomObstacle":
            element.read_whole()
            context.findings.unsupported(f"<phantomObstacle> {key}, a set-based prediction,", element.line)
        elif element.tag == "environmentObstacle":
            found += read_environment(key, element, context)
        elif _role(element) == "static":
            found += read_static(key, element, context)
        else:
            found += _dynamic(key, element, context)
    return found


def _role(element: Element) -> str:
    if element.tag != "obstacle":
        return element.tag.removesuffix("Obstacle")
    role = element.required_child("role")
    word = role.word()
    if word not in ("static", "dynamic"):
        raise role.error(f"expected static or dynamic, found {word!r}")
    return word


def _dynamic(key: str, element: Element, context: Context) -> list[Obstacle]:
    body = read_body(element, context)
    for tag in ("initialSignalState", "signalSeries"):
        for child in element.all(tag):
            child.read_whole()
            context.findings.note("lights and horns of vehicles are not kept", child.line)
    states = [read_state(element.required_child("initialState"), context)]
    for sets in element.all("occupancySet"):
        sets.read_whole()
        context.findings.unsupported(f"<occupancySet> of obstacle {key}, a set-based prediction,", sets.line)
    trajectory = element.child("trajectory")
    if trajectory is not None:
        states = _joined(states[0], [read_state(child, context) for child in trajectory.all("state")], element, context)
    elif not any(child.tag == "occupancySet" for child in element.children):
        context.findings.note(
            "dynamic obstacles without a trajectory are there at their first time stamp only", element.line
        )
    else:
        return []
    if max(body.extent) > MAX_SIZE_M:
        context.findings.unsupported(f"moving obstacle {key}, longer than {MAX_SIZE_M:g} m,", element.line)
        return []
    track = _track(states, body, element, context)
    actor = ImportedActor(actor_name(body.kind, key), body.kind, body.extent, track=key)
    return [Obstacle(actor, track, element.line)]


def _joined(initial: State, states: list[State], element: Element, context: Context) -> list[State]:
    """Initial state and trajectory as one list of rising steps; a state that repeats the initial one's step gives way."""
    if states and states[0].step == initial.step:
        context.findings.note("a trajectory's state at the time of the initial state gives way to it", states[0].line)
        states = states[1:]
    joined = [initial, *states]
    for before, after in itertools.pairwise(joined):
        if after.step <= before.step:
            place = f"{element.file}:{after.line}"
            raise element.error(f"time steps must rise; {place} has step {after.step} after step {before.step}")
        if after.step > before.step + 1:
            context.findings.note("gaps in trajectories are bridged by interpolation", after.line)
    return joined


def _track(states: list[State], body: Body, element: Element, context: Context) -> Track:
    """Box centres at the file's time stamps; missing headings and speeds come from the motion."""
    times = np.array([context.time_us(state.step) for state in states], dtype=np.int64)
    if len(times) > 1 and (np.diff(times) <= 0).any():
        raise element.error("time steps are too short to be told apart in microseconds")
    x = np.array([state.x for state in states])
    y = np.array([state.y for state in states])
    yaw = _headings(states, x, y, element, context)
    poses = np.array([body.box_pose(*row) for row in zip(x.tolist(), y.tolist(), yaw.tolist(), strict=True)])
    speed = _speeds(states, times, x, y, yaw, context)
    if body.turn:
        context.findings.note("shapes turned in their own frame: the box points along the shape", element.line)
        speed = speed * math.cos(body.turn)
    return Track(times_us=frozen(times), poses=frozen(poses.reshape(-1, 3)), speed_mps=frozen(speed))


def _headings(states: list[State], x: FloatArray, y: FloatArray, element: Element, context: Context) -> FloatArray:
    """Headings without jumps by whole turns; where the file has none, the direction of motion to the next place."""
    given = [state.yaw for state in states]
    if any(yaw is None for yaw in given):
        context.findings.note("states without an orientation point along their motion", element.line)
        known = 0.0
        for row in range(len(states)):
            ahead = next(
                (k for k in range(row + 1, len(states)) if math.hypot(x[k] - x[row], y[k] - y[row]) > 0.05), None
            )
            if given[row] is None:
                given[row] = math.atan2(y[ahead] - y[row], x[ahead] - x[row]) if ahead is not None else known
            known = given[row] or 0.0
    return np.unwrap(np.array(given, dtype=np.float64))


def _speeds(
    states: list[State], times: np.ndarray, x: FloatArray, y: FloatArray, yaw: FloatArray, context: Context
) -> FloatArray:
    """Speeds along the heading; where the file has none, from the neighbouring places."""
    given = np.array([math.nan if state.speed_mps is None else state.speed_mps for state in states])
    missing = np.isnan(given)
    if missing.any():
        first = int(np.flatnonzero(missing)[0])
        text = "states without a velocity get it from their motion"
        context.findings.note(text, states[first].line, int(missing.sum()))
        if len(states) == 1:
            return np.zeros(1)
        seconds = times * 1e-6
        along = np.gradient(x, seconds) * np.cos(yaw) + np.gradient(y, seconds) * np.sin(yaw)
        given = np.where(missing, along, given)
    return given


def unique_names(obstacles: Iterable[Obstacle]) -> list[Obstacle]:
    """The same obstacles with a number behind names that occur twice."""
    counts: dict[str, int] = {}
    named = []
    for obstacle in obstacles:
        name = obstacle.actor.name
        counts[name] = counts.get(name, 0) + 1
        if counts[name] > 1:
            obstacle = replace(obstacle, actor=replace(obstacle.actor, name=f"{name}_n{counts[name]}"))
        named.append(obstacle)
    return named


def tracks_of(obstacles: Iterable[Obstacle]) -> Mapping[str, Track]:
    """Every track by id, in file order."""
    found = {}
    for obstacle in obstacles:
        if obstacle.track is not None and obstacle.actor.track is not None:
            found[obstacle.actor.track] = obstacle.track
    return found
