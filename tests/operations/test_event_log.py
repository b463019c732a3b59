"""The event log, which contains no email address unless configured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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
