"""One worker's sender: a shard that it does not get, one that it cannot send, and one that it lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from newsletter.errors import TransportError
from newsletter.models import Message
from newsletter.pipeline.shard_lease import LeaseLost
from newsletter.pipeline.shard_sender import ShardSender
from newsletter.sending import Ledger, NoLimits, Permits, Result, Transport, Verdict, never
from tests.pipeline.conftest import SendingSite

MINUTES = timedelta(minutes=3)


@dataclass
class Wire:
    """A transport that a test can break."""

    site: SendingSite
    error: TransportError | None = None
    is_lost: bool = False
    sent: list[str] = field(default_factory=list)
    closed: int = 0
    permits: Permits = field(default_factory=NoLimits)

    def divide(self, _number: int, /) -> Sequence[Callable[[Permits], Transport]]:
        return []

    def open(self, abandoned: Callable[[], bool] = never) -> None: ...

    def send(
        self,
        messages: Iterator[Message],
        ledger: Ledger,
        stopped: Callable[[], bool] = never,
        abandoned: Callable[[], bool] = never,
    ) -> None:
        for message in messages:
            if stopped():
                return
            if self.error is not None:
                raise self.error
            if self.is_lost:
                self.site.store.shards.release("one")
            allowed: AbstractSet[str] = ledger.commit([], [message])
            self.sent += [message.recipient] * (message.message_id in allowed)
            ledger.commit([Result(message, Verdict.SENT, "250 ok")], [])

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def wire(site: SendingSite) -> Wire:
    """A wire, and two shards of two deliveries."""
    site.add_paper("Pears in Winter", 1)
    for at in range(4):
        site.add_subscriber(f"s{at}@example.org", "pears")
    wire = Wire(site)
    site.send(wire, is_shared=True)
    site.store.shards.divide_rest(site.now, 2)
    return wire


def sender(wire: Wire, *, stops_after: int = 99) -> ShardSender:
    site = wire.site
    return ShardSender(
        site.config, site.store, wire, lambda: site.now, "one", lambda: len(wire.sent) >= stops_after, lambda: False
    )


def test_a_shard_is_sent_and_finished_and_the_other_is_left(wire: Wire) -> None:
    report = sender(wire).send(1, lambda _outcome: None)
    assert (report.counts["sent"], wire.site.store.shards.counts(), wire.closed) == (2, (1, 0), 0)
    sender(wire).send(3, lambda _outcome: None)
    assert (wire.site.store.shards.counts(), wire.closed) == ((0, 0), 1)


def test_a_shard_that_somebody_has_is_left_alone(wire: Wire) -> None:
    wire.site.store.shards.lease("another", wire.site.now, MINUTES, 1)
    assert not sender(wire).send(1, lambda _outcome: None).counts
    assert wire.site.store.shards.counts() == (1, 1)


def test_after_a_shutdown_the_rest_is_free(wire: Wire) -> None:
    report = sender(wire, stops_after=1).send(1, lambda _outcome: None)
    assert report.counts["sent"] == 1
    assert wire.site.store.shards.counts() == (2, 0)


def test_after_an_error_the_rest_is_free_and_connections_are_closed(wire: Wire) -> None:
    wire.error = TransportError("mail.example: refused")
    assert sender(wire).send(1, lambda _outcome: None).error is wire.error
    assert (wire.site.store.shards.counts(), wire.closed) == ((2, 0), 1)


def test_nothing_leaves_of_a_shard_that_was_lost(wire: Wire) -> None:
    wire.is_lost = True
    with pytest.raises(LeaseLost):
        sender(wire).send(1, lambda _outcome: None)
    assert wire.sent == []
