"""PPO from Stable-Baselines3 on two built-in scenarios: train, then drive once with what was learnt.

pip install 'alpasim[rl]'
python examples/train_ppo.py --steps 200000
"""

from __future__ import annotations

import argparse

import gymnasium
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

import alpasim  # noqa: F401  registers the env


def main(steps: int = 200_000, scenario: str = "builtin", envs: int = 4) -> float:
    """Train for `steps` env steps, drive once, and return that drive's return."""
    torch.set_num_threads(1)  # the threads of networks this small mostly wait for each other
    training = make_vec_env("alpasim/Drive-v0", n_envs=envs, seed=0, env_kwargs={"scenario": scenario})
    batch = min(256, max(8, steps // envs))
    model = PPO("MlpPolicy", training, n_steps=batch, batch_size=batch, verbose=1, seed=0, device="cpu")
    model.learn(total_timesteps=steps, log_interval=10)  # a table of returns every ten updates
    training.close()

    env = gymnasium.make("alpasim/Drive-v0", scenario=scenario)
    observation, info = env.reset(seed=1)
    total, done = 0.0, False
    while not done:
        action, _ = model.predict(observation, deterministic=True)
        observation, reward, terminated, truncated, info = env.step(action)
        total += float(reward)
        done = terminated or truncated
    env.close()
    print(f"{info['scenario']}: {info['end_reason']}, progress {info['route_completion']:.2f}, return {total:.1f}")
    return total


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--scenario", default="builtin")
    parser.add_argument("--envs", type=int, default=4)
    arguments = parser.parse_args()
    main(arguments.steps, arguments.scenario, arguments.envs)
