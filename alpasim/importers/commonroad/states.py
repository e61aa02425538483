"""CommonRoad states → where something is, which way it points, how fast it is, and when.

Replay follows poses, so the other quantities that a state may hold (accelerations, yaw rates, slip angles, wheel speeds …)
are named once per kind and not used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from alpasim.importers.commonroad.values import SHAPES, Context, exact, exact_step, point, shape_centre
from alpasim.importers.xml_tree import Element

VALUE_PARTS = frozenset({"exact", "intervalStart", "intervalEnd"})


@dataclass(frozen=True, slots=True)
class State:
    """One state: `step` of the file, position in the world with the offset taken off [m], heading [rad] and speed [m/s],
    None where the file has none."""

    line: int
    step: int
    x: float
    y: float
    yaw: float | None
    speed_mps: float | None


def read_state(element: Element, context: Context) -> State:
    """One `<state>` or `<initialState>` of an obstacle or a planning problem."""
    x, y = _position(element, context)
    yaw = _optional(element, "orientation", context)
    speed = _optional(element, "velocity", context)
    if yaw is None and speed is not None and element.child("velocityY") is not None:
        sideways = _optional(element, "velocityY", context) or 0.0
        context.findings.note("velocities given along x and y become a heading and a speed", element.line)
        if speed or sideways:
            yaw, speed = math.atan2(sideways, speed), math.hypot(speed, sideways)
    step = exact_step(element.required_child("time"))
    _rest(element, context)
    return State(element.line, step, x, y, yaw, speed)


def _optional(element: Element, tag: str, context: Context) -> float | None:
    child = element.child(tag)
    return exact(child, context.findings) if child is not None else None


def _position(element: Element, context: Context) -> tuple[float, float]:
    position = element.required_child("position")
    place = position.child("point")
    if place is not None:
        return point(place, context)
    shapes = position.all(*SHAPES)
    if len(shapes) != 1:
        expected = "expected a <point>, or one shape around an uncertain place"
        raise position.error(
            f"{expected}; found {', '.join(f'<{child.tag}>' for child in position.children) or 'nothing'}"
        )
    context.findings.note("an uncertain position is taken at the centre of its shape", position.line)
    return shape_centre(shapes[0], context)


def _rest(element: Element, context: Context) -> None:
    """Name quantities that replay has no use for; anything that is not a plain quantity stays unread."""
    for child in element.children:
        if not child.seen and child.children and {part.tag for part in child.children} <= VALUE_PARTS:
            child.read_whole()
            context.findings.note(f"<{child.tag}> of states is not used: motion follows poses and speeds", child.line)
