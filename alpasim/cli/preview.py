"""`alpasim preview`: a picture of a scenario before anybody drives it."""

from __future__ import annotations

from pathlib import Path

import typer

from alpasim.cli.run import overrides
from alpasim.errors import InputError

MOST_DRAWS = 200


def preview_command(
    scenario: Path = typer.Argument(help="Scenario file (.scn.yaml) or the name of a built-in one."),  # noqa: B008
    out: Path | None = typer.Option(None, "--out", "-o", help="Where to write the PNG. Default: NAME.png here."),  # noqa: B008
    seed: int = typer.Option(0, "--seed", "-s", min=0, help="Fixes the ranges that are drawn."),
    draws: int = typer.Option(
        1, "--draws", min=1, max=MOST_DRAWS, help="Show so many seeds, from --seed on, in one picture."
    ),
    set_: list[str] = typer.Option([], "--set", help="NAME=VALUE: set a parameter instead of drawing it."),  # noqa: B008
) -> int:
    """Draw a scenario: road, ego, route and goal, actors and their ways, where events wait, and what is known of when."""
    from alpasim.scenario.loading import find_scenarios, load_scenario
    from alpasim.view.picture import save_png
    from alpasim.view.preview import preview

    files = find_scenarios([scenario])
    if len(files) != 1:
        raise InputError(f"{scenario}: found {len(files)} scenarios, expected one")
    logical, fixed = load_scenario(files[0]), overrides(set_)
    drawn = [logical.concrete(seed + index, fixed) for index in range(draws)]
    page = save_png(preview(drawn[0], drawn[1:]), out if out is not None else Path(f"{drawn[0].name}.png"))
    typer.echo(f"wrote {page}")
    return 0
