"""DMARC records, looked up at a real DNS server on loopback."""

from __future__ import annotations

import pytest

from newsletter.sending.dmarc import dmarc_of
from newsletter.sending.dns_records import BadRecord, Dns
from tests.nameserver import naming


def test_the_record_of_a_parent_domain_applies() -> None:
    with naming({("_dmarc.papers.example", "TXT"): ['"v=DMARC1; p=reject; sp=none; adkim=s"']}) as resolver:
        dmarc = dmarc_of(Dns(resolver), "mail.papers.example")
    assert dmarc is not None
    assert (dmarc.domain, dmarc.policy_for("papers.example")) == ("papers.example", "reject")
    assert dmarc.policy_for("mail.papers.example") == "none"
    assert not dmarc.aligns("adkim", "mail.papers.example", "papers.example")
    assert dmarc.aligns("aspf", "mail.papers.example", "papers.example")
    assert not dmarc.aligns("aspf", "mail.papers.example", "otherpapers.example")


def test_two_records_are_an_error() -> None:
    with (
        naming({("_dmarc.papers.example", "TXT"): ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']}) as resolver,
        pytest.raises(BadRecord, match="2 DMARC records"),
    ):
        dmarc_of(Dns(resolver), "papers.example")
