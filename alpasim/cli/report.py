"""`alpasim report`: the table of a run, and its report as one HTML file."""

from __future__ import annotations

import json as json_module
from pathlib import Path

import typer


def report_command(
    run: Path = typer.Argument(help="The folder of an evaluation."),  # noqa: B008
    out: Path | None = typer.Option(None, "--out", "-o", help="Where to write it. Default: report.html in the folder."),  # noqa: B008
    pictures: int = typer.Option(24, "--pictures", min=0, help="Pictures of failures at most."),
    json: bool = typer.Option(False, "--json", help="Print one JSON object instead of the table."),
) -> int:
    """Print a run's table and write report.html, also of a run that has not finished."""
    from alpasim.evaluation.report import write_report
    from alpasim.evaluation.summary import read_summary
    from alpasim.evaluation.table import print_summary

    summary = read_summary(run.resolve())
    page = write_report(summary, out, max_pictures=pictures)
    if json:
        typer.echo(json_module.dumps({**summary.to_json(), "report": str(page)}, indent=2))
    else:
        print_summary(summary)
        typer.echo(f"report: {page}")
    return 0
