"""Prometheus metrics, which contain no email address."""

from __future__ import annotations

import signal
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.conftest import Newsletter, new_site, newsletter, page, without_sources  # noqa: F401 - fixtures
from tests.program import Program


@pytest.fixture
def ada(newsletter: Newsletter, page: Path) -> Newsletter:  # noqa: F811
    newsletter("pull", "page", str(page))
    newsletter("subscribers", "add", "ada@example.org", "--topic", "in-context learning", "--hour", "0")
    return newsletter


def test_serve_exposes_metrics(ada: Newsletter, tmp_path: Path) -> None:
    ada("send")
    without_sources(tmp_path)
    with Program("serve", "--metrics", "0", folder=tmp_path) as serving:
        address = serving.stdout.readline().removeprefix("metrics at ").strip()
        assert serving.stdout.readline().startswith("next run at")
        with urllib.request.urlopen(address) as response:  # noqa: S310 - our own, on loopback
            scraped = response.read().decode()
        serving.send_signal(signal.SIGTERM)

    values = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(scraped)
        for sample in family.samples
    }
    assert values["newsletter_subscribers", "active"] == 1
    assert values["newsletter_papers",] == 2
    assert "# HELP newsletter_bounces Bounces and complaints." in scraped
    assert [value for name, value in values.items() if name[0] == "newsletter_deliveries" and "sent" in name] == [1]
    assert values["newsletter_next_run_timestamp_seconds",] > 0
    assert values["newsletter_oldest_open_delivery_seconds",] == 0
    assert "@" not in scraped


def test_an_address_that_cannot_be_used_is_an_error(ada: Newsletter) -> None:
    refused = ada("serve", "--metrics", "1", "--metrics-host", "192.0.2.1")
    assert refused.exit_code == 1
    assert "192.0.2.1:1" in refused.stderr
