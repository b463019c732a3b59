"""MTA-STS policies (RFC 8461)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sending.dns_records import BadRecord, Dns
from newsletter.sending.mta_sts import MtaStsPolicy, has_mta_sts, read_policy
from tests.nameserver import naming

#: From RFC 8461, 3.2.
POLICY = b"""\
version: STSv1
mode: enforce
mx: mail.example.com
mx: *.example.net
mx: backupmx.example.com
max_age: 604800
"""


def test_the_policy_of_the_standard_is_read() -> None:
    hosts = ("mail.example.com", "*.example.net", "backupmx.example.com")
    assert read_policy(POLICY) == read_policy(POLICY.replace(b"\n", b"\r\n")) == MtaStsPolicy("enforce", hosts, 604_800)


@pytest.mark.parametrize(
    ("host", "is_accepted"),
    [
        ("mail.example.com", True),
        ("MAIL.example.com.", True),
        ("mx1.example.net", True),
        ("a.b.example.net", False),
        ("example.net", False),
        ("other.example.com", False),
    ],
)
def test_a_star_stands_for_one_label(host: str, is_accepted: bool) -> None:
    assert read_policy(POLICY).accepts(host) is is_accepted


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        POLICY.replace(b"STSv1", b"STSv2"),
        POLICY.replace(b"enforce", b"always"),
        POLICY.replace(b"604800", b"a week"),
        b"version: STSv1\nmode: enforce\nmax_age: 1\n",
    ],
)
def test_an_invalid_policy_is_refused(content: bytes) -> None:
    with pytest.raises(BadRecord):
        read_policy(content)


@given(st.binary(max_size=200))
def test_no_other_error_is_raised(content: bytes) -> None:
    with suppress(BadRecord):
        read_policy(b"version: STSv1\nmax_age: 1\nmode: none\n" + content)


def test_a_record_announces_a_policy() -> None:
    zone: dict[tuple[str, str], list[str] | None] = {
        ("_mta-sts.papers.net", "TXT"): ['"v=STSv1; id=20260508T1;"'],
        ("_mta-sts.two.net", "TXT"): ['"v=STSv1; id=1"', '"v=STSv1; id=2"'],
        ("_mta-sts.none.net", "TXT"): ['"v=STSv1"'],
    }
    with naming(zone) as resolver:
        dns = Dns(resolver)
        assert has_mta_sts(dns, "papers.net")
        assert not has_mta_sts(dns, "other.net")
        for domain in ("two.net", "none.net"):
            with pytest.raises(BadRecord):
                has_mta_sts(dns, domain)
