"""The findings of the doctor, with a real name server and a real mail server."""

from __future__ import annotations

from dataclasses import replace

from newsletter.config.model import Config, DkimSettings
from newsletter.models.findings import Level
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sources.ads import Ads
from newsletter.store import open_store
from tests.operations.conftest import found, good_zone
from tests.smtpd import Server, serving


def test_a_good_site_has_only_good_findings(config: Config) -> None:
    findings = found(config, good_zone(config))
    levels = {about: finding.level for about, finding in findings.items()}
    assert levels.pop("server") is Level.WARNING  # none is set
    assert set(levels.values()) == {Level.OK}
    assert {"sender", "unsubscribe", "SPF", "DKIM s1", "DMARC", "alignment", "MX"} <= set(levels)


def test_problems_in_the_settings_are_found(config: Config) -> None:
    bare = replace(
        config,
        site_url="http://papers.net",
        sender=replace(config.sender, postal_address=None),
        dkim=DkimSettings("papers.net", (("s1", config.site.root / "gone.pem"),)),
    )
    findings = found(bare, {})
    assert findings["unsubscribe"].level is Level.WRONG
    assert findings["address"].level is Level.WARNING
    assert "no such file" in findings["DKIM key"].detail


def test_a_source_without_the_key_that_it_needs_is_found(config: Config) -> None:
    sources = (Ads(follow=("abs:clouds",)), Ads(follow=("abs:kettles",), api_key="a token"))
    finding = found(replace(config, sources=sources), {})["sources"]
    assert finding.level is Level.WRONG
    assert finding.detail == "ads abs:clouds: no api_key"
    assert "NEWSLETTER_ADS_API_KEY" in finding.remedy


def test_the_server_is_checked_and_no_message_is_sent(config: Config) -> None:
    with serving(Server(), data_size_limit=1000) as server:
        smtp = SmtpSettings(server.host, server.port, security=Security.NONE)
        findings = found(replace(config, smtp=smtp), good_zone(config))
    assert findings["server"].level is Level.OK
    assert findings["size"].level is Level.WARNING
    assert server.accepted == []

    assert found(replace(config, smtp=smtp), good_zone(config))["server"].level is Level.WRONG


def test_keys_of_addresses_that_an_upgrade_changed_are_counted(config: Config) -> None:
    assert "keys" not in found(config, good_zone(config))
    with open_store(config.site.store) as store, store.transaction():
        changes = [
            ("x@münchen.example", "x@xn--mnchen-3ya.example"),
            ("x@xn--mnchen-3ya.example", "x@xn--mnchen-3ya.example"),
            ("ada@strasse.example", "ada@xn--strae-oqa.example"),
        ]
        store._db.executemany("INSERT INTO email_key_changes VALUES (?, ?)", changes)
    words = found(config, good_zone(config))["keys"].detail
    assert words.startswith("2 keys of addresses changed")
    assert "1 that were stored in two spellings" in words
