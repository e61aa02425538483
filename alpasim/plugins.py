"""Finds what is registered under the package's entry-point groups, built-in and foreign alike.

Answers "which names are there" without importing anything, and "give me that one" with a suggestion when the name
is unknown and with the import's own cause when the module behind it is broken.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from alpasim.errors import PluginError, did_you_mean

POLICIES = "alpasim.policies"
METRICS = "alpasim.metrics"
BEHAVIOURS = "alpasim.behaviours"
IMPORTERS = "alpasim.importers"
GROUPS = (POLICIES, METRICS, BEHAVIOURS, IMPORTERS)


@cache
def _registered(group: str) -> dict[str, EntryPoint]:
    """Entry points of one group by name; a name registered by two packages is refused, not chosen by chance."""
    found = entry_points(group=group)
    unique = {(point.name, point.value): point for point in found}
    doubled = [name for name, count in Counter(name for name, _ in unique).items() if count > 1]
    if doubled:
        owners = ", ".join(sorted(value for name, value in unique if name == doubled[0]))
        raise PluginError(f"{group}: {doubled[0]!r} is registered more than once: {owners}; uninstall one of them")
    return {name: point for (name, _), point in sorted(unique.items())}


@cache
def _loaded(point: EntryPoint) -> Any:
    """What an entry point names; its own `load` looks for the module each time."""
    return point.load()


def names(group: str) -> tuple[str, ...]:
    """Registered names of a group, sorted; imports nothing."""
    return tuple(sorted(_registered(group)))


def load(group: str, name: str) -> Any:
    """The object registered as `name`; raises PluginError with a suggestion or with the import's cause."""
    registered = _registered(group)
    if name not in registered:
        kind = group.rpartition(".")[2]
        known = ", ".join(sorted(registered)) or "none"
        raise PluginError(f"unknown name {name!r} among {kind}{did_you_mean(name, registered)}; registered: {known}")
    point = registered[name]
    try:
        return _loaded(point)
    except (ImportError, AttributeError, SyntaxError) as cause:
        raise PluginError(f"{group}: {name!r} ({point.value}) does not import: {cause}") from cause


def forget() -> None:
    """Look the entry points up anew; for programs that install a plugin while they run."""
    _registered.cache_clear()
    _loaded.cache_clear()
