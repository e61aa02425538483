"""What the README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from alpasim.cli.main import COMMANDS
from alpasim.policy.loading import load_policy
from alpasim.rollout import run_rollout
from alpasim.scenario.loading import load_scenario

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def test_the_first_policy_drives_to_an_end(tmp_path: Path) -> None:
    source = blocks(ROOT / "README.md", "python")[0]
    file = tmp_path / "my_policy.py"
    file.write_text(source, encoding="utf-8")
    scenario = load_scenario(ROOT / "scenarios" / "vulnerable" / "jaywalker.scn.yaml").concrete(0)
    reference = f"{file}:Timid"
    result = run_rollout(scenario, load_policy(reference), policy_reference=reference)
    assert result.status == "completed", result.error_traceback
    assert result.metrics["dist_traveled_m"].value > 50.0


def whole_scenarios() -> list[tuple[str, str]]:
    return [
        (f"{page.name}-{number}", text)
        for page in PAGES
        for number, text in enumerate(blocks(page, "yaml"))
        if "alpasim/scenario@1" in text
    ]


@pytest.mark.parametrize(("name", "text"), whole_scenarios())
def test_every_scenario_in_the_docs_can_be_driven(name: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "shown.scn.yaml"
    file.write_text(text, encoding="utf-8")
    scenario = load_scenario(file).concrete(0)
    result = run_rollout(scenario, load_policy("idm"), policy_reference="idm")
    assert result.passed, [one for one in result.expectations if not one.passed]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_the_docs_exists(page: Path) -> None:
    named = re.findall(r"^alpasim ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) <= set(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_other_yaml_block_is_yaml() -> None:
    for page in PAGES:
        for text in blocks(page, "yaml"):
            assert isinstance(yaml.safe_load(text), dict | list)


def test_the_bounds_that_hold_are_as_many_as_their_pages_say() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"(\d+) of (\d+) \(\[the page\]\((docs/\w+\.md)\)\)", readme)
    assert len(told) == 2
    for held, count, page in told:
        assert f" {held} of {count} bounds hold" in (ROOT / page).read_text(encoding="utf-8")
