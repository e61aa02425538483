"""Commands that are interrupted, by Ctrl-C or from outside, say so in one line, end with 130 and leave nobody behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alpasim.cli import eval as eval_module
from alpasim.cli.main import run_app

MAIN = "from alpasim.cli.main import main; main()"
SLEEPS = """\
import os, time
from pathlib import Path

Path("importing").write_text(str(os.getpid()))
while True:
    time.sleep(1.0)
"""
FINE = """\
class Coasts:
    def reset(self, brief):
        pass

    def decide(self, observation):
        from alpasim.types import Control, Decision

        return Decision(control=Control(0.0, 0.0))
"""


def is_there(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().split(")")[1].split()[0] != "Z"


def as_from_a_terminal() -> None:
    """Signals end a program: what runs in the background may have been told to ignore some, which is inherited."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")
@pytest.mark.parametrize("command", ["run", "eval"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_still_reads_what_to_drive(command: str, number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "driver.py").write_text(SLEEPS)
    words = [sys.executable, "-c", MAIN, command, "jaywalker", "--policy", "driver.py:Driver"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(words, cwd=tmp_path, text=True, preexec_fn=as_from_a_terminal, **pipes)
    mark = tmp_path / "importing"
    until = time.monotonic() + 300.0
    try:
        while not (mark.exists() and mark.read_text()):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out, err.splitlines()[-1]) == (130, "", "alpasim: interrupted")
    assert "Traceback" not in err
    until = time.monotonic() + 30.0
    while is_there(int(mark.read_text())):
        assert time.monotonic() < until, "the process that imported the policy is left behind"
        time.sleep(0.02)
    assert not (tmp_path / "runs").exists()


def test_an_interrupted_report_is_no_interrupted_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*words: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(eval_module, "_written_report", interrupted)
    Path("driver.py").write_text(FINE)
    run = "a run's place"
    assert run_app(["eval", "jaywalker", "--policy", "driver.py:Coasts", "--out", run]) == 130
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.endswith("""write the report with: alpasim report 'a run'"'"'s place'""")
    assert run_app(["report", run]) == 0
    assert Path(run, "report.html").is_file()
