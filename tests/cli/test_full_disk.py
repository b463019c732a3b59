"""A disk that is full at some write of a run: one clear line, the next run completes it, and nobody is mailed twice."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import pytest

from newsletter.files.site import Site
from newsletter.store import open_store
from tests.factories import make_entry, make_profile, make_topic

SUBSCRIBERS = [f"subscriber{number}@example.org" for number in range(6)]
LIMITS = 8
#: Sends in a process of its own for each limit on the size of files: the write that would exceed it fails. Prints
#: (limit, exit code, lines on stderr) as JSON. The limits go up to the largest file of a run that nothing disturbs.
SENDER = """
import contextlib, io, json, os, resource, shutil, sys
from pathlib import Path
from newsletter.cli import main
import newsletter.cli.run, newsletter.pipeline.deliver, newsletter.sending.maildir, premailer

folder, limits = Path(sys.argv[1]), int(sys.argv[2])


def send(site, limit):
    reading, writing = os.pipe()
    if os.fork() == 0:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        out, error, code = io.StringIO(), io.StringIO(), 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            try:
                main(["--site", str(site), "send"])
            except SystemExit as ended:
                code = ended.code
        os.write(writing, json.dumps([limit, code, error.getvalue().splitlines()]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        result = json.loads(file.read() or "null")
    os.wait()
    return result


def copy(name):
    return shutil.copytree(folder / "site", folder / name)


undisturbed = send(copy("undisturbed"), None)
largest = 4096 + (folder / "undisturbed" / "newsletter.db").stat().st_size
results = [undisturbed]
for number in range(limits):
    results.append(send(copy(str(number)), number * largest // limits))
for number in range(limits):
    results.append(send(folder / str(number), None))
print(json.dumps(results))
"""


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
def results(folder: Path) -> list[tuple[int | None, int, list[str]]]:
    command = [sys.executable, "-c", SENDER, str(folder), str(LIMITS)]
    return [tuple(one) for one in json.loads(subprocess.run(command, check=True, capture_output=True).stdout)]


def recipients(site: Path) -> list[str]:
    return sorted(str(message_from_bytes(file.read_bytes())["To"]) for file in (site / "outbox" / "new").iterdir())


def test_a_full_disk_is_one_clear_line(results: list[tuple[int | None, int, list[str]]]) -> None:
    undisturbed, limited = results[0], results[1 : 1 + LIMITS]
    assert undisturbed[1:] == (0, [])
    failed = [one for one in limited if one[1] != 0]
    assert len(failed) > LIMITS // 4
    for limit, code, lines in failed:
        assert (code, len(lines)) == (1, 1), (limit, lines)
        assert lines[0].startswith("newsletter: "), limit


def test_the_next_run_completes_it_and_nobody_is_mailed_twice(
    folder: Path, results: list[tuple[int | None, int, list[str]]]
) -> None:
    assert recipients(folder / "undisturbed") == SUBSCRIBERS
    for number, (_, code, lines) in enumerate(results[1 + LIMITS :]):
        assert (number, code) == (number, 0)
        assert [line for line in lines if "1 message in doubt" not in line] == []
        assert (number, recipients(folder / str(number))) == (number, SUBSCRIBERS)
    shutil.rmtree(folder)
