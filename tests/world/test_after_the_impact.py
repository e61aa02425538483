"""What comes after an impact, against closed forms and published bounds; and low debris under wheels, gone on from anywhere."""

from __future__ import annotations

import numpy as np
import pytest
from contact_checks import PILE_MPS, pile_checks, pile_up, slide, throw, throw_checks
from proving_ground import Drive, car, scenario
from test_repeats import digest

from alpasim.types import ActorKind, Control

COAST = Control(0.0, 0.0)


def test_pedestrians_and_a_cone_come_as_far_as_searles_bounds_allow() -> None:
    checks = throw_checks()
    assert len(checks) == 6
    assert [one.name for one in checks if not one.held] == []


def test_what_is_thrown_comes_to_rest_and_further_on_ice() -> None:
    dry, ice = throw(ActorKind.PEDESTRIAN, 30.0), throw(ActorKind.PEDESTRIAN, 30.0, friction=0.3)
    assert dry.rests and ice.rests
    assert ice.distance_m > 1.5 * dry.distance_m


@pytest.mark.parametrize("friction", [0.2, 0.54])
def test_a_pallet_slides_to_rest(friction: float) -> None:
    assert slide(12.0, friction).held


def test_a_pile_up_keeps_its_momentum_and_its_height() -> None:
    assert [one.name for one in pile_checks() if not one.held] == []


def test_guided_cars_that_run_into_each_other_are_all_struck_by_one_another() -> None:
    pile = pile_up(0.1)
    assert pile.struck == len(PILE_MPS)
    pairs = {(one.first, one.second) for one in pile.contacts}
    assert len(pairs) >= len(PILE_MPS)
    assert all(0 < first < second for first, second in pairs), "the ego is not among them"
    # Friction of body (0.7) times ground (0.1) is all that may slow eight cars of 1.5 t.
    lost = -np.diff(pile.momentum[:, 0])
    assert lost.max() <= 8 * 1500.0 * 0.07 * 9.81 * 0.1 * 1.02


def test_debris_under_the_wheels_is_gone_on_from_to_the_bit() -> None:
    things = [
        car("plank", 15.0, 0.7, extent=(2.0, 0.3, 0.08), mass_kg=10.0, friction=0.6),
        car("board", 15.5, -0.7, 0.4, extent=(1.0, 0.5, 0.06), mass_kg=6.0, friction=0.6),
    ]
    scene = scenario(speed=10.0, actors=things)
    struck = []
    for at in (11, 12, 13, 14, 16):
        with Drive(scene) as drive, Drive(scene) as fresh:
            for _ in range(at):
                drive.step(COAST)
            state, memory = drive.state, drive.world.save()
            struck.append(bool(state.struck.any()))
            found = []
            for one in (drive, fresh, drive):
                one.world.load(scene, state, memory)
                one.state = state
                found.append([digest(one.step(COAST)) for _ in range(12)])
            assert found[0] == found[1] == found[2]
    assert struck[0] is False and struck[-1] is True
