"""Boxes that close fast: the right face meets, as hard as the closed form says, and slow scenes stay as they were to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from contact_checks import CLOSING_MPS, FIRST_BLOW_US, OVERLAPS, offset_impact
from proving_ground import Drive, car, scenario, straight_on
from test_repeats import digest

from alpasim.errors import PhysicsDiverged
from alpasim.scenario.concrete import ActorSpec
from alpasim.types import Control
from alpasim.world.watch import Watch

COAST = Control(0.0, 0.0)


@pytest.mark.parametrize("speed", CLOSING_MPS)
@pytest.mark.parametrize("overlap", OVERLAPS)
def test_an_offset_impact_is_head_on_and_as_hard_as_the_closed_form(overlap: float, speed: float) -> None:
    for restitution, bound, dt_us in ((0.1, 0.02, 10_000), (0.0, 0.02, FIRST_BLOW_US), (0.0, 0.08, 10_000)):
        for phase in (0.0, 0.4, 0.8):
            contact, gained, expected = offset_impact(overlap, speed, restitution, phase, dt_us)
            assert contact.normal == pytest.approx([-1.0, 0.0, 0.0], abs=1e-6)
            assert (contact.first_part, contact.second_part) == ("front", "rear")
            assert gained == pytest.approx(expected, rel=bound)


def test_undivided_the_same_impact_would_be_a_graze(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Watch, "parts_of_substep", lambda *_: 1)
    contact, gained, expected = offset_impact(0.1, 40.0, 0.1, 0.8)
    assert abs(contact.normal[1]) > 0.9
    assert gained < 0.2 * expected


def oncoming(overlap_m: float) -> list[ActorSpec]:
    return [
        car("west", 0.0, 0.0, 0.0, 20.0, restitution=0.3),
        car("east", 90.0, 1.8 - overlap_m, 3.141592653589793, 20.0, restitution=0.3),
    ]


@pytest.mark.parametrize("overlap_m", [0.1, 0.2, 0.4])
def test_two_guided_cars_that_meet_head_on_with_little_overlap_stop_each_other(overlap_m: float) -> None:
    """Equal cars, plane motion, no friction: 2 v (1 + e) / (2 / m + 2 y^2 / I), y half the distance of their lines."""
    actors = [
        car(one.name, *one.pose[:2], one.pose[2], one.speed_mps, restitution=0.3, friction=0.0)
        for one in oncoming(overlap_m)
    ]
    with Drive(scenario(pose=(0.0, 60.0, 0.0), friction=0.5, actors=actors, dt_us=10_000, substeps=1)) as drive:
        while not drive.contacts:
            drive.step(COAST)
        (contact,) = drive.state.contacts
        arm = 0.5 * (1.8 - overlap_m)
        inertia = 1500.0 / 12.0 * (4.5**2 + 1.8**2)
        expected = 40.0 * 1.09 / (2.0 / 1500.0 + 2.0 * arm**2 / inertia)
        assert contact.impulse_ns == pytest.approx(expected, rel=0.03)
        assert (contact.first_part, contact.second_part) == ("front", "front")


def test_a_passing_with_nothing_between_is_no_contact_however_fast() -> None:
    actors = [car("west", 0.0, 0.0, 0.0, 35.0), car("east", 140.0, 1.82, 3.141592653589793, 35.0)]
    with Drive(scenario(pose=(0.0, 60.0, 0.0), actors=actors)) as drive:
        drive.run(4.0)
        assert not drive.contacts
        assert drive.state.position[1, 0] == pytest.approx(straight_on(drive.scene, 4.0).position[1, 0], abs=1e-9)


def slow() -> list[bytes]:
    """A shunt at 4 m/s that goes on to the next car, and one that passes close by at speed."""
    actors = [car("shunted", 9.0), car("next", 13.6), car("oncoming", 60.0, 1.86, 3.141592653589793, 25.0)]
    with Drive(scenario(speed=4.0, actors=actors)) as drive:
        found = [digest(drive.step(Control(0.0, 0.1))) for _ in range(50)]
        assert drive.state.struck.tolist() == [False, True, True, False]
    return found


def test_without_a_fast_closing_pair_nothing_changes_by_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    divided = slow()
    monkeypatch.setattr(Watch, "parts_of_substep", lambda *_: 1)
    assert slow() == divided


def test_a_divided_substep_that_fails_leaves_the_next_drive_as_it_is_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine keeps its substep over a reset: one left divided would let everything fall and roll in slow motion."""
    scene = scenario(speed=30.0, actors=[car("wall", 12.0, 0.0, 3.141592653589793, 30.0)], dt_us=10_000, substeps=1)

    def diverge(*_: object) -> None:
        raise PhysicsDiverged("broken on purpose")

    with Drive(scene) as drive:
        fresh = [drive.step(COAST).position.copy() for _ in range(8)]
        drive.reset(scene)
        with monkeypatch.context() as broken:
            broken.setattr(Watch, "parts_of_substep", lambda *_: 4)
            broken.setattr(drive.world, "_see", lambda _: (drive.world._ego.body_state(), True))
            broken.setattr(drive.world._ego, "drive", diverge)
            with pytest.raises(PhysicsDiverged):
                drive.step(COAST)
        drive.reset(scene)
        assert np.array_equal(fresh, [drive.step(COAST).position for _ in range(8)])
