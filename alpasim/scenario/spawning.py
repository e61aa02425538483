"""Who stands where at the start: the ego and every actor, in an order in which places may refer to each other.

Answers with `Placed` values and actor specifications, and notes what cannot be placed. Where one place lies on the road is
`placing.py`'s matter; whether the places suit each other is `checks.py`'s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from alpasim.errors import InputError
from alpasim.road.network import RoadNetwork
from alpasim.scenario.checks import check_on_road, nearest
from alpasim.scenario.concrete import ActorSpec, Track
from alpasim.scenario.faults import Path, Report
from alpasim.scenario.kinds import KIND_WORDS, KINDS
from alpasim.scenario.names import behaviour_options
from alpasim.scenario.participants import ActorModel, EgoModel, PlaceModel
from alpasim.scenario.placing import Placed, course_length, on_lane, on_plane, relative
from alpasim.scenario.schema import ScenarioModel
from alpasim.scenario.values import EGO_NAME
from alpasim.types import VehicleParameters


def place_all(
    model: ScenarioModel,
    road: RoadNetwork,
    vehicle: VehicleParameters,
    tracks: Mapping[str, Track],
    report: Report,
) -> dict[str, Placed]:
    """Everybody whose place could be resolved, the ego first; places that refer to others wait for them."""
    placed: dict[str, Placed] = {}
    failed: set[str] = set()
    try:
        placed[EGO_NAME] = _place_ego(model.ego, road, vehicle)
    except InputError as cause:
        report.add(("ego", "pose") if model.ego.pose is not None else ("ego",), str(cause))
    if EGO_NAME not in placed or not check_on_road(model, road, EGO_NAME, placed[EGO_NAME], report):
        failed.add(EGO_NAME)
    waiting = dict(model.actors)
    while waiting:
        standing = placed.keys() - failed
        ready = [name for name, actor in waiting.items() if _other(actor) is None or _other(actor) in standing]
        for name in ready:
            try:
                placed[name] = _place_actor(waiting.pop(name), road, placed, tracks)
            except InputError as cause:
                path: Path = ("actors", name, "place") if model.actors[name].place else ("actors", name)
                report.add(path, str(cause))
            if name not in placed or not check_on_road(model, road, name, placed[name], report):
                failed.add(name)
        if not ready:
            failed |= _report_waiting(waiting, failed, report)
            break
    return {name: placed[name] for name in (EGO_NAME, *model.actors) if name in placed}


def _report_waiting(waiting: Mapping[str, ActorModel], failed: set[str], report: Report) -> set[str]:
    """A place that waits for one that failed needs no fault of its own; what remains refers to itself in a circle."""
    doomed = set(failed)
    grew = True
    while grew:
        more = {name for name, actor in waiting.items() if name not in doomed and _other(actor) in doomed}
        doomed |= more
        grew = bool(more)
    for name, actor in waiting.items():
        if name not in doomed and actor.place is not None:
            word = "ahead_of" if actor.place.ahead_of else "behind"
            report.add(
                ("actors", name, "place", word), "these places refer to each other in a circle; give one its own place"
            )
    return doomed


def _other(actor: ActorModel) -> str | None:
    return actor.place.other if actor.place is not None else None


def _place_ego(ego: EgoModel, road: RoadNetwork, vehicle: VehicleParameters) -> Placed:
    speed = ego.speed or 0.0
    if ego.pose is not None:
        pose, lane = on_plane(road, ego.pose.pose)
        return Placed(pose, speed, vehicle.extent, lane)
    course_length(road, ego.course)
    pose, lane = on_lane(road, ego.course, ego.lane or 1, ego.s_m or 0.0, ego.d_m, ego.heading_deg)
    return Placed(pose, speed, vehicle.extent, lane, ego.course)


def _place_actor(
    actor: ActorModel, road: RoadNetwork, placed: Mapping[str, Placed], tracks: Mapping[str, Track]
) -> Placed:
    extent = actor.size_m or KINDS[KIND_WORDS[actor.kind]].extent
    place = actor.place
    if actor.behaviour == "replay":
        track = track_of(actor, tracks)
        x, y, yaw = (float(value) for value in track.poses[0])
        pose, lane = on_plane(road, (x, y, yaw))
        if place is None:
            return Placed(pose, float(track.speed_mps[0]), extent, lane, present=int(track.times_us[0]) <= 0)
    if place is None:
        raise InputError("missing key 'place': where the actor starts")
    if place.other is not None:
        return relative(road, place, extent, placed[place.other])
    return _own_place(place, road, extent)


def _own_place(place: PlaceModel, road: RoadNetwork, extent: tuple[float, float, float]) -> Placed:
    speed = place.speed or 0.0
    if place.x_m is not None and place.y_m is not None:
        pose, lane = on_plane(road, (place.x_m, place.y_m, math.radians(place.yaw_deg or 0.0)))
        return Placed(pose, speed, extent, lane)
    course = place.course or "main"
    course_length(road, course)
    pose, on = on_lane(road, course, place.lane or 1, place.s_m or 0.0, place.d_m, place.heading_deg)
    return Placed(pose, speed, extent, on, course)


def track_of(actor: ActorModel, tracks: Mapping[str, Track]) -> Track:
    """The recording that an actor replays; InputError with a suggestion where there is none of that id."""
    name = str(actor.behaviour_options.get("id", ""))
    if name not in tracks:
        raise InputError(f"no track {name!r} in the tracks file{nearest(name, tracks)}")
    return tracks[name]


def actor_spec(name: str, actor: ActorModel, placed: Placed, tracks: Mapping[str, Track]) -> ActorSpec:
    """The actor as traffic and world see it; a body without a mass of its own has its kind's density."""
    kind = KIND_WORDS[actor.kind]
    defaults = KINDS[kind]
    volume = math.prod(placed.extent) / math.prod(defaults.extent)
    return ActorSpec(
        name=name,
        kind=kind,
        extent=placed.extent,
        mass_kg=actor.mass_kg if actor.mass_kg is not None else defaults.mass_kg * volume,
        friction=actor.friction if actor.friction is not None else defaults.friction,
        restitution=actor.restitution if actor.restitution is not None else defaults.restitution,
        pose=placed.pose,
        speed_mps=placed.speed_mps,
        behaviour=actor.behaviour,
        options=behaviour_options(actor.behaviour, actor.behaviour_options),
        lane=placed.lane,
        track=track_of(actor, tracks) if actor.behaviour == "replay" else None,
    )
