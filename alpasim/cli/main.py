"""The command line: names the commands, turns errors into one message and an exit code.

What a command does stands in the file of its name. Exit codes: 0 good, 1 a gate failed, 2 bad input, 3 infrastructure,
130 interrupted.
"""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Callable
from importlib.metadata import version
from types import FrameType

import typer

from alpasim.cli import bench, doctor, eval, import_, list_, preview, replay, report, run, validate, view
from alpasim.cli.streams import fill_standard_streams, lasting
from alpasim.errors import AlpasimError
from alpasim.evaluation.compiling import Notice, to_standard_error, watched

BAD_INPUT, INFRASTRUCTURE, INTERRUPTED = 2, 3, 130
USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]
"""What is raised for a command line that cannot be read; typer brings click along under changing names."""

WRONG_PLACES = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
"""What a user's path causes; any other failure to write or read is the machine's."""

app = typer.Typer(
    name="alpasim",
    help="Closed-loop driving simulation for the situations that decide whether a driving policy can be trusted.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
COMMANDS: dict[str, Callable[..., int | None]] = {
    "run": run.run_command,
    "eval": eval.eval_command,
    "report": report.report_command,
    "replay": replay.replay_command,
    "view": view.view_command,
    "validate": validate.validate_command,
    "preview": preview.preview_command,
    "import": import_.import_command,
    "list": list_.list_command,
    "bench": bench.bench_command,
    "doctor": doctor.doctor_command,
}


class Ended(int):
    """The exit code of a command that has said itself how it ended; typer makes a plain 130 of an interruption."""


def _ending(command: Callable[..., int | None]) -> Callable[..., Ended]:
    """The command with its own exit code marked as such."""

    @functools.wraps(command)
    def run(*arguments: object, **named: object) -> Ended:
        return Ended(command(*arguments, **named) or 0)

    return run


for name, command in COMMANDS.items():
    app.command(name)(_ending(command))


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"alpasim {version('alpasim')}")
        raise typer.Exit


@app.callback()
def options(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error, not only its message."),
    show_version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Say which version this is, and exit."
    ),
) -> None:
    """Options before the command's name."""


def main() -> None:
    """Entry point of the `alpasim` script."""
    fill_standard_streams()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup asks that a closed terminal be ignored; that stays so
            signal.signal(number, _interrupt)
    sys.stdout, sys.stderr = lasting(sys.stdout), lasting(sys.stderr, OSError)
    code = run_app(sys.argv[1:])
    try:
        print(end="", flush=True)
    except OSError as error:
        _say(f"standard output: {error.strerror}")
        code = INFRASTRUCTURE
    sys.exit(code)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    """What ends a process from outside ends it as Ctrl-C does: with a message, and with nobody left behind."""
    raise KeyboardInterrupt


def run_app(arguments: list[str]) -> int:
    """Run one command line and return its exit code; `--debug` may stand anywhere and lets exceptions through."""
    debug = "--debug" in arguments
    words = [word for word in arguments if word != "--debug"]
    try:
        with watched(Notice(to_standard_error)):
            result = app(args=words, standalone_mode=False, prog_name="alpasim")
    except typer.Exit as ended:
        return int(ended.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _say("interrupted")
        return INTERRUPTED
    except AlpasimError as error:
        if debug:
            raise
        _say(str(error))
        return error.exit_code
    except OSError as error:
        if debug:
            raise
        place = f"{error.filename}: " if error.filename else ""
        _say(f"{place}{error.strerror or error}")
        return BAD_INPUT if isinstance(error, WRONG_PLACES) else INFRASTRUCTURE
    except USAGE_ERROR as error:
        told = getattr(error, "format_message", error.__str__)()
        if not words:
            typer.echo(told)
            return BAD_INPUT
        command = words[0] if words[0] in COMMANDS else ""
        _say(f"{told}\nTry: {' '.join(('alpasim', command, '--help')).replace('  ', ' ')}")
        return BAD_INPUT
    if result == INTERRUPTED and not isinstance(result, Ended):
        _say("interrupted")
    return int(result or 0)


def _say(message: str) -> None:
    """One message on standard error, as plain text: what files and policies wrote is not markup."""
    print(f"alpasim: {message}", file=sys.stderr)
