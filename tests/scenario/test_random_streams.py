"""Random streams: apart from each other, the same for the same scenario, and not to be guessed from the seed alone."""

from __future__ import annotations

from dataclasses import replace

from alpasim.scenario.streams import policy_seed, sensor_stream, traffic_stream
from tests.builders import make_scenario

MADE = replace(make_scenario(), inputs={"a.scn.yaml": b"first"})


def test_the_streams_of_all_purposes_differ() -> None:
    drawn = {
        int(traffic_stream(MADE).generate_state(1)[0]),
        int(sensor_stream(MADE).generate_state(1)[0]),
        policy_seed(MADE),
    }
    assert len(drawn) == 3


def test_what_a_policy_sees_depends_on_files_that_it_does_not_know() -> None:
    other = replace(MADE, inputs={"a.scn.yaml": b"second"})
    assert policy_seed(other) != policy_seed(MADE)
    assert sensor_stream(other).entropy != sensor_stream(MADE).entropy
    assert traffic_stream(other).entropy == traffic_stream(MADE).entropy


def test_a_parameter_set_by_hand_keeps_the_noise() -> None:
    swept = replace(MADE, parameters={"gap_m": 3.0})
    assert policy_seed(swept) == policy_seed(MADE)
    assert sensor_stream(swept).entropy == sensor_stream(MADE).entropy


def test_files_are_told_apart_where_their_bytes_run_on() -> None:
    joined = [replace(MADE, inputs=inputs) for inputs in ({"a": b"xy", "b": b"z"}, {"a": b"x", "b": b"yz"})]
    assert policy_seed(joined[0]) != policy_seed(joined[1])
