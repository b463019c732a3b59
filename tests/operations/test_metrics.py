"""What Prometheus and a log reader get to see, and that no address is in it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from newsletter.errors import ConfigError
from newsletter.operations.event_log import EventLog
from tests.cli.conftest import Newsletter, newsletter, page  # noqa: F401 - fixtures


@pytest.fixture
def ada(newsletter: Newsletter, page: Path) -> Newsletter:  # noqa: F811
    newsletter("pull", "page", str(page))
    newsletter("subscribers", "add", "ada@example.org", "--topic", "in-context learning", "--hour", "0")
    return newsletter


def test_prometheus_is_answered_while_it_serves(ada: Newsletter, tmp_path: Path) -> None:
    ada("send")
    command = [sys.executable, "-u", "-m", "newsletter", "serve", "--metrics", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        address = serving.stdout.readline().removeprefix("metrics at ").strip()
        assert serving.stdout.readline().startswith("next run at")
        with urllib.request.urlopen(address) as answer:  # noqa: S310 - our own, on loopback
            told = answer.read().decode()
        serving.send_signal(signal.SIGTERM)

    values = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
    }
    assert values["newsletter_subscribers", "active"] == 1
    assert values["newsletter_papers",] == 2
    assert [value for name, value in values.items() if name[0] == "newsletter_deliveries" and "sent" in name] == [1]
    assert values["newsletter_next_run_timestamp_seconds",] > 0
    assert values["newsletter_oldest_open_delivery_seconds",] == 0
    assert "@" not in told


def test_a_port_that_is_taken_is_one_line(ada: Newsletter) -> None:
    refused = ada("serve", "--metrics", "1", "--metrics-host", "192.0.2.1")
    assert refused.exit_code == 1
    assert "192.0.2.1:1" in refused.stderr


def test_every_outcome_is_a_line_without_an_address(ada: Newsletter, tmp_path: Path) -> None:
    path = tmp_path / "newsletter.toml"
    path.write_text(path.read_text(encoding="utf-8") + '[log]\npath = "newsletter.log"\n', encoding="utf-8")

    ada("send")

    lines = [json.loads(line) for line in (tmp_path / "newsletter.log").read_text(encoding="utf-8").splitlines()]
    assert [(line["event"], line["subscriber"], line["status"]) for line in lines] == [("delivery", 1, "sent")]
    assert not any("@" in str(value) for line in lines for value in line.values())


def test_what_servers_say_is_told_without_the_address_unless_asked(tmp_path: Path) -> None:
    said = "550 5.1.1 <ada@example.org>: 100% unknown"
    for with_addresses in (False, True):
        event_log = EventLog(tmp_path / f"{with_addresses}.log", with_addresses=with_addresses)
        event_log.tell("delivery", words=said, papers=None)
        event_log.close()
    masked, plain = (json.loads((tmp_path / f"{one}.log").read_text(encoding="utf-8")) for one in (False, True))
    assert masked["words"] == "550 5.1.1 <…@…>: 100% unknown"
    assert plain["words"] == said
    assert "papers" not in plain


def test_a_log_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"log\.path"):
        EventLog(tmp_path / "none" / "newsletter.log")
