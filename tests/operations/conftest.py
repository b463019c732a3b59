"""A site, its DNS records on a real name server, and what `examine` finds."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.config.model import Config, OperatorSettings
from newsletter.files.private_files import touch_private, write_private
from newsletter.files.site import Site
from newsletter.models.findings import Finding, Level
from newsletter.operations.doctor import examine
from newsletter.sending.dkim import load_key, new_key
from newsletter.sending.dns_records import Dns
from tests.factories import NOW
from tests.nameserver import Zone, naming
from tests.operations.run_site import RunSite
from tests.stores import place_new_store


@cache
def _key() -> bytes:
    """The key of all these sites: making one takes longer than most checks."""
    return new_key("rsa")[0]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site that signs its messages, without a mail server."""
    write_private(tmp_path / "dkim.pem", _key())
    touch_private(tmp_path / "newsletter.toml")
    (tmp_path / "newsletter.toml").write_text(
        '[site]\nurl = "https://papers.net"\n[sender]\naddress = "digest@papers.net"\npostal_address = "Here 1"\n'
        '[dkim]\nselector = "s1"\nkey = "dkim.pem"\n',
        encoding="utf-8",
    )
    return load_config(Site(tmp_path), environ={})


def good_zone(config: Config) -> dict[tuple[str, str], list[str] | None]:
    """Return the DNS records that the site should publish."""
    record = load_key(config.dkim.keys[0][1], "papers.net", "s1").record
    return {
        ("papers.net", "TXT"): ['"v=spf1 ip4:192.0.2.1 -all"'],
        ("papers.net", "MX"): ["10 mail.papers.net."],
        ("_dmarc.papers.net", "TXT"): ['"v=DMARC1; p=quarantine"'],
        ("s1._domainkey.papers.net", "TXT"): [f'"{record[:200]}" "{record[200:]}"'],
    }


def found(config: Config, zone: Zone) -> dict[str, Finding]:
    """Return the worst finding of each check."""
    with naming(zone) as resolver:
        resolver.lifetime = 1.0
        findings = list(examine(config, Dns(resolver), NOW))
    order = [Level.OK, Level.UNKNOWN, Level.WARNING, Level.WRONG]
    worst: dict[str, Finding] = {}
    for one in findings:
        if one.about not in worst or order.index(one.level) > order.index(worst[one.about].level):
            worst[one.about] = one
    return worst


@pytest.fixture
def run_site(tmp_path: Path) -> RunSite:
    """A site with one source, whose operator is notified by email into the outbox."""
    (tmp_path / "newsletter.toml").write_text('[[sources]]\nkind = "huggingface"\n', encoding="utf-8")
    place_new_store(tmp_path / "newsletter.db")
    config = load_config(Site(tmp_path), environ={})
    return RunSite(replace(config, operator=OperatorSettings(email="ops@example.org")))
