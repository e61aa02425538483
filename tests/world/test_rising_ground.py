"""Bodies on a road that rises: where guided ones stand, what struck ones do there, and that a level road is none of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from proving_ground import Drive, car, scenario
from test_repeats import digest

from alpasim.geometry import wrap_angle
from alpasim.road.unlevel import CrossSlope, Grade, Part, Raised
from alpasim.scenario.concrete import ActorSpec, Scenario
from alpasim.types import ActorKind, Control, WorldState
from alpasim.world.standing import Tiles, tilted
from alpasim.world.world import recipe

COAST, STOP = Control(0.0, 0.0), Control(0.0, -1.0)
LINE = np.array([[-300.0, 0.0], [300.0, 0.0]])
AWAY = (-200.0, 60.0, 0.0)


def grade(slope: float) -> list[Part]:
    """An even grade along x between short vertical curves far from where anything happens."""
    return [Grade(LINE, 0.0, 600.0, slope, 20.0)]


def crash(friction: float, parts: list[Part]) -> Scenario:
    """Two guided cars uphill, the hinder one the faster, while the ego stands elsewhere."""
    pair = [car("behind", -20.0, 0.0, 0.0, 8.0, restitution=0.0), car("ahead", -10.0, 0.0, 0.0, 0.0, restitution=0.0)]
    return scenario(pose=AWAY, friction=friction, actors=pair, parts=parts)


def off_the_road(drive: Drive, row: int) -> float:
    """How far the underside of a body is from the rise under its centre, along the normal [m]."""
    state = drive.state
    height, slope_x, slope_y = drive.scene.road.rise(state.position[row : row + 1, :2])[0]
    lean = math.sqrt(1.0 + slope_x**2 + slope_y**2)
    return float(state.position[row, 2] - height) / lean - 0.5 * float(state.extent[row, 2])


def axes(state: WorldState, row: int) -> np.ndarray:
    """The body's axes in the world, as columns (3, 3)."""
    x, y, z, w = state.rotation[row]
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


@pytest.mark.parametrize("yaw", [0.0, 1.0, math.pi, -2.5, 0.5 * math.pi])
def test_guided_cars_lie_on_the_grade_with_their_heading(yaw: float) -> None:
    actors = [car("car", 10.0, 5.0, yaw, 3.0), car("walker", 30.0, kind=ActorKind.PEDESTRIAN, extent=(0.5, 0.6, 1.7))]
    parts = [*grade(0.1), CrossSlope(LINE, 0.0, 600.0, 0.05, 20.0, -50.0, 50.0)]
    with Drive(scenario(pose=AWAY, actors=actors, parts=parts)) as drive:
        state = drive.run(1.0)
        _, slope_x, slope_y = drive.scene.road.rise(state.position[1:2, :2])[0]
        assert (slope_x, slope_y) == pytest.approx((0.1, 0.05), abs=1e-6)
        assert abs(off_the_road(drive, 1)) < 1e-9
        turned = axes(state, 1)
        assert turned.T @ turned == pytest.approx(np.eye(3), abs=1e-12)
        normal = np.array([-slope_x, -slope_y, 1.0])
        assert turned[:, 2] == pytest.approx(normal / np.linalg.norm(normal), abs=1e-12)
        assert wrap_angle(math.atan2(turned[1, 0], turned[0, 0]) - yaw) == pytest.approx(0.0, abs=1e-12)
        assert float(state.yaw[1]) == pytest.approx(wrap_angle(yaw))
        vx, vy, vz = state.velocity[1]
        assert vz == pytest.approx(0.1 * vx + 0.05 * vy, abs=1e-6)
        assert state.rotation[2].tolist() == [0.0, 0.0, 0.0, 1.0], "people stand upright"
        foot = drive.scene.road.rise(state.position[2:3, :2])[0, 0]
        assert float(state.position[2, 2]) == pytest.approx(foot + 0.85)


def test_on_level_ground_the_tilt_is_the_plain_heading() -> None:
    relief = scenario(parts=grade(0.1)).road.relief
    for yaw in np.linspace(-3.1, 3.1, 13):
        x, y, z, w = tilted(-2000.0, 0.0, float(yaw), 0.0, 0.0, relief)
        sign = 1.0 if w * math.cos(0.5 * yaw) + z * math.sin(0.5 * yaw) > 0.0 else -1.0
        expected = (0.0, 0.0, sign * math.sin(0.5 * yaw), sign * math.cos(0.5 * yaw))
        assert (x, y, z, w) == pytest.approx(expected, abs=1e-12)


