"""What is done about mail that came back: whose it was, whether to believe it, and who is not mailed any more.

Anybody can write a report on anybody. One is believed only if it knows what only the reader's own mail tells: the
signed return address, or the Message-ID of a mail to that very address; or if a provider signed it. All others are
counted as unknown, and nothing is kept of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter import tokens
from newsletter.addresses import email_key
from newsletter.models import DeliveryStatus, Status, Subscriber
from newsletter.sending.bounces.reports import BounceReport, Kind
from newsletter.store import Store
from newsletter.store.bounces import Bounce

#: Soft bounces count for so long.
_REMEMBERED = timedelta(days=30)
#: Signed by a provider, or said to ourselves: their address needs no other proof.
_PROVEN = ("smtp", "ses", "sendgrid", "mailgun", "postmark")
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedReports:
    """What was taken."""

    hard: int = 0
    soft: int = 0
    complaints: int = 0
    #: Reports that were read before.
    repeated: int = 0
    #: Reports that do not prove that they are about mail of ours.
    unknown: int = 0
    #: The addresses that are not mailed any more because of them.
    suppressed: tuple[str, ...] = ()


def process_report(store: Store, soft_limit: int, reports: Iterable[BounceReport], now: datetime) -> ProcessedReports:
    """Keep reports and act on them, each in a transaction of its own; reports that are known change nothing.

    An address is suppressed by a hard bounce, a complaint (which ends the subscription, too), or `soft_limit` soft
    bounces in 30 days.

    Raises:
        StoreError: The store cannot be written; what was taken before stays.
    """
    counts: Counter[str] = Counter()
    suppressed = []
    for report in reports:
        with store.transaction():
            outcome, email = _process(store, soft_limit, report, now)
        counts[outcome] += 1
        suppressed += [email] if email else []
    return ProcessedReports(
        hard=counts[Kind.HARD],
        soft=counts[Kind.SOFT],
        complaints=counts[Kind.COMPLAINT],
        repeated=counts["repeated"],
        unknown=counts["unknown"],
        suppressed=tuple(suppressed),
    )


def _process(store: Store, soft_limit: int, report: BounceReport, now: datetime) -> tuple[str, str | None]:
    """Act on one report; return what became of it, and the address that it suppressed."""
    subscriber, delivery_id = _whose(store, report)
    if subscriber is None:
        return "unknown", None
    row = Bounce(
        fingerprint=report.fingerprint,
        email_key=email_key(subscriber.email),
        subscriber_id=subscriber.id,
        delivery_id=delivery_id,
        kind=report.kind,
        code=report.code,
        response=report.response,
        origin=report.origin,
        reported_at=now,
    )
    if not store.bounces.put(row):
        return "repeated", None
    if report.kind is Kind.HARD and delivery_id is not None:
        _record_bounce(store, subscriber, delivery_id, report.response, now)
    if report.kind is Kind.COMPLAINT and subscriber.status is not Status.UNSUBSCRIBED:
        store.subscribers.set_status(subscriber.id, Status.UNSUBSCRIBED, now)
    reason = _reason(store, soft_limit, report, row.email_key, now)
    if reason is None or store.subscribers.why_suppressed(subscriber.email) is not None:
        return report.kind, None
    store.subscribers.suppress(subscriber.email, reason, now)
    return report.kind, subscriber.email


def _whose(store: Store, report: BounceReport) -> tuple[Subscriber | None, int | None]:
    """Return whose mail came back, and which, as far as the report proves it; see the module's words."""
    if report.envelope_to is not None:
        number = tokens.read_bounce_report(store.secret(), report.envelope_to)
        found = store.bounces.delivery(number) if number is not None else None
        if found is not None:
            return store.subscribers.find_by_id(found[1]), found[0]
    found = store.bounces.delivery_of(report.message_id) if report.message_id else None
    subscriber = store.subscribers.find_by_id(found[1]) if found else None
    # Complaints may keep the address to themselves; one that names another than we wrote to is not about our mail.
    if found and subscriber and (not report.email or email_key(report.email) == email_key(subscriber.email)):
        return subscriber, found[0]
    if report.origin in _PROVEN and report.email:
        return store.subscribers.find(report.email), None
    return None, None


def _record_bounce(store: Store, subscriber: Subscriber, delivery_id: int, response: str, now: datetime) -> None:
    delivery = next((one for one in store.deliveries.of_subscriber(subscriber.id) if one.id == delivery_id), None)
    if delivery and delivery.status in (DeliveryStatus.SENT, DeliveryStatus.SENDING, DeliveryStatus.HELD):
        store.deliveries.move(delivery_id, DeliveryStatus.FAILED, now, detail=response)


def _reason(store: Store, soft_limit: int, report: BounceReport, key: str, now: datetime) -> str | None:
    """Return why the address must not be mailed any more, or None if it may."""
    match report.kind:
        case Kind.HARD:
            return f"hard bounce: {report.response}"[:_LONGEST_REASON]
        case Kind.COMPLAINT:
            return f"complaint: {report.response}"[:_LONGEST_REASON]
        case Kind.SOFT:
            count = store.bounces.soft_count(key, now - _REMEMBERED)
            return f"mailbox kept refusing: {count} soft bounces" if soft_limit <= count else None
