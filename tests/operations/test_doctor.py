"""What `newsletter doctor` finds, with a real name server and a real mail server."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from newsletter.config.model import Config, DkimSettings
from newsletter.operations.doctor import Level
from newsletter.sending.smtp.settings import Security, SmtpSettings
from tests.cli.conftest import Newsletter, newsletter  # noqa: F401 - a fixture
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
    assert "no such file" in findings["DKIM key"].words


def test_the_server_is_checked_and_no_message_is_sent(config: Config) -> None:
    with serving(Server(), data_size_limit=1000) as server:
        smtp = SmtpSettings(server.host, server.port, security=Security.NONE)
        findings = found(replace(config, smtp=smtp), good_zone(config))
    assert findings["server"].level is Level.OK
    assert findings["size"].level is Level.WARNING
    assert server.accepted == []

    assert found(replace(config, smtp=smtp), good_zone(config))["server"].level is Level.WRONG


def test_warnings_alone_exit_with_0(newsletter: Newsletter) -> None:  # noqa: F811
    result = newsletter("doctor", "--offline")
    assert result.exit_code == 0
    assert "unknown" in result.stdout
    assert "newsletter doctor --new-key" in result.stdout


def test_a_new_key_is_readable_by_its_owner_only_and_never_overwritten(newsletter: Newsletter, tmp_path: Path) -> None:  # noqa: F811
    made = newsletter("doctor", "--new-key", "ed25519", "dkim.pem")
    path = tmp_path / "dkim.pem"
    assert made.exit_code == 0
    assert 'papers-ed25519._domainkey.newsletter.example. TXT "v=DKIM1; k=ed25519; p=' in made.stdout
    assert 'ed25519_key = "dkim.pem"' in made.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    load_pem_private_key(path.read_bytes(), None)

    again = newsletter("doctor", "--new-key", "rsa", "dkim.pem")
    assert again.exit_code == 1
    assert path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