def test_who_walks_or_drives_on_a_kerb_stands_on_it() -> None:
    corners = np.array([[0.0, -20.0], [60.0, -20.0], [60.0, 20.0], [0.0, 20.0]])
    people = [
        car("walker", 20.0, kind=ActorKind.PEDESTRIAN, extent=(0.5, 0.6, 1.7)),
        car("cone", 30.0, kind=ActorKind.CONE, extent=(0.4, 0.4, 0.75)),
        car("car", 40.0),
    ]
    with Drive(scenario(pose=AWAY, actors=people, parts=[Raised(corners, 0.15)])) as drive:
        for state in (drive.state, drive.step(COAST)):
            assert state.position[1:, 2] == pytest.approx([0.15 + 0.85, 0.15 + 0.375, 0.15 + 0.75])


@pytest.mark.parametrize(("yaw", "across"), [(0.0, False), (0.5 * math.pi, True), (math.pi, False)])
def test_a_guided_car_leans_on_the_wheels_that_are_up(yaw: float, across: bool) -> None:
    """Its plane goes through 0.15 m under two wheels and the street under the others, a track or a wheelbase apart."""
    corners = np.array([[-60.0, 0.0], [60.0, 0.0], [60.0, 20.0], [-60.0, 20.0]])
    with Drive(scenario(pose=AWAY, actors=[car("car", 40.0, 0.0, yaw)], parts=[Raised(corners, 0.15)])) as drive:
        state = drive.step(COAST)
        slope = 0.15 / (0.6 * 4.5 if across else 0.8 * 1.8)
        long = math.hypot(1.0, slope)
        assert state.position[1, 2] == pytest.approx(0.075 + 0.75 * long)
        x, y, z, w = state.rotation[1]
        up = [2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)]
        assert up == pytest.approx([0.0, -slope / long, 1.0 / long], abs=1e-9)


def test_a_guided_bicycle_beside_an_edge_does_not_lean() -> None:
    corners = np.array([[-60.0, 0.0], [60.0, 0.0], [60.0, 20.0], [-60.0, 20.0]])
    for y, height in ((0.1, 0.15), (-0.1, 0.0)):
        rider = car("rider", 40.0, y, kind=ActorKind.BICYCLE, extent=(1.8, 0.6, 1.75))
        with Drive(scenario(pose=AWAY, actors=[rider], parts=[Raised(corners, 0.15)])) as drive:
            state = drive.step(COAST)
            assert state.position[1, 2] == pytest.approx(height + 0.875)
            assert state.rotation[1].tolist() == pytest.approx([0.0, 0.0, 0.0, 1.0], abs=1e-12)


def test_a_car_that_is_struck_on_a_sidewalk_is_there_already() -> None:
    """Hit by another on the same sidewalk, nobody is lifted."""
    corners = np.array([[-60.0, -20.0], [60.0, -20.0], [60.0, 20.0], [-60.0, 20.0]])
    pair = [car("comes", -10.0, 0.0, 0.0, 8.0), car("stands", 5.0)]
    with Drive(scenario(pose=AWAY, friction=0.5, actors=pair, parts=[Raised(corners, 0.15)])) as drive:
        for _ in range(30):
            assert drive.step(COAST).position[1:, 2] == pytest.approx(0.9, abs=0.01)
        assert drive.state.struck[1:].all()


def test_a_struck_car_on_an_icy_grade_slides_downhill_as_fast_as_gravity_less_friction_makes_it() -> None:
    with Drive(crash(0.05, grade(0.08))) as drive:
        drive.run(5.0, STOP)
        assert drive.state.struck[1:].all()
        speeds = []
        for _ in range(2):
            speeds.append(float(drive.state.velocity[2] @ [1.0, 0.0, 0.08]) / math.hypot(1.0, 0.08))
            drive.run(1.0, STOP)
        angle = math.atan(0.08)
        down = 9.81 * (math.sin(angle) - 0.7 * 0.05 * math.cos(angle))
        assert speeds[0] < 0.0
        assert speeds[1] - speeds[0] == pytest.approx(-down, rel=0.02)
        assert max(abs(off_the_road(drive, row)) for row in (1, 2)) < 0.01


