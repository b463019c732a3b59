"""What `newsletter doctor` finds, with a real name server and a real mail server."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from newsletter.config.load import load_config
from newsletter.config.model import Config, DkimSettings
from newsletter.operations.doctor import Finding, Level, examine
from newsletter.sending.dkim import load_key, new_key
from newsletter.sending.dns_records import Dns
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.site import Site
from tests.cli.conftest import Newsletter, newsletter  # noqa: F401 - a fixture
from tests.factories import NOW
from tests.nameserver import Zone, naming
from tests.smtpd import Server, serving


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site whose mail is signed, and goes to a server that is not there."""
    (tmp_path / "dkim.pem").write_bytes(new_key("rsa")[0])
    (tmp_path / "newsletter.toml").write_text(
        '[site]\nurl = "https://papers.net"\n[sender]\naddress = "digest@papers.net"\npostal_address = "Here 1"\n'
        '[dkim]\nselector = "s1"\nkey = "dkim.pem"\n',
        encoding="utf-8",
    )
    return load_config(Site(tmp_path), environ={})


def good_zone(config: Config) -> dict[tuple[str, str], list[str] | None]:
    """Return what such a site should publish."""
    record = load_key(config.dkim.keys[0][1], "papers.net", "s1").record
    return {
        ("papers.net", "TXT"): ['"v=spf1 ip4:192.0.2.1 -all"'],
        ("papers.net", "MX"): ["10 mail.papers.net."],
        ("_dmarc.papers.net", "TXT"): ['"v=DMARC1; p=quarantine"'],
        ("s1._domainkey.papers.net", "TXT"): [f'"{record[:200]}" "{record[200:]}"'],
    }


def found(config: Config, zone: Zone) -> dict[str, Finding]:
    """Return the worst that is found of each thing."""
    with naming(zone) as resolver:
        resolver.lifetime = 1.0
        findings = list(examine(config, Dns(resolver), NOW))
    order = [Level.OK, Level.UNKNOWN, Level.WARNING, Level.WRONG]
    worst: dict[str, Finding] = {}
    for one in findings:
        if one.about not in worst or order.index(one.level) > order.index(worst[one.about].level):
            worst[one.about] = one
    return worst


def test_what_is_well_is_said_to_be(config: Config) -> None:
    findings = found(config, good_zone(config))
    levels = {about: finding.level for about, finding in findings.items()}
    assert levels.pop("server") is Level.WARNING  # there is none
    assert set(levels.values()) == {Level.OK}
    assert {"sender", "leaving", "SPF", "DKIM s1", "DMARC", "alignment", "MX"} <= set(levels)


@pytest.mark.parametrize(
    ("name", "records", "about", "level", "words"),
    [
        (("papers.net", "TXT"), ['"nothing"'], "SPF", Level.WRONG, "does not say"),
        (("papers.net", "TXT"), ['"v=spf1 +all"'], "SPF", Level.WRONG, "everybody"),
        (("papers.net", "TXT"), ['"v=spf1 a"'], "SPF", Level.WARNING, "nothing of everybody else"),
        (("papers.net", "TXT"), None, "SPF", Level.UNKNOWN, "no name server answers"),
        (("papers.net", "TXT"), ['"v=spf1 nonsense"'], "SPF", Level.WRONG, "knows no"),
        (("papers.net", "MX"), ["0 ."], "MX", Level.WRONG, "takes no mail"),
        (("_dmarc.papers.net", "TXT"), ['"v=DMARC1; p=none"'], "DMARC", Level.WARNING, "forged"),
        (("_dmarc.papers.net", "TXT"), ['"other"'], "DMARC", Level.WRONG, "has none"),
        (("_dmarc.papers.net", "TXT"), ['"v=DMARC1; p=maybe"'], "DMARC", Level.WRONG, "no policy"),
        (("s1._domainkey.papers.net", "TXT"), ['"other"'], "DKIM s1", Level.WRONG, "has no key"),
        (("s1._domainkey.papers.net", "TXT"), ['"v=DKIM1; p="'], "DKIM s1", Level.WRONG, "revoked"),
        (("s1._domainkey.papers.net", "TXT"), ['"v=DKIM1; p=AAAA"'], "DKIM s1", Level.WRONG, "another"),
        (("s1._domainkey.papers.net", "TXT"), ['"p=A"', '"p=B"'], "DKIM s1", Level.WRONG, "one only"),
    ],
)
def test_what_is_not_is_found_and_told_how_to_mend(
    config: Config, name: tuple[str, str], records: list[str] | None, about: str, level: Level, words: str
) -> None:
    finding = found(config, good_zone(config) | {name: records})[about]
    assert (finding.level, words in finding.words) == (level, True)
    assert level is Level.UNKNOWN or finding.remedy


def test_a_key_in_testing_mode_is_a_warning(config: Config) -> None:
    record = load_key(config.dkim.keys[0][1], "papers.net", "s1").record
    zone = good_zone(config) | {("s1._domainkey.papers.net", "TXT"): [f'"t=y; {record[:200]}" "{record[200:]}"']}
    assert found(config, zone)["DKIM s1"].level is Level.WARNING


def test_a_signature_of_another_domain_vouches_for_nothing(config: Config) -> None:
    keys = config.dkim.keys
    elsewhere = replace(config, dkim=DkimSettings("elsewhere.net", keys))
    assert found(elsewhere, good_zone(config))["alignment"].level is Level.WRONG


def test_settings_that_keep_mail_from_inboxes_are_named(config: Config) -> None:
    bare = replace(
        config,
        site_url="http://papers.net",
        sender=replace(config.sender, postal_address=None),
        dkim=DkimSettings("papers.net", (("s1", config.site.root / "gone.pem"),)),
    )
    findings = found(bare, {})
    assert findings["leaving"].level is Level.WRONG
    assert findings["address"].level is Level.WARNING
    assert "no such file" in findings["DKIM key"].words


def test_the_server_is_greeted_and_nothing_is_mailed(config: Config) -> None:
    with serving(Server(), data_size_limit=1000) as server:
        smtp = SmtpSettings(server.host, server.port, security=Security.NONE)
        findings = found(replace(config, smtp=smtp), good_zone(config))
    assert findings["server"].level is Level.OK
    assert findings["size"].level is Level.WARNING
    assert server.accepted == []

    assert found(replace(config, smtp=smtp), good_zone(config))["server"].level is Level.WRONG


def test_on_the_command_line_what_is_wrong_is_an_exit_code(newsletter: Newsletter) -> None:  # noqa: F811
    told = newsletter("doctor", "--offline")
    assert told.exit_code == 0
    assert "nobody was asked" in told.stdout
    assert "newsletter doctor --new-key" in told.stdout


def test_a_key_is_made_once_for_its_owner_only(newsletter: Newsletter, tmp_path: Path) -> None:  # noqa: F811
    made = newsletter("doctor", "--new-key", "ed25519", "dkim.pem")
    path = tmp_path / "dkim.pem"
    assert made.exit_code == 0
    assert 'papers-ed25519._domainkey.newsletter.example. TXT "v=DKIM1; k=ed25519; p=' in made.stdout
    assert 'ed25519_key = "dkim.pem"' in made.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    load_pem_private_key(path.read_bytes(), None)

    again = newsletter("doctor", "--new-key", "rsa", "dkim.pem")
    assert again.exit_code == 1
    assert "is there already" in again.stderr
