"""CommonRoad planning problems → where the ego starts and what it has to reach.

A file may pose several problems: one is chosen, the others are named. Goal states with the same bounds on time, speed and
heading join their regions; a goal state with other bounds than the first is named and left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from alpasim.errors import InputError
from alpasim.importers.commonroad.lanelets import Lanelet, lanelet_polygons
from alpasim.importers.commonroad.states import State, read_state
from alpasim.importers.commonroad.values import SHAPES, Context, interval, outline, step_interval
from alpasim.importers.xml_tree import Element
from alpasim.scenario.concrete import Goal
from alpasim.types import FloatArray, frozen

CONTROL_DT_US = 100_000
"""The simulator's control step, which a goal's times are read at."""
MAX_SPEED_MPS = 140.0
MAX_TIME_S = 3600.0
"""Longest drive that a scenario may last; a goal that leaves more time leaves this much."""


@dataclass(frozen=True, slots=True)
class _GoalState:
    line: int
    steps: tuple[int, int] | None
    speed_mps: tuple[float, float] | None
    heading_rad: tuple[float, float] | None
    regions: tuple[FloatArray, ...]

    @property
    def bounds(self) -> tuple[object, ...]:
        """What two goal states must share to be one goal; a region or none belongs to it."""
        return (self.steps, self.speed_mps, self.heading_rad, bool(self.regions))


def choose_problem(root: Element, number: int | None) -> tuple[Element, list[str]]:
    """The planning problem to import and the notes on the others; `number` is the id of the one wanted, None the first."""
    problems = root.all("planningProblem")
    if not problems:
        raise root.error("the file has no <planningProblem>, so there is no ego")
    ids = [problem.required_attribute("id") for problem in problems]
    chosen = 0
    if number is not None:
        if str(number) not in ids:
            raise InputError(f"{root.file}: no planning problem {number}; the file has {', '.join(ids)}")
        chosen = ids.index(str(number))
    notes = []
    for row, problem in enumerate(problems):
        if row != chosen:
            problem.read_whole()
            place = f"planning problem {ids[row]} (line {problem.line})"
            notes.append(f"{place} is not imported: problem {ids[chosen]} is the ego's")
    return problems[chosen], notes


def read_start(problem: Element, context: Context) -> tuple[tuple[float, float, float], float, int]:
    """Box centre x, y, yaw, speed [m/s] and step of the ego at the start."""
    initial = problem.required_child("initialState")
    state: State = read_state(initial, context)
    if state.yaw is None:
        raise initial.error("expected an <orientation>, found none")
    speed = state.speed_mps
    if speed is None:
        context.findings.note("the ego starts from standstill: its initial state has no velocity", initial.line)
        speed = 0.0
    if speed > MAX_SPEED_MPS:
        raise initial.error(f"expected an ego of at most {MAX_SPEED_MPS:g} m/s, found {speed:g}")
    if speed < 0.0:
        context.findings.unsupported(f"an ego that starts in reverse ({speed:g} m/s)", initial.line)
        speed = 0.0
    return (state.x, state.y, state.yaw), speed, state.step


def read_goal(problem: Element, lanelets: Mapping[str, Lanelet], context: Context) -> Goal:
    """What the ego has to reach; raises InputError where the problem has no goal state."""
    states = [_read_goal_state(element, lanelets, context) for element in problem.all("goalState")]
    if not states:
        raise problem.error("expected a <goalState>, found none")
    first = states[0]
    regions: list[FloatArray] = []
    for state in states:
        if state.bounds == first.bounds:
            regions.extend(state.regions)
        else:
            context.findings.note(
                f"the goal state at line {state.line} has other bounds than the first one and is left out", state.line
            )
    after_s, before_s = 0.0, math.inf
    if first.steps is not None:
        after_s, before_s = _times(first, context)
    return Goal(
        regions=tuple(regions),
        speed_mps=_speeds(first, context),
        heading_rad=_headings(first),
        after_s=after_s,
        before_s=before_s,
    )


def _read_goal_state(element: Element, lanelets: Mapping[str, Lanelet], context: Context) -> _GoalState:
    time, speed, heading = (element.child(tag) for tag in ("time", "velocity", "orientation"))
    position = element.child("position")
    regions: list[FloatArray] = []
    if position is not None:
        regions = [outline(shape, context) for shape in position.all(*SHAPES)]
        regions += lanelet_polygons(position.all("lanelet"), lanelets)
        if not regions:
            found = ", ".join(f"<{child.tag}>" for child in position.children) or "nothing"
            raise position.error(f"expected shapes or lanelets, found {found}")
    return _GoalState(
        line=element.line,
        steps=step_interval(time) if time is not None else None,
        speed_mps=interval(speed) if speed is not None else None,
        heading_rad=interval(heading) if heading is not None else None,
        regions=tuple(frozen(region) for region in regions),
    )


def _times(state: _GoalState, context: Context) -> tuple[float, float]:
    """Bounds on the time of arrival [s]; where no control step lies between them, they widen to the steps around."""
    if state.steps is None:
        return 0.0, math.inf
    after_us, before_us = (context.time_us(step) for step in state.steps)
    if before_us <= 0:
        raise InputError(
            f"{context.findings.file}:{state.line}: the goal's time ends at step {state.steps[1]}, "
            f"which is not after the start at step {context.start_step}"
        )
    if -(-after_us // CONTROL_DT_US) * CONTROL_DT_US > before_us:
        after_us = after_us // CONTROL_DT_US * CONTROL_DT_US
        before_us = -(-before_us // CONTROL_DT_US) * CONTROL_DT_US
        text = "the goal's time lies between two control steps of 0.1 s: it is widened to reach both"
        context.findings.note(text, state.line)
    if before_us > MAX_TIME_S * 1e6:
        context.findings.note(
            f"the goal's time ends after {MAX_TIME_S:g} s, the longest that a drive may last", state.line
        )
        before_us = int(MAX_TIME_S * 1e6)
        if after_us > before_us:
            raise InputError(
                f"{context.findings.file}:{state.line}: the goal's time starts at {after_us / 1e6:g} s, "
                f"and a drive may last {MAX_TIME_S:g} s"
            )
    return max(0, after_us) / 1e6, before_us / 1e6


def _speeds(state: _GoalState, context: Context) -> tuple[float, float] | None:
    if state.speed_mps is None:
        return None
    lower, upper = state.speed_mps
    if upper < 0.0:
        context.findings.unsupported(f"a goal speed in reverse ({lower:g} to {upper:g} m/s)", state.line)
        return None
    if lower > MAX_SPEED_MPS:
        place = f"{context.findings.file}:{state.line}"
        raise InputError(f"{place}: expected a goal speed of at most {MAX_SPEED_MPS:g} m/s, found {lower:g}")
    if lower < 0.0:
        context.findings.note("a goal's lowest speed below 0 becomes 0", state.line)
    if upper > MAX_SPEED_MPS:
        context.findings.note(f"a goal's highest speed above {MAX_SPEED_MPS:g} m/s becomes that", state.line)
    return max(0.0, lower), min(upper, MAX_SPEED_MPS)


def _headings(state: _GoalState) -> tuple[float, float] | None:
    """Bounds on heading [rad], None where they span a whole turn and bind nothing."""
    if state.heading_rad is None or state.heading_rad[1] - state.heading_rad[0] >= 2.0 * math.pi:
        return None
    return state.heading_rad
