"""`alpasim replay`: what a log holds, and with `--verify` whether it happens again, to the last bit."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from alpasim.evaluation.verify import Verification
    from alpasim.recording.reader import Log

GATE_FAILED = 1


def replay_command(
    log: Path = typer.Argument(help="A rollout.mcap, its folder, or the .part that a killed rollout left."),  # noqa: B008
    verify: bool = typer.Option(False, "--verify", help="Run the logged decisions again and compare every step."),
    with_policy: bool = typer.Option(
        False, "--with-policy", help="Ask the policy again too, and compare its decisions."
    ),
    json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> int:
    """Say what a log holds; with --verify, repeat the drive. Exit code 1 when the repeat is not identical."""
    from alpasim.recording.reader import read_log

    found = read_log(log)
    told = _told(found)
    verification = None
    if verify or with_policy:
        from alpasim.evaluation.verify import verify as repeat

        verification = repeat(found, with_policy=with_policy)
    if json:
        answer = {**told, "verification": None if verification is None else verification.to_json()}
        typer.echo(json_module.dumps(answer, indent=2))
    else:
        for name, value in told.items():
            shown = "; ".join(value) or "none" if isinstance(value, list) else value
            typer.echo(f"{name.replace('_', ' ')}: {shown}")
        if verification is not None:
            _say(found, verification)
    return GATE_FAILED if verification is not None and not verification.identical else 0


def _told(log: Log) -> dict[str, Any]:
    """A log in a few lines."""
    header, result = log.header, log.result
    return {
        "log": str(log.path),
        "scenario": header.scenario,
        "seed": header.seed,
        "policy": header.policy,
        "steps": len(log.decisions),
        "seconds": round(log.states[-1].time_us * 1e-6, 6),
        "status": "cut short" if result is None else result.status,
        "end_reason": "unknown" if result is None else result.end_reason,
        "complete": log.complete,
        "contacts": _contacts(log),
        "content_hash": log.content_hash,
    }


def _contacts(log: Log) -> list[str]:
    """When which pair first touched, with which parts and how hard in that step."""
    first: dict[tuple[int, int], str] = {}
    for state in log.states:
        for one in state.contacts:
            words = f"{state.time_s:.1f} s {state.ids[one.first]} {one.first_part} - {state.ids[one.second]} {one.second_part}"
            first.setdefault((one.first, one.second), f"{words}, {one.impulse_ns:.0f} N s")
    return list(first.values())


def _say(log: Log, verification: Verification) -> None:
    """The verdict, and what the reader should know about it."""
    if verification.identical:
        asked = ", the policy decided the same" if verification.asked_policy else ""
        typer.echo(f"identical: {verification.steps} steps, every state to the last bit{asked}")
    for difference in (verification.decision_difference, verification.difference):
        if difference is not None:
            typer.echo(f"differs at {difference}")
    if not log.complete:
        typer.echo(f"the log was cut short: compared as far as it goes, {verification.steps} steps")
    for name, (then, now) in verification.versions.items():
        typer.echo(f"note: {name} was {then[:16]} then and is {now[:16]} now")
