"""What the world refuses: time steps that do not divide, and bodies that leave the finite world."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from proving_ground import Drive, car, scenario, straight_on

from alpasim.errors import PhysicsDiverged
from alpasim.scenario.concrete import Scenario
from alpasim.types import Control, Motion
from alpasim.world.world import World, substep_length


@pytest.mark.parametrize(("dt_us", "substeps"), [(100_000, 7), (100_000, 0), (0, 1), (33_333, 10), (100_000, -10)])
def test_a_control_step_has_to_be_a_whole_number_of_substeps(dt_us: int, substeps: int) -> None:
    with pytest.raises(ValueError, match="substeps"):
        World(scenario(dt_us=dt_us, substeps=substeps))


def test_the_substep_is_the_step_divided() -> None:
    assert substep_length(100_000, 10) == pytest.approx(0.01, abs=1e-15)
    assert substep_length(50_000, 1) == pytest.approx(0.05, abs=1e-15)


def broken(name: str, value: float) -> Callable[[Scenario, float], Motion]:
    def motion_at(scene: Scenario, time_s: float) -> Motion:
        motion = straight_on(scene, time_s)
        if time_s > 0.45:
            getattr(motion, name)[1] = value
        return motion

    return motion_at


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("position", np.nan, "position"),
        ("position", 1e300, "position"),
        ("velocity", np.inf, "velocity"),
        ("velocity", 2e3, "velocity"),
        ("yaw", np.nan, "rotation"),
        ("yaw_rate", -np.inf, "angular velocity"),
    ],
)
def test_a_behaviour_that_asks_for_nonsense_is_named(name: str, value: float, said: str) -> None:
    with (
        Drive(scenario(actors=[car("ghost", 50.0)]), broken(name, value)) as drive,
        pytest.raises(PhysicsDiverged, match=rf"ghost.*{said}.*step 4") as caught,
    ):
        drive.run(1.0)
    assert "at step 4 (0.40 s) ghost was still well: position [50.0, 0.0, 0.75], velocity [0.0, 0.0, 0.0]" in str(
        caught.value
    )


def test_what_an_absent_actor_asks_for_does_not_matter() -> None:
    def absent(scene: Scenario, time_s: float) -> Motion:
        motion = broken("position", np.nan)(scene, time_s)
        motion.present[1] = time_s < 0.45
        return motion

    with Drive(scenario(actors=[car("ghost", 50.0)]), absent) as drive:
        drive.run(1.0)
        assert np.isfinite(drive.state.position).all()


def test_a_body_with_a_nan_force_is_caught_in_the_same_step() -> None:
    with Drive(scenario(speed=10.0)) as drive:
        drive.run(0.3)
        last = drive.state
        with pytest.raises(PhysicsDiverged, match=r"ego: position not finite at step 4") as caught:
            drive.step(Control(0.0, float("nan"), reverse=True))
        assert f"at step 3 (0.30 s) ego was still well: position {last.position[0].tolist()}" in str(caught.value)
        assert f"velocity {last.velocity[0].tolist()}" in str(caught.value)
        assert str(caught.value).endswith("the ego's control there: steer 0.0, pedal nan, reverse")


def test_a_world_that_diverged_can_be_reset() -> None:
    with Drive(scenario(speed=10.0, actors=[car("target", 12.0)])) as drive:
        drive.run(1.0)
        expected = drive.state.position.copy()
        drive.reset(drive.scene)
        with pytest.raises(PhysicsDiverged):
            drive.step(Control(float("nan"), 0.0))
        drive.reset(drive.scene)
        drive.run(1.0)
        assert np.array_equal(drive.state.position, expected)
