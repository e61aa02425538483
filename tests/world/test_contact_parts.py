"""Which parts meet in a contact, and what it does to the velocities of both."""

from __future__ import annotations

import math

import numpy as np
import pytest
from contact_checks import at_once, secondary
from proving_ground import Drive, car, scenario, vehicle

from alpasim.types import Control
from alpasim.world.actors import Actors
from alpasim.world.contacts import WheelHit, part_of
from alpasim.world.ego import Ego
from alpasim.world.low import low_blocks

COAST = Control(0.0, 0.0)
LEVEL = (0.0, 0.0, 0.0, 1.0)
CAR = (4.5, 1.8, 1.5)


@pytest.mark.parametrize(
    ("point", "push", "part"),
    [
        ((2.25, 0.3, 0.0), (-1.0, 0.0, 0.0), "front"),
        ((-2.2, 0.3, 0.1), (1.0, 0.0, 0.0), "rear"),
        ((0.5, 0.9, 0.0), (0.0, -1.0, 0.0), "left"),
        ((0.5, -0.85, 0.0), (0.0, 1.0, 0.0), "right"),
        ((0.5, 0.0, 0.75), (0.0, 0.0, -1.0), "top"),
        ((0.5, 0.0, -0.75), (0.0, 0.0, 1.0), "under"),
        # A corner belongs to two faces: the direction of the push decides.
        ((2.2, 0.88, 0.0), (-0.9, -0.43, 0.0), "front"),
        ((2.2, 0.88, 0.0), (-0.43, -0.9, 0.0), "left"),
        # Far from a corner the nearest face counts, however obliquely it was hit.
        ((0.0, 0.9, 0.0), (-0.9, -0.43, 0.0), "left"),
    ],
)
def test_a_part_is_the_face_that_was_hit(
    point: tuple[float, float, float], push: tuple[float, float, float], part: str
) -> None:
    assert part_of(point, push, (0.0, 0.0, 0.0), LEVEL, CAR) == part
    # Turned by a quarter and moved, everything else with it.
    half = math.sqrt(0.5)
    turned = (10.0 - point[1], 5.0 + point[0], 1.0 + point[2])
    assert part_of(turned, (-push[1], push[0], push[2]), (10.0, 5.0, 1.0), (0.0, 0.0, half, half), CAR) == part


def test_a_body_that_lies_on_its_side_is_hit_where_it_was_built() -> None:
    rolled = (math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5))  # its left side up: y of the body is z of the world
    assert part_of((0.0, 0.0, 0.9), (0.0, 0.0, -1.0), (0.0, 0.0, 0.0), rolled, CAR) == "left"
    assert part_of((0.0, -0.75, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0), rolled, CAR) == "top"


@pytest.mark.parametrize(
    ("pose", "parts"),
    [
        ((12.0, 0.0, 0.0), ("front", "rear")),
        ((12.0, 0.0, math.pi), ("front", "front")),
        ((12.0, 0.0, 0.5 * math.pi), ("front", "left")),
        ((12.0, 0.0, -0.5 * math.pi), ("front", "right")),
        ((12.0, 1.5, 0.0), ("front", "rear")),
    ],
)
def test_the_ego_runs_into_a_standing_car(pose: tuple[float, float, float], parts: tuple[str, str]) -> None:
    x, y, yaw = pose
    with Drive(scenario(speed=15.0, actors=[car("target", x, y, yaw)])) as drive:
        while not drive.contacts:
            drive.step(COAST)
        (contact,) = drive.state.contacts
        assert (contact.first_part, contact.second_part) == parts


def test_a_car_runs_into_the_standing_ego_from_behind() -> None:
    with Drive(scenario(actors=[car("behind", -12.0, speed=15.0)])) as drive:
        while not drive.contacts:
            drive.step(COAST)
        (contact,) = drive.state.contacts
        assert (contact.first_part, contact.second_part) == ("rear", "front")


