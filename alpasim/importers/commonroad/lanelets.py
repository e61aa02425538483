"""CommonRoad lanelets → lanes: bounds, neighbours, what joins what, markings, kinds, stop lines.

Answers where lanes run. Speed limits from signs and the lights at a lane's end come from `signs.py`; which lanelets lie
within a junction from `intersections.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from alpasim.importers.commonroad.values import Context, points, positive
from alpasim.importers.xml_tree import Element
from alpasim.road.network import Lane, LaneKind, LineMark, Neighbour
from alpasim.types import FloatArray, frozen

MARKS = {
    "solid": LineMark.SOLID,
    "dashed": LineMark.DASHED,
    "broad_solid": LineMark.SOLID,
    "broad_dashed": LineMark.DASHED,
    "solid_solid": LineMark.SOLID,
    "dashed_dashed": LineMark.DASHED,
    "solid_dashed": LineMark.SOLID,
    "dashed_solid": LineMark.SOLID,
    "curb": LineMark.KERB,
    "lowered_curb": LineMark.KERB,
    "no_marking": LineMark.NONE,
    "unknown": LineMark.NONE,
}
EXACT_MARKS = frozenset({"solid", "dashed", "curb", "no_marking"})

SPECIAL_KINDS = {
    "crosswalk": LaneKind.CROSSING,
    "sidewalk": LaneKind.SIDEWALK,
    "bicycleLane": LaneKind.BICYCLE,
    "parking": LaneKind.PARKING,
    "shoulder": LaneKind.SHOULDER,
    "border": LaneKind.SHOULDER,
    "restricted": LaneKind.SHOULDER,
    "restricted_area": LaneKind.SHOULDER,
    "busStop": LaneKind.BUS,
    "busLane": LaneKind.BUS,
}
"""Types that make a lane something other than a driving lane; the first that a lanelet has decides."""
PLAIN_TYPES = frozenset(
    {
        "urban",
        "country",
        "highway",
        "interstate",
        "driveWay",
        "mainCarriageWay",
        "accessRamp",
        "exitRamp",
        "intersection",
    }
)
EXACT_TYPES = PLAIN_TYPES | {"crosswalk", "sidewalk", "bicycleLane", "parking", "shoulder", "busLane", "unknown"}
USER_KINDS = {"pedestrian": LaneKind.SIDEWALK, "bicycle": LaneKind.BICYCLE, "bus": LaneKind.BUS}
USERS = frozenset(
    {"vehicle", "car", "truck", "bus", "priorityVehicle", "motorcycle", "bicycle", "pedestrian", "train", "taxi"}
)
MIN_STEP_M = 1e-6
"""Centre line points nearer to each other than this count as one."""
STRAIGHT_M = 1e-6
"""Border points of a goal's area that lie no farther off the straight are not needed."""


@dataclass(slots=True)
class Lanelet:
    """One lanelet as the file has it, references still unresolved; `limits` are its own speed limits [m/s]."""

    id: str
    element: Element
    left: FloatArray
    right: FloatArray
    left_mark: LineMark
    right_mark: LineMark
    kind: LaneKind
    in_junction: bool
    predecessors: tuple[str, ...]
    successors: tuple[str, ...]
    left_neighbour: Neighbour | None
    right_neighbour: Neighbour | None
    limits: list[float]
    sign_refs: list[Element]
    light_refs: list[Element]
    stop_line: FloatArray | None

    def polygon(self) -> FloatArray:
        """The lane's border, (k, 2), left side first [m]; points on the straight between their neighbours are left out."""
        sides = [
            shapely.LineString(side).simplify(STRAIGHT_M, preserve_topology=False) for side in (self.left, self.right)
        ]
        left, right = (np.array(side.coords, dtype=np.float64) for side in sides)
        return np.concatenate([left, right[::-1]])

    def lane(self, speed_limit_mps: float, signal: int) -> Lane:
        """The finished lane."""
        return Lane(
            id=self.id,
            kind=self.kind,
            centre=frozen(0.5 * (self.left + self.right)),
            left=frozen(self.left),
            right=frozen(self.right),
            left_mark=self.left_mark,
            right_mark=self.right_mark,
            speed_limit_mps=speed_limit_mps,
            left_neighbour=self.left_neighbour,
            right_neighbour=self.right_neighbour,
            successors=self.successors,
            predecessors=self.predecessors,
            in_junction=self.in_junction,
            stop_line=self.stop_line,
            signal=signal,
        )