def test_a_struck_car_on_a_dry_grade_comes_to_rest_and_stays() -> None:
    with Drive(crash(0.9, grade(0.08))) as drive:
        drive.run(3.0, STOP)
        rests = drive.state.position[1:].copy()
        drive.run(20.0, STOP)
        assert np.abs(drive.state.position[1:] - rests).max() < 2e-3, "20 s later, two that lean on each other"
        assert np.abs(drive.state.velocity[1:]).max() < 1e-3
        assert max(abs(off_the_road(drive, row)) for row in (1, 2)) < 0.01


def test_uphill_a_struck_car_comes_less_far_than_downhill() -> None:
    """A standing car that gains v slides v^2 / (2 g (mu cos +- sin)) along the slope."""
    slid = {}
    for slope in (0.08, -0.08):
        with Drive(crash(0.3, grade(slope))) as drive:
            while not drive.contacts:
                drive.step(STOP)
            start, gained = drive.state.position[2].copy(), float(np.linalg.norm(drive.state.velocity[2]))
            drive.run(8.0, STOP)
            slid[slope] = float(np.linalg.norm(drive.state.position[2] - start))
            angle = math.atan(slope)
            expected = gained**2 / (2.0 * 9.81 * (0.7 * 0.3 * math.cos(angle) + math.sin(angle)))
            assert slid[slope] == pytest.approx(expected, rel=0.07)
    assert slid[-0.08] > 1.5 * slid[0.08]


def test_over_a_crest_a_sliding_wreck_follows_the_road() -> None:
    """Up 6 % and down again over a vertical curve of 60 m: a wreck that slides on ice keeps to the ground all along."""
    parts: list[Part] = [
        Grade(np.array([[-300.0, 0.0], [300.0, 0.0]]), 0.0, 330.0, 0.06, 60.0),
        Grade(np.array([[-300.0, 0.0], [300.0, 0.0]]), 270.0, 600.0, -0.06, 60.0),
    ]
    pair = [car("behind", -60.0, 0.0, 0.0, 25.0), car("ahead", -45.0, 0.0, 0.0, 10.0)]
    with Drive(scenario(pose=AWAY, friction=0.02, actors=pair, parts=parts)) as drive:
        heights = []
        for _ in range(60):
            drive.step(STOP)
            heights.append([off_the_road(drive, row) for row in (1, 2)])
        assert drive.state.struck[1:].all()
        assert drive.state.position[2, 0] > 30.0
        assert np.abs(heights).max() < 0.03


def hill(speed: float = 14.0) -> Scenario:
    """A pile-up in which the ego takes part, uphill on a road that slopes to the side."""
    row = [car(f"car{i}", 25.0 + 7.0 * i, 0.2 * i, 0.05 * i) for i in range(3)]
    others: list[ActorSpec] = [*row, car("moving", -30.0, 4.0, 0.0, 16.0)]
    parts = [*grade(0.06), CrossSlope(LINE, 0.0, 600.0, 0.03, 20.0, -50.0, 50.0)]
    return scenario(speed=speed, friction=0.3, actors=others, parts=parts)


def test_what_follows_a_load_on_a_hill_is_the_same_in_any_world() -> None:
    for at in (0, 12, 17, 25):
        with Drive(hill()) as drive, Drive(hill(20.0)) as dirty, Drive(hill()) as fresh:
            for _ in range(at):
                drive.step(COAST)
            state, memory = drive.state, drive.world.save()
            dirty.run(3.0)
            found = []
            for one in (drive, dirty, fresh, drive):
                one.scene = drive.scene
                one.world.load(drive.scene, state, memory)
                one.state = state
                found.append([digest(one.step(COAST)) for _ in range(25)])
            assert found[0] == found[1] == found[2] == found[3]
            assert one.state.struck.any() or at < 12


def test_a_hill_after_a_level_road_and_back_leaves_no_trace() -> None:
    level = scenario(speed=14.0, friction=0.3, actors=hill().actors)
    assert recipe(level) != recipe(hill())
    with Drive(hill()) as drive:
        first = [digest(drive.step(COAST)) for _ in range(30)]
        drive.reset(level)
        flat = [digest(drive.step(COAST)) for _ in range(30)]
        drive.reset(hill())
        assert [digest(drive.step(COAST)) for _ in range(30)] == first
    with Drive(level) as drive:
        assert [digest(drive.step(COAST)) for _ in range(30)] == flat


def test_a_level_road_has_no_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a level road needs none")

    monkeypatch.setattr(Tiles, "__init__", refuse)
    with Drive(scenario(speed=14.0, actors=[car("target", 20.0)])) as drive:
        drive.run(2.0)
        assert drive.state.position[1, 2] == pytest.approx(0.75, abs=0.01)
