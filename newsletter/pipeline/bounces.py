"""Bounce and complaint processing: which delivery a report is about, whether it is genuine, what follows from it.

Anybody can forge a report about anybody. A report is genuine only if it knows what only the subscriber's own message
reveals: the signed return address (VERP), the token of its delivery, or the Message-ID of a message to that very
address; or if a provider signed all of it, names no message, and the address was mailed. All others are counted as
unknown, and nothing of them is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from newsletter.models import DeliveryStatus, Status, Subscriber, tokens
from newsletter.models.addresses import email_key
from newsletter.pipeline.fuse import may_suppress
from newsletter.sending.bounces.reports import BounceReport, Kind
from newsletter.store import Store
from newsletter.store.bounces import Bounce
from newsletter.subscribers.subscriptions import unsubscribe

if TYPE_CHECKING:  # it needs the cryptography package, which sites without webhooks lack
    from newsletter.sending.bounces.webhooks import WebhookCall

#: Soft bounces are counted over this period.
_SOFT_BOUNCE_PERIOD = timedelta(days=30)
#: Reported in the SMTP session, or signed as a whole: the address is proof enough, unless a message is named.
_TRUSTED_ORIGINS = ("smtp", "ses", "sendgrid")
#: Providers, whose events may be replayed.
_PROVIDERS = ("ses", "sendgrid", "mailgun", "postmark")
_MAX_REASON = 200


class _Outcome(StrEnum):
    """What became of one report."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    #: A hard bounce that waits for review, since too many came at once.
    HELD = "held"
    REPEATED = "repeated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedReports:
    """How many reports were processed, by outcome."""

    hard: int = 0
    soft: int = 0
    complaints: int = 0
    #: Hard bounces that wait for `newsletter bounces review`; see `newsletter.pipeline.fuse`.
    held: int = 0
    #: Reports that were processed before.
    repeated: int = 0
    #: Reports without proof that they are about a message of this site.
    unknown: int = 0
    #: The addresses that the reports suppressed.
    suppressed: tuple[str, ...] = ()

    def __add__(self, other: ProcessedReports) -> ProcessedReports:
        """Return the sum of both."""
        return ProcessedReports(
            hard=self.hard + other.hard,
            soft=self.soft + other.soft,
            complaints=self.complaints + other.complaints,
            held=self.held + other.held,
            repeated=self.repeated + other.repeated,
            unknown=self.unknown + other.unknown,
            suppressed=self.suppressed + other.suppressed,
        )


def process_report(store: Store, soft_limit: int, reports: Iterable[BounceReport], now: datetime) -> ProcessedReports:
    """Record reports and act on them, each in a transaction of its own; a report processed before changes nothing.

    An address is suppressed by a hard bounce, by a complaint (which also unsubscribes it), or by `soft_limit` soft
    bounces in 30 days.

    Raises:
        StoreError: The store cannot be written; the reports before stay processed.
    """
    counts: Counter[_Outcome] = Counter()
    suppressed = []
    for report in reports:
        with store.transaction():
            outcome, email = _process(store, soft_limit, report, now)
            if report.origin in _PROVIDERS:
                store.webhook_events.count(report.origin, outcome)
        counts[outcome] += 1
        suppressed += [email] if email else []
    return ProcessedReports(
        hard=counts[_Outcome.HARD],
        soft=counts[_Outcome.SOFT],
        complaints=counts[_Outcome.COMPLAINT],
        held=counts[_Outcome.HELD],
        repeated=counts[_Outcome.REPEATED],
        unknown=counts[_Outcome.UNKNOWN],
        suppressed=tuple(suppressed),
    )


def process_webhook_call(store: Store, soft_limit: int, call: WebhookCall, now: datetime) -> ProcessedReports:
    """Act on a provider's call as `process_report` does. A call whose token was used before changes nothing.

    Raises:
        StoreError: The store cannot be written; the token of the call is not used up.
    """
    store.webhook_events.delete_expired(now)
    if call.token is None:
        return process_report(store, soft_limit, call.reports, now)
    with store.transaction():
        if store.webhook_events.put(call.token, now):
            return process_report(store, soft_limit, call.reports, now)
        for report in call.reports:
            store.webhook_events.count(report.origin, _Outcome.REPEATED)
    return ProcessedReports(repeated=len(call.reports))