def read_lanelets(root: Element, context: Context) -> dict[str, Lanelet]:
    """Every lanelet by id, in file order; references to lanelets that are not there are unsupported and left out."""
    lanelets: dict[str, Lanelet] = {}
    elements = root.all("lanelet")
    known = frozenset(element.attributes.get("id", "").strip() for element in elements)
    for element in elements:
        key = element.required_attribute("id")
        if key in lanelets:
            raise element.error(f"lanelet id {key!r} is there twice, first at line {lanelets[key].element.line}")
        lanelets[key] = _read_lanelet(key, element, known, context)
    if not lanelets:
        raise root.error("the file has no <lanelet>, so there is no road")
    return lanelets


def _read_lanelet(key: str, element: Element, known: frozenset[str], context: Context) -> Lanelet:
    left_bound, right_bound = element.required_child("leftBound"), element.required_child("rightBound")
    left, right = _paired(element, points(left_bound, context), points(right_bound, context), context)
    types = [child.word() for child in element.all("laneletType")]
    kind = _kind(element, types, context)
    light_refs = element.all("trafficLightRef")
    sign_refs = element.all("trafficSignRef")
    return Lanelet(
        id=key,
        element=element,
        left=left,
        right=right,
        left_mark=_mark(left_bound, context),
        right_mark=_mark(right_bound, context),
        kind=kind,
        in_junction="intersection" in types,
        predecessors=_references(element, "predecessor", known, context),
        successors=_references(element, "successor", known, context),
        left_neighbour=_neighbour(element.child("adjacentLeft"), known, context),
        right_neighbour=_neighbour(element.child("adjacentRight"), known, context),
        limits=[positive(child) for child in element.all("speedLimit")],
        sign_refs=sign_refs,
        light_refs=light_refs,
        stop_line=_stop_line(element, left, right, light_refs, sign_refs, context),
    )


def _paired(lanelet: Element, left: FloatArray, right: FloatArray, context: Context) -> tuple[FloatArray, FloatArray]:
    """Both bounds with equal counts and no point twice; raises InputError where a bound is no line."""
    for name, bound in (("leftBound", left), ("rightBound", right)):
        if len(bound) < 2 or not np.ptp(bound, axis=0).any():
            raise lanelet.error(f"<{name}> needs at least 2 different points, found {len(bound)}")
    if len(left) != len(right):
        context.findings.note("bounds of unequal numbers of points get points in between", lanelet.line)
        shares = np.unique(np.round(np.concatenate([_shares(left), _shares(right)]), 9))
        left, right = _at_shares(left, shares), _at_shares(right, shares)
    steps = np.abs(np.diff(0.5 * (left + right), axis=0)).sum(axis=1)
    keep = np.concatenate([[True], steps >= MIN_STEP_M])
    if not keep.all():
        context.findings.note("points that repeat along a lanelet are left out", lanelet.line, int((~keep).sum()))
        last = int(np.flatnonzero(keep)[-1])
        if last == 0:
            raise lanelet.error("the lanelet's centre line has no length")
        keep[last], keep[-1] = False, True
        left, right = left[keep], right[keep]
    return left, right


def _shares(line: FloatArray) -> FloatArray:
    """Arc length of every point as a share of the whole, (k,)."""
    steps: FloatArray = np.hypot(np.diff(line[:, 0]), np.diff(line[:, 1]))
    lengths: FloatArray = np.concatenate([[0.0], np.cumsum(steps)])
    shares: FloatArray = lengths / lengths[-1]
    return shares


def _at_shares(line: FloatArray, shares: FloatArray) -> FloatArray:
    own = _shares(line)
    return np.stack([np.interp(shares, own, line[:, 0]), np.interp(shares, own, line[:, 1])], axis=1)


