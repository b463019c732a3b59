"""SPF records, looked up at a real DNS server on loopback."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sending.dns_records import BadRecord, Dns, NoResponse
from newsletter.sending.spf import spf_of
from tests.nameserver import Zone, naming


def spf_in(zone: Zone) -> tuple[int, str] | None:
    with naming(zone) as resolver:
        spf = spf_of(Dns(resolver), "papers.example")
    return (spf.lookups, spf.ending) if spf else None


@pytest.mark.parametrize(
    ("record", "lookups", "ending"),
    [
        ('"v=spf1 -all"', 0, "-all"),
        ('"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all"', 0, "~all"),
        ('"v=spf1 a mx include:other.example " "?all"', 4, "?all"),
        ('"v=spf1 redirect=other.example"', 2, "-all"),
        ('"v=spf1 all"', 0, "+all"),
        ('"v=spf1 exists:%{i}.list.example include:%{d}.other.example"', 2, ""),
    ],
)
def test_includes_and_redirects_are_followed(record: str, lookups: int, ending: str) -> None:
    zone = {
        ("papers.example", "TXT"): ['"something else"', record],
        ("other.example", "TXT"): ['"v=spf1 include:third.example -all"'],
        ("third.example", "TXT"): ['"v=spf1 ip4:192.0.2.1 -all"'],
    }
    assert spf_in(zone) == (lookups, ending)


def test_a_domain_may_have_no_record() -> None:
    assert spf_in({}) is None
    assert spf_in({("papers.example", "A"): ["192.0.2.1"]}) is None


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        (['"v=spf1 -all"', '"v=spf1 ~all"'], "2 SPF records"),
        (['"v=spf1 ip4:here -all"'], "invalid network"),
        (['"v=spf1 ip6:192.0.2.1 -all"'], "invalid network"),
        (['"v=spf1 allow:x -all"'], "unknown SPF mechanism 'allow:x'"),
        (['"v=spf1 include:nowhere.example -all"'], "nowhere.example"),
        (['"v=spf1 include:papers.example -all"'], "more than 10 DNS lookups"),
    ],
)
def test_records_that_receivers_reject_are_errors(records: list[str], reason: str) -> None:
    with pytest.raises(BadRecord, match=reason):
        spf_in({("papers.example", "TXT"): records})


def test_without_a_resolver_it_is_unknown_whether_there_is_a_record() -> None:
    with pytest.raises(NoResponse):
        spf_of(Dns(None), "papers.example")


class _OneRecord(Dns):
    """Every name has the same TXT record."""

    record: str

    def texts(self, name: str) -> list[str]:
        return [self.record]


@given(st.lists(st.one_of(st.text(), st.sampled_from(["a", "mx:x", "include:y", "-all", "ip4:1.2.3.4", "redirect=z"]))))
def test_any_record_is_evaluated_or_refused(terms: list[str]) -> None:
    dns = _OneRecord(None)
    dns.record = " ".join(["v=spf1", *terms])
    try:
        spf = spf_of(dns, "papers.example")
    except BadRecord:
        return
    assert spf is None or spf.lookups <= 10
