"""Who runs what next: a worker's own scenarios first, then whatever is left, each rollout once."""

from __future__ import annotations

from collections.abc import Sequence

from fake_rollouts import plan_of

from alpasim.evaluation.waiting import Waiting


def paths(*numbers: int) -> tuple[str, ...]:
    return tuple(f"/nowhere/scene_{k}.scn.yaml" for k in numbers)


def take(waiting: Waiting, drawn: Sequence[str] = (), policy: str = "") -> int:
    rollout = waiting.take(drawn, policy)
    assert rollout is not None
    return rollout.index


def test_without_drawn_scenarios_the_order_is_the_plans() -> None:
    waiting = Waiting(plan_of(6, ("fine",), 2).rollouts)
    assert [take(waiting) for _ in range(12)] == list(range(12))
    assert not waiting


def test_one_policy_is_driven_after_the_other_and_a_worker_gets_its_own_only() -> None:
    waiting = Waiting(plan_of(3, ("fine", "other"), 2).rollouts)
    assert [take(waiting) for _ in range(2)] == [0, 1]
    assert take(waiting, (), "other") == 2
    assert [take(waiting, (), "fine") for _ in range(4)] == [4, 5, 8, 9]
    assert waiting.take((), "fine") is None
    assert waiting
    assert [take(waiting) for _ in range(5)] == [3, 6, 7, 10, 11]
    assert not waiting


def test_two_workers_keep_to_what_they_have_drawn_and_then_help_each_other() -> None:
    waiting = Waiting(plan_of(4, ("fine",), 1).rollouts)
    first, second = paths(1, 3), paths(0)
    assert take(waiting, first) == 1
    assert take(waiting, second) == 0
    assert take(waiting, second) == 2, "nobody has drawn it"
    assert take(waiting, second) == 3, "the other has drawn it, but this one is idle"
    assert not waiting


def test_a_rollout_that_comes_back_is_the_next_of_its_scenario() -> None:
    rollouts = plan_of(2, ("fine",), 2).rollouts
    waiting = Waiting(rollouts)
    taken = waiting.take(paths(1))
    assert taken == rollouts[2]
    waiting.give_back(taken)
    assert [take(waiting, paths(1)) for _ in range(4)] == [2, 3, 0, 1]
    waiting.give_back(rollouts[3])
    assert take(waiting) == 3
