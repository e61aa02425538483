"""CommonRoad's small values: numbers and intervals, time steps, points, shapes, and what all readers of a file share.

A value stands in the file as `<exact>` or as an interval; a time is a whole number of steps of `timeStepSize`; a
position is a point, shapes, or lanelets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np

from alpasim.importers.findings import Findings
from alpasim.importers.xml_tree import Element
from alpasim.types import FloatArray

CIRCLE_CORNERS = 32
SHAPES = ("rectangle", "circle", "polygon")
MAX_COORDINATE_M = 1e9


@dataclass(frozen=True, slots=True)
class Context:
    """What holds for a whole file: its findings, the offset taken off every coordinate [m], the length of a step [s], and
    the step that becomes time zero."""

    findings: Findings
    dt_s: Decimal
    offset_m: tuple[float, float] = (0.0, 0.0)
    start_step: int = 0

    def time_us(self, step: int) -> int:
        """Microseconds since the start at a step of the file, rounded to the nearest."""
        return int((self.dt_s * (step - self.start_step) * 1_000_000).to_integral_value())


def read_dt(root: Element) -> Decimal:
    """Seconds a step takes; raises InputError unless it lies between a microsecond and a minute."""
    text = root.required_attribute("timeStepSize")
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise root.error(f"timeStepSize: expected a number of seconds, found {text!r}") from None
    if not value.is_finite() or not Decimal("1e-6") <= value <= 60:
        raise root.error(f"timeStepSize: expected seconds in (0, 60], found {text!r}")
    return value


def interval(element: Element) -> tuple[float, float]:
    """Lower and upper end of a value; equal for an `<exact>` one."""
    exact = element.child("exact")
    if exact is not None:
        value = exact.number()
        return value, value
    lower = element.required_child("intervalStart").number()
    upper = element.required_child("intervalEnd").number()
    if upper < lower:
        raise element.error(f"the interval ends at {upper} before it starts at {lower}")
    return lower, upper


def exact(element: Element, findings: Findings) -> float:
    """The value, or the middle of its interval, noted."""
    lower, upper = interval(element)
    if upper != lower:
        findings.note(f"uncertain <{element.tag}>: the middle of its interval is used", element.line)
        return 0.5 * (lower + upper)
    return lower


def step_interval(element: Element) -> tuple[int, int]:
    """First and last step of a time; equal for an `<exact>` one."""
    found = element.child("exact")
    if found is not None:
        step = found.integer()
        return step, step
    lower = element.required_child("intervalStart").integer()
    upper = element.required_child("intervalEnd").integer()
    if upper < lower:
        raise element.error(f"the time ends at step {upper} before it starts at {lower}")
    return lower, upper


def exact_step(element: Element) -> int:
    """The one step of a time; raises InputError for an interval of several."""
    lower, upper = step_interval(element)
    if lower != upper:
        raise element.error(f"expected one time step, found the interval {lower} to {upper}")
    return lower


def point(element: Element, context: Context) -> tuple[float, float]:
    """x and y of a point in the world, offset taken off [m]; a height is noted and not used."""
    x, y = local_point(element, context.findings)
    return x - context.offset_m[0], y - context.offset_m[1]


def local_point(element: Element, findings: Findings) -> tuple[float, float]:
    """x and y as they stand in the file [m]; a height is noted and not used."""
    x, y = element.required_child("x").number(), element.required_child("y").number()
    if max(abs(x), abs(y)) > MAX_COORDINATE_M:
        raise element.error(f"({x}, {y}) lies beyond {MAX_COORDINATE_M:g} m")
    height = element.child("z")
    if height is not None and height.number() != 0.0:
        findings.note("heights (z) of points are not used: the road is flat", height.line)
    return x, y


def points(element: Element, context: Context) -> FloatArray:
    """Every `<point>` of an element, (k, 2) [m]."""
    found = [point(child, context) for child in element.all("point")]
    return np.array(found, dtype=np.float64).reshape(-1, 2)


def positive(element: Element) -> float:
    """A length that must be above zero [m]."""
    value = element.number()
    if not 0.0 < value <= 1e5:
        raise element.error(f"expected a length above 0 m, found {value}")
    return value


def rotated(corners: FloatArray, yaw: float, centre: tuple[float, float]) -> FloatArray:
    """`corners` (k, 2) turned by `yaw` about the origin and moved to `centre`."""
    cos, sin = math.cos(yaw), math.sin(yaw)
    x, y = corners[:, 0], corners[:, 1]
    return np.stack([cos * x - sin * y + centre[0], sin * x + cos * y + centre[1]], axis=1)


def outline(shape: Element, context: Context) -> FloatArray:
    """A shape's border in the world, (k, 2) [m]; a circle becomes the polygon around it, noted."""
    if shape.tag == "polygon":
        corners = points(shape, context)
        if len(corners) < 3:
            raise shape.error(f"a polygon needs at least 3 points, found {len(corners)}")
        return corners
    centre_element = shape.child("center")
    centre = (
        point(centre_element, context) if centre_element is not None else (-context.offset_m[0], -context.offset_m[1])
    )
    if shape.tag == "circle":
        context.findings.note(f"circles of regions become polygons of {CIRCLE_CORNERS} corners around them", shape.line)
        reach = positive(shape.required_child("radius")) / math.cos(math.pi / CIRCLE_CORNERS)
        angles = 2.0 * math.pi * np.arange(CIRCLE_CORNERS) / CIRCLE_CORNERS
        return np.stack([centre[0] + reach * np.cos(angles), centre[1] + reach * np.sin(angles)], axis=1)
    half_length = 0.5 * positive(shape.required_child("length"))
    half_width = 0.5 * positive(shape.required_child("width"))
    corners = np.array(
        [[half_length, half_width], [-half_length, half_width], [-half_length, -half_width], [half_length, -half_width]]
    )
    turn = shape.child("orientation")
    return rotated(corners, turn.number() if turn is not None else 0.0, centre)


def shape_centre(shape: Element, context: Context) -> tuple[float, float]:
    """Where an uncertain position is centred: a shape's centre, a polygon's mean of its bounding box [m]."""
    corners = outline(shape, context)
    low, high = corners.min(axis=0), corners.max(axis=0)
    return float(0.5 * (low[0] + high[0])), float(0.5 * (low[1] + high[1]))
