"""Impacts that engines like to get wrong: fast, thin, lopsided, many at once. Closed forms, conserved sums and parts' names."""

from __future__ import annotations

import math

import numpy as np
import pytest
from adverse_checks import adverse_checks
from contact_checks import body
from loose_checks import loose_checks
from proving_ground import Drive, car, scenario, vehicle

from alpasim.scenario.concrete import ActorSpec
from alpasim.types import EGO, ActorKind, Control

COAST, STOP = Control(0.0, 0.0), Control(0.0, -1.0)
PHASES = range(9)


def test_every_check_of_slow_narrow_pinched_and_light_contacts_holds() -> None:
    assert [(one.name, one.measured) for one in adverse_checks() if not one.held] == []


def test_every_check_of_loose_things_before_wheels_holds() -> None:
    assert [(one.name, one.measured) for one in loose_checks() if not one.held] == []


def thin(word: str, x: float, y: float) -> ActorSpec:
    """Something narrow that stands at a place: a pole that never moves, a cyclist across the way, a walker."""
    if word == "pole":
        return car("pole", x, y, extent=(0.1, 0.1, 3.0), mass_kg=math.inf, restitution=0.0)
    if word == "cyclist":
        return body("cyclist", ActorKind.BICYCLE, x, y, pose=(x, y, 0.5 * math.pi))
    return body("walker", ActorKind.PEDESTRIAN, x, y)


@pytest.mark.parametrize("word", ["pole", "cyclist", "walker"])
@pytest.mark.parametrize("aside", [0.0, 0.7])
def test_nothing_thin_is_tunnelled_through_at_50_mps(word: str, aside: float) -> None:
    for phase in PHASES:
        scene = scenario(speed=50.0, actors=[thin(word, 8.0 + 0.5 * phase / len(PHASES), aside)])
        with Drive(scene) as drive:
            while not drive.contacts and drive.state.position[EGO, 0] < 14.0:
                drive.step(COAST)
            assert drive.contacts, (word, aside, phase)
            _, contact = drive.contacts[0]
            assert contact.first_part == "front"
            assert contact.closing_speed_mps == pytest.approx(50.0, rel=0.02)
            if word == "pole":
                drive.run(0.5)
                assert drive.state.position[EGO, 0] < 8.5, "it stays before it, or turns about it"


@pytest.mark.parametrize("phase", PHASES)
def test_head_on_at_110_mps_each_gains_what_the_closed_form_says(phase: int) -> None:
    model = vehicle("sedan", restitution=1.0, body_friction=0.0)
    other = car("other", 60.0 + 1.1 * phase / len(PHASES), 0.0, math.pi, 60.0, restitution=0.1, friction=0.0)
    with Drive(scenario(vehicle_=model, speed=50.0, actors=[other])) as drive:
        while not drive.contacts:
            drive.step(COAST)
        (contact,) = drive.state.contacts
        assert (contact.first_part, contact.second_part) == ("front", "front")
        closed = 1.1 * contact.closing_speed_mps / (1.0 / model.mass_kg + 1.0 / 1500.0)
        assert contact.impulse_ns == pytest.approx(closed, rel=0.05)
        assert contact.first_delta_v[0] == pytest.approx(-contact.impulse_ns / model.mass_kg, rel=0.02)
        assert contact.second_delta_v[0] == pytest.approx(contact.impulse_ns / 1500.0, rel=0.02)
        drive.run(2.0)
        assert drive.state.position[:, 2].max() < 2.0


@pytest.mark.parametrize(("along", "turns"), [(-1.4, -1.0), (1.4, 1.0)])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_blow_at_the_rear_wheel_turns_the_tail_away_and_one_at_the_front_the_nose(
    along: float, turns: float, side: float
) -> None:
    """From the right (side 1) it pushes to the left, +y: behind the centre of mass that turns the ego clockwise."""
    comes = car("comes", along, -9.0 * side, 0.5 * math.pi * side, 12.0)
    with Drive(scenario(actors=[comes])) as drive:
        while not drive.contacts:
            drive.step(COAST)
        _, contact = drive.contacts[0]
        assert (contact.first_part, contact.second_part) == ("right" if side > 0.0 else "left", "front")
        assert contact.first_delta_v[1] * side > 4.0
        drive.run(0.3)
        assert drive.state.yaw[EGO] * turns * side > 0.1


