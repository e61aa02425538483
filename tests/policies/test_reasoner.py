"""The reasoner drives like the reference driver and says why: one situation for each cause."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from alpasim_policies.idm import Idm
from alpasim_policies.reasoner import Reasoner
from driver_scenes import Body, bend, brief, car, drive, observe, person, straight

from alpasim.policy.checks import checked_decision
from alpasim.reasoning.record import vocabulary_faults
from alpasim.types import ActorKind, Observation, Reasoning, Route, SignalColour

TOWN = 50.0 / 3.6


def says(route: Route, *observations: Observation) -> Reasoning:
    """What the reasoner says about the last of some observations."""
    policy = Reasoner()
    policy.reset(brief(route))
    for observation in observations:
        decision = checked_decision(policy.decide(observation), observation)
    assert decision.reasoning is not None
    assert vocabulary_faults(decision.reasoning) == ()
    return decision.reasoning


def at(
    route: Route, bodies: list[Body], speed: float = TOWN, step: int = 0, x: float = 20.0, **more: object
) -> Observation:
    return observe(route, (x, 0.0, 0.0), speed, bodies, step, **more)  # type: ignore[arg-type]


def test_it_drives_exactly_like_the_reference_driver() -> None:
    bodies = [car(90.0, 0.0, speed=6.0), person(120.0, -5.0, math.pi / 2, 1.4, 3.0)]
    one, two = (drive(kind(), straight(), TOWN, bodies, seconds=15.0) for kind in (Idm, Reasoner))
    assert one.x == two.x and one.speed == two.speed


def test_a_free_road() -> None:
    said = says(straight(), at(straight(), [], speed=8.0))
    assert (said.longitudinal, said.lateral, said.factors) == ("set_speed_tracking", "lane_keeping", ())
    assert said.text == "Speed up because nothing limits the set speed of 49 km/h."


def test_a_leader_is_named_by_its_track() -> None:
    said = says(straight(), at(straight(), [car(300.0, 0.0), car(45.0, 0.0, speed=8.0)]))
    assert said.longitudinal == "lead_obstacle_following"
    assert said.factors[0].track_id == 102 and dict(said.factors[0].claims)["motion"] == "leading"
    assert said.text.startswith("Slow down because the car drives in our lane")


def test_a_crossing_child() -> None:
    said = says(straight(), at(straight(), [person(45.0, -3.0, math.pi / 2, 2.0)]))
    assert said.longitudinal == "yield"
    assert said.factors[0].track_id == 101
    assert dict(said.factors[0].claims) | {"distance_m": ""} == {
        "kind": "pedestrian",
        "motion": "crossing",
        "side": "right",
        "distance_m": "",
    }
    assert "because the pedestrian crosses our way from the right" in said.text


def test_a_red_light() -> None:
    route = straight(stop_lines=((60.0, 0),))
    said = says(route, at(route, [], signals=[SignalColour.RED]))
    assert said.longitudinal == "stop_for_static_constraints"
    assert said.factors[0].category == "traffic_light" and dict(said.factors[0].claims)["colour"] == "red"
    assert "the traffic light" in said.text and "is red" in said.text


def test_debris_is_passed_with_a_nudge_to_the_free_side() -> None:
    route = straight(edge_left=5.25)
    crate = Body(ActorKind.DEBRIS, (1.0, 1.0, 0.6), car(70.0, -0.4).motion)
    said = says(route, *(at(route, [crate], step=step, x=20.0 + 1.3 * step) for step in range(6)))
    assert said.lateral in ("in_lane_nudge", "out_of_lane_nudge") and said.direction == "left"
    assert said.text.startswith("Move left") and "to pass the debris because it lies in our lane" in said.text
    assert [factor.track_id for factor in said.factors] == [101]


def test_a_bend_ahead() -> None:
    route = bend(25.0, before=60.0)
    said = says(route, at(route, [], x=25.0))
    assert said.longitudinal == "speed_adaptation" and said.factors[0].category == "lane"
    assert "because the road bends" in said.text


def test_a_turn_at_a_junction() -> None:
    route = bend(10.0, before=60.0)
    said = says(route, at(route, [], speed=4.0, x=55.0))
    assert (said.lateral, said.direction) == ("turn", "left")


def test_an_oncoming_car_in_our_lane() -> None:
    route = straight(edge_right=3.5)
    said = says(
        route, *(at(route, [car(160.0, 0.2, math.pi, 14.0)], step=step, x=20.0 + 1.4 * step) for step in range(10))
    )
    assert said.longitudinal == "yield" and said.direction == "right"
    assert "comes towards us in our lane" in said.text


@pytest.mark.parametrize("count", [1, 12])
def test_whatever_happens_the_record_is_well_formed(count: int) -> None:
    rng = np.random.default_rng(3)
    kinds = list(ActorKind)
    route = straight(edge_left=5.25, edge_right=3.0, stop_lines=((90.0, 0), (140.0, -1)))
    policy = Reasoner()
    policy.reset(brief(route))
    for step in range(80):
        bodies = [
            replace(
                car(
                    float(rng.uniform(0, 150)),
                    float(rng.uniform(-6, 6)),
                    float(rng.uniform(-3, 3)),
                    float(rng.choice([0, 3, 12])),
                ),
                kind=kinds[int(rng.integers(len(kinds)))],
            )
            for _ in range(count)
        ]
        now = at(
            route, bodies, speed=float(rng.uniform(0, 20)), step=step, x=20.0 + step, signals=[SignalColour.YELLOW]
        )
        said = checked_decision(policy.decide(now), now).reasoning
        assert said is not None and said.text.endswith(".") and " because " in said.text
        known = set(now.tracks.ids.tolist())
        assert all(factor.track_id is None or factor.track_id in known for factor in said.factors)


def test_while_it_still_slows_for_what_is_gone_it_says_that_it_brakes_less() -> None:
    route = straight(400.0, limit_mps=20.0)
    policy = Reasoner()
    policy.reset(brief(route))
    ahead = car(60.0, 0.0)
    for step in range(6):
        policy.decide(observe(route, (20.0, 0.0, 0.0), 14.0, [ahead], step))
    said = []
    for step in range(6, 24):
        now = observe(route, (20.0, 0.0, 0.0), 14.0, [], step)
        decision = policy.decide(replace(now, taken_us={"objects": now.time_us}))
        assert decision.reasoning is not None
        said.append(decision.reasoning.text.partition(" because")[0])
    # Held for half a second, then the pedal comes up at the jerk that comfort allows, then speed is gained.
    assert said[0] in ("Slow down", "Brake hard") and said[6] == "Brake less" and said[-1] == "Speed up"
