"""No vehicle gains energy from any ground, drive and others still move it, and one whose box stands in a hole stands still."""

from __future__ import annotations

import math

import numpy as np
import pytest
from energy_checks import (
    GROUNDS,
    Roll,
    at_hand,
    axle_energy,
    energies,
    free,
    gained,
    gains,
    largest_rise,
    places_gain,
    rolled,
    rolls,
    stored,
)
from ground_checks import COAST, STAND, raised, slope
from proving_ground import Drive, car, scenario, vehicle
from test_repeats import digest

from alpasim.road.unlevel import Bump, Part, Raised
from alpasim.types import EGO, Control
from alpasim.vehicle.account import SLACK_M, Account
from alpasim.vehicle.chassis import GRAVITY_MPS2, chassis, packed
from alpasim.vehicle.energy import held_energy, motion_energy, slowed
from alpasim.vehicle.wheels import bar_force, spring_force

NAMES = ("motorcycle", "bicycle", "sedan", "rigid_truck")
EDGES = ("off a 0.3 m edge", "against a 0.3 m edge", "up a 0.12 m kerb", "a 0.3 m pothole")

BOUND = 0.0005
"""Share of the energy at hand that a vehicle may gain: what SLACK_M is worth, 0.0002, and what the box of one that has fallen over is
still lifted by (`alpasim.world.hull`)."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ground", EDGES)
def test_no_ground_gives_energy(name: str, ground: str) -> None:
    assert gained(name, ground, 2, seconds=4.0) < BOUND


@pytest.mark.parametrize(
    ("ground", "roll"),
    [
        ("up a 0.12 m kerb", Roll((2.178, 0.160, 0.472), 2.088, 0.3, 0.9)),
        ("a slope and a 0.3 m edge", Roll((2.496, -0.531, 0.744), 2.803, 0.0, 0.9)),
        ("against a 0.3 m edge", Roll((1.995, 0.110, 0.062), 0.834, -0.5, 0.9)),
    ],
    ids=["falls over", "is pressed against an edge", "stops at an edge"],
)
def test_who_lies_or_is_pressed_against_an_edge_creeps_nowhere(ground: str, roll: Roll) -> None:
    """A fallen box was lifted out of the ground, and a wheel crept up an edge, by half a percent within 5 s."""
    model = free("bicycle")
    values = energies(model, GROUNDS[ground], roll, 12.0, 10_000)
    assert largest_rise(values) / at_hand(model, roll) < BOUND
    assert np.ptp(values[-200:]) < 1e-3 * at_hand(model, roll), "it rests"


@pytest.mark.parametrize("dt_us", [10_000, 5_000, 2_500])
def test_what_is_left_is_what_the_ground_is_looked_at_too_coarsely(dt_us: int) -> None:
    """Nothing falls over here, so that no box is lifted out of the ground: a tenth of a millimetre's worth, whatever the substep."""
    most = SLACK_M / (0.5 * (1.0 + 0.7**2 / GRAVITY_MPS2))
    assert max(gains("sedan", "up a 0.12 m kerb", 3, 2.0, dt_us, seed=3)) < 1.01 * most
    assert max(gains("bicycle", "a speed bump", 3, 2.0, dt_us, seed=3)) < 1.01 * most


@pytest.mark.parametrize("ground", ["off a 0.3 m edge", "up a 0.12 m kerb", "a 0.08 m trench", "a speed bump"])
def test_who_is_on_even_ground_again_has_no_more_than_before(ground: str) -> None:
    """Motion and height alone, with no convention about springs and half substeps."""
    found = [gain for name in ("sedan", "motorcycle") for gain in places_gain(name, ground, 4, seconds=5.0)]
    assert found
    assert max(found) < 2e-4


def test_the_engine_counts_as_the_benchmark_does() -> None:
    """Two formulas, on footings with wheels on edges, hanging and on their bump stops."""
    model = free("van")
    body = chassis(model)
    for ground in ("against a 0.3 m edge", "a slope and a 0.3 m edge"):
        roll = next(rolls(model, ground, 1))
        for state, footing in list(rolled(model, GROUNDS[ground], roll, 1.5, 10_000))[::10]:
            expected = model.mass_kg * GRAVITY_MPS2 * state[0][2] + stored(body, state, footing)
            assert held_energy(packed(body), state[0], state[1], footing) == pytest.approx(
                expected, rel=1e-12, abs=1e-6
            )


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99, 1.5])
def test_who_is_slowed_has_so_much_less_and_stops_against_what_pushes(share: float) -> None:
    mass, inertia = 1000.0, (300.0, 1500.0, 1600.0)
    velocity, turning = (8.0, -1.0, 0.5), (0.2, -0.3, 0.4)
    before = motion_energy(mass, inertia, velocity, turning)
    # A push along x alone can take all of what moves along x, and nothing else.
    along = 0.5 * mass * 8.0**2
    slower, spun = slowed(mass, inertia, velocity, turning, ((-5e3, 0.0, 0.0), (0.0, 0.0, 0.0)), share * along)
    left = before - share * along
    assert motion_energy(mass, inertia, slower, spun) == pytest.approx(max(left, 0.0), rel=1e-9, abs=1e-9)
    if share < 1.0:
        assert slower[0] == pytest.approx(8.0 * math.sqrt(1.0 - share))
        assert (*slower[1:], *spun) == (-1.0, 0.5, *turning)
    else:
        assert slower[0] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("push", [(0.0, 0.0, 0.0), (5e3, 0.0, 0.0)])