def test_the_ego_at_a_red_light_is_struck_from_behind_and_pushed_off() -> None:
    with Drive(scenario(actors=[car("behind", -12.0, speed=15.0)])) as drive:
        while not drive.contacts:
            drive.step(STOP)
        _, contact = drive.contacts[0]
        assert (contact.first_part, contact.second_part) == ("rear", "front")
        mass = drive.scene.ego.vehicle.mass_kg
        assert contact.first_delta_v[0] * mass == pytest.approx(-1500.0 * contact.second_delta_v[0], rel=0.05)
        assert drive.run(4.0, STOP).ego.speed_mps == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("aside", [0.0, 1.2])
def test_a_bus_throws_a_walker_ahead_and_not_up(aside: float) -> None:
    walker = body("walker", ActorKind.PEDESTRIAN, 12.0, aside)
    with Drive(scenario(vehicle_=vehicle("city_bus"), speed=16.0, actors=[walker])) as drive:
        tall = 0.0
        for _ in range(40):
            tall = max(tall, float(drive.step(STOP).position[1, 2]))
        _, contact = drive.contacts[0]
        assert contact.first_part == "front"
        assert np.linalg.norm(contact.second_delta_v) < 1.3 * contact.closing_speed_mps
        assert np.linalg.norm(contact.first_delta_v) < 0.5
        assert tall < 1.5


@pytest.mark.parametrize("ego", ["motorcycle", "rigid_truck"])
def test_a_motorcycle_in_a_trucks_side_is_stopped_by_it(ego: str) -> None:
    model = vehicle(ego)
    if ego == "motorcycle":
        scene = scenario(
            vehicle_=model, speed=20.0, actors=[body("truck", ActorKind.TRUCK, 12.0, pose=(12.0, 0.0, 1.57))]
        )
    else:
        rider = body("rider", ActorKind.MOTORCYCLE, 0.0, pose=(0.0, -12.0, 0.5 * math.pi), speed_mps=20.0)
        scene = scenario(vehicle_=model, actors=[rider])
    with Drive(scene) as drive:
        while not drive.contacts:
            drive.step(COAST)
        _, contact = drive.contacts[0]
        light, heavy = (contact.first_delta_v, contact.second_delta_v)
        parts = (contact.first_part, contact.second_part)
        if ego == "rigid_truck":
            light, heavy = heavy, light
        assert parts == (("front", "left") if ego == "motorcycle" else ("right", "front"))
        assert 18.0 < np.linalg.norm(light) < 26.0
        assert np.linalg.norm(heavy) < 1.0
        drive.run(2.0)
        assert drive.state.position[:, 2].max() < 3.0


def test_ten_cars_and_the_ego_pile_up_without_gaining_anything() -> None:
    """On ground without friction: momentum stays from blow to blow, and energy of motion only falls."""
    cars = [
        car(f"car{i}", 25.0 + 9.0 * i, 0.35 * (-1.0) ** i, 0.03 * (-1.0) ** i, 0.0 if i > 3 else 8.0 - 2.0 * i)
        for i in range(10)
    ]
    model = vehicle("sedan")
    masses = np.array([model.mass_kg, *([1500.0] * 10)])
    with Drive(scenario(vehicle_=model, speed=30.0, friction=0.0, actors=cars)) as drive:
        start, moving = None, math.inf
        for _ in range(80):
            before = drive.state
            state = drive.step(COAST)
            momentum = masses @ state.velocity[:, :2]
            start = momentum if start is None else start
            # Rolling and air take a little from the ego, and nothing gives.
            assert start[0] - 2500.0 < momentum[0] < start[0] + 100.0
            assert abs(momentum[1] - start[1]) < 400.0
            energy = 0.5 * float(masses @ (state.velocity**2).sum(axis=1))
            energy += float(masses @ state.position[:, 2]) * 9.81
            assert energy < moving + 1500.0, before.step
            moving = energy
        assert state.struck[1:].sum() >= 6
        assert state.position[:, 2].max() < 1.0
        assert state.position[1:, 2].min() > 0.7
        assert all({one.first_part, one.second_part} <= {"front", "rear", "left", "right"} for _, one in drive.contacts)
