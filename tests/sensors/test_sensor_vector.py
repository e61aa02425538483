"""The vector observation: layout, values by hand, exact bounds, and that only the rig frame matters."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import Body, Frame, Scene, make_scenario, make_state, route_of
from hypothesis import given, settings
from hypothesis import strategies as st

from alpasim.scenario.concrete import Scenario
from alpasim.sensors.objects import ObjectSensor
from alpasim.sensors.vector import LOOKAHEAD_M, NEAREST, VectorEncoder, layout
from alpasim.types import ActorKind, FloatArray, SignalColour


def encoded(ego: Body, *others: Body, scenario: Scenario | None = None, frame: Frame = Frame(), **state) -> FloatArray:  # type: ignore[no-untyped-def]  # noqa: B008
    scenario = scenario or make_scenario(Scene(actors=len(others), goal_s=150.0), frame=frame)
    encoder = VectorEncoder()
    encoder.reset(scenario)
    sensor = ObjectSensor(scenario, np.random.default_rng(0))
    return encoder.encode(sensor.observe(make_state(ego, *others, frame=frame, **state)))


def values(numbers: FloatArray) -> dict[str, list[float]]:
    """Numbers by name, in their units."""
    return {entry.name: (numbers[entry.slice] * entry.scale).tolist() for entry in layout()}


def test_the_layout_covers_the_space_without_gap_or_overlap() -> None:
    entries = layout()
    assert entries[0].slice.start == 0
    assert all(a.slice.stop == b.slice.start for a, b in zip(entries[:-1], entries[1:], strict=True))  # noqa: RUF007
    assert VectorEncoder().space().shape == (entries[-1].slice.stop,)
    assert len({entry.name for entry in entries}) == len(entries)
    assert entries == VectorEncoder().layout()


def test_fewer_tracks_make_a_shorter_row() -> None:
    size = VectorEncoder().space().shape[0] - VectorEncoder(nearest=4).space().shape[0]
    assert size == (NEAREST - 4) * 13


def test_the_space_is_bounded_and_float32() -> None:
    space = VectorEncoder().space()
    assert space.dtype == np.float32
    assert np.isfinite(space.low).all()
    assert np.isfinite(space.high).all()
    assert (space.low < space.high).all()


def test_encoding_needs_a_scenario() -> None:
    observation = ObjectSensor(make_scenario(), np.random.default_rng(0)).observe(make_state(Body(0)))
    with pytest.raises(RuntimeError, match="before reset"):
        VectorEncoder().encode(observation)


def test_the_ego_by_hand() -> None:
    found = values(encoded(Body(50, 0.5, yaw=0.1, speed=12), step=40, acceleration=(-2.0, 1.0)))
    assert found["ego.speed"] == pytest.approx([12.0], rel=1e-6)
    assert found["ego.acceleration"] == pytest.approx([-2.0])
    assert found["ego.lateral_acceleration"] == pytest.approx([1.0])
    assert found["ego.length_width"] == pytest.approx([4.0, 2.0])
    assert found["route.offset"] == pytest.approx([0.5])
    assert found["route.heading_error"] == pytest.approx([math.cos(0.1), math.sin(0.1)])
    assert found["route.lane_left_right"] == pytest.approx([1.5, 2.5])
    assert found["route.edge_left_right"] == pytest.approx([5.5, 2.5])
    assert found["route.speed_limit"] == pytest.approx([20.0])
    assert found["goal.distance"] == pytest.approx([100.0])
    assert found["goal.time_left"] == pytest.approx([26.0])
    assert found["stop_line.present"] == [0.0]


def test_corner_distances_by_hand() -> None:
    # The border lies at y = -2 and y = 10; at y = 3 the corners are at y = 4 (6 m inside) and y = 2 (4 m inside).
    found = values(encoded(Body(50, 3.0)))["edge.corners"]
    assert found == pytest.approx([6.0, 6.0, 4.0, 4.0])
    given_edges = np.array([1.0, 2.0, 3.0, 4.0])
    scenario = make_scenario()
    encoder = VectorEncoder()
    encoder.reset(scenario)
    observation = ObjectSensor(scenario, np.random.default_rng(0)).observe(make_state(Body(50)))
    numbers = encoder.encode(observation, given_edges)
    assert values(numbers)["edge.corners"] == pytest.approx(given_edges.tolist())


def test_the_route_ahead_lies_in_the_rig_frame() -> None:
    found = values(encoded(Body(50, 1.0, yaw=math.pi / 2)))
    for i, ahead in enumerate(LOOKAHEAD_M):
        # The rig stands 1.25 m behind the centre, at (50, -0.25), and looks along +y: the route runs to its right.
        assert found[f"ahead.{i}.place"] == pytest.approx([0.25, -ahead], abs=1e-5)
        assert found[f"ahead.{i}.heading"] == pytest.approx([0.0, -1.0], abs=1e-6)
        assert found[f"ahead.{i}.lane_left_right"] == pytest.approx([2.0, 2.0])
        assert found[f"ahead.{i}.edge_left_right"] == pytest.approx([6.0, 2.0])


def test_beyond_the_route_it_goes_on_straight_without_lane() -> None:
    found = values(encoded(Body(290)))
    assert found["ahead.3.place"] == pytest.approx([16.25, 0.0])
    assert found["ahead.1.lane_left_right"] == pytest.approx([2.0, 2.0])
    assert found["ahead.3.lane_left_right"] == [0.0, 0.0]
    assert found["ahead.3.speed_limit"] == [0.0]


def test_curvature_and_heading_are_read_between_points() -> None:
    route = route_of([(x, 0.0) for x in range(0, 301, 20)])
    route = replace(route, curvature=np.linspace(0.0, 0.15, 16), heading=np.linspace(0.0, 1.5, 16))
    scenario = make_scenario(route=route)
    found = values(encoded(Body(45), scenario=scenario))
    assert found["route.heading_error"] == pytest.approx([math.cos(0.225), -math.sin(0.225)])
    assert found["ahead.2.curvature"] == pytest.approx([0.0275])


def test_tracks_by_hand_nearest_first() -> None:
    walker = Body(58, -3, yaw=math.pi / 2, speed=1.5, kind=ActorKind.PEDESTRIAN, extent=(0.5, 0.6, 1.8))
    lorry = Body(90, 4, speed=15, kind=ActorKind.TRUCK, extent=(12.0, 2.5, 3.5))
    found = values(encoded(Body(50, speed=10), lorry, walker))
    assert found["track.0.valid"] == [1.0]
    assert found["track.0.place"] == pytest.approx([8.0, -3.0])
    assert found["track.0.velocity"] == pytest.approx([-10.0, 1.5])
    assert found["track.0.heading"] == pytest.approx([0.0, 1.0], abs=1e-6)
    assert found["track.0.length_width"] == pytest.approx([0.5, 0.6])
    assert found["track.0.kind"] == [0.0, 0.0, 1.0, 0.0]
    assert found["track.1.place"] == pytest.approx([40.0, 4.0])
    assert found["track.1.velocity"] == pytest.approx([5.0, 0.0])
    assert found["track.1.kind"] == [1.0, 0.0, 0.0, 0.0]
    assert found["track.2.valid"] == [0.0]
    assert all(numbers == [0.0] * len(numbers) for name, numbers in found.items() if name.startswith("track.2."))


@pytest.mark.parametrize("kind", list(ActorKind))
def test_every_kind_belongs_to_one_group(kind: ActorKind) -> None:
    assert sum(values(encoded(Body(50), Body(60, kind=kind)))["track.0.kind"]) == 1.0


@pytest.mark.parametrize(
    ("colour", "shown"),
    [
        (SignalColour.RED, [1, 0, 0]),
        (SignalColour.RED_YELLOW, [1, 1, 0]),
        (SignalColour.YELLOW, [0, 1, 0]),
        (SignalColour.GREEN, [0, 0, 1]),
        (SignalColour.OFF, [0, 0, 0]),
    ],
)
def test_the_next_stop_line_and_its_signal(colour: SignalColour, shown: list[float]) -> None:
    line = [(x, 0.0) for x in range(0, 301, 20)]
    scenario = make_scenario(route=route_of(line, stop_lines=((40.0, -1), (120.0, 1), (90.0, 0))))
    found = values(encoded(Body(50), scenario=scenario, signals=(colour, SignalColour.RED)))
    assert found["stop_line.present"] == [1.0]
    assert found["stop_line.distance"] == pytest.approx([40.0])
    assert found["stop_line.signal"] == shown


def test_a_stop_line_far_ahead_is_not_there_yet() -> None:
    scenario = make_scenario(route=route_of([(x, 0.0) for x in range(0, 301, 20)], stop_lines=((151.0, -1),)))
    assert values(encoded(Body(50), scenario=scenario))["stop_line.present"] == [0.0]
    assert values(encoded(Body(51), scenario=scenario))["stop_line.present"] == [1.0]


@settings(max_examples=40)
@given(yaw=st.floats(-10, 10), x=st.floats(-500, 500), y=st.floats(-500, 500))
def test_only_the_rig_frame_matters(yaw: float, x: float, y: float) -> None:
    ego, others = Body(50, 0.5, yaw=0.1, speed=12), (Body(70, 4, speed=8), Body(40, -1, yaw=2, speed=3))
    plain = encoded(ego, *others)
    moved = encoded(ego, *others, frame=Frame(yaw, x, y))
    assert moved == pytest.approx(plain, abs=2e-5)


wild = st.floats(-1e6, 1e6)


@settings(max_examples=60)
@given(
    x=wild,
    y=wild,
    yaw=wild,
    speed=wild,
    other=st.tuples(wild, wild, wild),
    acceleration=wild,
    step=st.integers(0, 10**6),
)
def test_every_number_stays_within_its_bounds(
    x: float, y: float, yaw: float, speed: float, other: tuple[float, float, float], acceleration: float, step: int
) -> None:
    near = Body(x + other[0] % 100, y + other[1] % 100, yaw=other[2], speed=other[0])
    numbers = encoded(Body(x, y, yaw=yaw, speed=speed), near, step=step, acceleration=(acceleration, -acceleration))
    assert numbers.dtype == np.float32
    assert VectorEncoder().space().contains(numbers)


def test_unposted_limits_stay_finite() -> None:
    scenario = make_scenario(Scene(limit=math.inf))
    assert values(encoded(Body(50), scenario=scenario))["route.speed_limit"] == [80.0]


def test_the_vehicle_of_the_scenario_scales_its_controls() -> None:
    # Half of the test car's 0.6 rad.
    state = make_state(Body(50))
    turned = replace(state, ego=replace(state.ego, steering_angle_rad=-0.3, pedal=-0.25))
    scenario = make_scenario()
    encoder = VectorEncoder()
    encoder.reset(scenario)
    found = values(encoder.encode(ObjectSensor(scenario, np.random.default_rng(0)).observe(turned)))
    assert found["ego.steering"] == pytest.approx([-0.5])
    assert found["ego.pedal"] == pytest.approx([-0.25])