def _mark(bound: Element, context: Context) -> LineMark:
    element = bound.child("lineMarking")
    if element is None:
        return LineMark.NONE
    word = element.word()
    if word not in MARKS:
        context.findings.unsupported(f"line marking {word!r}", element.line)
        return LineMark.NONE
    if word not in EXACT_MARKS:
        context.findings.note(f"line marking {word} becomes {MARKS[word].value}", element.line)
    return MARKS[word]


def _kind(lanelet: Element, types: list[str], context: Context) -> LaneKind:
    users = [(child, False) for child in lanelet.all("userOneWay")]
    users += [(child, True) for child in lanelet.all("userBidirectional")]
    words = []
    for child, both_ways in users:
        word = child.word()
        words.append(word)
        if word not in USERS:
            context.findings.unsupported(f"<{child.tag}> {word!r}", child.line)
        elif both_ways and word not in ("pedestrian", "bicycle"):
            context.findings.note(
                "lanelets that may be used both ways are used one way, as their bounds run", child.line
            )
    for word in types:
        if word not in EXACT_TYPES and word not in SPECIAL_KINDS:
            context.findings.unsupported(f"laneletType {word!r}", lanelet.line)
    special = [word for word in SPECIAL_KINDS if word in types]
    if special:
        if special[0] not in EXACT_TYPES:
            context.findings.note(
                f"laneletType {special[0]} becomes a {SPECIAL_KINDS[special[0]].value} lane", lanelet.line
            )
        return SPECIAL_KINDS[special[0]]
    if words and set(words) <= set(USER_KINDS):
        return USER_KINDS[words[0]]
    if words and not set(words) & {"vehicle", "car"}:
        allowed = ", ".join(sorted(set(words)))
        context.findings.note(f"who may use a lanelet is not kept: only {allowed}, now a driving lane", lanelet.line)
    return LaneKind.DRIVING


def _references(lanelet: Element, tag: str, known: frozenset[str], context: Context) -> tuple[str, ...]:
    found: list[str] = []
    for child in lanelet.all(tag):
        key = child.required_attribute("ref")
        if key not in known:
            context.findings.unsupported(f"<{tag}> {key}, a lanelet that is not in the file,", child.line)
        elif key not in found:
            found.append(key)
    return tuple(found)


def _neighbour(element: Element | None, known: frozenset[str], context: Context) -> Neighbour | None:
    if element is None:
        return None
    key, direction = element.required_attribute("ref"), element.required_attribute("drivingDir")
    if direction not in ("same", "opposite"):
        raise element.error(f"drivingDir: expected same or opposite, found {direction!r}")
    if key not in known:
        context.findings.unsupported(f"<{element.tag}> {key}, a lanelet that is not in the file,", element.line)
        return None
    return Neighbour(lane=key, same_direction=direction == "same")


def _stop_line(
    lanelet: Element,
    left: FloatArray,
    right: FloatArray,
    light_refs: list[Element],
    sign_refs: list[Element],
    context: Context,
) -> FloatArray | None:
    """The stop line's two ends; its references join the lanelet's own."""
    element = lanelet.child("stopLine")
    if element is None:
        return None
    light_refs.extend(element.all("trafficLightRef"))
    sign_refs.extend(element.all("trafficSignRef"))
    marking = element.child("lineMarking")
    if marking is not None:
        word = marking.word()
        if word not in MARKS:
            context.findings.unsupported(f"line marking {word!r} of a stop line", marking.line)
        elif word != "solid":
            context.findings.note(f"a stop line marked {word} counts as any other", marking.line)
    ends = points(element, context)
    if len(ends) == 0:
        return frozen(np.stack([left[-1], right[-1]]))
    if len(ends) != 2:
        raise element.error(f"expected 2 points or none, found {len(ends)}")
    return frozen(ends)


def lanelet_polygons(references: list[Element], lanelets: Mapping[str, Lanelet]) -> list[FloatArray]:
    """The borders of lanelets that something refers to; raises InputError where one is not in the file."""
    polygons = []
    for reference in references:
        key = reference.required_attribute("ref")
        if key not in lanelets:
            raise reference.error(f"lanelet {key!r} is not in the file")
        polygons.append(lanelets[key].polygon())
    return polygons