def test_delta_v_is_what_each_gained_friction_between_them_included() -> None:
    """A slanted impact on ground with next to no grip: nothing else acts but gravity, which the ground holds, and wheels that
    roll. What both gained is the whole change of the control step, and their momentum together stays."""
    target = car("target", 8.0, 1.0, 0.3, 5.0)
    model = vehicle("sedan", mass_kg=1200.0)
    scene = scenario(vehicle_=model, speed=20.0, friction=0.001, actors=[target])
    with Drive(scene) as drive:
        while not drive.contacts:
            before = drive.state
            after = drive.step(COAST)
        (contact,) = after.contacts
        gained = after.velocity[1] - before.velocity[1]
        assert contact.second_delta_v[:2] == pytest.approx(gained[:2], abs=0.03)
        assert 1200.0 * contact.first_delta_v[:2] == pytest.approx(-1500.0 * contact.second_delta_v[:2], rel=0.002)
        along = -float(contact.second_delta_v @ contact.normal)
        assert along == pytest.approx(contact.impulse_ns / 1500.0, rel=0.02)
        aside = np.linalg.norm(contact.second_delta_v + along * contact.normal)
        assert 0.01 * along < aside <= 0.49 * along + 1e-6, "friction of 0.7 times 0.7 at most, and some"


@pytest.mark.parametrize("mass", [5.0, 50.0])
@pytest.mark.parametrize("gap", [0.0, 0.3, 3.0])
def test_what_is_pinched_gains_what_its_states_say_and_not_what_each_side_gives(mass: float, gap: float) -> None:
    """A light box between the ego and a wall, or a step before it: over the drive it gains nothing, however hard it is pressed."""
    model = vehicle("sedan", restitution=0.0)
    ahead = 0.5 * model.length_m + 4.0
    box = car("box", ahead, extent=(0.6, 0.6, 0.6), mass_kg=mass, restitution=0.0)
    wall = car("wall", ahead + 0.3 + gap + 0.5, extent=(1.0, 20.0, 2.0), mass_kg=math.inf, restitution=0.0)
    with Drive(scenario(vehicle_=model, speed=12.0, actors=[box, wall])) as drive:
        while not drive.contacts or (gap and not any(one.second == 2 for _, one in drive.contacts)):
            before = drive.state
            drive.step(COAST)
        for contact in drive.state.contacts:
            for row, told in ((contact.first, contact.first_delta_v), (contact.second, contact.second_delta_v)):
                if row == 1:
                    changed = drive.state.velocity[1] - before.velocity[1]
                    assert np.linalg.norm(told) <= np.linalg.norm(changed) + 12.5, "never more than the closing speed"
        told = np.sum([one.second_delta_v for _, one in drive.contacts if (one.first, one.second) == (0, 1)], axis=0)
        if gap == 0.0:
            assert told == pytest.approx(drive.state.velocity[1], abs=0.15), "it stood before"
            assert drive.contacts[0][1].impulse_ns / mass > 20.0, "and yet was pressed hard"


def test_one_hit_from_both_sides_at_once_gains_next_to_nothing() -> None:
    """Equal cars from the left and from the right in the same substep: the middle one is pressed, and stays."""
    pair = [
        car("left", 0.0, 40.0 + 2.25 + 0.9 + 3.02, yaw=-0.5 * math.pi, speed=6.0, restitution=0.0),
        car("right", 0.0, 40.0 - 2.25 - 0.9 - 3.02, yaw=0.5 * math.pi, speed=6.0, restitution=0.0),
        car("middle", 0.0, 40.0, restitution=0.0),
    ]
    with Drive(scenario(pose=(-60.0, 0.0, 0.0), actors=pair)) as drive:
        while not drive.contacts:
            drive.step(COAST)
        found = {(one.first, one.second): one for one in drive.state.contacts}
        assert set(found) == {(1, 3), (2, 3)}
        for one in found.values():
            assert one.impulse_ns > 5000.0
            assert np.linalg.norm(one.second_delta_v) < 0.2
            assert np.linalg.norm(one.first_delta_v) == pytest.approx(6.0, rel=0.05)


