"""What has been struck meets kerbs, sidewalks and bumps: stopped, tripped, carried; no energy comes of it, and it costs nothing
where there are none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from contact_checks import body
from kerb_checks import against_kerb, at_rest, climb, kerb_checks, sidewalk, tips_from
from proving_ground import Drive, car, scenario
from test_repeats import digest

from alpasim.road.relief import rise_at
from alpasim.road.unlevel import Bump, Grade
from alpasim.types import ActorKind, Control, WorldState
from alpasim.world import wrecks

COAST = Control(0.0, 0.0)
AWAY = (-40.0, -60.0, 0.0)


def energy(state: WorldState) -> float:
    """Energy of motion and height of the car in row 1 [J]."""
    turned = state.rotation[1]
    x, y, z, w = turned
    axes = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)],
            [2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)],
            [2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    inertia = 125.0 * np.array([1.8**2 + 1.5**2, 4.5**2 + 1.5**2, 4.5**2 + 1.8**2])
    turning = 0.5 * float(inertia @ (axes @ state.angular_velocity[1]) ** 2)
    return 750.0 * float(state.velocity[1] @ state.velocity[1]) + turning + 1500.0 * 9.81 * float(state.position[1, 2])


def test_every_check_of_wrecks_at_kerbs_holds() -> None:
    assert [one.name for one in kerb_checks() if not one.held] == []


@pytest.mark.parametrize("height", [0.1, 0.2])
def test_a_wreck_tips_between_the_closed_forms(height: float) -> None:
    assert against_kerb(0.95 * tips_from(0.0), height)[0] > 0.4
    assert against_kerb(1.05 * tips_from(height), height)[0] < 0.1


@pytest.mark.parametrize("speed", [1.0, 5.0, 12.0, 25.0])
@pytest.mark.parametrize("yaw", [0.0, 0.4, 0.5 * math.pi])
def test_a_kerb_gives_no_energy(speed: float, yaw: float) -> None:
    wreck = car("wreck", 0.0, -4.0, yaw, restitution=0.0)
    with Drive(scenario(pose=AWAY, friction=0.3, actors=[wreck], parts=[sidewalk(0.15)])) as drive:
        drive.step(COAST)
        drive.let_go(1, (0.3 * speed, speed, 0.0))
        before = energy(drive.state)
        # A few millimetres of depth are pressed out, and a blow is a substep long.
        most = 60.0 + 0.01 * 750.0 * 1.09 * speed**2
        for _ in range(60):
            after = energy(drive.step(COAST))
            assert after <= before + most
            before = after
        assert drive.state.position[1, 2] > 0.7


def test_one_that_is_hit_into_a_kerb_stops_there_and_one_on_level_ground_goes_on() -> None:
    """A car from the right pushes a parked one sideways towards the kerb at its left."""
    pair = [car("parked", 0.0, -1.9, 0.0), car("comes", 0.0, -12.0, 0.5 * math.pi, 9.0)]
    ends = []
    for parts in ([], [sidewalk(0.15)]):
        with Drive(scenario(pose=AWAY, friction=0.4, actors=pair, parts=parts)) as drive:
            drive.run(5.0)
            assert drive.state.struck[1]
            ends.append(float(drive.state.position[1, 1]))
    assert ends[0] > -0.5
    assert -0.9 < ends[1] < -0.7, (
        "its side at the kerb, the middle half its width before, and its wheels folded a little"
    )


def test_who_is_struck_on_a_sidewalk_stays_on_it() -> None:
    pair = [car("comes", -15.0, 3.0, 0.0, 10.0), body("walker", ActorKind.PEDESTRIAN, 0.0, 3.0)]
    with Drive(scenario(pose=AWAY, actors=pair, parts=[sidewalk(0.15)])) as drive:
        drive.run(6.0)
        assert drive.state.struck[1:].all()
        assert drive.state.position[1, 2] == pytest.approx(0.9, abs=0.01)
        lowest = 0.5 * min(drive.scene.actors[1].extent)
        assert 0.15 + lowest - 0.01 < drive.state.position[2, 2] < 0.16 + 0.5 * drive.scene.actors[1].extent[2]


def test_a_sidewalk_on_a_grade_carries_too() -> None:
    line = np.array([[-300.0, 0.0], [300.0, 0.0]])
    parts = [Grade(line, 0.0, 600.0, 0.06, 20.0), sidewalk(0.15)]
    wreck = car("wreck", 0.0, 4.0, restitution=0.0)
    with Drive(scenario(pose=AWAY, actors=[wreck], parts=parts)) as drive:
        drive.step(COAST)
        drive.let_go(1, (0.0, 0.0, 0.0))
        state = drive.run(3.0)
        x, y, z = state.position[1].tolist()
        rise, slope, _ = rise_at(x, y, drive.scene.road.relief)
        assert (rise > 1.0, slope) == (True, pytest.approx(0.06))
        assert z == pytest.approx(rise + 0.15 + 0.75 * math.hypot(1.0, 0.06), abs=0.01)
        start = drive.run(0.1).position[1].copy()
        assert np.linalg.norm(drive.run(3.0).position[1] - start) < 0.002


def test_a_wreck_slides_over_a_bump_and_comes_down_again() -> None:
    bump = Bump(x=8.0, y=0.0, heading=0.0, length=3.0, height=0.08, right=4.0, left=4.0)
    wreck = car("wreck", 0.0, 0.0, restitution=0.0)
    with Drive(scenario(pose=AWAY, friction=0.1, actors=[wreck], parts=[bump])) as drive:
        drive.step(COAST)
        drive.let_go(1, (6.0, 0.0, 0.0))
        tall = [float(drive.step(COAST).position[1, 2]) for _ in range(60)]
        assert 0.78 < max(tall) < 0.95
        assert tall[-1] == pytest.approx(0.75, abs=0.005)
        assert drive.state.position[1, 0] > 10.0


def test_where_nothing_is_raised_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(wrecks, "bear", refuse)
    with Drive(scenario(speed=12.0, actors=[car("hit", 12.0)])) as drive:
        drive.run(2.0)
        assert drive.state.struck[1]


def test_a_wreck_at_a_kerb_goes_on_from_anywhere_to_the_bit() -> None:
    wreck = car("wreck", 0.0, -2.2, 0.2, restitution=0.0)
    scene = scenario(pose=AWAY, friction=0.3, actors=[wreck], parts=[sidewalk(0.15)])
    with Drive(scene) as drive, Drive(scene) as fresh:
        drive.step(COAST)
        drive.let_go(1, (0.5, 7.0, 0.0))
        drive.run(0.3)
        state, memory = drive.state, drive.world.save()
        found = []
        for one in (drive, fresh, drive):
            one.world.load(scene, state, memory)
            one.state = state
            found.append([digest(one.step(COAST)) for _ in range(10)])
        assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("speed", [1.6, 2.5, 5.0, 15.0])
def test_climbing_takes_the_energy_that_it_gives(speed: float) -> None:
    """Nothing is at hand but the energy of motion: on top there is less than before, and whoever is not on top had too little."""
    before = 1500.0 * (0.5 * speed**2 + 9.81 * 0.75)
    ended = climb(speed)
    assert energy(ended) < before
    assert ended.rotation[1, 2] == pytest.approx(math.sqrt(0.5), abs=0.01), "straight on"
    assert speed < 2.0 or ended.position[1, 1] > 4.0


@pytest.mark.parametrize("kind", [ActorKind.BUS, ActorKind.TRUCK, ActorKind.VAN, ActorKind.MOTORCYCLE])
def test_wrecks_of_wheeled_kinds_climb_and_boxes_do_not(kind: ActorKind) -> None:
    ends = []
    for one in (kind, ActorKind.BARRIER):
        wreck = body("wreck", one, 0.0, -8.0, yaw=0.5 * math.pi, restitution=0.0)
        with Drive(scenario(pose=AWAY, friction=0.0, actors=[wreck], parts=[sidewalk(0.12)])) as drive:
            drive.step(COAST)
            drive.let_go(1, (0.0, 8.0, 0.0))
            ends.append(drive.run(1.8))
            assert 0.0 < float(ends[-1].position[1, 2]) - 0.5 * wreck.extent[2] < 0.15 or one is ActorKind.BARRIER
    assert 7.0 < ends[0].velocity[1, 1] < 7.8
    assert ends[1].velocity[1, 1] < 1.0


@pytest.mark.parametrize("y", [-1.5, -1.0, 0.3, 1.0])
@pytest.mark.parametrize("yaw", [0.5 * math.pi, 1.1])
def test_a_wreck_rests_with_some_wheels_up(y: float, yaw: float) -> None:
    wreck = car("wreck", 0.0, y, yaw, restitution=0.0)
    with Drive(scenario(pose=AWAY, actors=[wreck], parts=[sidewalk(0.12)])) as drive:
        drive.step(COAST)
        drive.let_go(1, (0.0, 0.0, 0.0))
        before = drive.run(3.0).position[1].copy()
        # On one wheel and the corner across, the box rocks before it comes to rest.
        most = 0.01 if (y, yaw) == (-1.5, 1.1) else 0.002
        assert np.linalg.norm(drive.run(3.0).position[1] - before) < most


def test_at_rest_astride_means_at_rest() -> None:
    for y in (-0.6, 0.2, 0.8):
        height, crept, _ = at_rest(y)
        assert 0.75 < height < 0.91
        assert crept < 0.001
