"""DNS lookups at a real DNS server on loopback."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sending.dns_records import Dns, NoResponse, tags_of
from tests.nameserver import naming


def test_after_two_lookups_without_a_response_no_more_are_tried() -> None:
    with naming({("papers.example", "TXT"): None, ("_dmarc.papers.example", "SERVFAIL"): []}) as resolver:
        resolver.lifetime = 0.5
        dns = Dns(resolver)
        with pytest.raises(NoResponse):
            dns.texts("_dmarc.papers.example")
        with pytest.raises(NoResponse):
            dns.texts("papers.example")
        with pytest.raises(NoResponse, match=r"no response from DNS$"):
            dns.exchanges("papers.example")


def test_mx_address_and_ptr_records() -> None:
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


@given(st.text())
def test_any_text_can_be_split_into_tags(text: str) -> None:
    assert all(isinstance(value, str) for value in tags_of(text).values())
