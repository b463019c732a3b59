"""The records of the recovery log, folded: what happened since a backup.

A record only ever takes somebody off the list, or marks a message as mailed. That somebody came back counts only
against earlier records of the log: who was away in the backup stays away. If the log knows too much, somebody misses a
message, and nobody gets one that they should not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from newsletter.models import DeliveryStatus, EditionState, Status
from newsletter.store.recovery_log import Record

#: A message in one of these states did not arrive, and may be sent.
_UNSENT = (DeliveryStatus.QUEUED, DeliveryStatus.DEFERRED, DeliveryStatus.FAILED, DeliveryStatus.SKIPPED)


class Mailed(NamedTuple):
    """A message that was mailed."""

    #: The id of the delivery.
    id: int
    #: When it was planned, and when it left, in ISO 8601.
    planned_at: str
    at: str
    digest: int
    #: The ids of its papers, as they were then; empty if the log does not have the digest.
    papers: tuple[int, ...]
    #: Whether it is in doubt, and waits for the operator's decision.
    is_held: bool = False


@dataclass
class Collected:
    """What happened since a backup."""

    #: Subscriber id → the last record of their status.
    statuses: dict[int, Record] = field(default_factory=dict)
    #: Keyed hash of an address → the record that it unsubscribed, or was suppressed.
    ended: dict[str, Record] = field(default_factory=dict)
    suppressed: dict[str, Record] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)
    moved: dict[int, str] = field(default_factory=dict)
    #: The highest id of a subscriber.
    last_subscriber: int = 0
    papers: dict[int, Record] = field(default_factory=dict)
    editions: dict[str, Record] = field(default_factory=dict)
    #: When the slots of all were looked at, in ISO 8601.
    looks: list[str] = field(default_factory=list)
    states: dict[str, EditionState] = field(default_factory=dict)
    #: (edition, subscriber id) → the message.
    mailed: dict[tuple[str, int], Mailed] = field(default_factory=dict)
    digests: dict[int, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was done to a restored store, by numbers of subscribers, addresses and messages."""

    unsubscribed: int = 0
    suppressed: int = 0
    erased: int = 0
    #: Subscribers whose address is a former one; they are paused.
    moved: int = 0
    #: Subscribers who were added after the backup, and are not in it.
    lost: int = 0
    mailed: int = 0
    #: Messages that were in doubt, and still are.
    held: int = 0
    cancelled: int = 0


def collect(records: Iterable[Record]) -> Collected:
    """Fold the records of a recovery log, which are in order; records of unknown kinds are left out."""
    found = Collected()
    for record in records:
        for kind, take in _KINDS.items():
            if kind in record:
                take(found, record)
    return found


def _take_delivery(found: Collected, record: Record) -> None:
    number, edition, subscriber, digest, planned_at, status = record["delivery"]
    if DeliveryStatus(status) in _UNSENT:
        found.mailed.pop((edition, subscriber), None)
    else:
        found.mailed[edition, subscriber] = Mailed(
            number, planned_at, record["at"], digest, found.digests.get(digest, ()), status == DeliveryStatus.HELD
        )


def _take_status(found: Collected, record: Record) -> None:
    found.statuses[record["subscriber"]] = record
    if record["status"] == Status.ACTIVE.value:  # at the address that they had by then
        found.moved.pop(record["subscriber"], None)


def _take_suppressed(found: Collected, record: Record) -> None:
    found.suppressed.setdefault(record["suppressed"], record)


def _take_unsuppressed(found: Collected, record: Record) -> None:
    found.suppressed.pop(record["unsuppressed"], None)
    found.ended.pop(record["unsuppressed"], None)


_KINDS: dict[str, Callable[[Collected, Record], object]] = {
    "subscriber": _take_status,
    "ended": lambda found, record: found.ended.update({record["ended"]: record}),
    "suppressed": _take_suppressed,
    "unsuppressed": _take_unsuppressed,
    "added": lambda found, record: setattr(found, "last_subscriber", max(found.last_subscriber, record["added"])),
    "erased": lambda found, record: found.erased.add(record["erased"]),
    "moved": lambda found, record: found.moved.update({record["moved"]: record["to"]}),
    "columns": lambda found, record: found.papers.update({record["paper"]: record}),
    "cadence": lambda found, record: found.editions.update({record["key"]: record}),
    "state": lambda found, record: found.states.update({record["of"]: EditionState(record["state"])}),
    "digest": lambda found, record: found.digests.update({record["digest"]: tuple(record["papers"])}),
    "delivery": _take_delivery,
    "look": lambda found, record: found.looks.append(record["look"]),
}
