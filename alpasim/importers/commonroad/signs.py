"""CommonRoad traffic signs and lights → speed limits of lanes and signals of the road.

A speed limit's `additionalValue` is in m/s and holds for every lanelet that refers to the sign; the lowest wins. A light's
cycle counts in steps. A lane has one light at its end: where a lanelet refers to several, the one for most of its ways on
is taken and the rest is noted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from alpasim.importers.commonroad.lanelets import Lanelet
from alpasim.importers.commonroad.values import Context, point
from alpasim.importers.xml_tree import Element
from alpasim.road.network import Signal, SignalPhase
from alpasim.types import SignalColour

SPEED_LIMIT_SIGNS = frozenset(
    {
        "274",
        "274.1",
        "R2-1",
        "r301",
        "R-301",
        "3.24",
        "R15",
        "C43",
        "B14",
        "R-32",
        "Ρ-32",
        "B31",
        "maxspeed",
        "MAX_SPEED",
    }
)
"""Signs of the countries CommonRoad knows that set an upper limit on speed (the Greek one is written with a capital rho)."""
COLOURS = {
    "red": SignalColour.RED,
    "yellow": SignalColour.YELLOW,
    "redYellow": SignalColour.RED_YELLOW,
    "green": SignalColour.GREEN,
    "inactive": SignalColour.OFF,
}
WAYS = {
    "all": frozenset({"left", "straight", "right"}),
    "left": frozenset({"left"}),
    "straight": frozenset({"straight"}),
    "right": frozenset({"right"}),
    "leftStraight": frozenset({"left", "straight"}),
    "straightRight": frozenset({"straight", "right"}),
    "leftRight": frozenset({"left", "right"}),
}
MAX_CYCLE_S = 1e6


@dataclass(frozen=True, slots=True)
class Light:
    """One traffic light: the signal, its row, and the ways on that it speaks for."""

    signal: Signal
    row: int
    ways: frozenset[str]


def read_signs(root: Element, lanelets: Mapping[str, Lanelet], context: Context) -> None:
    """Read every sign and add the speed limits to the lanelets that refer to it; the others are noted by their id."""
    signs: dict[str, list[float]] = {}
    for element in root.all("trafficSign"):
        key = element.required_attribute("id")
        if key in signs:
            raise element.error(f"traffic sign id {key!r} is there twice")
        place = element.child("position")
        if place is not None:
            point(place.required_child("point"), context)
        virtual = element.child("virtual")
        if virtual is not None:
            virtual.word()
        signs[key] = [
            limit for part in element.all("trafficSignElement") if (limit := _speed_limit(part, context)) is not None
        ]
    if signs:
        context.findings.note("where signs stand is not kept: a limit holds along the lanelets that refer to it")
    for lanelet in lanelets.values():
        for reference in lanelet.sign_refs:
            key = reference.required_attribute("ref")
            if key in signs:
                lanelet.limits.extend(signs[key])
            else:
                context.findings.unsupported(f"<trafficSignRef> {key}, a sign that is not in the file,", reference.line)


def _speed_limit(element: Element, context: Context) -> float | None:
    """The limit that one face of a sign sets [m/s], None where it sets none."""
    word = element.required_child("trafficSignID").word()
    values = element.all("additionalValue")
    if word not in SPEED_LIMIT_SIGNS:
        said = [text for value in values if (text := value.word())]
        extra = f" with {', '.join(said)}" if said else ""
        context.findings.note(f"traffic sign {word or 'without a number'}{extra} has no effect here", element.line)
        return None
    if not values:
        raise element.error(f"the speed limit sign {word} has no <additionalValue>")
    limit = values[0].number()
    if limit <= 0.0:
        raise values[0].error(f"expected a speed limit above 0 m/s, found {limit}")
    for surplus in values[1:]:
        context.findings.note("only the first value of a speed limit sign is used", surplus.line)
        surplus.word()
    return limit


def read_lights(root: Element, lanelets: Mapping[str, Lanelet], context: Context) -> dict[str, Light]:
    """Every traffic light by id, rows in file order."""
    lights: dict[str, Light] = {}
    for element in root.all("trafficLight"):
        key = element.required_attribute("id")
        if key in lights:
            raise element.error(f"traffic light id {key!r} is there twice")
        direction = element.child("direction")
        word = direction.word() if direction is not None else "all"
        if direction is not None and word not in WAYS:
            context.findings.unsupported(f"direction {word!r} of a traffic light", direction.line)
        phases, offset_s = _cycle(element, context)
        signal = Signal(id=key, position=_position(key, element, lanelets, context), phases=phases, offset_s=offset_s)
        lights[key] = Light(signal=signal, row=len(lights), ways=WAYS.get(word, WAYS["all"]))
    return lights


def _position(key: str, element: Element, lanelets: Mapping[str, Lanelet], context: Context) -> tuple[float, float]:
    """Where the light stands; without a place in the file, at the right of the first lanelet that refers to it."""
    place = element.child("position")
    if place is not None:
        return point(place.required_child("point"), context)
    for lanelet in lanelets.values():
        if any(reference.attributes.get("ref", "").strip() == key for reference in lanelet.light_refs):
            context.findings.note(
                "traffic lights without a place stand at the right end of their lanelet", element.line
            )
            return float(lanelet.right[-1, 0]), float(lanelet.right[-1, 1])
    context.findings.note("traffic lights without a place that no lanelet refers to stand at the origin", element.line)
    return 0.0, 0.0


def _cycle(element: Element, context: Context) -> tuple[tuple[SignalPhase, ...], float]:
    """Phases and when they begin [s]; a light that is not active, or has no cycle, is always off."""
    active = element.child("active")
    word = active.word() if active is not None else "true"
    if active is not None and word not in ("true", "false", "1", "0"):
        raise active.error(f"expected true or false, found {word!r}")
    cycle = element.child("cycle")
    phases: list[SignalPhase] = []
    offset_s = 0.0
    if cycle is not None:
        for part in cycle.all("cycleElement"):
            colour, duration = part.required_child("color"), part.required_child("duration")
            name, steps = colour.word(), duration.number()
            if name not in COLOURS:
                raise colour.error(f"expected one of {', '.join(COLOURS)}, found {name!r}")
            if not 0 <= steps * float(context.dt_s) <= MAX_CYCLE_S:
                raise duration.error(f"expected a duration of 0 to {MAX_CYCLE_S:g} s, found {steps:g} steps")
            if float(context.dt_s) * steps < 1e-3:
                context.findings.note("phases of traffic lights that last no time are left out", part.line)
                continue
            phases.append(SignalPhase(COLOURS[name], float(context.dt_s) * steps))
        offset = cycle.child("timeOffset")
        shift = offset.number() if offset is not None else 0.0
        if offset is not None and abs(shift) * float(context.dt_s) > MAX_CYCLE_S:
            raise offset.error(f"expected an offset within {MAX_CYCLE_S:g} s, found {shift:g} steps")
        offset_s = float(context.dt_s) * (shift - context.start_step)
    if word in ("false", "0"):
        context.findings.note("traffic lights that are not active are always off", element.line)
        phases = []
    elif not phases:
        context.findings.note("traffic lights without a cycle are always off", element.line)
    if not phases:
        return (SignalPhase(SignalColour.OFF, 3600.0),), 0.0
    return tuple(phases), offset_s


def speed_limit(lanelet: Lanelet) -> float:
    """The lowest limit that holds on a lanelet [m/s], inf where there is none."""
    return min(lanelet.limits, default=math.inf)


def signal_row(lanelet: Lanelet, lights: Mapping[str, Light], ways: frozenset[str], context: Context) -> int:
    """Row of the light that controls the lanelet's end, -1 where there is none; `ways` are its ways on, where known."""
    referred: dict[str, Light] = {}
    for reference in lanelet.light_refs:
        key = reference.required_attribute("ref")
        if key not in lights:
            context.findings.unsupported(f"<trafficLightRef> {key}, a light that is not in the file,", reference.line)
        else:
            referred[key] = lights[key]
    if not referred:
        return -1
    wanted = ways or WAYS["all"]
    chosen = max(referred.values(), key=lambda light: (len(light.ways & wanted), -light.row))
    for other in referred.values():
        if (other.signal.phases, other.signal.offset_s) != (chosen.signal.phases, chosen.signal.offset_s):
            context.findings.note(
                f"lanelet {lanelet.id} obeys traffic light {chosen.signal.id} alone, not {other.signal.id} as well: "
                "a lane has one light",
                lanelet.light_refs[0].line,
            )
    return chosen.row


def signals_of(lights: Mapping[str, Light]) -> tuple[Signal, ...]:
    """The road's signals in row order."""
    return tuple(light.signal for light in lights.values())
