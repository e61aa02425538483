"""The smallest use of the env: random pedals and wheel until the rollout ends, three times."""

from __future__ import annotations

import gymnasium

import alpasim  # noqa: F401  registers the env


def main(rollouts: int = 3) -> None:
    """Print how each drive ended."""
    env = gymnasium.make("alpasim/Drive-v0", scenario="builtin")
    env.action_space.seed(0)
    for number in range(rollouts):
        _, info = env.reset(seed=number)
        total, done = 0.0, False
        while not done:
            _, reward, terminated, truncated, info = env.step(env.action_space.sample())
            total += float(reward)
            done = terminated or truncated
        print(f"{info['scenario']}: {info['end_reason']}, progress {info['route_completion']:.2f}, return {total:.1f}")
    env.close()


if __name__ == "__main__":
    main()
