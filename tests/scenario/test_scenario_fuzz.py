"""Random damage: a mutated scenario is read or refused with file and line, and nothing else ever happens."""

from __future__ import annotations

import json
import random

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenario_files import PLAIN

from alpasim.errors import InputError, ScenarioError
from alpasim.scenario.library import find_scenarios
from alpasim.scenario.loading import load_inputs, load_scenario

BYTE_CASES = 400
WORD_CASES = 200
TOKENS = (
    "{}", "[]", "[[]]", "null", "~", "true", "-1", "0", "1e308", "-1e308", "1e-320", "99999999999", "'x'", "$gap_m", "$", "$x", "*a",
    "&a 1", "!!int 1", ".nan", "ego", "cutter", "{uniform: [1, 2]}", "[1, 2, 3]", "{a: {b: {c: 1}}}", "left", "oncoming_1", "replay",
    "{replay: {id: x}}", "{path: {waypoints: []}}", "../x", "builtin", "é", "1:30", "no", "|", ">", "? a", "- a", "#", "\t",
)  # fmt: skip


def read(data: bytes) -> None:
    """Load and draw; faults must name file and line."""
    try:
        load_inputs("case.scn.yaml", {"case.scn.yaml": data, **ASSETS}).concrete(0)
    except ScenarioError as error:
        assert error.faults
        for fault in error.faults:
            assert fault.file == "case.scn.yaml", str(fault)
            assert fault.line >= 1, str(fault)
            assert fault.column >= 1, str(fault)
            assert fault.message, str(fault)


@pytest.fixture(scope="module", autouse=True)
def assets(tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "case.scn.yaml"
    path.write_text(PLAIN)
    inputs = load_scenario(path).concrete(0).inputs
    ASSETS.update({name: data for name, data in inputs.items() if name.startswith("asset:")})


ASSETS: dict[str, bytes] = {}


def test_flipped_inserted_and_deleted_bytes_are_survived() -> None:
    generator = random.Random(20240607)
    for _ in range(BYTE_CASES):
        data = bytearray(PLAIN.encode())
        for _ in range(generator.choice((1, 1, 1, 2, 5, 20))):
            at = generator.randrange(len(data))
            what = generator.random()
            if what < 0.4:
                data[at] = generator.randrange(256)
            elif what < 0.6:
                del data[at : at + generator.randrange(1, 20)]
            elif what < 0.8:
                data[at:at] = bytes(generator.randrange(32, 127) for _ in range(generator.randrange(1, 4)))
            else:
                start = generator.randrange(len(data))
                data[at:at] = data[start : start + generator.randrange(1, 60)]
        read(bytes(data))


def test_every_truncation_is_survived() -> None:
    data = PLAIN.encode()
    for end in range(0, len(data), 7):
        read(data[:end])


def test_values_replaced_by_other_values_are_survived() -> None:
    generator = random.Random(7)
    sources = [PLAIN, *(path.read_text() for path in find_scenarios(["builtin"]))]
    for _ in range(WORD_CASES):
        tree = yaml.safe_load(generator.choice(sources))
        places = list(leaves(tree))
        for holder, key in generator.sample(places, min(len(places), generator.choice((1, 1, 2, 4)))):
            holder[key] = "@@" + generator.choice(TOKENS) + "@@"
        text = yaml.safe_dump(tree, sort_keys=False, default_flow_style=None, width=10_000)
        read(text.replace("'@@", "").replace("@@'", "").replace("@@", "").encode())


def leaves(tree: object) -> list[tuple[object, object]]:
    found: list[tuple[object, object]] = []
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, below in items:
        found.append((tree, key))
        found += leaves(below)
    return found


def test_keys_moved_elsewhere_are_survived() -> None:
    generator = random.Random(11)
    for _ in range(150):
        tree = yaml.safe_load(PLAIN)
        places = [(holder, key) for holder, key in leaves(tree) if isinstance(holder, dict)]
        (holder, key), (other, other_key) = generator.sample(places, 2)
        holder[key], other[other_key] = other.get(other_key), holder.get(key)
        try:
            text = yaml.safe_dump(tree, sort_keys=False)
        except (RecursionError, yaml.YAMLError):
            continue
        read(text.encode())


NUMBERS = st.floats(0.5, 59.0).map(lambda value: round(value, 3))


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, object]:
    """A scenario from a grammar of what is allowed, with one neighbour on the second lane and one ahead."""
    speed = draw(st.sampled_from([{"speed_kph": draw(NUMBERS)}, {"speed_mps": draw(NUMBERS)}]))
    place = draw(
        st.sampled_from(
            [
                {"lane": 2, "s_m": draw(st.floats(1, 800))},
                {"ahead_of": "ego", "lane": "left", "gap_m": draw(st.floats(-30, 500))},
                {"behind": "ego", "lane": 2, "gap_m": draw(st.floats(-30, 50))},
                {"ahead_of": "ego", "gap_m": draw(st.floats(0.5, 500))},
            ]
        )
    )
    when = draw(
        st.sampled_from(
            [
                {"time": {"after_s": draw(NUMBERS)}},
                {"distance": {"of": "ego", "to": "other", "below_m": draw(NUMBERS)}},
                [{"time_headway": {"of": "ego", "to": "other", "below_s": draw(NUMBERS)}}],
                {"position": {"of": "other", "s_m": draw(st.floats(0, 900))}},
            ]
        )
    )
    action = draw(
        st.sampled_from(
            [
                {"speed": {"to_kph": draw(NUMBERS), "over_s": draw(NUMBERS)}},
                {"stop": {"decel_mps2": draw(st.floats(0.5, 9))}},
                {"change_lane": {"to": draw(st.sampled_from(["left", "right", 1, 3]))}},
                {"path": {"waypoints": [{"x_m": draw(st.floats(0, 900)), "y_m": -5.0, "speed_mps": draw(NUMBERS)}]}},
            ]
        )
    )
    return {
        "schema": "alpasim/scenario@1",
        "title": draw(st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=40)),
        "road": {"motorway": {"lanes": 3, "length_m": 1000.0}},
        "environment": {"friction": draw(st.floats(0.05, 1.2)), "rain": draw(st.floats(0, 1))},
        "ego": {"lane": 1, "s_m": draw(st.floats(100, 200)), "goal": {"s_m": draw(st.floats(300, 900))}, **speed},
        "actors": {
            "other": {
                "kind": draw(st.sampled_from(["car", "truck", "bus"])),
                "place": {**place, **speed},
                "drive": "follow",
            }
        },
        "events": [{"when": when, "then": {"other": draw(st.sampled_from([action, [action, action]]))}}],
        "end": {"time_limit_s": 60.0},
    }


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(scenarios())
def test_allowed_scenarios_are_read_alike_in_every_style_of_writing(tree: dict[str, object]) -> None:
    tree = json.loads(json.dumps(tree))  # no value stands in two places, so that none is written as an alias
    written = [
        yaml.safe_dump(tree, sort_keys=sort, default_flow_style=flow, allow_unicode=True)
        for sort, flow in ((False, False), (True, None), (False, True))
    ]
    found = [load_inputs("case.scn.yaml", {"case.scn.yaml": text.encode(), **ASSETS}).concrete(3) for text in written]
    for other in found[1:]:
        assert other.actors == found[0].actors
        assert other.events == found[0].events
        assert other.ego.pose == found[0].ego.pose
        assert other.ego.speed_mps == found[0].ego.speed_mps
        assert other.title == found[0].title == tree["title"]


def test_an_unknown_main_file_is_an_input_error() -> None:
    with pytest.raises(InputError):
        load_inputs("x", {})
