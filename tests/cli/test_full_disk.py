"""A disk that is full at some write of a run: one clear line, the next run completes it, and nobody is mailed twice."""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
from concurrent.futures import ProcessPoolExecutor
from contextlib import chdir, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import pytest

from newsletter.cli import main
from newsletter.files.site import Site
from newsletter.store import open_store
from tests.factories import make_entry, make_profile, make_topic
from tests.program import PROCESSES, ROOT

SUBSCRIBERS = [f"subscriber{number}@example.org" for number in range(6)]
LIMITS = 8
#: A limit on the size of files, an exit code, and the lines on stderr.
Sent = tuple[int | None, int, list[str]]


def send(site: Path, limit: int | None) -> Sent:
    """Send in a process of its own with a limit on the size of files: the write that would exceed it fails."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        out, error, code = io.StringIO(), io.StringIO(), 0
        with redirect_stdout(out), redirect_stderr(error):
            try:
                main(["--site", str(site), "send"])
            except SystemExit as ended:
                code = int(ended.code or 0)
        os.write(writing, json.dumps([limit, code, error.getvalue().splitlines()]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        limit, code, lines = json.loads(file.read() or "[null, -1, []]")
    os.wait()
    return limit, code, lines


def send_all(folder: Path) -> list[Sent]:
    """Send without a limit, with each of the limits up to the largest file of that run, and again without them."""

    def copy(name: str) -> Path:
        return shutil.copytree(folder / "site", folder / name)

    undisturbed = send(copy("undisturbed"), None)
    largest = 4096 + (folder / "undisturbed" / "newsletter.db").stat().st_size
    limited = [send(copy(str(number)), number * largest // LIMITS) for number in range(LIMITS)]
    return [undisturbed, *limited, *(send(folder / str(number), None) for number in range(LIMITS))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a site of which an edition is due."""
    folder = tmp_path_factory.mktemp("full")
    (folder / "site").mkdir()
    (folder / "site" / "newsletter.toml").write_text('[log]\npath = "newsletter.log"\n', encoding="utf-8")
    with open_store(Site(folder / "site").store) as store:
        store.papers.add(make_entry(title="Pears in Winter", abstract="", arxiv_id="2605.00001"), datetime.now(UTC))
        for email in SUBSCRIBERS:
            profile = make_profile(topics=(make_topic("Pears", ("pears",)),), hour=0)
            store.subscribers.add(email, "", profile, "cli", datetime.now(UTC))
    return folder


@pytest.fixture(scope="module")
def results(folder: Path) -> list[Sent]:
    """What becomes of each run, which a process starts that has imported the program and no threads."""
    with chdir(ROOT), ProcessPoolExecutor(1, PROCESSES) as process:
        return process.submit(send_all, folder).result()


def recipients(site: Path) -> list[str]:
    return sorted(str(message_from_bytes(file.read_bytes())["To"]) for file in (site / "outbox" / "new").iterdir())


def test_a_full_disk_is_one_clear_line(results: list[Sent]) -> None:
    undisturbed, limited = results[0], results[1 : 1 + LIMITS]
    assert undisturbed[1:] == (0, [])
    failed = [one for one in limited if one[1] != 0]
    assert len(failed) > LIMITS // 4
    for limit, code, lines in failed:
        assert (code, len(lines)) == (1, 1), (limit, lines)
        assert lines[0].startswith("newsletter: "), limit


def test_the_next_run_completes_it_and_nobody_is_mailed_twice(folder: Path, results: list[Sent]) -> None:
    assert recipients(folder / "undisturbed") == SUBSCRIBERS
    for number, (_, code, lines) in enumerate(results[1 + LIMITS :]):
        assert (number, code) == (number, 0)
        assert [line for line in lines if "1 message in doubt" not in line] == []
        assert (number, recipients(folder / str(number))) == (number, SUBSCRIBERS)
    shutil.rmtree(folder)
