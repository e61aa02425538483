"""The code in docs/write_a_policy.md does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

from alpasim.policy.loading import load_policy
from alpasim.rollout import run_rollout
from alpasim.scenario.loading import load_scenario
from alpasim.types import EndReason

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "write_a_policy.md").read_text()


def test_the_first_policy_of_the_page_reaches_its_goal(tmp_path: Path) -> None:
    code = re.search(r"```python\n(# mine\.py\n.*?)```", PAGE, re.DOTALL)
    assert code is not None
    (tmp_path / "mine.py").write_text(code.group(1))
    scenario = load_scenario(ROOT / "scenarios" / "free_drive" / "motorway_bend.scn.yaml").concrete(0)
    result = run_rollout(scenario, load_policy(f"{tmp_path / 'mine.py'}:Gentle"), policy_reference="mine.py:Gentle")
    assert (result.status, result.error) == ("completed", "")
    assert result.end_reason is EndReason.GOAL_REACHED


def test_the_page_names_every_built_in_driver() -> None:
    from alpasim import plugins

    listed = re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)
    assert set(plugins.names(plugins.POLICIES)) <= set(listed)
