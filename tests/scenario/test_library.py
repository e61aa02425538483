"""Files, folders, suites and `builtin` become lists of scenario files, each once, in a fixed order."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_files import PLAIN

from alpasim.errors import InputError, ScenarioError
from alpasim.scenario.library import find_scenarios, read_suite, scenario_name
from alpasim.scenario.loading import load_scenario

SUITE = "schema: alpasim/suite@1\ntitle: A suite\nscenarios: [{}]\nseeds: {}\n"


@pytest.fixture
def tree(write, tmp_path: Path) -> Path:
    for name in ("b/two.scn.yaml", "a/one.scn.yaml", "a/deep/three.scn.yaml"):
        write(PLAIN, name)
    write("x", "a/notes.yaml")
    return tmp_path


def names(paths: list[Path]) -> list[str]:
    return [path.name.removesuffix(".scn.yaml") for path in paths]


def test_a_folder_means_every_scenario_below_it_sorted(tree: Path) -> None:
    assert names(find_scenarios([tree])) == ["three", "one", "two"]


def test_each_file_counts_once_in_the_order_given(tree: Path) -> None:
    assert names(find_scenarios([tree / "b/two.scn.yaml", tree, tree / "a"])) == ["two", "three", "one"]
    assert names(find_scenarios([tree / "a/../b/two.scn.yaml", tree / "b"])) == ["two"]


def test_any_file_may_be_named_directly(tree: Path) -> None:
    assert find_scenarios([tree / "a/notes.yaml"]) == [tree / "a/notes.yaml"]


def test_builtin_means_the_packaged_scenarios() -> None:
    found = names(find_scenarios(["builtin"]))
    assert {"wet_motorway", "hard_brake"} <= set(found)


def test_a_built_in_scenario_is_loaded_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As commands and envs take it, unless a file or folder of that name lies here."""
    [file] = find_scenarios(["jaywalker"])
    assert load_scenario("jaywalker").concrete(3).content_hash == load_scenario(file).concrete(3).content_hash
    with pytest.raises(ScenarioError, match=r"jaywalkr: no such file \(did you mean 'jaywalker'\?\)"):
        load_scenario("jaywalkr")
    monkeypatch.chdir(tmp_path)
    Path("jaywalker").write_text(PLAIN)
    assert load_scenario("jaywalker").title != load_scenario(file).title


def test_names_of_builtin_scenarios_differ() -> None:
    found = names(find_scenarios(["builtin"]))
    assert len(found) == len(set(found))


def test_what_is_not_there_is_refused(tree: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        find_scenarios([tree / "none.scn.yaml"])
    (tree / "empty").mkdir()
    with pytest.raises(InputError, match=r"no \*.scn.yaml file in this folder"):
        find_scenarios([tree / "empty"])


@pytest.mark.parametrize(
    ("scenarios", "found"),
    [
        ("a/one.scn.yaml", ["one"]),
        ("'a/*'", ["three", "one"]),
        ("'**/*.scn.yaml'", ["three", "one", "two"]),
        ("b, a", ["two", "three", "one"]),
        ("'a/*.scn.yaml', '**/*.scn.yaml'", ["one", "three", "two"]),
    ],
)
def test_a_suite_lists_files_folders_and_globs(tree: Path, write, scenarios: str, found: list[str]) -> None:
    suite = read_suite(write(SUITE.format(scenarios, 2), "my.suite.yaml"))
    assert sorted(names(list(suite.files))) == sorted(found)
    assert suite.title == "A suite"
    assert suite.seeds == (0, 1)
    assert find_scenarios([tree / "my.suite.yaml"]) == list(suite.files)


def test_a_suite_beside_a_folder_reaches_it_by_two_dots(tree: Path, write) -> None:
    path = write(SUITE.format("../a/one.scn.yaml", "[4, 2]"), "suites/my.suite.yaml")
    suite = read_suite(path)
    assert names(list(suite.files)) == ["one"]
    assert suite.seeds == (4, 2)


def test_a_suite_may_name_the_builtin_scenarios(write) -> None:
    suite = read_suite(write(SUITE.format("builtin", 1), "my.suite.yaml"))
    assert suite.files == tuple(find_scenarios(["builtin"]))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (SUITE.format("c/*", 1), "3:13: scenarios[0]: 'c/*' matches no *.scn.yaml file"),
        (SUITE.format("/etc/*", 1), "3:13: scenarios[0]: '/etc/*': expected a path or glob relative"),
        (SUITE.format("a/../b/*", 1), "3:13: scenarios[0]: 'a/../b/*': expected '..' only at the beginning"),
        (SUITE.format("a/one.scn.yaml", 0), "4:8: seeds: found 0, expected at least 1"),
        (SUITE.format("a/one.scn.yaml", "[-1]"), "4:9: seeds[0]: found -1, expected at least 0"),
        (SUITE.format("", 1), "3:12: scenarios: found 0 values, expected at least 1"),
        (SUITE.format("a", 1).replace("seeds", "seed"), "4:1: seed: unknown key 'seed' (did you mean 'seeds'?)"),
        ("- a\n", "1:1: found a list of 1, expected a mapping of keys and values"),
        ("", "the file is empty"),
    ],
)
def test_a_wrong_suite_says_where(tree: Path, write, text: str, part: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_suite(write(text, "my.suite.yaml"))
    assert any(part in str(fault) for fault in caught.value.faults), caught.value


def test_a_scenario_is_called_as_its_file() -> None:
    assert scenario_name("cut_in/wet.scn.yaml") == "wet"
    assert scenario_name("odd.yaml") == "odd"
    assert scenario_name(".yaml") == ".yaml"
