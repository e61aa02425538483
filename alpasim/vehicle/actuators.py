"""How far actuators have got: first-order lags and a rate limit, integrated exactly.

An actuator goes towards its command with a time constant, and the steering no faster than its rate limit. The solution
over one substep is written in closed form, so that it does not depend on how finely a control step is divided.
"""

from __future__ import annotations

import math

from alpasim.compiled import compiled


@compiled
def lagged(value: float, command: float, lag_s: float, dt_s: float) -> float:
    """Where a first-order lag stands after `dt_s`; a lag of 0 is there at once."""
    if lag_s <= 0.0:
        return command
    return command + (value - command) * math.exp(-dt_s / lag_s)


@compiled
def lagged_within_rate(value: float, command: float, lag_s: float, rate: float, dt_s: float) -> float:
    """Where a first-order lag stands after `dt_s` when it moves at `rate` per second at most.

    Far from the command it runs at the limit, near it (within rate times lag) it settles exponentially.
    """
    error = command - value
    near = rate * lag_s
    if abs(error) <= near:
        return lagged(value, command, lag_s, dt_s)
    direction = 1.0 if error > 0.0 else -1.0
    until_near = (abs(error) - near) / rate
    if dt_s <= until_near:
        return value + direction * rate * dt_s
    return lagged(command - direction * near, command, lag_s, dt_s - until_near)
