"""`alpasim doctor`: what this machine has, what works, and what to do about what does not."""

from __future__ import annotations

import json as json_module
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alpasim.errors import InputError

CORE = (
    "pybullet", "gymnasium", "numpy", "pygame", "pyyaml", "pydantic", "typer", "rich", "mcap",
    "zstandard", "foxglove-schemas-protobuf", "protobuf", "jinja2", "shapely", "numba", "llvmlite",
)  # fmt: skip
EXTRAS = {"stable-baselines3": "rl", "imageio-ffmpeg": "video", "moderngl": "gl"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it works, what was found, and what to do where it does not."""

    name: str
    works: bool
    found: str
    optional: bool = False


def doctor_command(json: bool = typer.Option(False, "--json", help="Print one JSON object.")) -> int:
    """Say what works on this machine; exit code 3 when something that a rollout needs does not."""
    works = (_works("physics", _physics), _works("drawing", _drawing), *_renderers())
    checks = [_python(), *_packages(), *works, _kernels(), _plugins(), _folder()]
    good = all(check.works or check.optional for check in checks)
    if json:
        rows = [{"name": c.name, "works": c.works, "found": c.found, "optional": c.optional} for c in checks]
        typer.echo(json_module.dumps({"good": good, "checks": rows}, indent=2))
    else:
        table = Table("check", "works", "found", title=f"alpasim {version('alpasim')} on {platform.platform()}")
        for check in checks:
            table.add_row(check.name, "yes" if check.works else ("-" if check.optional else "NO"), Text(check.found))
        Console().print(table)
    return 0 if good else 3


def _python() -> Check:
    return Check(
        "python", sys.version_info[:2] == (3, 11), f"{platform.python_version()} (3.11 is what pybullet has wheels for)"
    )


def _packages() -> list[Check]:
    checks = []
    for name in (*CORE, *EXTRAS):
        try:
            checks.append(Check(name, True, version(name), name in EXTRAS))
        except PackageNotFoundError:
            how = f"not installed: pip install 'alpasim[{EXTRAS[name]}]'" if name in EXTRAS else "not installed"
            checks.append(Check(name, False, how, name in EXTRAS))
    return checks


def _works(name: str, attempt: Callable[[], str], optional: bool = False) -> Check:
    """Whether `attempt` runs; what it says, or why it does not."""
    try:
        return Check(name, True, attempt(), optional)
    except InputError as cause:
        return Check(name, False, str(cause), optional)
    except (ImportError, OSError, RuntimeError, ValueError) as cause:
        return Check(name, False, f"{type(cause).__name__}: {cause}", optional)


def _physics() -> str:
    from alpasim.evaluation.bench import bench_scenario
    from alpasim.policy.loading import load_policy
    from alpasim.rollout import COMPLETED, run_rollout

    result = run_rollout(bench_scenario().concrete(0), load_policy("idm"), policy_reference="idm")
    if result.status != COMPLETED:
        raise RuntimeError(result.error)
    return f"drove {result.steps} steps to {result.end_reason}"


def _drawing() -> str:
    from alpasim.evaluation.bench import bench_scenario
    from alpasim.simulation import Simulation
    from alpasim.view.topdown import draw

    simulation = Simulation(bench_scenario().concrete(0))
    simulation.reset()
    height, width, _ = draw(simulation.scenario.road, simulation.state).shape
    simulation.close()
    return f"drew {width} x {height} pixels without a display"


def _renderers() -> list[Check]:
    """Every renderer of cameras, all but the default being optional."""
    from alpasim.world.rendering.choosing import RENDERERS, TINY

    return [_works(f"renderer {name}", partial(_camera, name), name != TINY) for name in RENDERERS]


def _camera(renderer: str) -> str:
    from alpasim.evaluation.bench import bench_scenario
    from alpasim.simulation import Simulation

    options = {"camera": {"renderer": renderer}}
    simulation = Simulation(bench_scenario().concrete(0), sensors=("camera:front",), sensor_options=options)
    try:
        picture = simulation.reset().readings["camera:front"].arrays["rgb"]
        if picture.std() < 1.0:
            raise RuntimeError(f"{simulation.renderer} drew nothing")
        return simulation.renderer
    finally:
        simulation.close()


def _kernels() -> Check:
    """How compiled kernels run; where they cannot be kept, every process compiles them."""
    from alpasim.compiled import how_kernels_run

    works, found = how_kernels_run()
    return Check("compiled kernels", works, found, optional=True)


def _plugins() -> Check:
    from alpasim import plugins

    counts = ", ".join(f"{len(plugins.names(group))} {group.rpartition('.')[2]}" for group in plugins.GROUPS)
    missing = [group for group in plugins.GROUPS if not plugins.names(group)]
    return Check("plugins", not missing, counts if not missing else f"{counts}; reinstall the package")


def _folder() -> Check:
    """Results need a folder that can be written and whose files can be locked."""
    with tempfile.TemporaryDirectory() as folder:
        return Check("temporary folder", os.access(folder, os.W_OK), tempfile.gettempdir())
