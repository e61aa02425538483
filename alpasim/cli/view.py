"""`alpasim view`: a picture or a film of a recorded rollout, seen from above."""

from __future__ import annotations

from pathlib import Path

import typer

from alpasim.errors import InputError


def view_command(
    log: Path = typer.Argument(help="A rollout.mcap or its folder, also a .part that a killed rollout left."),  # noqa: B008
    png: Path | None = typer.Option(None, "--png", help="Write a picture here."),  # noqa: B008
    mp4: Path | None = typer.Option(None, "--mp4", help="Write a film here (needs the [video] extra)."),  # noqa: B008
    at: str = typer.Option("worst", "--at", help="Moment of the picture: worst, end, or seconds from the start."),
) -> int:
    """Draw a recorded rollout from above."""
    from alpasim.view.from_log import film_from_log, picture_from_log

    if png is None and mp4 is None:
        raise InputError("nothing to write: give --png FILE or --mp4 FILE")
    if png is not None:
        picture_from_log(log, at, png)
        typer.echo(f"wrote {png}")
    if mp4 is not None:
        film_from_log(log, mp4)
        typer.echo(f"wrote {mp4}")
    return 0
