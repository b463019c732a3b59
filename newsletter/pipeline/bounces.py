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
from newsletter.sending.bounces.reports import Kind, Return
from newsletter.store import Store
from newsletter.store.bounces import ReturnRow

#: Soft bounces count for so long.
_REMEMBERED = timedelta(days=30)
#: Signed by a provider, or said to ourselves: their address needs no other proof.
_PROVEN = ("smtp", "ses", "sendgrid", "mailgun", "postmark")
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeReport:
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


def take(store: Store, soft_limit: int, returns: Iterable[Return], now: datetime) -> TakeReport:
    """Keep reports and act on them, each in a transaction of its own; reports that are known change nothing.

    An address is suppressed by a hard bounce, a complaint (which ends the subscription, too), or `soft_limit` soft
    bounces in 30 days.

    Raises:
        StoreError: The store cannot be written; what was taken before stays.
    """
    counts: Counter[str] = Counter()
    suppressed = []
    for returned in returns:
        with store.transaction():
            outcome, email = _take_one(store, soft_limit, returned, now)
        counts[outcome] += 1
        suppressed += [email] if email else []
    return TakeReport(
        hard=counts[Kind.HARD],
        soft=counts[Kind.SOFT],
        complaints=counts[Kind.COMPLAINT],
        repeated=counts["repeated"],
        unknown=counts["unknown"],
        suppressed=tuple(suppressed),
    )


def _take_one(store: Store, soft_limit: int, returned: Return, now: datetime) -> tuple[str, str | None]:
    """Act on one report; return what became of it, and the address that it suppressed."""
    reader, delivery_id = _whose(store, returned)
    if reader is None:
        return "unknown", None
    row = ReturnRow(
        fingerprint=returned.fingerprint,
        email_key=email_key(reader.email),
        subscriber_id=reader.id,
        delivery_id=delivery_id,
        kind=returned.kind,
        code=returned.code,
        words=returned.words,
        origin=returned.origin,
        said_at=now,
    )
    if not store.returns.put(row):
        return "repeated", None
    if returned.kind is Kind.HARD and delivery_id is not None:
        _fail(store, reader, delivery_id, returned.words, now)
    if returned.kind is Kind.COMPLAINT and reader.status is not Status.LEFT:
        store.subscribers.set_status(reader.id, Status.LEFT, now)
    reason = _reason(store, soft_limit, returned, row.email_key, now)
    if reason is None or store.subscribers.why_suppressed(reader.email) is not None:
        return returned.kind, None
    store.subscribers.suppress(reader.email, reason, now)
    return returned.kind, reader.email


def _whose(store: Store, returned: Return) -> tuple[Subscriber | None, int | None]:
    """Return whose mail came back, and which, as far as the report proves it; see the module's words."""
    if returned.envelope_to is not None:
        number = tokens.read_return(store.secret(), returned.envelope_to)
        found = store.returns.delivery(number) if number is not None else None
        if found is not None:
            return store.subscribers.find_by_id(found[1]), found[0]
    found = store.returns.delivery_of(returned.message_id) if returned.message_id else None
    reader = store.subscribers.find_by_id(found[1]) if found else None
    # Complaints may keep the address to themselves; one that names another than we wrote to is not about our mail.
    if found and reader and (not returned.email or email_key(returned.email) == email_key(reader.email)):
        return reader, found[0]
    if returned.origin in _PROVEN and returned.email:
        return store.subscribers.find(returned.email), None
    return None, None


def _fail(store: Store, reader: Subscriber, delivery_id: int, words: str, now: datetime) -> None:
    delivery = next((one for one in store.deliveries.of_subscriber(reader.id) if one.id == delivery_id), None)
    if delivery and delivery.status in (DeliveryStatus.SENT, DeliveryStatus.SENDING, DeliveryStatus.HELD):
        store.deliveries.move(delivery_id, DeliveryStatus.FAILED, now, detail=words)


def _reason(store: Store, soft_limit: int, returned: Return, key: str, now: datetime) -> str | None:
    """Return why the address must not be mailed any more, or None if it may."""
    match returned.kind:
        case Kind.HARD:
            return f"hard bounce: {returned.words}"[:_LONGEST_REASON]
        case Kind.COMPLAINT:
            return f"complaint: {returned.words}"[:_LONGEST_REASON]
        case Kind.SOFT:
            count = store.returns.soft_count(key, now - _REMEMBERED)
            return f"mailbox kept refusing: {count} soft bounces" if soft_limit <= count else None
