"""Bounce classification by status codes and by text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sending.status_codes import Kind, classify_bounce, code_in


@given(st.text(max_size=300), st.text(max_size=30))
def test_any_text_is_a_hard_or_soft_bounce(response: str, status: str) -> None:
    kind, _ = classify_bounce(status, response)
    assert kind in (Kind.HARD, Kind.SOFT)


@pytest.mark.parametrize(
    ("status", "response", "kind"),
    [
        ("5.1.1", "", Kind.HARD),
        ("5.7.1", "user unknown", Kind.SOFT),
        ("", "550 5.1.1 <ada@subscriber.example> no", Kind.HARD),
        ("5.0.0", "550 mailbox unavailable, quota exceeded", Kind.SOFT),
        ("", "", Kind.SOFT),
    ],
)
def test_a_code_counts_more_than_the_text(status: str, response: str, kind: Kind) -> None:
    assert classify_bounce(status, response)[0] is kind


@pytest.mark.parametrize(
    ("text", "code"), [("550 5.1.1 unknown", "5.1.1"), ("#5.01.10", "5.1.10"), ("from 192.5.1.1", ""), ("v5.1.1a", "")]
)
def test_ip_addresses_and_versions_are_no_codes(text: str, code: str) -> None:
    assert code_in(text) == code
