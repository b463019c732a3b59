"""What the tests of transports share: a message, sending it, and a ledger that records results."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from newsletter.errors import NewsletterError
from newsletter.models import Message
from newsletter.sending import Result, Transport, Verdict, send_one
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from tests.smtpd import Server

CONTENT = b"Subject: Hello\r\nTo: ada@example.org\r\n\r\n.One dot\r\n..Two dots\r\n"


class MessageDeferred(NewsletterError):
    pass


class MessageRefused(NewsletterError):
    pass


def message(recipient: str = "ada@example.org", content: bytes = CONTENT) -> Message:
    return Message(
        message_id="<1@news.example>", sender="digest@news.example", recipient=recipient, subject="Hello",
        content=content,
    )  # fmt: skip


def send(transport: Transport, message: Message) -> str:
    """Send one message; return the response."""
    result = send_one(transport, message)
    if result.verdict is Verdict.SENT:
        return result.response
    later = result.verdict in (Verdict.DEFERRED, Verdict.UNSENT, Verdict.IN_DOUBT)
    raise MessageDeferred(result.response) if later else MessageRefused(result.response)


def transport_to(server: Server, **changes: object) -> SmtpTransport:
    """Return a transport to a server without TLS, over one connection."""
    settings: dict[str, object] = {
        "host": server.host,
        "port": server.port,
        "security": Security.NONE,
        "timeout_s": 5,
        "connections": 1,
    }
    return SmtpTransport(SmtpSettings(**(settings | changes)))  # type: ignore[arg-type]


class RecordingLedger:
    """A ledger that allows every message, and records the results."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def commit(self, results: Sequence[Result], departing: Sequence[Message]) -> AbstractSet[str]:
        self.results.extend(results)
        return {one.message_id for one in departing}

    def result_of(self, recipient: str) -> Result:
        (found,) = [one for one in self.results if one.message.recipient == recipient]
        return found
