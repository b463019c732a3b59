"""Values of the settings that are still those of the examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.config.schema import SETTINGS, new_config
from newsletter.files.site import Site
from newsletter.models.findings import Finding, Level
from newsletter.operations.placeholder_checks import check_placeholders


def found(root: Path, text: str, environ: dict[str, str] | None = None) -> list[Finding]:
    (root / "newsletter.toml").write_text(text, encoding="utf-8")
    environ = environ or {}
    return list(check_placeholders(load_config(Site(root), environ), environ))


def names(findings: list[Finding]) -> list[str]:
    assert all(one.level is Level.WARNING for one in findings)
    return [one.detail.partition(" ")[0] for one in findings]


OWN = '[site]\nurl = "https://papers.net"\n[sender]\naddress = "digest@papers.net"\n'


def test_a_new_site_has_placeholders(tmp_path: Path) -> None:
    assert names(found(tmp_path, new_config())) == ["site.url", "sender.address"]


def test_own_values_are_none(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, OWN)
    assert finding.level is Level.OK


def test_the_environment_replaces_a_placeholder(tmp_path: Path) -> None:
    environ = {"NEWSLETTER_SITE_URL": "https://papers.net", "NEWSLETTER_SENDER_ADDRESS": "digest@papers.net"}
    (finding,) = found(tmp_path, new_config(), environ)
    assert finding.level is Level.OK


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sender.postal_address", OWN + 'postal_address = "Example Lab, 1 Example Street, Example Town"'),
        ("sender.reply_to", OWN + 'reply_to = "you@example.org"'),
        ("sender.name", OWN + 'name = "Your Name"'),
        ("operator.heartbeat_url", OWN + '[operator]\nheartbeat_url = "https://hc-ping.com/YOUR-UUID"'),
        ("smtp.host", OWN + '[smtp]\nhost = "smtp.example.org"'),
        ("relays[1].host", OWN + '[[relays]]\nhost = "smtp.example.net"'),
        ("sources[1].follow[1]", OWN + '[[sources]]\nkind = "feed"\nfollow = ["https://example.org/feed"]'),
        ("webhooks.ses_topic_arn", OWN + '[webhooks]\nses_topic_arn = "arn:aws:sns:eu-west-1:123456789012:bounces"'),
    ],
)
def test_an_example_is_found(tmp_path: Path, name: str, text: str) -> None:
    assert names(found(tmp_path, text)) == [name]


@pytest.mark.parametrize("value", ["A study of examples", "exemplar@papers.net", "for example", "Changes, Inc."])
def test_a_word_alone_is_none(tmp_path: Path, value: str) -> None:
    (finding,) = found(tmp_path, OWN + f'name = "{value}"')
    assert finding.level is Level.OK


def test_the_shipped_values_of_all_settings_are_known() -> None:
    assert [one.name for one in SETTINGS if "example" in (one.shipped or "")] == ["site.url", "sender.address"]
