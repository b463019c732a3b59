"""Transports, which hand messages to a mail server or write them to the Maildir outbox.

    messages | the ledger allows each | sent | results → ledger

A transport takes messages as fast as it can send them and asks the ledger before it sends each one. A message that is
not recorded in the ledger is never sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import NamedTuple, Protocol

from newsletter.models import Message


def never() -> bool:
    """Return False: nobody wants to stop."""
    return False


class Verdict(StrEnum):
    """The outcome of sending one message."""

    SENT = "sent"
    #: Transient failure (SMTP 4yz): retry this message later.
    DEFERRED = "deferred"
    #: Permanent failure (SMTP 5yz) of this message.
    REFUSED = "refused"
    #: Permanent failure because the mailbox does not exist (RFC 3463, X.1.X): a hard bounce.
    BOUNCED = "bounced"
    #: A policy refused this message to this recipient (RFC 3463, X.7.X), which says nothing about the others.
    REJECTED = "rejected by policy"
    #: Our sender address or our use of the server is refused. No subscriber is at fault, and the run ends.
    POLICY = "refused by policy"
    #: The connection was lost before the whole message was handed over: it was not delivered.
    UNSENT = "unsent"
    #: The connection was lost after the last byte: the message may or may not have been delivered (RFC 1047).
    IN_DOUBT = "in doubt"


class Result(NamedTuple):
    """The outcome of sending one message, with the server's response (or the reason why there is none)."""

    message: Message
    verdict: Verdict
    response: str


class Ledger(Protocol):
    """The record of which messages are sent and of their results."""

    def commit(self, results: Sequence[Result], departing: Sequence[Message]) -> AbstractSet[str]:
        """Record results and the messages that are about to be sent, in one transaction.

        Returns the Message-IDs of the messages that may be sent. The others must not be sent, and get no result.
        """
        ...


class Wait(NamedTuple):
    """How many seconds to wait for a permit; 0.0 for none."""

    #: Before any message may be sent.
    all_s: float
    #: Before one to the same domain may be sent.
    domain_s: float


class Permits(Protocol):
    """The rate limits, as the permits to send one message each."""

    def take(self, server: str, domain: str, now: float) -> Wait:
        """Take the permit to send a message to a domain by a server, at a monotonic time, unless one has to wait."""
        ...


class NoLimits:
    """The permits of a transport without rate limits."""

    def take(self, _server: str, _domain: str, _now: float) -> Wait:
        """Return that nothing has to wait."""
        return Wait(0.0, 0.0)


class Transport(Protocol):
    """A way to send messages."""

    @property
    def permits(self) -> Permits:
        """The rate limits, which those that this one is divided into keep together."""
        return NoLimits()

    def divide(self, _number: int, /) -> Sequence[Callable[[Permits], Transport]]:
        """Return what makes up to `number` transports, for a process each, with no more connections than this one.

        They take their permits from where they are told to. A transport that cannot be divided returns none.
        """
        return []

    def open(self, abandoned: Callable[[], bool] = never) -> None:
        """Check that messages can be sent, before anything is planned.

        Raises:
            TransportError: They cannot, or `abandoned` returned True.
        """
        ...

    def send(
        self,
        messages: Iterator[Message],
        ledger: Ledger,
        stopped: Callable[[], bool] = never,
        abandoned: Callable[[], bool] = never,
    ) -> None:
        """Send messages until there are none left, or until `stopped` returns True; finish those in flight.

        When `abandoned` returns True, those in flight are given up at once: their results are UNSENT or IN_DOUBT.

        Raises:
            TransportError: The server cannot be used at all. The ledger has the results of what was sent before.
        """
        ...

    def close(self) -> None:
        """Close all connections. Never raises."""
        ...


def send_one(transport: Transport, message: Message, abandoned: Callable[[], bool] = never) -> Result:
    """Send one message that is in no ledger, such as a test email or a confirmation email.

    Raises:
        TransportError: The server cannot be used at all.
    """
    recorded: list[Result] = []

    class _SingleMessageLedger:
        def commit(self, results: Sequence[Result], departing: Sequence[Message]) -> AbstractSet[str]:
            recorded.extend(results)
            return {message.message_id for message in departing}

    transport.send(iter([message]), _SingleMessageLedger(), abandoned, abandoned)
    return recorded[-1] if recorded else Result(message, Verdict.UNSENT, "not sent: abandoned before it was begun")
