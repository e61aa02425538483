"""What a driver is: a class with `reset(brief)` and `decide(observation)`, and two optional habits.

Answers "is this a Policy, and if not, what is missing". It does not find one by name (`loading.py`) and does not judge
what it decides (`checks.py`).

A policy may declare `needs`, the names of the sensors it wants (`("objects",)` when it says nothing), and may offer
`save() -> plain data` with `load(memory)`, so that a rollout can be continued elsewhere with the driver's memory intact.
Plain data means dicts with string keys, lists, strings, numbers, booleans and None: what JSON can say.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from typing import Any, Protocol, runtime_checkable

from alpasim.errors import InputError, PluginError
from alpasim.scenario.senses import sensor_complaint
from alpasim.types import Decision, Observation, RolloutBrief

DEFAULT_NEEDS: tuple[str, ...] = ("objects",)
"""What a policy perceives when it declares nothing: the list of perceived road users."""

REQUIRED = ("reset", "decide")


@runtime_checkable
class Policy(Protocol):
    """Drives the ego. Sees only what Observation holds, and keeps its own memory between calls.

    `reset` is called once before each rollout and must forget everything of the last one; `decide` is called at every
    control step. Optional: `needs: tuple[str, ...]`, `save()` and `load(memory)`.
    """

    def reset(self, brief: RolloutBrief) -> None:
        """Begin a rollout: the vehicle, the route and the limits; nothing of what will happen."""
        ...

    def decide(self, observation: Observation) -> Decision:
        """One Control or Trajectory for the present moment, with or without the reasoning behind it."""
        ...


@runtime_checkable
class Remembers(Protocol):
    """A policy whose memory can be taken out as plain data and put back."""

    def save(self) -> Any:
        """Everything `decide` depends on besides its observation and brief, as plain data."""
        ...

    def load(self, memory: Any) -> None:
        """Continue from what `save` returned; called after `reset`."""
        ...


PolicyFactory = Callable[[], Policy]
"""Makes a fresh driver; a policy class without constructor arguments is one."""


def needs_of(policy: object) -> tuple[str, ...]:
    """Sensor names that a policy or its class asks for; PluginError where `needs` is not a tuple of names."""
    needs = getattr(policy, "needs", DEFAULT_NEEDS)
    if isinstance(needs, str) or not isinstance(needs, tuple | list):
        raise PluginError(
            f"{_title(policy)}: needs is {needs!r}, expected a tuple of sensor names such as ('objects',)"
        )
    wrong = [name for name in needs if not isinstance(name, str)]
    if wrong:
        raise PluginError(f"{_title(policy)}: needs holds {wrong[0]!r}, expected names of sensors")
    return tuple(needs)


def check_needs(needs: Collection[str], reference: str, own_cameras: Collection[str] | None = None) -> None:
    """PluginError where one of the sensors that a policy needs does not exist; `own_cameras` are those of the scenario that it
    shall drive, and without them a camera may have any name."""
    faults = [fault for name in needs if (fault := sensor_complaint(name, own_cameras))]
    if faults:
        raise PluginError("\n".join(f"{reference}: needs: {fault}" for fault in faults))


def check_policy_class(candidate: object, reference: str) -> PolicyFactory:
    """`candidate` as something that makes policies, or PluginError that names every method missing or miscalled.

    A class is checked without making one: `reset` and `decide` must take one argument beside self, and the constructor
    must do without. Another callable (a function that makes a policy) can only be judged by what it returns.
    """
    if not callable(candidate):
        raise PluginError(
            f"{reference}: {type(candidate).__name__} is no policy class; expected a class with reset and decide"
        )
    if not isinstance(candidate, type):
        return _checked_factory(candidate, reference)
    missing = [name for name in REQUIRED if not callable(getattr(candidate, name, None))]
    if missing:
        own = sorted(name for name in vars(candidate) if not name.startswith("_"))
        raise PluginError(
            f"{reference}: class {candidate.__name__} is no Policy: it lacks {' and '.join(missing)}"
            f" (it has {', '.join(own) or 'no public method'}); expected reset(brief) and decide(observation)"
        )
    for name in REQUIRED:
        _check_arguments(
            getattr(candidate, name), f"{reference}: {candidate.__name__}.{name}", ("self", "one argument")
        )
    _check_arguments(candidate, f"{reference}: {candidate.__name__}", ())
    check_needs(needs_of(candidate), reference)
    for first, second in (("save", "load"), ("load", "save")):
        if hasattr(candidate, first) and not hasattr(candidate, second):
            raise PluginError(
                f"{reference}: class {candidate.__name__} has {first} without {second}; give both or neither"
            )
    return candidate


def check_policy(candidate: object, reference: str) -> Policy:
    """`candidate` itself where it can reset and decide; PluginError where a factory returned something else."""
    if not isinstance(candidate, Policy):
        missing = [name for name in REQUIRED if not callable(getattr(candidate, name, None))]
        raise PluginError(
            f"{reference}: {_title(candidate)} is no Policy: it lacks {' and '.join(missing)};"
            " expected an object with reset(brief) and decide(observation)"
        )
    return candidate


def save_memory(policy: Policy) -> Any:
    """The policy's memory as plain data; InputError where it offers none."""
    if not isinstance(policy, Remembers):
        raise InputError(f"{_title(policy)} keeps no memory that can be saved; give it save() and load(memory)")
    return policy.save()


def load_memory(policy: Policy, memory: Any) -> None:
    """Put saved memory back; InputError where the policy cannot take it."""
    if not isinstance(policy, Remembers):
        raise InputError(f"{_title(policy)} cannot take memory back; give it save() and load(memory)")
    policy.load(memory)


def _checked_factory(candidate: Callable[..., Any], reference: str) -> PolicyFactory:
    """A function that makes policies, its product checked at every call."""
    _check_arguments(candidate, reference, ())

    def make() -> Policy:
        return check_policy(candidate(), reference)

    return make


def _check_arguments(function: Callable[..., Any], title: str, arguments: tuple[str, ...]) -> None:
    """PluginError unless `function` can be called with as many positional arguments as `arguments` names."""
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return  # built in C: nothing to read, the call itself will tell
    try:
        signature.bind(*arguments)
    except TypeError as cause:
        wanted = " and ".join(arguments) if arguments else "no argument"
        raise PluginError(f"{title}{signature} must be callable with {wanted}: {cause}") from cause


def _title(candidate: object) -> str:
    kind = candidate if inspect.isclass(candidate) else type(candidate)
    return f"{kind.__module__}.{kind.__qualname__}"
