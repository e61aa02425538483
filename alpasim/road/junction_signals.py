"""The fixed cycle of a junction's traffic lights: two stages, north-south and east-west, never green together."""

from __future__ import annotations

from collections.abc import Sequence

from alpasim.road.lanes import Signal, SignalPhase
from alpasim.road.piece_models import Arm, SignalsModel
from alpasim.types import SignalColour


def junction_signals(
    model: SignalsModel | None, places: Sequence[tuple[Arm, tuple[float, float]]]
) -> tuple[Signal, ...]:
    """One signal an arm, named like it, in the order of `places`; none without a model."""
    if model is None:
        return ()
    greens = (model.green_s, model.green_s if model.cross_green_s is None else model.cross_green_s)
    first = ("south", "north") if model.first == "north_south" else ("east", "west")
    signals = []
    for arm, position in places:
        own, other = greens if arm in ("south", "north") else greens[::-1]
        begins = 0.0 if arm in first else other + model.yellow_s + model.all_red_s
        signals.append(Signal(arm, position, _phases(model, own, other), model.offset_s + begins))
    return tuple(signals)


def _phases(model: SignalsModel, own_green: float, other_green: float) -> tuple[SignalPhase, ...]:
    """One stage's cycle from its green on."""
    red = model.all_red_s + other_green + model.yellow_s + model.all_red_s - model.red_yellow_s
    phases = [
        SignalPhase(SignalColour.GREEN, own_green),
        SignalPhase(SignalColour.YELLOW, model.yellow_s),
        SignalPhase(SignalColour.RED, red),
    ]
    if model.red_yellow_s > 0.0:
        phases.append(SignalPhase(SignalColour.RED_YELLOW, model.red_yellow_s))
    return tuple(phases)