def _process(store: Store, soft_limit: int, report: BounceReport, now: datetime) -> tuple[_Outcome, str | None]:
    """Act on one report; return what became of it, and the address that it suppressed, if any."""
    subscriber, delivery_id = _find_delivery(store, report, now)
    if subscriber is None:
        return _Outcome.UNKNOWN, None
    is_new = report.origin not in _PROVIDERS or store.webhook_events.put(report.fingerprint, now)
    if is_new and report.kind is Kind.UNSUBSCRIBE:
        unsubscribe(store, subscriber.email, now, reason=f"with {report.origin}")
        return _Outcome.UNSUBSCRIBE, subscriber.email
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
    if not is_new or not store.bounces.put(row):
        return _Outcome.REPEATED, None
    if report.kind is Kind.HARD and delivery_id is not None:
        _fail_delivery(store, subscriber, delivery_id, report.response, now)
    if report.kind is Kind.COMPLAINT and subscriber.status is not Status.UNSUBSCRIBED:
        store.subscribers.set_status(subscriber.id, Status.UNSUBSCRIBED, now)
    outcome = _Outcome(report.kind.value)
    reason = _suppression_reason(store, soft_limit, report, row.email_key, now)
    if reason is None or store.suppressions.why_suppressed(subscriber.email) is not None:
        return outcome, None
    if report.kind is Kind.HARD and not may_suppress(store, row, now):
        return _Outcome.HELD, None
    store.suppressions.suppress(subscriber.email, reason, now)
    return outcome, subscriber.email


def _find_delivery(store: Store, report: BounceReport, now: datetime) -> tuple[Subscriber | None, int | None]:
    """Return the subscriber and the delivery that a report provably is about; see the module's docstring."""
    if report.envelope_to is not None:
        number = tokens.read_verp_address(store.accepted_keys(now), report.envelope_to)
        found = store.bounces.delivery(number) if number is not None else None
        if found is not None:
            return store.subscribers.find_by_id(found[1]), found[0]
    number = tokens.read_delivery_token(store.accepted_keys(now), report.delivery_token)
    if number is not None:
        found = store.bounces.delivery(number)
    else:
        found = store.bounces.delivery_of(report.message_id) if report.message_id else None
    subscriber = store.subscribers.find_by_id(found[1]) if found else None
    # A complaint may redact the address; one that names another address than the recipient's is not about our message.
    if found and subscriber and (not report.email or email_key(report.email) == email_key(subscriber.email)):
        return subscriber, found[0]
    if report.origin in _TRUSTED_ORIGINS and report.email and not report.message_id:
        subscriber = store.subscribers.find(report.email)
        if subscriber and (report.origin == "smtp" or store.deliveries.of_subscriber(subscriber.id)):
            return subscriber, None
    return None, None


def _fail_delivery(store: Store, subscriber: Subscriber, delivery_id: int, response: str, now: datetime) -> None:
    delivery = next((one for one in store.deliveries.of_subscriber(subscriber.id) if one.id == delivery_id), None)
    if delivery and delivery.status in (DeliveryStatus.SENT, DeliveryStatus.SENDING, DeliveryStatus.HELD):
        store.deliveries.move(delivery_id, DeliveryStatus.FAILED, now, detail=response)


def _suppression_reason(store: Store, soft_limit: int, report: BounceReport, key: str, now: datetime) -> str | None:
    """Return why the address must not be mailed any more, or None if it may."""
    match report.kind:
        case Kind.HARD:
            return f"hard bounce: {report.response}"[:_MAX_REASON]
        case Kind.COMPLAINT:
            return f"complaint: {report.response}"[:_MAX_REASON]
        case Kind.UNSUBSCRIBE:
            return None
        case Kind.SOFT:
            count = store.bounces.soft_count(key, now - _SOFT_BOUNCE_PERIOD)
            return f"{count} soft bounces in {_SOFT_BOUNCE_PERIOD.days} days" if soft_limit <= count else None
