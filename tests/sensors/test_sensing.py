"""Senses over a Simulation's life: sensed once a step, exchanged on the way, and as they were where an exchange is refused."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from alpasim.errors import InputError
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision
from tests.builders import make_scenario

COAST = Decision(control=Control(0.0, 0.0))


@pytest.fixture
def driven() -> Iterator[Simulation]:
    simulation = Simulation(make_scenario())
    simulation.reset()
    simulation.step(COAST)
    yield simulation
    simulation.close()


def test_a_state_is_sensed_once_however_often_it_is_asked_for(driven: Simulation) -> None:
    seen = driven.observe()
    assert driven.observe() is seen
    driven.step(COAST)
    assert driven.observe().time_us == seen.time_us + driven.scenario.dt_us


def test_sensors_asked_for_on_the_way_look_at_the_present_state(driven: Simulation) -> None:
    before = driven.observe()
    driven.use_sensors(("objects", "bev"))
    assert driven.brief.sensors == ("objects", "bev")
    seen = driven.observe()
    assert set(seen.readings) == {"bev"} and seen.readings["bev"].time_us == driven.state.time_us
    np.testing.assert_array_equal(seen.tracks.position, before.tracks.position)


def test_a_sensor_that_does_not_exist_changes_nothing(driven: Simulation) -> None:
    seen = driven.observe()
    with pytest.raises(InputError, match="did you mean 'lidar'"):
        driven.use_sensors(("objects", "lidaar"))
    assert driven.observe() is seen and driven.brief.sensors == ("objects",)
    driven.step(COAST)
    assert driven.observe().readings == {}
