"""Parking between two cars: a plan in world coordinates whose poses move backwards, which the car drives in reverse.

python examples/parallel_parking.py          # writes runs/parallel_parking.png
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from alpasim.scenario.loading import load_scenario
from alpasim.simulation import Simulation
from alpasim.types import Decision, FloatArray, Observation, RolloutBrief, Trajectory
from alpasim.view.camera import Camera
from alpasim.view.picture import picture_of, save_png

SCENARIO = Path(__file__).with_suffix(".scn.yaml")
FORWARD_M, BACK_M, TURN_RAD = 5.0, 7.5, 0.6


class Parks:
    """Drives past the gap, stands there to change gear, and backs into it along an S."""

    def reset(self, brief: RolloutBrief) -> None:  # noqa: ARG002  any vehicle of this size will do
        self.plan: Trajectory | None = None

    def decide(self, observation: Observation) -> Decision:
        if self.plan is None:
            self.plan = parking_plan(observation.rig_pose)
        return Decision(trajectory=self.plan)


def parking_plan(rig_pose: FloatArray) -> Trajectory:
    """Forward in 6 s, 2 s of standing, back in 14 s, on which the heading swings out by TURN_RAD and back."""
    times = np.arange(0.0, 24.0, 0.1)
    forward, back = eased(times / 6.0), eased((times - 8.0) / 14.0)
    swing = TURN_RAD * np.sin(np.pi * back) ** 2
    way = np.diff(BACK_M * back, prepend=0.0)
    x = rig_pose[0] + FORWARD_M * forward - np.cumsum(way * np.cos(swing))
    y = rig_pose[1] - np.cumsum(way * np.sin(swing))
    return Trajectory(np.round(1e6 * times).astype(np.int64), np.stack((x, y, rig_pose[3] + swing), axis=1))


def eased(share: FloatArray) -> FloatArray:
    """From 0 to 1 with neither speed nor acceleration at both ends."""
    u = np.clip(share, 0.0, 1.0)
    return u**3 * (10.0 - 15.0 * u + 6.0 * u**2)


def main(out: Path = Path("runs/parallel_parking.png")) -> None:
    """Park, draw where the car went, and say how it ended."""
    scenario = load_scenario(SCENARIO).concrete(0)
    simulation, policy = Simulation(scenario), Parks()
    observation, states = simulation.reset(), []
    policy.reset(simulation.brief)
    while simulation.end_reason is None:
        decision = policy.decide(observation)
        simulation.step(decision)
        states.append(simulation.state)
        observation = simulation.observe()
    middle = Camera(float(states[-1].position[0, 0]) + 1.0, -1.5, span_m=24.0)
    picture = picture_of(scenario, states, decision=decision, ending=simulation.end_reason, camera=middle)
    print(f"{simulation.end_reason} after {simulation.state.time_s:.1f} s: {save_png(picture, out)}")
    simulation.close()


if __name__ == "__main__":
    main()
