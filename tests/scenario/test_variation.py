"""Drawing parameters: by seed and name alone, evenly, within bounds, and the same on every numpy."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_files import PLAIN, faults_of, the_fault

from alpasim.errors import InputError
from alpasim.scenario.guard import parse
from alpasim.scenario.loading import load_scenario
from alpasim.scenario.schema import ParameterModel
from alpasim.scenario.variation import draw, references, substituted

NAMES = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
RULES = st.one_of(
    st.tuples(st.floats(-100, 100), st.floats(0, 100)).map(lambda b: ParameterModel(uniform=(b[0], b[0] + b[1]))),
    st.lists(st.integers(0, 9), min_size=1, max_size=5).map(lambda values: ParameterModel(choice=tuple(values))),
    st.integers(0, 9),
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(NAMES, RULES, min_size=1, max_size=6), st.integers(0, 2**40), st.randoms())
def test_a_draw_depends_on_seed_and_name_alone(rules: dict[str, object], seed: int, random: object) -> None:
    together = draw(rules, seed)  # type: ignore[arg-type]
    for name, rule in rules.items():
        assert draw({name: rule}, seed) == {name: together[name]}  # type: ignore[dict-item]
    shuffled = dict(sorted(rules.items(), reverse=True))
    assert draw(shuffled, seed) == together  # type: ignore[arg-type]


def test_uniform_draws_are_even_and_within_their_bounds() -> None:
    values = np.array([draw({"a": ParameterModel(uniform=(10.0, 20.0))}, seed)["a"] for seed in range(2000)], float)
    assert values.min() >= 10.0
    assert values.max() < 20.0
    counts, _ = np.histogram(values, bins=10, range=(10.0, 20.0))
    # Chi-squared with 9 degrees of freedom stays under 27.9 in 999 of 1000 cases.
    assert float(((counts - 200.0) ** 2 / 200.0).sum()) < 27.9


def test_choices_are_even() -> None:
    rule = ParameterModel(choice=("a", "b", "c"))
    values = [draw({"word": rule}, seed)["word"] for seed in range(3000)]
    counts = np.array([values.count(word) for word in "abc"], float)
    assert float(((counts - 1000.0) ** 2 / 1000.0).sum()) < 13.8


def test_draws_are_the_documented_output_of_the_seed_sequence() -> None:
    digest = hashlib.sha256(b"parameter:gap_m").digest()[:16]
    key = tuple(np.frombuffer(digest, "<u4").tolist())
    bits = int(np.random.SeedSequence(7, spawn_key=key).generate_state(1, np.uint64)[0])
    expected = 40.0 + 40.0 * ((bits >> 11) / 2**53)
    assert draw({"gap_m": ParameterModel(uniform=(40.0, 80.0))}, 7) == {"gap_m": expected}


def test_parameters_of_one_seed_do_not_move_together() -> None:
    rule = ParameterModel(uniform=(0.0, 1.0))
    pairs = np.array([list(draw({"a": rule, "b": rule}, seed).values()) for seed in range(500)], float)
    assert abs(float(np.corrcoef(pairs.T)[0, 1])) < 0.15


def test_references_are_found_and_replaced_everywhere_but_in_texts() -> None:
    root = parse(b"title: $a\nnotes: [$a]\nx: {y: [$a, 1], z: $b-c, w: price $a}\nparameters: {a: $a}\n", "f")
    assert list(references(root)) == [(("x", "y", 0), "a"), (("x", "z"), "b-c")]
    assert substituted(root, {"a": 5.0, "b-c": "word"}) == {
        "title": "$a",
        "notes": ("$a",),
        "x": {"y": (5.0, 1), "z": "word", "w": "price $a"},
        "parameters": {"a": "$a"},
    }


def test_an_undefined_parameter_is_a_fault_at_its_place_with_a_suggestion(write) -> None:
    fault = faults_of(write(PLAIN.replace("gap_m: $gap_m", "gap_m: $gap_n")))
    assert [(f.line, f.column) for f in fault] == [(5, 3), (10, 47)]
    assert "is used nowhere" in fault[0].message
    assert fault[1].message == "$gap_n is not a parameter (did you mean 'gap_m'?); parameters: gap_m"


def test_an_unused_parameter_is_a_fault_at_its_key(write) -> None:
    fault = the_fault(write(PLAIN.replace("gap_m: $gap_m", "gap_m: 50")))
    assert (fault.line, fault.column, fault.path) == (5, 3, "parameters.gap_m")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{uniform: [80, 40]}", "expected the lower bound first"),
        ("{uniform: [1]}", "missing"),
        ("{uniform: [1, 2, 3]}", "found 3 values, expected at most 2"),
        ("{uniform: [a, 2]}", "expected a number"),
        ("{choice: []}", "expected at least 1"),
        ("{uniform: [1, 2], choice: [3]}", "expected exactly one of uniform, choice"),
        ("{unifrom: [1, 2]}", "did you mean 'uniform'?"),
        ("{}", "expected exactly one of uniform, choice"),
        ("[1, 2]", "found a list"),
    ],
)
def test_rules_that_make_no_sense_are_refused(write, rule: str, message: str) -> None:
    faults = faults_of(write(PLAIN.replace("{uniform: [40, 80]}", rule)))
    assert any(message in fault.message for fault in faults), list(map(str, faults))
    assert {fault.line for fault in faults} == {5}, "what names the parameter is not at fault as well"


def test_ends_of_a_range_are_checked_when_the_file_is_loaded(write) -> None:
    text = PLAIN.replace("speed_kph: 110", "speed_kph: $gap_m").replace("[40, 80]", "[-3, 80]")
    fault = the_fault(write(text))
    assert fault.message == "found -3.0 (drawn for $gap_m), expected at least 0"
    assert (fault.line, fault.path) == (6, "ego.speed_kph")


def test_every_choice_is_checked_when_the_file_is_loaded(write) -> None:
    text = PLAIN.replace("kind: car", "kind: $what").replace(
        "parameters:\n", "parameters:\n  what: {choice: [car, van, lorry]}\n"
    )
    fault = the_fault(write(text))
    assert "found the text 'lorry' (drawn for $what), expected one of car" in fault.message


def test_overrides_replace_draws_and_unknown_ones_are_refused(write) -> None:
    logical = load_scenario(write(PLAIN))
    drawn, chosen = logical.concrete(3), logical.concrete(3, {"gap_m": 44.0})
    assert chosen.parameters == {"gap_m": 44.0}
    assert drawn.parameters != chosen.parameters
    assert drawn.content_hash != chosen.content_hash
    with pytest.raises(InputError, match=r"no parameter 'gap' \(did you mean 'gap_m'\?\)"):
        logical.concrete(3, {"gap": 44.0})


@pytest.mark.parametrize("seed", [-1, 1.5, "a", True])
def test_a_seed_is_a_whole_number_from_zero_up(write, seed: object) -> None:
    with pytest.raises(InputError, match="expected a whole number from 0 up"):
        load_scenario(write(PLAIN)).concrete(seed)  # type: ignore[arg-type]
