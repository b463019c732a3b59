"""`newsletter serve`, as a process: what it does at its start, when its settings change, and beside another one."""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsletter.store import open_store
from tests.cli.conftest import Newsletter, without_sources
from tests.program import Program


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Program]:
    """Serve a site; its errors are among its output, in their order."""
    with Program("serve", *options, folder=folder, are_errors_among_output=True) as process:
        yield process
        process.kill()


def until(process: Program, text: str) -> str:
    """Read what a process prints until a line with a text; return that line."""
    seen = []
    for line in process.stdout:
        seen.append(line)
        if text in line:
            return line
    pytest.fail(f"no {text!r} in {seen}")


@pytest.fixture
def site(newsletter: Newsletter, page: Path, tmp_path: Path) -> Path:
    newsletter("pull", "page", str(page))
    newsletter("subscribers", "add", "ada@example.org", "--hour", "0", "--time-zone", "UTC", "--trending", "5")
    without_sources(tmp_path)
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGHUP")
def test_settings_are_read_again_and_refused_as_a_whole(site: Path) -> None:
    config = site / "newsletter.toml"
    settings = config.read_text(encoding="utf-8")

    def write(text: str) -> None:
        new = config.with_name("new.toml")
        new.write_text(text, encoding="utf-8")
        new.replace(config)

    with serving(site, "--web", "0") as process:
        address = until(process, "pages at").split()[-1]
        until(process, "deliver: 1 sent")  # what is due is sent at the start
        write(settings.replace("Daily Papers", "Nightly Papers") + '\n[smtp]\nport = "many"\n')
        refused = until(process, "settings not reloaded, the former ones stay")
        assert "smtp.port" in refused
        write(settings.replace("Daily Papers", "Nightly Papers"))
        until(process, "settings reloaded")
        with urllib.request.urlopen(address) as response:  # noqa: S310 - our own, on loopback
            assert "Nightly Papers" in response.read().decode()
        process.send_signal(signal.SIGHUP)
        until(process, "settings reloaded")
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == 0
    with open_store(site / "newsletter.db") as store:
        assert store.deliveries.counts() == {"sent": 1}
        assert store.jobs.all()["deliver"].next_at is not None


def test_a_second_one_stands_by_and_a_run_beside_them_is_safe(site: Path, newsletter: Newsletter) -> None:
    with (site / "newsletter.toml").open("a", encoding="utf-8") as file:
        file.write('\n[log]\npath = "events.log"\n')
    with serving(site) as first:
        until(first, "deliver: 1 sent")
        with serving(site) as second:
            until(second, f"standing by: process {first.pid} on {os.uname().nodename}")
            assert newsletter("send").exit_code == 0
            first.send_signal(signal.SIGTERM)
            until(second, f"process {first.pid} on")
            until(second, "deliver: ")
            second.send_signal(signal.SIGTERM)
            second.communicate()
    assert second.returncode == 0
    with open_store(site / "newsletter.db") as store:
        assert store.deliveries.counts() == {"sent": 1}
    events = [json.loads(line) for line in (site / "events.log").read_text(encoding="utf-8").splitlines()]
    jobs = [event for event in events if event["event"] == "job"]
    assert {"name", "status", "detail"} <= jobs[0].keys()
    assert any(event["event"] == "scheduler" and "standing by" in event["detail"] for event in events)
