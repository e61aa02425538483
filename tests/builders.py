"""Hand-made roads, scenarios and states for tests: small, exact, and movable as a whole.

Everything is described in plain coordinates (the road begins at the origin and runs along +x, lane 1 around y = 0); a
`Frame` then turns and shifts the whole scene, for tests that say nothing may depend on where it lies.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import math
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

import alpasim.metrics
from alpasim.metrics.protocol import Metric
from alpasim.metrics.recorder import Metrics
from alpasim.road.network import Lane, LaneKind, LineMark, Neighbour, RoadNetwork
from alpasim.scenario.concrete import ActorSpec, EgoSpec, Goal, Scenario
from alpasim.types import (
    ActorKind,
    Contact,
    Control,
    Decision,
    EgoState,
    FloatArray,
    MetricValue,
    Route,
    Step,
    Trajectory,
    VehicleParameters,
    WorldState,
    frozen,
)

LANE_WIDTH = 4.0
CAR = (4.0, 2.0, 1.5)


@dataclass(frozen=True)
class Frame:
    """Where a whole scene lies: turned by `yaw` about the origin, then shifted."""

    yaw: float = 0.0
    x: float = 0.0
    y: float = 0.0

    def points(self, points: Sequence[Sequence[float]] | FloatArray) -> FloatArray:
        """Points (k, 2) of the plain scene, moved."""
        plain = np.asarray(points, dtype=np.float64)
        moved: FloatArray = self.vectors(plain) + np.array([self.x, self.y])
        return moved

    def vectors(self, vectors: Sequence[Sequence[float]] | FloatArray) -> FloatArray:
        """Directions (k, 2) of the plain scene, turned."""
        plain = np.asarray(vectors, dtype=np.float64)
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        return np.stack((cos * plain[:, 0] - sin * plain[:, 1], sin * plain[:, 0] + cos * plain[:, 1]), axis=1)


PLAIN = Frame()


def make_vehicle(**changes: object) -> VehicleParameters:
    """A car of 4 x 2 x 1.5 m whose rear axle is 1.25 m behind its middle."""
    plain = VehicleParameters(
        name="block",
        kind=ActorKind.CAR,
        length_m=CAR[0],
        width_m=CAR[1],
        height_m=CAR[2],
        mass_kg=1500.0,
        yaw_inertia_kgm2=2500.0,
        pitch_inertia_kgm2=2200.0,
        roll_inertia_kgm2=600.0,
        front_axle_x_m=1.25,
        rear_axle_x_m=-1.25,
        track_width_m=1.6,
        centre_of_mass_x_m=0.0,
        centre_of_mass_height_m=0.55,
        ground_clearance_m=0.15,
        front_cornering_stiffness_per_rad=15.0,
        rear_cornering_stiffness_per_rad=18.0,
        max_steering_angle_rad=0.6,
        max_steering_rate_radps=0.8,
        max_drive_force_n=6000.0,
        max_power_w=100_000.0,
        max_brake_force_n=15_000.0,
        max_speed_mps=55.0,
        driven_axle="front",
        drive_lag_s=0.2,
        brake_lag_s=0.1,
        steering_lag_s=0.1,
        drag_area_m2=0.65,
        rolling_resistance=0.012,
        suspension_frequency_hz=1.4,
        suspension_damping_ratio=0.35,
        roll_stiffness_front_share=0.55,
        restitution=0.1,
        body_friction=0.3,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def straight_road(
    *, length: float = 300.0, lanes: int = 2, oncoming: int = 1, limit: float = 20.0, frame: Frame = PLAIN
) -> RoadNetwork:
    """Lanes 4 m wide along +x, `lane_1` around y = 0, the next to its left, then the oncoming ones."""
    count = lanes + oncoming
    made = []
    for i in range(count):
        ours = i < lanes
        name = f"lane_{i + 1}" if ours else f"oncoming_{i - lanes + 1}"
        x = np.linspace(0.0, length, 31)
        x = x if ours else x[::-1]
        middle, half = i * LANE_WIDTH, 0.5 * LANE_WIDTH * (1.0 if ours else -1.0)

        def line(y: float, x: FloatArray = x) -> FloatArray:
            return np.ascontiguousarray(frame.points(np.column_stack((x, np.full(x.shape, y)))))

        beside = [j for j in (i - 1, i + 1) if 0 <= j < count]
        names = {j: f"lane_{j + 1}" if j < lanes else f"oncoming_{j - lanes + 1}" for j in beside}
        neighbours = {j: Neighbour(names[j], (j < lanes) == ours) for j in beside}
        left, right = (i + 1, i - 1) if ours else (i - 1, i + 1)
        made.append(
            Lane(
                id=name,
                kind=LaneKind.DRIVING,
                centre=line(middle),
                left=line(middle + half),
                right=line(middle - half),
                left_mark=LineMark.DASHED,
                right_mark=LineMark.DASHED,
                speed_limit_mps=limit,
                left_neighbour=neighbours.get(left),
                right_neighbour=neighbours.get(right),
                successors=(),
                predecessors=(),
            )
        )
    return RoadNetwork(made)


def route_of(
    line: Sequence[Sequence[float]] | FloatArray,
    *,
    start_s: float = 0.0,
    goal_s: float | None = None,
    limit: float = 20.0,
    stop_lines: tuple[tuple[float, int], ...] = (),
    frame: Frame = PLAIN,
) -> Route:
    """A route along a polyline of the plain scene, its lane and pavement as wide as one lane."""
    centre = frame.points(line)
    step = np.diff(centre, axis=0)
    s = np.concatenate(([0.0], np.cumsum(np.hypot(step[:, 0], step[:, 1]))))
    heading = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    heading = np.concatenate((heading, heading[-1:]))
    half = np.full(len(s), 0.5 * LANE_WIDTH)
    return Route(
        centre=frozen(centre),
        s=frozen(s),
        heading=frozen(heading),
        curvature=frozen(np.zeros(len(s))),
        lane_left=frozen(half.copy()),
        lane_right=frozen(half.copy()),
        edge_left=frozen(half + LANE_WIDTH),
        edge_right=frozen(half.copy()),
        oncoming_left=frozen(half + LANE_WIDTH),
        speed_limit=frozen(np.full(len(s), limit)),
        start_s=start_s,
        goal_s=float(s[-1]) if goal_s is None else goal_s,
        stop_lines=stop_lines,
    )


@dataclass(frozen=True)
class Body:
    """One body of the plain scene: box centre, heading, velocity; `speed` moves it along its heading."""

    x: float
    y: float = 0.0
    yaw: float = 0.0
    speed: float = 0.0
    velocity: tuple[float, float] | None = None
    extent: tuple[float, float, float] = CAR
    kind: ActorKind = ActorKind.CAR
    present: bool = True
    z: float = 0.75

    def moved(self, dt_s: float) -> Body:
        """The same body after going on at its velocity."""
        vx, vy = self.plain_velocity
        return replace(self, x=self.x + vx * dt_s, y=self.y + vy * dt_s)

    @property
    def plain_velocity(self) -> tuple[float, float]:
        """Velocity in the plain scene."""
        return self.velocity or (self.speed * math.cos(self.yaw), self.speed * math.sin(self.yaw))


def make_state(
    ego: Body,
    *others: Body,
    step: int = 0,
    dt_us: int = 100_000,
    contacts: tuple[Contact, ...] = (),
    acceleration: tuple[float, float] = (0.0, 0.0),
    signals: tuple[int, ...] = (),
    struck: tuple[int, ...] = (),
    frame: Frame = PLAIN,
) -> WorldState:
    """A state of the ego and others at one step, moved into `frame`; `acceleration` is the ego's, in the rig frame."""
    bodies = (ego, *others)
    xy = frame.points([[body.x, body.y] for body in bodies])
    velocity = frame.vectors([body.plain_velocity for body in bodies])
    yaw = np.array([body.yaw + frame.yaw for body in bodies])
    yaw = np.arctan2(np.sin(yaw), np.cos(yaw))
    rotation = np.zeros((len(bodies), 4))
    rotation[:, 2], rotation[:, 3] = np.sin(0.5 * yaw), np.cos(0.5 * yaw)
    vx, vy = ego.plain_velocity
    forward = vx * math.cos(ego.yaw) + vy * math.sin(ego.yaw)
    sideways = vy * math.cos(ego.yaw) - vx * math.sin(ego.yaw)
    return WorldState(
        step=step,
        time_us=step * dt_us,
        ids=("ego", *(f"actor_{i}" for i in range(1, len(bodies)))),
        kinds=frozen(np.array([body.kind for body in bodies], dtype=np.int64)),
        extent=frozen(np.array([body.extent for body in bodies], dtype=np.float64)),
        present=frozen(np.array([body.present for body in bodies])),
        struck=frozen(np.array([row in struck for row in range(len(bodies))])),
        position=frozen(np.column_stack((xy, [body.z for body in bodies]))),
        rotation=frozen(rotation),
        yaw=frozen(yaw),
        velocity=frozen(np.column_stack((velocity, np.zeros(len(bodies))))),
        angular_velocity=frozen(np.zeros((len(bodies), 3))),
        ego=EgoState(
            velocity_in_rig=frozen(np.array([forward, sideways, 0.0])),
            acceleration_in_rig=frozen(np.array([*acceleration, 0.0])),
            yaw_rate_radps=0.0,
            steering_angle_rad=0.0,
            pedal=0.0,
            wheel_load=frozen(np.full(4, 3678.0)),
            wheel_slipping=frozen(np.zeros(4, dtype=bool)),
        ),
        signals=frozen(np.array(signals, dtype=np.int64)),
        contacts=contacts,
    )


