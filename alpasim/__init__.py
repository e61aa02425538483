"""Closed-loop driving simulation for the situations that decide whether a driving policy can be trusted.

Importing the package registers its Gymnasium environments and nothing else: everything heavy is imported by the room
that needs it. Where to begin:

    gymnasium.make("alpasim/Drive-v0")         env.DriveEnv          to train in
    scenario.loading.load_scenario(FILE)       LogicalScenario       a file with its ranges; `.concrete(seed)` draws them
    simulation.Simulation(scenario)            observe and step      the loop itself, with the truth at hand
    rollout.run_rollout(scenario, policy, …)   RolloutResult         one drive of a policy, measured and recorded
    evaluation.planning.make_plan(…)           Plan                  many drives; `evaluation.evaluate.evaluate` runs them
    recording.reader.read_log(PATH)            Log                   a recorded drive
    branching.branch_point(log, step)          BranchPoint           other futures of it
    types                                      Observation, Decision, WorldState …: what goes in and out, with units
    errors.AlpasimError                        base of everything that is raised on purpose
"""

from __future__ import annotations

__version__ = "0.1.0"


def register_envs() -> None:
    """Register `alpasim/Drive-v0` with Gymnasium; called on import and through Gymnasium's plugin entry point."""
    from gymnasium.envs.registration import register, registry

    if "alpasim/Drive-v0" not in registry:
        register(id="alpasim/Drive-v0", entry_point="alpasim.env:DriveEnv")


register_envs()
