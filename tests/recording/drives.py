"""Rollouts made by hand, without a simulation: states whose every number differs, so that a mix-up shows."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
from builders import make_vehicle

from alpasim.metrics.recorder import StepMetrics
from alpasim.recording.codec import ResultRecord
from alpasim.recording.writer import RolloutWriter
from alpasim.road.network import Lane, LaneKind, LineMark, RoadNetwork
from alpasim.scenario.concrete import ActorSpec, EgoSpec, Goal, Scenario
from alpasim.types import (
    ActorKind,
    Contact,
    Control,
    Decision,
    EgoState,
    Factor,
    MetricValue,
    Reasoning,
    Route,
    Step,
    Trajectory,
    WorldState,
)

DT_US = 100_000

VEHICLE = make_vehicle(
    name="test_car",
    length_m=4.6,
    width_m=1.8,
    pitch_inertia_kgm2=2300.0,
    front_axle_x_m=1.3,
    rear_axle_x_m=-1.4,
    track_width_m=1.55,
    front_cornering_stiffness_per_rad=20.0,
    rear_cornering_stiffness_per_rad=22.0,
    suspension_damping_ratio=0.3,
    body_friction=0.5,
)


def straight_road(length_m: float = 500.0) -> RoadNetwork:
    """One lane along x, 3.5 m wide."""
    along = np.linspace(0.0, length_m, 6)
    line = np.stack([along, np.zeros_like(along)], axis=1)
    offset = np.array([0.0, 1.75])
    lane = Lane(
        id="1",
        kind=LaneKind.DRIVING,
        centre=line,
        left=line + offset,
        right=line - offset,
        left_mark=LineMark.SOLID,
        right_mark=LineMark.KERB,
        speed_limit_mps=30.0,
        left_neighbour=None,
        right_neighbour=None,
        successors=(),
        predecessors=(),
    )
    return RoadNetwork([lane])


def scenario(actors: int = 3, seed: int = 5) -> Scenario:
    """A concrete scenario of `actors` other cars; its content hash stands for nothing."""
    road = straight_road()
    s = np.linspace(0.0, 500.0, 6)
    zeros, wide = np.zeros_like(s), np.full_like(s, 1.75)
    route = Route(
        centre=np.stack([s, zeros], axis=1),
        s=s,
        heading=zeros,
        curvature=zeros,
        lane_left=wide,
        lane_right=wide,
        edge_left=wide,
        edge_right=wide,
        oncoming_left=wide,
        speed_limit=np.full_like(s, 30.0),
        start_s=0.0,
        goal_s=400.0,
    )
    specs = tuple(
        ActorSpec(
            f"car_{row}", ActorKind.CAR, (4.5, 1.8, 1.5), 1400.0, 0.5, 0.1, (20.0 * row, 0.0, 0.0), 10.0, "parked"
        )
        for row in range(1, actors + 1)
    )
    return Scenario(
        name="hand_made",
        title="Made by <hand> & mind",
        source="/somewhere/hand_made.scn.yaml",
        seed=seed,
        content_hash="c" * 64,
        road=road,
        ego=EgoSpec(VEHICLE, (0.0, 0.0, 0.0), 10.0, Goal(), route),
        actors=specs,
        parameters={"gap_m": 40.5, "colour": "red", "count": 3},
        inputs={"hand_made.scn.yaml": b"title: hand made\n", "maps/road.json": b"{}" * 200},
    )


def state(step: int, actors: int = 3, seed: int = 0) -> WorldState:
    """A state with random bits in every array; every third one has contacts and an event."""
    rng = np.random.default_rng((seed, step))
    n = actors + 1
    present = rng.random(n) > 0.2
    present[0] = True
    rotation = rng.normal(size=(n, 4))
    contacts: tuple[Contact, ...] = ()
    if step % 3 == 2:
        contacts = tuple(
            Contact(
                0,
                row,
                float(rng.normal()),
                rng.normal(size=3),
                rng.normal(size=3),
                float(rng.random()),
                4,
                "wheel",
                "top",
                rng.normal(size=3),
                rng.normal(size=3),
            )
            for row in (-1, 1)
        )
    return WorldState(
        step=step,
        time_us=step * DT_US,
        ids=("ego", *(f"car_{row}" for row in range(1, n))),
        kinds=np.arange(n, dtype=np.int64) % 12,
        extent=rng.random((n, 3)) + 1.0,
        present=present,
        struck=rng.random(n) > 0.8,
        position=rng.normal(size=(n, 3)) * 100.0,
        rotation=rotation / np.linalg.norm(rotation, axis=1, keepdims=True),
        yaw=rng.normal(size=n),
        velocity=rng.normal(size=(n, 3)),
        angular_velocity=rng.normal(size=(n, 3)),
        ego=EgoState(
            velocity_in_rig=rng.normal(size=3),
            acceleration_in_rig=rng.normal(size=3),
            yaw_rate_radps=float(rng.normal()),
            steering_angle_rad=-0.0,
            pedal=float(rng.normal()),
            wheel_load=rng.random(4) * 4000.0,
            wheel_slipping=rng.random(4) > 0.5,
            reverse=step % 2 == 1,
        ),
        signals=rng.integers(0, 5, size=2),
        contacts=contacts,
        events=("cut in", "brüllt ☃") if step % 3 == 2 else (),
    )


def decision(step: int) -> Decision:
    """A control, a trajectory or a decision with reasoning, in turn."""
    rng = np.random.default_rng((77, step))
    reasoning = Reasoning(
        longitudinal="yield",
        lateral="lane_keeping",
        direction="left",
        factors=(Factor("critical_object", 1234, (("motion", "braking"), ("side", "left"))), Factor("lanes")),
        text=f"<b>Yield</b> at step {step} \x00\ud800",
    )
    if step % 2:
        times = step * DT_US + np.arange(1, 6, dtype=np.int64) * DT_US
        return Decision(trajectory=Trajectory(times, rng.normal(size=(5, 3)), "rig"), reasoning=reasoning)
    control = Control(float(rng.uniform(-1, 1)), -0.1, reverse=step % 4 == 2)
    return Decision(control=control, reasoning=reasoning if step % 4 else None)


def steps(count: int, actors: int = 3, seed: int = 0) -> list[Step]:
    """A drive of `count` steps."""
    states = [state(step, actors, seed) for step in range(count + 1)]
    return [
        Step(before, decision(before.step), Control(0.1 * before.step, 1 / 3, before.step % 3 == 1), after, 0.1)
        for before, after in itertools.pairwise(states)
    ]


def metric_values(step: int) -> dict[str, MetricValue]:
    """Values of every sort a metric can have."""
    return {
        "speed": MetricValue(step / 3.0),
        "min_time_to_collision_s": MetricValue(float("inf")),
        "distance_to_reference_m": MetricValue(0.0, valid=False),
    }


def metric_row(step: int) -> StepMetrics:
    """The same as a step's row."""
    found = metric_values(step)
    values = np.array([one.value if one.valid else np.nan for one in found.values()])
    return StepMetrics(tuple(found), values, np.array([one.valid for one in found.values()]))


RESULT = ResultRecord(
    status="completed",
    end_reason="collision",
    passed=False,
    score=1 / 7,
    steps=12,
    metrics=metric_values(12),
    expectations=({"text": "no_collision", "passed": False, "margin": -1.0},),
    error="",
    error_traceback="",
)


def write_drive(folder: Path, drive: list[Step], *, made: Scenario | None = None, finish: bool = True) -> str:
    """Record a drive into `folder`; returns the content hash, empty for one that was not finished."""
    made = made or scenario(len(drive[0].before.ids) - 1)
    with RolloutWriter(
        folder, made, "my/policy.py:Driver", drive[0].before, policy_fingerprint="f" * 64, tracks={1234: "car_1"}
    ) as writer:
        for step in drive:
            writer.write_step(step, metric_row(step.after.step))
        return writer.finish(replace(RESULT, steps=len(drive)), wall_s=1.5) if finish else ""
