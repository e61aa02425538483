"""What counts as a policy, and what is said about what does not."""

from __future__ import annotations

from typing import Any

import pytest

from alpasim.errors import InputError, PluginError
from alpasim.policy.protocol import (
    Policy,
    Remembers,
    check_policy,
    check_policy_class,
    load_memory,
    needs_of,
    save_memory,
)
from alpasim.types import Control, Decision, Observation, RolloutBrief


class Good:
    def reset(self, brief: RolloutBrief) -> None:
        self.count = int(brief.time_limit_s) * 0

    def decide(self, observation: Observation) -> Decision:
        self.count += 1 if observation.step >= 0 else 0
        return Decision(control=Control(0.0, 0.0))


class Remembering(Good):
    needs = ("objects", "lidar")

    def save(self) -> Any:
        return {"count": self.count}

    def load(self, memory: Any) -> None:
        self.count = memory["count"]


class Mute:
    def reset(self, brief: RolloutBrief) -> None:
        pass

    def drive(self, observation: Observation) -> None:
        pass


def test_a_class_with_reset_and_decide_is_a_policy() -> None:
    assert isinstance(Good(), Policy)
    assert check_policy_class(Good, "here") is Good
    assert needs_of(Good) == ("objects",)
    assert not isinstance(Good(), Remembers)


def test_memory_goes_out_and_comes_back() -> None:
    first, second = Remembering(), Remembering()
    first.count = 7
    load_memory(second, save_memory(first))
    assert second.count == 7
    assert needs_of(second) == ("objects", "lidar")


def test_a_policy_without_memory_says_so() -> None:
    with pytest.raises(InputError, match=r"Good keeps no memory.*save\(\) and load"):
        save_memory(Good())
    with pytest.raises(InputError, match="cannot take memory back"):
        load_memory(Good(), {})


def test_a_missing_method_is_named_with_those_that_are_there() -> None:
    with pytest.raises(PluginError, match=r"lacks decide \(it has drive, reset\); expected reset\(brief\) and decide"):
        check_policy_class(Mute, "mute.py:Mute")
    with pytest.raises(PluginError, match="lacks reset and decide"):
        check_policy(object(), "thing")


def test_methods_must_take_one_argument_and_the_constructor_none() -> None:
    class Wordy(Good):
        def decide(self, observation: Observation, memory: object) -> Decision:  # type: ignore[override]
            raise NotImplementedError

    class Configured(Good):
        def __init__(self, speed: float) -> None:
            self.speed = speed

    with pytest.raises(PluginError, match=r"Wordy\.decide.*memory"):
        check_policy_class(Wordy, "here")
    with pytest.raises(PluginError, match=r"Configured\(speed.*no argument"):
        check_policy_class(Configured, "here")


def test_save_without_load_is_half_a_habit() -> None:
    class Half(Good):
        def save(self) -> Any:
            return {}

    with pytest.raises(PluginError, match="save without load"):
        check_policy_class(Half, "here")


def test_needs_is_a_tuple_of_names() -> None:
    class Texty(Good):
        needs = "objects"

    class Numbered(Good):
        needs = ("objects", 3)

    with pytest.raises(PluginError, match="needs is 'objects', expected a tuple"):
        check_policy_class(Texty, "here")
    with pytest.raises(PluginError, match="needs holds 3"):
        check_policy_class(Numbered, "here")


def test_a_function_may_make_policies_and_is_judged_by_what_it_makes() -> None:
    assert isinstance(check_policy_class(lambda: Good(), "make")(), Good)
    with pytest.raises(PluginError, match="Mute is no Policy: it lacks decide"):
        check_policy_class(lambda: Mute(), "make")()
    with pytest.raises(PluginError, match="int is no policy class"):
        check_policy_class(3, "number")
