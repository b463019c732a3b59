"""A message → a mail server, or the outbox."""

from __future__ import annotations

from typing import Protocol

from newsletter.models import Message


class Transport(Protocol):
    """What takes messages away."""

    def open(self) -> None:
        """Make sure that messages can be handed over, before anything is planned.

        Raises:
            TransportError: They cannot.
        """
        ...

    def send(self, message: Message) -> str:
        """Hand over one message and return the server's words.

        Raises:
            MessageDeferred: Not now; try this message again later.
            MessageRefused: Never; this message is not wanted.
            TransportError: The server cannot be used at all. This message was not handed over.
        """
        ...

    def close(self) -> None:
        """Let go of connections. Never raises."""
        ...
