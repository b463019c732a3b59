"""A site that may only be read, as from a read-only mount or another account: one line, never a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.files.site import Site
from newsletter.store import open_store
from tests.factories import NOW, make_entry, make_profile

ROOT = Path(__file__).parents[2]
NOBODY = 65534
#: For root no permission counts, so the command becomes another account after the program is loaded.
COMMAND = f"""
import os, sys
import newsletter.cli.run, newsletter.cli.papers, newsletter.cli.subscribers, newsletter.pipeline.deliver
from newsletter.cli import main
if os.getuid() == 0:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
main(sys.argv[1:])
"""


@pytest.fixture
def site() -> Iterator[Path]:
    """The folder of a site whose files and folder may only be read."""
    folder = Path(tempfile.mkdtemp())
    (folder / "newsletter.toml").write_text("", encoding="utf-8")
    with open_store(Site(folder).store) as store:
        store.papers.add(make_entry(title="Pears in Winter", abstract="", arxiv_id="2605.00001"), NOW)
        store.subscribers.add("ada@example.org", "", make_profile(hour=0), "cli", NOW)
    for path in folder.rglob("*"):
        path.chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)


def run(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", COMMAND, "--site", str(site), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "arguments",
    [("send",), ("subscribers", "add", "bob@example.org"), ("subscribers", "unsubscribe", "ada@example.org")],
    ids=" ".join,
)
def test_what_would_write_is_refused_in_one_line(site: Path, arguments: tuple[str, ...]) -> None:
    before = (site / "newsletter.db").read_bytes()
    result = run(site, *arguments)
    (line,) = result.stderr.splitlines()
    assert (result.returncode, line.startswith("newsletter: ")) == (1, True)
    assert str(site) in line
    assert (site / "newsletter.db").read_bytes() == before


def test_what_only_reads_is_done_or_refused_in_one_line(site: Path) -> None:
    result = run(site, "papers")
    assert len(result.stderr.splitlines()) == (result.returncode != 0)
    assert result.returncode in (0, 1)
