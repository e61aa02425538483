"""Standard streams that a caller has closed, that nobody reads any more or that have no room break no command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alpasim.cli.streams import fill_standard_streams

CODE = """
import os, sys
from alpasim.cli.streams import fill_standard_streams
fill_standard_streams()
os.write(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT), b"a report")
os.write(1, b"noise")
os.write(2, b"noise")
"""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-", "<&- >&- 2>&-"])
def test_what_is_opened_next_is_no_standard_stream(closed: str, tmp_path: Path) -> None:
    words = ["sh", "-c", f'exec "$0" -c "$1" "$2" {closed}', sys.executable, CODE, str(tmp_path / "report")]
    subprocess.run(words, check=True, capture_output=True)
    assert (tmp_path / "report").read_bytes() == b"a report"


def test_open_streams_stay_as_they_are() -> None:
    before = [os.fstat(descriptor) for descriptor in (0, 1, 2)]
    fill_standard_streams()
    assert [os.fstat(descriptor) for descriptor in (0, 1, 2)] == before


MAIN = "from alpasim.cli.main import main; main()"


@pytest.mark.parametrize(
    ("words", "says", "code"),
    [
        ("list policies --json | true", "", 0),
        ("validate --schema | head -c 1", "", 0),
        ("report nowhere | true", "no such folder", 2),
        ("report nowhere 2>&1 | true", "", 2),
        ("list policies > /dev/full", "alpasim: No space left on device", 3),
        ("report nowhere 2> /dev/full", "", 2),
        ("list policies >&-", "", 0),
        ("report nowhere >&- 2>&-", "", 2),
        ("report nowhere 2>&-", "", 2),
    ],
)
def test_a_reader_who_leaves_and_a_full_disk_change_no_exit_code(
    words: str, says: str, code: int, tmp_path: Path
) -> None:
    line = f'"$0" -c "$1" {words}; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", line, sys.executable, MAIN], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == code
    assert done.stdout == ("{" if "head" in words else ""), "answers alone are on standard output"
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == bool(says), done.stderr


def test_what_an_encoding_lacks_is_escaped_and_lines_come_at_once() -> None:
    code = "import sys; from alpasim.cli.streams import lasting; lasting(sys.stdout).write('ä→\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONIOENCODING": "latin-1", "PYTHONUNBUFFERED": "1"}, capture_output=True
    )
    assert done.stdout == b"\xe4\\u2192\n", done
