"""The suppression list: addresses that must not be mailed."""

from __future__ import annotations

from datetime import timedelta

from newsletter.store import Store
from tests.factories import NOW

LATER = NOW + timedelta(days=1)
ADA = "ada@example.org"


def test_an_address_is_suppressed_ignoring_case_and_for_the_first_reason(store: Store) -> None:
    store.subscribers.suppress("Ada@Example.org", "unsubscribed", NOW)
    store.subscribers.suppress(ADA, "bounced", LATER)
    assert store.subscribers.why_suppressed("ADA@EXAMPLE.ORG") == "unsubscribed"
    assert store.subscribers.suppressions() == {ADA: "unsubscribed"}


def test_a_suppression_can_be_removed(store: Store) -> None:
    store.subscribers.suppress(ADA, "unsubscribed", NOW)
    store.subscribers.unsuppress("ADA@example.org")
    assert (store.subscribers.why_suppressed(ADA), store.subscribers.suppressions()) == (None, {})


def test_a_suppression_needs_no_subscriber(store: Store) -> None:
    store.subscribers.suppress("nobody@example.org", "bounced", NOW)
    assert store.subscribers.all() == []
