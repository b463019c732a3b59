"""Messages → a mail server, or the outbox.

    messages | ledger says which may leave | handed over | outcomes → ledger

A transport asks for messages as it can take them, and asks the ledger before each leaves: what is not written down is
not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from newsletter.models import Message


class Verdict(StrEnum):
    """What became of a message."""

    SENT = "sent"
    #: Not now (SMTP 4yz): try this message again later.
    DEFERRED = "deferred"
    #: Never (SMTP 5yz): this message is not wanted.
    REFUSED = "refused"
    #: Never, for there is no such mailbox (RFC 3463, X.1.X).
    BOUNCED = "bounced"
    #: The server refused it by a policy of its own (RFC 3463, X.7.X): nobody's fault, and the run stops.
    POLICY = "unwanted"
    #: The connection was lost before all of it was handed over: it was not delivered.
    UNSENT = "unsent"
    #: The connection was lost after the last byte: it may have been delivered, or not (RFC 1047).
    IN_DOUBT = "in doubt"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one message, in the server's words."""

    message: Message
    verdict: Verdict
    words: str


class Ledger(Protocol):
    """Where it is written down what leaves and what came of it."""

    def commit(self, results: Sequence[Result], departing: Sequence[Message]) -> AbstractSet[str]:
        """Write down, all at once, what became of messages and which are about to leave.

        Returns the Message-IDs of those that may; the others must not be sent any more, and nothing is said of them.
        """
        ...


class Transport(Protocol):
    """What takes messages away."""

    def open(self) -> None:
        """Make sure that messages can be handed over, before anything is planned.

        Raises:
            TransportError: They cannot.
        """
        ...

    def carry(self, messages: Iterator[Message], ledger: Ledger, stopped: Callable[[], bool] = lambda: False) -> None:
        """Hand over messages until there are no more, or until `stopped` says so: what is under way is finished.

        Raises:
            TransportError: The server cannot be used at all. What was handed over is in the ledger.
        """
        ...

    def close(self) -> None:
        """Let go of connections. Never raises."""
        ...


def send_one(transport: Transport, message: Message) -> Result:
    """Hand over one message that no ledger knows of: a trial, a word to confirm.

    Raises:
        TransportError: The server cannot be used at all.
    """
    results: list[Result] = []

    class _Slip:
        def commit(self, told: Sequence[Result], departing: Sequence[Message]) -> AbstractSet[str]:
            results.extend(told)
            return {one.message_id for one in departing}

    transport.carry(iter([message]), _Slip())
    return results[-1]
