"""The nearest right word: by its meaning where another is in use, else by its letters."""

from __future__ import annotations

import pytest

from alpasim import errors
from alpasim.errors import did_you_mean
from alpasim.scenario.json_schema import scenario_schema
from alpasim.scenario.kinds import KIND_WORDS

ITEMS = ("grade", "cross_slope", "speed_bump", "kerb", "pothole")
TOP = ("schema", "title", "road", "actors", "events", "environment", "surfaces", "relief", "ego", "end", "expect")


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("curb", ITEMS, "kerb"),
        ("bump", ITEMS, "speed_bump"),
        ("hump", ITEMS, "speed_bump"),
        ("curb_height_m", ("kerb_height_m", "width_m"), "kerb_height_m"),
        ("npc", TOP, "actors"),
        ("npcs", TOP, "actors"),
        ("agent", TOP, "actors"),
        ("agents", TOP, "actors"),
        ("ice_patch", TOP, "surfaces"),
        ("weather", TOP, "environment"),
        ("ped", KIND_WORDS, "pedestrian"),
        ("Cyclist", KIND_WORDS, "bicycle"),
        ("speed_kmh", ("speed_kph", "speed_mps"), "speed_kph"),
        ("lane_change", ("speed", "change_lane", "path", "stop"), "change_lane"),
        ("idm", ("follow", "parked", "path"), "follow"),
        ("Kerb", ITEMS, "kerb"),
        ("pothle", ITEMS, "pothole"),
        ("position", ("place", "restitution"), "place"),
    ],
)
def test_a_word_that_is_in_use_elsewhere_leads_to_ours(word: str, known: tuple[str, ...], meant: str) -> None:
    assert did_you_mean(word, known) == f" (did you mean {meant!r}?)"


def test_nothing_is_suggested_where_the_meaning_is_not_there() -> None:
    assert did_you_mean("curb", ("xyz", "uvw")) == ""


def test_every_suggestion_is_a_word_of_the_scenario_language() -> None:
    """So that a renamed key does not leave a dead suggestion behind."""
    words = str(scenario_schema())
    ours = {ours for meant in errors._MEANT.values() for ours in meant}
    assert {word for word in ours if f"'{word}'" not in words} <= {
        "no_collision",
        "reaches_goal",
        "follow",
        "parked",
        "replay",
    }