def test_what_never_moves_gains_nothing() -> None:
    wall = car("wall", 15.0, extent=(1.0, 20.0, 2.0), mass_kg=math.inf, restitution=0.0)
    with Drive(scenario(speed=10.0, actors=[wall])) as drive:
        drive.run(3.0)
        _, contact = drive.contacts[0]
        assert not contact.second_delta_v.any()
        assert contact.first_delta_v[0] < -5.0


def test_one_that_is_pushed_into_a_third_makes_a_contact_of_its_own() -> None:
    first, second, *_ = secondary()
    assert (first.first, first.second, first.first_part, first.second_part) == (0, 1, "front", "rear")
    assert (second.first, second.second, second.first_part, second.second_part) == (1, 2, "front", "rear")


def test_three_at_once_are_three_contacts_each_with_its_side() -> None:
    found = {(one.first, one.second): (one.first_part, one.second_part) for one in at_once()}
    assert found == {(0, 1): ("left", "front"), (0, 2): ("right", "front"), (0, 3): ("rear", "front")}


def test_what_a_wheel_runs_over_is_recorded_and_struck_and_stays_under_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the wheels feel is given here by hand, once, as the ego's box is above the plank."""
    plank = car("plank", 15.0, extent=(2.0, 0.3, 0.08), mass_kg=10.0)
    drive_on, told = Ego.drive, []

    def meet(self: Ego, body: tuple[tuple[float, ...], ...], substep_s: float) -> None:
        drive_on(self, body, substep_s)  # type: ignore[arg-type]
        if not told and body[0][0] > 14.0:
            told.append(self)
            self.met.append(WheelHit(1, (-20.0, 0.0, 10.0), (14.9, 0.0, 0.08), 10.0))

    monkeypatch.setattr(Ego, "drive", meet)
    with Drive(scenario(speed=10.0, actors=[plank])) as drive:
        while not told:
            drive.step(COAST)
        (contact,) = drive.state.contacts
        assert (contact.second, contact.first_part, contact.second_part) == (1, "wheel", "top")
        assert contact.impulse_ns == pytest.approx(math.hypot(20.0, 10.0))
        assert contact.second_delta_v == pytest.approx([0.0, 0.0, 0.0], abs=0.1)
        assert drive.state.struck[1]
        assert drive.state.velocity[1] == pytest.approx([0.0, 0.0, 0.0], abs=0.01)


@pytest.mark.parametrize(("pinch_ns", "left"), [(5.0, 5.0 - 5.0 * 0.63 / 10.0), (100.0, 0.0)])
def test_friction_under_what_a_wheel_presses_on_the_ground_stops_it(pinch_ns: float, left: float) -> None:
    """It takes friction times what presses it there, 0.7 times 0.9, and no more than all its speed."""
    plank = car("plank", 15.0, extent=(2.0, 0.3, 0.08), mass_kg=10.0, friction=0.7)
    with Drive(scenario(actors=[plank])) as drive:
        drive.let_go(1, (5.0, 0.0, 0.0))
        actors: Actors = drive.world._actors
        actors.wrecks.see(actors.now)
        actors.pinch(1, pinch_ns, 0.01)
        drive.world._engine.step()
        velocity, _ = drive.world._engine.motion(actors.bodies[1])
        # Its own weight rubs on the ground as well: 0.06 m/s in a substep.
        assert max(left - 0.07, 0.0) - 1e-4 <= velocity[0] <= left


