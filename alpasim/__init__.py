"""Closed-loop driving simulation for the situations that decide whether a driving policy can be trusted.

Importing the package registers its Gymnasium environments and nothing else: everything heavy is imported by the room
that needs it.
"""

from __future__ import annotations

__version__ = "0.1.0"


def register_envs() -> None:
    """Register `alpasim/Drive-v0` with Gymnasium; called on import and through Gymnasium's plugin entry point."""
    from gymnasium.envs.registration import register, registry

    if "alpasim/Drive-v0" not in registry:
        register(id="alpasim/Drive-v0", entry_point="alpasim.env:DriveEnv")


register_envs()
