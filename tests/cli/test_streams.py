"""Commands whose caller has closed standard streams write nothing of theirs into what is opened next."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alpasim.cli.main import fill_standard_streams

CODE = """
import os, sys
from alpasim.cli.main import fill_standard_streams
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