def make_step(before: WorldState, after: WorldState) -> Step:
    """The step between two states, with idle controls."""
    control = Control(0.0, 0.0)
    dt_s = (after.time_us - before.time_us) * 1e-6
    return Step(before, Decision(control=control), control, after, dt_s)


def make_contact(row: int, *, normal: tuple[float, float, float], closing: float = 1.0, part: str = "front") -> Contact:
    """A solved contact of the ego with `row`; `normal` points from the other to the ego."""
    still = frozen(np.zeros(3))
    return Contact(0, row, 100.0, still, frozen(np.array(normal)), closing, 0, part, "rear", still, still)


@dataclass(frozen=True)
class Scene:
    """What `make_scenario` is built from, in the plain scene."""

    actors: int = 0
    goal: Goal = field(default_factory=Goal)
    goal_s: float = 200.0
    start_s: float = 0.0
    lanes: int = 2
    oncoming: int = 1
    limit: float = 20.0
    dt_us: int = 100_000
    time_limit_s: float = 30.0
    recorded: Sequence[tuple[float, float, float, float]] | None = None
    """Time [s], x, y, yaw of the recorded drive's box centre."""


def make_scenario(scene: Scene | None = None, *, frame: Frame = PLAIN, route: Route | None = None) -> Scenario:
    """A scenario on the straight road whose route is lane 1."""
    scene = scene or Scene()
    vehicle = make_vehicle()
    road = straight_road(lanes=scene.lanes, oncoming=scene.oncoming, limit=scene.limit, frame=frame)
    if route is None:
        x = np.linspace(0.0, 300.0, 151)
        line = np.column_stack((x, np.zeros(x.shape)))
        route = route_of(line, start_s=scene.start_s, goal_s=scene.goal_s, limit=scene.limit, frame=frame)
    recorded = None
    if scene.recorded is not None:
        rows = np.array(scene.recorded, dtype=np.float64)
        back = vehicle.rear_axle_x_m * np.column_stack((np.cos(rows[:, 3]), np.sin(rows[:, 3])))
        poses = np.column_stack((frame.points(rows[:, 1:3] + back), rows[:, 3] + frame.yaw))
        recorded = Trajectory(frozen(np.round(rows[:, 0] * 1e6).astype(np.int64)), frozen(poses))
    goal = replace(scene.goal, regions=tuple(frame.points(region) for region in scene.goal.regions))
    if goal.heading_rad is not None:
        goal = replace(goal, heading_rad=(goal.heading_rad[0] + frame.yaw, goal.heading_rad[1] + frame.yaw))
    return Scenario(
        name="hand_made",
        title="Hand-made",
        source="hand_made.scn.yaml",
        seed=0,
        content_hash="0" * 64,
        road=road,
        ego=EgoSpec(vehicle, (0.0, 0.0, 0.0), 0.0, goal, route),
        actors=tuple(
            ActorSpec(f"actor_{i}", ActorKind.CAR, CAR, 1500.0, 0.5, 0.1, (0.0, 0.0, 0.0), 0.0, "parked")
            for i in range(1, scene.actors + 1)
        ),
        time_limit_s=scene.time_limit_s,
        dt_us=scene.dt_us,
        reference=recorded,
    )


