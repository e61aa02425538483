"""The reasoning record: the closed vocabulary, form and words checked, text made safe, round trips."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpasim.errors import InputError
from alpasim.reasoning.record import (
    CUT_MARK,
    MAX_FACTORS,
    MAX_TEXT,
    clean_text,
    cleaned,
    from_plain,
    to_plain,
    vocabulary_faults,
)
from alpasim.reasoning.vocabulary import (
    MEANINGS,
    NEEDS_SIDE,
    SCHEMA,
    SIDED,
    Direction,
    FactorCategory,
    Lateral,
    Longitudinal,
)
from alpasim.types import Factor, Reasoning

GOOD = Reasoning(
    longitudinal="yield",
    lateral="lane_change",
    direction="left",
    factors=(Factor("critical_object", 4711, (("side", "right"), ("motion", "cuts in"))), Factor("lane")),
    text="Yield and move left because the van cuts in.",
)


def test_the_vocabulary_has_the_papers_counts() -> None:
    assert (len(Longitudinal), len(Lateral), len(FactorCategory), len(Direction)) == (7, 8, 7, 3)
    assert SCHEMA == "alpasim/reasoning@1"
    assert set(MEANINGS) == {*Longitudinal, *Lateral, *FactorCategory}
    assert NEEDS_SIDE <= SIDED <= set(Lateral)


def test_a_good_record_round_trips_through_json() -> None:
    assert vocabulary_faults(GOOD) == ()
    assert from_plain(json.loads(json.dumps(to_plain(GOOD)))) == GOOD


def test_defaults_fill_what_is_missing() -> None:
    assert from_plain({}) == Reasoning()
    assert vocabulary_faults(Reasoning()) == ()


@pytest.mark.parametrize(
    ("reasoning", "message"),
    [
        (
            Reasoning(longitudinal="yeild"),
            "longitudinal: found 'yeild', expected one of .* \\(did you mean 'yield'\\?\\)",
        ),
        (Reasoning(lateral="yield"), "lateral: found 'yield', expected one of lane_keeping"),
        (Reasoning(lateral="lane_change"), "direction: found 'none' with lateral 'lane_change', expected 'left' or"),
        (Reasoning(lateral="lane_keeping", direction="left"), "direction: found 'left' with lateral 'lane_keeping'"),
        (Reasoning(direction="right"), "direction: found 'right' with lateral None, expected 'none'"),
        (Reasoning(factors=(Factor("object"),)), r"factors\[0\]\.category: found 'object'"),
        (Reasoning(factors=(Factor("lane", None, (("a", "1"), ("a", "2"))),)), r"factors\[0\]\.claims: 'a' is claimed"),
        (
            Reasoning(factors=(Factor("lane"),) * (MAX_FACTORS + 1)),
            f"factors: found {MAX_FACTORS + 1}, expected at most",
        ),
    ],
)
def test_words_outside_the_vocabulary_are_named(reasoning: Reasoning, message: str) -> None:
    faults = vocabulary_faults(reasoning)
    assert len(faults) == 1
    assert re.match(message, faults[0]), faults[0]


def test_unknown_words_are_kept_because_they_were_said() -> None:
    assert from_plain({"longitudinal": "brake!!"}).longitudinal == "brake!!"


@pytest.mark.parametrize(
    ("record", "messages"),
    [
        ([], ["reasoning: found list, expected a mapping"]),
        ({"schema": "alpasim/reasoning@2"}, ["reasoning.schema: found 'alpasim/reasoning@2', expected"]),
        ({"longitudinal": 3}, ["reasoning.longitudinal: found int, expected a word or null"]),
        ({"text": None, "lateral": []}, ["reasoning.lateral: found list", "reasoning.text: found NoneType"]),
        ({"factors": "lane"}, ["reasoning.factors: found str, expected a list"]),
        ({"factors": ["lane"]}, ["reasoning.factors[0]: found str, expected a mapping"]),
        (
            {"factors": [{"category": "lane", "track_id": True}]},
            ["reasoning.factors[0].track_id: found bool, expected a whole number or null"],
        ),
        ({"factors": [{"track": 3}]}, ["unknown key 'track' (did you mean 'track_id'?)", "category: found NoneType"]),
        ({"factors": [{"category": "lane", "claims": [["a"]]}]}, ["claims: expected a list of [name, value] pairs"]),
        ({"longitudnal": "yield"}, ["unknown key 'longitudnal' (did you mean 'longitudinal'?)"]),
    ],
)
def test_every_value_of_the_wrong_form_is_named_at_once(record: object, messages: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        from_plain(record)
    for message in messages:
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain", "plain"),
        ("line\nend\ttab", "line\nend\ttab"),
        ("dos\r\nend\rold", "dos\nend\nold"),
        ("bell\x07 esc\x1b[31mred null\x00", "bell esc[31mred null"),
        ("c1\x9b31m del\x7f", "c131m del"),
        ("\u202egnp.exe\u2066", "gnp.exe"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("Fußgänger 行人 🚶‍♂️", "Fußgänger 行人 🚶‍♂️"),
    ],
)
def test_text_is_made_safe(text: str, kept: str) -> None:
    assert clean_text(text) == kept


@pytest.mark.parametrize(("length", "cut"), [(MAX_TEXT, False), (MAX_TEXT + 1, True), (100 * MAX_TEXT, True)])
def test_long_text_is_cut_and_says_so(length: int, cut: bool) -> None:
    kept = clean_text("x" * length)
    assert len(kept) == MAX_TEXT
    assert kept.endswith(CUT_MARK) is cut


def test_text_that_is_long_only_by_what_is_stripped_is_still_marked() -> None:
    kept = clean_text("a" + "\x00" * (10 * MAX_TEXT) + "b")
    assert kept == "a" + CUT_MARK


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean_text(text, 50)
    assert clean_text(once, 50) == once
    assert len(once) <= 50
    assert not any(unicodedata.category(char) == "Cc" and char not in "\n\t" for char in once)


texts = st.text(max_size=30)
factors = st.builds(Factor, texts, st.none() | st.integers(), st.lists(st.tuples(texts, texts), max_size=3).map(tuple))
reasonings = st.builds(
    Reasoning,
    longitudinal=st.none() | texts,
    lateral=st.none() | texts,
    direction=st.sampled_from(["left", "right", "none"]),
    factors=st.lists(factors, max_size=3).map(tuple),
    text=texts,
    source=st.sampled_from(["policy", "rule"]),
)


@given(reasonings)
def test_whatever_is_said_can_be_written_read_and_checked(reasoning: Reasoning) -> None:
    assert from_plain(json.loads(json.dumps(to_plain(reasoning)))) == cleaned(reasoning)
    assert all(isinstance(fault, str) for fault in vocabulary_faults(reasoning))


def test_lists_are_cut_to_their_limits() -> None:
    flood = Reasoning(factors=(Factor("lane", None, (("a", "b"),) * 1000),) * 1000, text="x")
    kept = cleaned(flood)
    assert len(kept.factors) == MAX_FACTORS
    assert len(kept.factors[0].claims) == 32
