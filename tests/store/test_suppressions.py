"""The suppression list: addresses that must not be mailed."""

from __future__ import annotations

from datetime import timedelta

from newsletter.store import Store
from tests.factories import NOW

LATER = NOW + timedelta(days=1)
ADA = "ada@example.org"


def test_an_address_is_suppressed_ignoring_case_and_for_the_first_reason(store: Store) -> None:
    store.suppressions.suppress("Ada@Example.org", "unsubscribed", NOW)
    store.suppressions.suppress(ADA, "bounced", LATER)
    assert store.suppressions.why_suppressed("ADA@EXAMPLE.ORG") == "unsubscribed"
    assert store.suppressions.all() == {ADA: "unsubscribed"}


def test_a_suppression_can_be_removed(store: Store) -> None:
    store.suppressions.suppress(ADA, "unsubscribed", NOW)
    store.suppressions.unsuppress("ADA@example.org")
    assert (store.suppressions.why_suppressed(ADA), store.suppressions.all()) == (None, {})


def test_a_suppression_needs_no_subscriber(store: Store) -> None:
    store.suppressions.suppress("nobody@example.org", "bounced", NOW)
    assert store.subscribers.all() == []
