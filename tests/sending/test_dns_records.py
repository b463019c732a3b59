"""What DNS says of a domain's mail, asked of a real name server on loopback."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sending.dns_records import BadRecord, Dns, NoResponse, dmarc_of, spf_of, tags_of
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
def test_spf_is_followed_to_its_end(record: str, lookups: int, ending: str) -> None:
    zone = {
        ("papers.example", "TXT"): ['"something else"', record],
        ("other.example", "TXT"): ['"v=spf1 include:third.example -all"'],
        ("third.example", "TXT"): ['"v=spf1 ip4:192.0.2.1 -all"'],
    }
    assert spf_in(zone) == (lookups, ending)


def test_where_there_is_no_record_there_is_none() -> None:
    assert spf_in({}) is None
    assert spf_in({("papers.example", "A"): ["192.0.2.1"]}) is None


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (['"v=spf1 -all"', '"v=spf1 ~all"'], "2 SPF records"),
        (['"v=spf1 ip4:here -all"'], "names no network"),
        (['"v=spf1 ip6:192.0.2.1 -all"'], "names no network"),
        (['"v=spf1 allow:x -all"'], "knows no 'allow:x'"),
        (['"v=spf1 include:nowhere.example -all"'], "nowhere.example"),
        (['"v=spf1 include:papers.example -all"'], "more than 10 lookups"),
    ],
)
def test_what_receivers_cannot_use_is_told(records: list[str], words: str) -> None:
    with pytest.raises(BadRecord, match=words):
        spf_in({("papers.example", "TXT"): records})


def test_no_answer_is_no_record_and_is_waited_for_twice_at_most() -> None:
    with naming({("papers.example", "TXT"): None, ("_dmarc.papers.example", "SERVFAIL"): []}) as resolver:
        resolver.lifetime = 0.5
        dns = Dns(resolver)
        with pytest.raises(NoResponse):
            dmarc_of(dns, "papers.example")
        with pytest.raises(NoResponse):
            spf_of(dns, "papers.example")
        with pytest.raises(NoResponse, match="no name server answers"):
            dns.exchanges("papers.example")


def test_a_domains_policy_may_stand_above_it() -> None:
    with naming({("_dmarc.papers.example", "TXT"): ['"v=DMARC1; p=reject; sp=none; adkim=s"']}) as resolver:
        dmarc = dmarc_of(Dns(resolver), "mail.papers.example")
    assert dmarc is not None
    assert (dmarc.domain, dmarc.policy_for("papers.example")) == ("papers.example", "reject")
    assert dmarc.policy_for("mail.papers.example") == "none"
    assert not dmarc.aligns("adkim", "mail.papers.example", "papers.example")
    assert dmarc.aligns("aspf", "mail.papers.example", "papers.example")
    assert not dmarc.aligns("aspf", "mail.papers.example", "otherpapers.example")


def test_two_policies_are_none() -> None:
    with (
        naming({("_dmarc.papers.example", "TXT"): ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']}) as resolver,
        pytest.raises(BadRecord, match="2 DMARC records"),
    ):
        dmarc_of(Dns(resolver), "papers.example")


def test_who_takes_mail_and_what_addresses_are_called() -> None:
    zone = {
        ("papers.example", "MX"): ["20 second.example.", "10 first.example."],
        ("first.example", "A"): ["192.0.2.7"],
        ("7.2.0.192.in-addr.arpa", "PTR"): ["first.example."],
        ("none.example", "MX"): ["0 ."],
    }
    with naming(zone) as resolver:
        dns = Dns(resolver)
        assert dns.exchanges("papers.example") == ["first.example", "second.example"]
        assert dns.exchanges("none.example") == [""]
        assert dns.addresses("first.example") == ["192.0.2.7"]
        assert dns.addresses("192.0.2.9") == ["192.0.2.9"]
        assert dns.names_of("192.0.2.7") == ["first.example"]


def test_without_a_resolver_nothing_is_known() -> None:
    with pytest.raises(NoResponse):
        spf_of(Dns(None), "papers.example")


@given(st.text())
def test_any_text_has_tags(text: str) -> None:
    assert all(isinstance(value, str) for value in tags_of(text).values())


class _Said(Dns):
    """Says the same of every name."""

    said: str

    def texts(self, name: str) -> list[str]:
        return [self.said]


@given(st.lists(st.one_of(st.text(), st.sampled_from(["a", "mx:x", "include:y", "-all", "ip4:1.2.3.4", "redirect=z"]))))
def test_any_record_is_followed_or_refused(terms: list[str]) -> None:
    dns = _Said(None)
    dns.said = " ".join(["v=spf1", *terms])
    try:
        spf = spf_of(dns, "papers.example")
    except BadRecord:
        return
    assert spf is None or spf.lookups <= 10
