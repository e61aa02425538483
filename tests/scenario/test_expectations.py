"""Words of `expect` stand for registered metrics, compared the right way round and in SI units."""

from __future__ import annotations

import pytest

from alpasim import plugins
from alpasim.scenario.expectations import BOUNDS, WORDS, expectation, expectation_faults
from alpasim.scenario.schema import MetricBoundModel


@pytest.mark.parametrize("word", [*WORDS, *BOUNDS])
def test_every_word_stands_for_a_registered_metric(word: str) -> None:
    metric = (WORDS | BOUNDS)[word][0]
    assert metric in plugins.names(plugins.METRICS)


@pytest.mark.parametrize("word", BOUNDS)
def test_bounds_compare_as_their_names_say(word: str) -> None:
    assert BOUNDS[word][1] == {"min": "at_least", "max": "at_most"}[word[:3]]


def test_kilometres_an_hour_become_metres_a_second() -> None:
    assert expectation({"max_speed_kph": 36}).bound == pytest.approx(10.0)
    assert expectation({"max_speed_mps": 36}).bound == 36.0


def test_required_is_true_unless_the_file_says_otherwise() -> None:
    assert expectation("no_collision").required
    assert not expectation({"no_collision": True, "required": False}).required
    assert not expectation(MetricBoundModel(metric="comfort", at_most=0.0, required=False)).required


def test_a_bound_of_zero_is_a_bound() -> None:
    found = expectation(MetricBoundModel(metric="comfort", at_most=0.0))
    assert (found.comparison, found.bound) == ("at_most", 0.0)
    found = expectation(MetricBoundModel(metric="comfort", at_least=0.0))
    assert (found.comparison, found.bound) == ("at_least", 0.0)


def test_the_text_is_as_the_file_has_it() -> None:
    assert expectation({"min_time_to_collision_s": 1.5}).text == "min_time_to_collision_s: 1.5"
    assert expectation("reaches_goal").text == "reaches_goal"


@pytest.mark.parametrize(
    ("entry", "part"),
    [
        ("no_colision", "did you mean 'no_collision'"),
        ("comfort", "did you mean 'comfortable'"),
        ("jerk_max", "it is a metric: write {metric: NAME, at_least: X}"),
        ({"min_distance_m": True}, "expected a number"),
        ({"no_collision": False}, "expected true, or no_collision alone"),
        ({"no_collision": True, "required": 1.0}, "expected true or false"),
        ({"no_collision": True, "reaches_goal": True}, "found 2 names in one entry"),
        ({"required": True}, "found 0 names in one entry"),
        ({"metric": "comfrt", "at_least": 1}, "did you mean 'comfort'"),
    ],
)
def test_wrong_entries_say_what_is_wrong(entry: object, part: str) -> None:
    assert any(part in message for _, message in expectation_faults(entry))


@pytest.mark.parametrize("entry", ["no_collision", {"min_distance_m": 1}, {"metric": "comfort", "at_least": 1}, 7, ()])
def test_good_entries_and_those_of_a_wrong_form_have_no_wrong_names(entry: object) -> None:
    assert expectation_faults(entry) == []
