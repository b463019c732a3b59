"""The event log, which contains no email address unless configured."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from threading import Thread

import pytest

from newsletter.config.model import LogLevel
from newsletter.errors import ConfigError
from newsletter.operations.event_log import EventLog
from tests.cli.conftest import Newsletter, new_site, newsletter, page  # noqa: F401 - fixtures


@pytest.fixture
def ada(newsletter: Newsletter, page: Path) -> Newsletter:  # noqa: F811
    newsletter("pull", "page", str(page))
    newsletter("subscribers", "add", "ada@example.org", "--topic", "in-context learning", "--hour", "0")
    return newsletter


def test_every_outcome_is_logged_without_an_address(ada: Newsletter, tmp_path: Path) -> None:
    path = tmp_path / "newsletter.toml"
    path.write_text(path.read_text(encoding="utf-8") + '[log]\npath = "newsletter.log"\n', encoding="utf-8")

    ada("send")

    lines = [json.loads(line) for line in (tmp_path / "newsletter.log").read_text(encoding="utf-8").splitlines()]
    assert [(line["event"], line["subscriber"], line["status"]) for line in lines] == [("delivery", 1, "sent")]
    assert not any("@" in str(value) for line in lines for value in line.values())


def test_addresses_in_responses_are_redacted_unless_configured(tmp_path: Path) -> None:
    response = "550 5.1.1 <ada@example.org>: 100% unknown"
    for with_addresses in (False, True):
        event_log = EventLog(tmp_path / f"{with_addresses}.log", with_addresses=with_addresses)
        event_log.write("delivery", detail=response, papers=None)
        event_log.close()
    redacted, plain = (json.loads((tmp_path / f"{one}.log").read_text(encoding="utf-8")) for one in (False, True))
    assert redacted["detail"] == "550 5.1.1 <…@…>: 100% unknown"
    assert plain["detail"] == response
    assert "papers" not in plain


def test_a_log_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"log\.path"):
        EventLog(tmp_path / "none" / "newsletter.log")


def test_the_log_is_rotated_before_it_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "newsletter.log"
    log = EventLog(path, max_bytes=1000, keep=2)
    for number in range(100):
        log.write("delivery", subscriber=number)
    log.close()
    files = sorted(file.name for file in tmp_path.glob("newsletter.log*"))
    assert files == ["newsletter.log", "newsletter.log.1", "newsletter.log.2"]
    assert all(0 < (tmp_path / name).stat().st_size <= 1000 for name in files)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in tmp_path.iterdir())
    assert '"subscriber": 99}' in path.read_text(encoding="utf-8")


def test_two_processes_may_write_while_it_rotates(tmp_path: Path) -> None:
    path = tmp_path / "newsletter.log"
    logs = [EventLog(path, max_bytes=1000, keep=500) for _ in range(2)]

    def write(log: EventLog) -> None:
        for _ in range(100):
            log.write("delivery", subscriber=7)
        log.close()

    threads = [Thread(target=write, args=(log,)) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [line for file in tmp_path.glob("newsletter.log*") for line in file.read_bytes().splitlines()]
    assert len(lines) == 200
    assert {json.loads(line)["subscriber"] for line in lines} == {7}


def test_a_log_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "newsletter.log"
    log = EventLog(path)
    log.write("delivery", subscriber=1)
    path.rename(tmp_path / "moved")
    log.write("delivery", subscriber=2)
    log.close()
    assert [len(one.read_bytes().splitlines()) for one in (path, tmp_path / "moved")] == [1, 1]


def test_events_below_the_level_are_left_out(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "newsletter.log", level=LogLevel.WARNING)
    for level in LogLevel:
        log.write("delivery", level, status=level)
    log.close()
    lines = (tmp_path / "newsletter.log").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["level"] for line in lines] == ["warning", "error"]
