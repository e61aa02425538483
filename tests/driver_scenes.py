"""Hand-built briefs and observations, and a kinematic ego that follows decisions exactly: drivers tested without a world."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from builders import make_vehicle

from alpasim.types import (
    ActorKind,
    Decision,
    EgoState,
    FloatArray,
    Observation,
    RolloutBrief,
    Route,
    SignalColour,
    Tracks,
)

DT_US = 100_000

SEDAN = make_vehicle(
    name="test sedan",
    length_m=4.6,
    width_m=1.85,
    height_m=1.45,
    yaw_inertia_kgm2=2600.0,
    pitch_inertia_kgm2=2400.0,
    front_axle_x_m=1.4,
    rear_axle_x_m=-1.4,
    track_width_m=1.55,
    centre_of_mass_x_m=0.1,
    front_cornering_stiffness_per_rad=14.0,
    rear_cornering_stiffness_per_rad=16.0,
    max_power_w=110_000.0,
    max_brake_force_n=18_000.0,
    max_speed_mps=50.0,
    steering_lag_s=0.08,
    body_friction=0.4,
)


def route_along(
    centre: FloatArray,
    *,
    limit_mps: float = 50 / 3.6,
    lane_width: float = 3.5,
    edge_left: float = 1.75,
    edge_right: float = 1.75,
    oncoming_left: float | None = None,
    stop_lines: tuple[tuple[float, int], ...] = (),
    goal_s: float | None = None,
) -> Route:
    """A route along a densely sampled line."""
    steps = np.diff(centre, axis=0)
    s = np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])
    heading = np.unwrap(np.arctan2(np.gradient(centre[:, 1], s), np.gradient(centre[:, 0], s)))
    full = np.ones(len(s))
    return Route(
        centre=centre,
        s=s,
        heading=heading,
        curvature=np.gradient(heading, s),
        lane_left=0.5 * lane_width * full,
        lane_right=0.5 * lane_width * full,
        edge_left=edge_left * full,
        edge_right=edge_right * full,
        oncoming_left=(edge_left if oncoming_left is None else oncoming_left) * full,
        speed_limit=limit_mps * full,
        start_s=20.0,
        goal_s=float(s[-1]) - 20.0 if goal_s is None else goal_s,
        stop_lines=stop_lines,
    )


def straight(length: float = 600.0, **options: object) -> Route:
    """A straight route along +x from the origin."""
    x = np.arange(0.0, length + 1.0, 2.0)
    return route_along(np.column_stack([x, np.zeros_like(x)]), **options)  # type: ignore[arg-type]


def bend(
    radius: float, before: float = 150.0, angle: float = math.pi / 2, after: float = 150.0, **options: object
) -> Route:
    """Straight, a left bend, straight again; 1 m sampling."""
    line = [(x, 0.0) for x in np.arange(0.0, before, 1.0)]
    arc = np.arange(0.0, radius * angle, 1.0) / radius
    line += [(before + radius * math.sin(a), radius * (1.0 - math.cos(a))) for a in arc]
    end = np.array([before + radius * math.sin(angle), radius * (1.0 - math.cos(angle))])
    line += [tuple(end + t * np.array([math.cos(angle), math.sin(angle)])) for t in np.arange(0.0, after, 1.0)]
    return route_along(np.array(line), **options)  # type: ignore[arg-type]


def brief(route: Route, time_limit_s: float = 60.0) -> RolloutBrief:
    return RolloutBrief(vehicle=SEDAN, route=route, control_dt_us=DT_US, time_limit_s=time_limit_s)


@dataclass
class Body:
    """Another road user: where it is at time 0, and how it moves: `motion(t)` gives x, y, yaw, speed."""

    kind: ActorKind
    extent: tuple[float, float, float]
    motion: Callable[[float], tuple[float, float, float, float]]


CAR_SIZE = (4.5, 1.8, 1.5)
PERSON_SIZE = (0.5, 0.5, 1.75)


def moving(
    x: float, y: float, yaw: float = 0.0, speed: float = 0.0, after_s: float = 0.0
) -> Callable[[float], tuple[float, float, float, float]]:
    """Straight on at constant speed, setting off at `after_s`."""

    def motion(t: float) -> tuple[float, float, float, float]:
        way = speed * max(t - after_s, 0.0)
        return x + way * math.cos(yaw), y + way * math.sin(yaw), yaw, speed if t >= after_s else 0.0

    return motion


def car(x: float, y: float, yaw: float = 0.0, speed: float = 0.0) -> Body:
    return Body(ActorKind.CAR, CAR_SIZE, moving(x, y, yaw, speed))


def person(x: float, y: float, yaw: float = 0.0, speed: float = 0.0, after_s: float = 0.0) -> Body:
    return Body(ActorKind.PEDESTRIAN, PERSON_SIZE, moving(x, y, yaw, speed, after_s))


def tracks_of(bodies: Sequence[Body], t: float) -> Tracks:
    rows = [body.motion(t) for body in bodies]
    count = len(bodies)
    table = np.array(rows, dtype=np.float64).reshape(count, 4)
    velocity = np.zeros((count, 3))
    velocity[:, 0], velocity[:, 1] = table[:, 3] * np.cos(table[:, 2]), table[:, 3] * np.sin(table[:, 2])
    extent = np.array([body.extent for body in bodies], dtype=np.float64).reshape(count, 3)
    position = np.column_stack([table[:, 0], table[:, 1], 0.5 * extent[:, 2]]) if count else np.zeros((0, 3))
    return Tracks(
        ids=np.arange(101, 101 + count, dtype=np.int64),
        kinds=np.array([int(body.kind) for body in bodies], dtype=np.int64),
        position=position,
        yaw=np.ascontiguousarray(table[:, 2]),
        velocity=velocity,
        extent=extent,
    )


def ego_state(speed: float, acceleration: float = 0.0, slipping: bool = False) -> EgoState:
    return EgoState(
        velocity_in_rig=np.array([speed, 0.0, 0.0]),
        acceleration_in_rig=np.array([acceleration, 0.0, 0.0]),
        yaw_rate_radps=0.0,
        steering_angle_rad=0.0,
        pedal=0.0,
        wheel_load=np.full(4, 3700.0),
        wheel_slipping=np.full(4, slipping),
    )


def observe(
    route: Route,
    rig: tuple[float, float, float],
    speed: float,
    bodies: Sequence[Body] = (),
    step: int = 0,
    signals: Sequence[SignalColour] = (),
    acceleration: float = 0.0,
) -> Observation:
    """What the ego with its rig at x, y, yaw perceives at a step."""
    x, y, yaw = rig
    centre = np.array([x - SEDAN.rear_axle_x_m * math.cos(yaw), y - SEDAN.rear_axle_x_m * math.sin(yaw)])
    nearest = int(np.argmin(np.hypot(*(route.centre - centre).T)))
    heading = route.heading[nearest]
    off = centre - route.centre[nearest]
    return Observation(
        step=step,
        time_us=step * DT_US,
        rig_pose=np.array([x, y, 0.0, yaw]),
        ego=ego_state(speed, acceleration),
        tracks=tracks_of(bodies, step * DT_US * 1e-6),
        signals=np.array([int(colour) for colour in signals], dtype=np.int64),
        route_s=float(route.s[nearest] + off[0] * math.cos(heading) + off[1] * math.sin(heading)),
        route_d=float(off[1] * math.cos(heading) - off[0] * math.sin(heading)),
    )


@dataclass
class Drive:
    """What a kinematic drive left behind: one row a step."""

    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)
    yaw: list[float] = field(default_factory=list)
    speed: list[float] = field(default_factory=list)
    gap: list[float] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    @property
    def acceleration(self) -> FloatArray:
        return np.diff(np.array(self.speed)) / (DT_US * 1e-6)


def drive(
    policy: object,
    route: Route,
    speed: float,
    bodies: Sequence[Body] = (),
    seconds: float = 20.0,
    start_x: float = 20.0,
    signals: Callable[[float], Sequence[SignalColour]] = lambda _t: (),
) -> Drive:
    """Drive with an ego that follows trajectories exactly and brakes at 9 m/s^2 on a full brake; no steering lag."""
    policy.reset(brief(route))  # type: ignore[attr-defined]
    rig, done = (start_x, 0.0, 0.0), Drive()
    dt = DT_US * 1e-6
    for step in range(int(seconds / dt)):
        observation = observe(route, rig, speed, bodies, step, signals(step * dt))
        decision = policy.decide(observation)  # type: ignore[attr-defined]
        done.x.append(rig[0])
        done.y.append(rig[1])
        done.yaw.append(rig[2])
        done.speed.append(speed)
        done.gap.append(smallest_gap(rig, bodies, step * dt))
        done.decisions.append(decision)
        if decision.trajectory is not None:
            plan = decision.trajectory
            poses = plan.poses
            at = (step + 1) * DT_US
            x, y, yaw = (float(np.interp(at, plan.times_us, poses[:, axis])) for axis in range(3))
            speed = (
                math.hypot(x - rig[0], y - rig[1]) / dt
                if speed + np.hypot(*(poses[-1, :2] - poses[0, :2])) > 0
                else 0.0
            )
            way = np.hypot(*np.diff(poses[:3, :2], axis=0).T) / (np.diff(plan.times_us[:3]) * 1e-6)
            speed = max(float(way[0] + 0.5 * (way[1] - way[0])), 0.0)
            rig = (x, y, yaw)
        else:
            slower = max(speed - 9.0 * -decision.control.pedal * dt, 0.0)
            mean = 0.5 * (speed + slower)
            rig = (rig[0] + mean * dt * math.cos(rig[2]), rig[1] + mean * dt * math.sin(rig[2]), rig[2])
            speed = slower
    return done


def smallest_gap(rig: tuple[float, float, float], bodies: Sequence[Body], t: float) -> float:
    """Distance between the ego's box and the nearest other box [m], 0 where they overlap."""
    from shapely import Polygon

    ego = _box(
        rig[0] - SEDAN.rear_axle_x_m * math.cos(rig[2]),
        rig[1] - SEDAN.rear_axle_x_m * math.sin(rig[2]),
        rig[2],
        SEDAN.length_m,
        SEDAN.width_m,
    )
    gaps = []
    for body in bodies:
        x, y, yaw, _ = body.motion(t)
        gaps.append(Polygon(ego).distance(Polygon(_box(x, y, yaw, body.extent[0], body.extent[1]))))
    return min(gaps, default=math.inf)


def _box(x: float, y: float, yaw: float, length: float, width: float) -> FloatArray:
    corners = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) * [0.5 * length, 0.5 * width]
    turn = np.array([[math.cos(yaw), math.sin(yaw)], [-math.sin(yaw), math.cos(yaw)]])
    return corners @ turn + [x, y]
