"""Problems in DNS that `newsletter doctor` finds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from newsletter.config.model import Config, DkimSettings
from newsletter.models.findings import Level
from newsletter.sending.dkim import load_key
from tests.operations.conftest import found, good_zone


@pytest.mark.parametrize(
    ("name", "records", "about", "level", "words"),
    [
        (("papers.net", "TXT"), ['"nothing"'], "SPF", Level.WRONG, "has no SPF record"),
        (("papers.net", "TXT"), ['"v=spf1 +all"'], "SPF", Level.WRONG, "every server"),
        (("papers.net", "TXT"), ['"v=spf1 a"'], "SPF", Level.WARNING, "does not end with"),
        (("papers.net", "TXT"), None, "SPF", Level.UNKNOWN, "no response from DNS"),
        (("papers.net", "TXT"), ['"v=spf1 nonsense"'], "SPF", Level.WRONG, "nonsense"),
        (("papers.net", "MX"), ["0 ."], "MX", Level.WRONG, "has no MX record"),
        (("_dmarc.papers.net", "TXT"), ['"v=DMARC1; p=none"'], "DMARC", Level.WARNING, "forged"),
        (
            ("_dmarc.papers.net", "TXT"),
            ['"other"'],
            "DMARC",
            Level.WRONG,
            "has no DMARC record; Gmail and Yahoo require one",
        ),
        (("_dmarc.papers.net", "TXT"), ['"v=DMARC1; p=maybe"'], "DMARC", Level.WRONG, "invalid policy"),
        (("s1._domainkey.papers.net", "TXT"), ['"other"'], "DKIM s1", Level.WRONG, "has no DKIM record"),
        (("s1._domainkey.papers.net", "TXT"), ['"v=DKIM1; p="'], "DKIM s1", Level.WRONG, "revoked"),
        (("s1._domainkey.papers.net", "TXT"), ['"v=DKIM1; p=AAAA"'], "DKIM s1", Level.WRONG, "does not match"),
        (("s1._domainkey.papers.net", "TXT"), ['"p=A"', '"p=B"'], "DKIM s1", Level.WRONG, "only one is allowed"),
    ],
)
def test_a_problem_in_dns_is_found_with_a_remedy(
    config: Config, name: tuple[str, str], records: list[str] | None, about: str, level: Level, words: str
) -> None:
    finding = found(config, good_zone(config) | {name: records})[about]
    assert (finding.level, words in finding.detail) == (level, True)
    assert level is Level.UNKNOWN or finding.remedy


def test_a_key_in_testing_mode_is_a_warning(config: Config) -> None:
    record = load_key(config.dkim.keys[0][1], "papers.net", "s1").record
    zone = good_zone(config) | {("s1._domainkey.papers.net", "TXT"): [f'"t=y; {record[:200]}" "{record[200:]}"']}
    assert found(config, zone)["DKIM s1"].level is Level.WARNING


def test_a_signing_domain_that_is_not_aligned_is_wrong(config: Config) -> None:
    keys = config.dkim.keys
    elsewhere = replace(config, dkim=DkimSettings("elsewhere.net", keys))
    assert found(elsewhere, good_zone(config))["alignment"].level is Level.WRONG