def test_what_moves_with_a_push_is_slowed_all_alike(push: tuple[float, float, float]) -> None:
    velocity, turning = (8.0, -1.0, 0.5), (0.2, -0.3, 0.4)
    slower, spun = slowed(1000.0, (300.0, 1500.0, 1600.0), velocity, turning, (push, (0.0, 0.0, 0.0)), 1000.0)
    shares = np.array([*slower, *spun]) / np.array([*velocity, *turning])
    assert shares == pytest.approx(np.full(6, shares[0]))
    assert 0.9 < shares[0] < 1.0


def ended(control: Control, seconds: float, parts: list[Part], speed: float = 0.0, name: str = "sedan") -> np.ndarray:
    """Place and velocity at the end of a drive over those parts."""
    with Drive(scenario(vehicle_=vehicle(name), speed=speed, parts=parts)) as drive:
        state = drive.run(seconds, control)
        return np.concatenate((state.position[EGO], state.velocity[EGO]))


@pytest.mark.parametrize(
    ("control", "parts"),
    [
        (Control(0.0, 1.0), list(slope(0.1))),
        (Control(0.3, 0.5), list(slope(0.08, 0.06))),
        (Control(0.0, 0.5), list(slope(-0.1))),
        (Control(0.0, 0.6, reverse=True), list(slope(0.1))),
    ],
)
@pytest.mark.parametrize("name", ["sedan", "small_car", "motorcycle", "city_bus"])
def test_what_is_driven_is_not_slowed(
    monkeypatch: pytest.MonkeyPatch, control: Control, parts: list[Part], name: str
) -> None:
    """Every bit of a drive on hills is that of one of which no account is kept: all that drive gives is known."""
    kept = ended(control, 3.0, parts, name=name)
    monkeypatch.setattr(Account, "settle", lambda *_: None)
    assert ended(control, 3.0, parts, name=name).tolist() == kept.tolist()


def test_a_car_drives_up_a_kerb_and_is_stopped_by_an_edge() -> None:
    up = ended(Control(0.0, 0.6), 6.0, [raised(0.12, 4.0, 80.0)])
    assert up[0] > 46.0
    assert up[3] > 16.5
    against = ended(COAST, 5.0, [raised(0.3, 4.0, 80.0)], speed=1.0)
    assert against[0] < 2.6
    assert np.abs(against[3:]).max() < 1e-3


def test_a_bump_takes_no_more_than_dampers_do(monkeypatch: pytest.MonkeyPatch) -> None:
    bump: list[Part] = [Bump(10.0, 0.0, 0.0, 3.6, 0.1, 50.0, 50.0)]
    for speed in (2.0, 5.0, 10.0, 20.0):
        kept = ended(COAST, 24.0 / speed, bump, speed)
        with monkeypatch.context() as patch:
            patch.setattr(Account, "settle", lambda *_: None)
            assert kept[3] == pytest.approx(ended(COAST, 24.0 / speed, bump, speed)[3], abs=5e-3)


def test_who_is_hit_on_a_hill_moves_as_the_blow_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """What others give is theirs, and not the ground's."""

    def after() -> np.ndarray:
        other = [car("behind", -12.0, 0.0, 0.0, 10.0)]
        with Drive(scenario(vehicle_=vehicle("sedan"), parts=slope(0.05), actors=other)) as drive:
            state = drive.run(1.5, COAST)
            assert drive.contacts
            return np.array(state.velocity[EGO])

    kept = after()
    monkeypatch.setattr(Account, "settle", lambda *_: None)
    assert kept[0] > 3.0
    assert kept == pytest.approx(after(), abs=0.02)


def test_what_follows_a_load_on_an_edge_is_the_same_in_any_world() -> None:
    scene = scenario(vehicle_=free("bicycle"), speed=2.0, pose=(2.6, 0.2, 0.6), parts=GROUNDS["against a 0.3 m edge"])
    with Drive(scene) as drive, Drive(scene) as dirty, Drive(scene) as fresh:
        drive.run(0.6)
        dirty.run(1.3)
        state, memory = drive.state, drive.world.save()
        assert memory["ego"]["account"][0] < 1e29, "an account is kept"
        found = []
        for one in (drive, dirty, fresh):
            one.world.load(scene, state, memory)
            one.state = state
            found.append([digest(one.step(COAST)) for _ in range(25)])
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("name", ["sedan", "rigid_truck", "motorcycle"])
def test_springs_and_bars_give_back_what_they_took(name: str) -> None:
    """Loads of an axle are the slopes of its energy, wheels that hang and bump stops included."""
    body, rng = chassis(vehicle(name)), np.random.default_rng(5)
    numbers, far = packed(body), 1e-7
    for left in (0, 2):
        reach = float(body.static_load[left] / body.spring[left])
        for one, other in rng.uniform(-2.5 * reach, 0.08, size=(60, 2)):
            load = spring_force(numbers, left, one, 0.0, bar_force(numbers, left, one, other), 1.0)
            more, less = (axle_energy(body, left, np.array([at]), np.array([other])) for at in (one + far, one - far))
            assert load == pytest.approx((more - less) / (2.0 * far), abs=1e-3 * body.static_load[left])


@pytest.mark.parametrize("hole", [(0.5, 2.0, 0.2, 1.5), (-2.2, -0.5, 0.2, 1.6), (0.9, 1.9, -1.5, -0.2)])
def test_a_braked_car_stands_with_a_corner_of_its_box_on_the_ground(hole: tuple[float, float, float, float]) -> None:
    x0, x1, y0, y1 = hole
    deep = Raised(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), -0.3)
    with Drive(scenario(vehicle_=vehicle("sedan"), parts=[deep], pose=(0.0, 0.0, 0.1))) as drive:
        drive.run(6.0, STAND)
        place = drive.state.position[EGO].copy()
        drive.run(4.0, STAND)
        assert min(drive.state.ego.wheel_load) == 0.0, "a wheel hangs in the hole"
        assert np.abs(drive.state.position[EGO] - place).max() < 1e-4