def test_a_fixed_thing_does_not_feel_a_wheel() -> None:
    sill = car("sill", 15.0, extent=(2.0, 0.3, 0.08), mass_kg=math.inf)
    with Drive(scenario(speed=10.0, actors=[sill])) as drive:
        drive.run(0.2)
        actors: Actors = drive.world._actors
        actors.pinch(1, 100.0, 0.01)
        drive.run(0.5)
        assert not drive.state.struck[1]
        assert drive.state.position[1].tolist() == [15.0, 0.0, 0.04]


def test_low_bodies_are_told_to_the_wheels_as_upright_blocks_that_hold_them() -> None:
    flat, tilted_up, high, far = (
        ((10.0, 1.0, 0.04), (0.0, 0.0, math.sin(0.25), math.cos(0.25)), (2.0, 0.3, 0.08)),
        ((10.0, 1.0, 0.2), (math.sin(0.25), 0.0, 0.0, math.cos(0.25)), (2.0, 1.0, 0.08)),
        ((10.0, 1.0, 0.25), LEVEL, (2.0, 0.3, 0.5)),
        ((30.0, 1.0, 0.04), LEVEL, (2.0, 0.3, 0.08)),
    )
    relief = scenario().road.relief
    boxes = [(row, box, 0.5) for row, box in enumerate((flat, tilted_up, high, far))]
    found = low_blocks(boxes, (9.0, 0.0), 2.5, 0.3, 0.32, relief)
    assert found.shape == (1, 9)
    assert found[0] == pytest.approx([10.0, 1.0, math.cos(0.5), math.sin(0.5), 1.0, 0.15, 0.08, 0.0, 0.5])
    rolled = ((10.0, 1.0, 0.15), (math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5)), (2.0, 0.3, 0.08))
    found = low_blocks([(3, rolled, 0.5)], (9.0, 0.0), 2.5, 0.31, 0.32, relief)
    assert found[0, 4:8] == pytest.approx([1.0, 0.04, 0.30, 3.0])
    assert found[0, 8] < 0.0, "too high to be rolled over, so wheels push it ahead"


@pytest.mark.parametrize(
    ("friction", "wheel_m", "rolled"), [(0.5, 0.3, True), (0.5, 0.25, False), (0.05, 0.5, False), (math.inf, 0.1, True)]
)
def test_what_is_low_against_the_wheel_and_held_by_the_ground_is_rolled_over(
    friction: float, wheel_m: float, rolled: bool
) -> None:
    """0.08 m: up to 0.6 of wheel radius times friction."""
    flat = ((10.0, 1.0, 0.04), LEVEL, (2.0, 0.3, 0.08))
    (found,) = low_blocks([(1, flat, friction)], (9.0, 0.0), 2.5, 0.3, wheel_m, scenario().road.relief)
    assert (found[8] >= 0.0) == rolled
    assert found[8] == 0.0 or math.isfinite(friction)


def test_what_never_moves_comes_first_among_low_bodies() -> None:
    boxes = [((10.0 + k, 1.0, 0.04), LEVEL, (0.5, 0.3, 0.08)) for k in range(3)]
    bodies = list(zip(range(3), boxes, (0.5, math.inf, 0.5), strict=True))
    found = low_blocks(bodies, (9.0, 0.0), 2.5, 0.3, 0.32, scenario().road.relief)
    assert found[:, 7].tolist() == [1.0, 0.0, 2.0]


def test_a_plank_under_the_wheels_is_driven_over_stays_there_and_is_no_end_of_the_drive() -> None:
    plank = car("plank", 15.0, 0.7, extent=(2.0, 0.3, 0.08), mass_kg=10.0, friction=0.6)
    with Drive(scenario(speed=10.0, actors=[plank])) as drive:
        drive.run(3.0)
        _, first = drive.contacts[0]
        assert (first.first_part, first.second_part) == ("wheel", "top")
        assert drive.state.struck[1]
        assert drive.state.position[1, 2] == pytest.approx(0.04, abs=0.01)
        assert drive.state.position[0, 2] == pytest.approx(0.7, abs=0.01)
        assert 7.0 < drive.state.ego.speed_mps < 10.0
