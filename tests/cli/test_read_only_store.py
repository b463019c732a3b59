"""A site that may only be read, as from a read-only mount or another account: one line, never a traceback."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.files.site import Site
from newsletter.store import open_store
from tests.factories import NOW, make_entry, make_profile
from tests.program import Program

NOBODY = 65534


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


def become_nobody() -> None:
    """Take another account: for root no permission counts."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def run(site: Path, *arguments: str) -> tuple[int | None, str]:
    """Run a command; return its exit code and what it printed on stderr."""
    with Program("--site", str(site), *arguments, before=become_nobody) as running:
        _, errors = running.communicate()
    return running.returncode, errors


@pytest.mark.parametrize(
    "arguments",
    [("send",), ("subscribers", "add", "bob@example.org"), ("subscribers", "unsubscribe", "ada@example.org")],
    ids=" ".join,
)
def test_what_would_write_is_refused_in_one_line(site: Path, arguments: tuple[str, ...]) -> None:
    before = (site / "newsletter.db").read_bytes()
    code, errors = run(site, *arguments)
    (line,) = errors.splitlines()
    assert (code, line.startswith("newsletter: ")) == (1, True)
    assert str(site) in line
    assert (site / "newsletter.db").read_bytes() == before


def test_what_only_reads_is_done_or_refused_in_one_line(site: Path) -> None:
    code, errors = run(site, "papers")
    assert len(errors.splitlines()) == (code != 0)
    assert code in (0, 1)
