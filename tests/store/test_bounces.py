from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from newsletter.store import Store
from newsletter.store.bounces import Bounce
from tests.factories import NOW

ADA = "ada@example.org"
SOFT = Bounce(
    fingerprint="1",
    email_key=ADA,
    kind="soft",
    code="4.2.2",
    response="452 4.2.2 mailbox full",
    origin="dsn",
    reported_at=NOW,
)


def test_a_report_is_stored_once(store: Store) -> None:
    assert [store.bounces.put(SOFT) for _ in range(2)] == [True, False]
    assert store.bounces.of("ADA@example.org") == store.bounces.latest(9) == [SOFT]


def test_the_newest_reports_come_first(store: Store) -> None:
    later = replace(SOFT, fingerprint="2", kind="complaint", reported_at=NOW + timedelta(hours=1))
    for bounce in (later, SOFT):
        store.bounces.put(bounce)
    assert store.bounces.of(ADA) == [later, SOFT]
    assert store.bounces.latest(1) == [later]
    assert store.bounces.counts() == {"soft": 1, "complaint": 1}


def test_soft_bounces_are_counted_since_a_moment(store: Store) -> None:
    for number, days in enumerate((0, 10, 40)):
        store.bounces.put(replace(SOFT, fingerprint=str(number), reported_at=NOW - timedelta(days=days)))
    store.bounces.put(replace(SOFT, fingerprint="hard", kind="hard"))
    store.bounces.put(replace(SOFT, fingerprint="other", email_key="ben@example.org"))
    assert store.bounces.soft_count(ADA, NOW - timedelta(days=30)) == 2


def test_an_unknown_delivery_is_none(store: Store) -> None:
    assert (store.bounces.delivery(1), store.bounces.delivery_of("<1@example.org>")) == (None, None)