def built_in_metrics() -> list[Metric]:
    """One of every metric that the package defines, found by looking into its modules."""
    found: dict[str, Metric] = {}
    for module_name in (module.name for module in pkgutil.iter_modules(alpasim.metrics.__path__)):
        module = importlib.import_module(f"alpasim.metrics.{module_name}")
        for name, thing in vars(module).items():
            if name.startswith("_") or inspect.isfunction(thing):
                continue
            if isinstance(thing, type):
                if thing.__module__ != module.__name__ or not hasattr(thing, "formula") or not hasattr(thing, "update"):
                    continue
                if isinstance(thing.formula, str):
                    found[thing.name] = thing()  # type: ignore[attr-defined]
            elif isinstance(thing, Metric):
                found[thing.name] = thing
    return [found[name] for name in sorted(found)]


def measured(scenario: Scenario, states: Sequence[WorldState]) -> Metrics:
    """All built-in metrics after a drive through `states`, the first of which is where it begins."""
    metrics = Metrics(scenario, metrics=built_in_metrics())
    metrics.reset(states[0])
    for before, after in itertools.pairwise(states):
        metrics.update(make_step(before, after))
    return metrics


def results_of(scenario: Scenario, states: Sequence[WorldState]) -> dict[str, MetricValue]:
    """The results of `measured`."""
    return measured(scenario, states).results()


def straight_states(
    ego: Body, *others: Body, steps: int, dt_us: int = 100_000, frame: Frame = PLAIN
) -> list[WorldState]:
    """States of a drive in which every body keeps its velocity."""
    states = []
    for step in range(steps + 1):
        at = step * dt_us * 1e-6
        moved = (body.moved(at) for body in others)
        states.append(make_state(ego.moved(at), *moved, step=step, dt_us=dt_us, frame=frame))
    return states
