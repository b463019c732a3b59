"""A site that sends confirmation emails, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from newsletter.config.load import load_config
from newsletter.errors import TransportError
from newsletter.files.site import Site
from newsletter.models import Message
from newsletter.pipeline.confirmations import NoticeSender
from newsletter.rendering.environment import make_environment
from newsletter.sending import Result, Transport, Verdict, never
from newsletter.store import Store
from tests.factories import NOW

ADA = "ada@subscriber.example"
PREFERENCES = {"topics": ["pears"], "cadence": "weekly", "weekday": "friday"}


@dataclass
class ScriptedTransport(Transport):
    """A transport with a scripted verdict."""

    verdict: Verdict = Verdict.SENT
    error: TransportError | None = None
    taken: list[Message] = field(default_factory=list)

    def open(self, abandoned=never) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
        """There is nothing to open."""

    def send(self, messages, ledger, stopped=never, abandoned=never) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
        for message in messages:
            if self.error:
                raise self.error
            ledger.commit([], [message])
            self.taken.append(message)
            ledger.commit([Result(message, self.verdict, "")], [])

    def close(self) -> None:
        """There is nothing to close."""


@dataclass
class Pages:
    """A site, its clock and what sends its confirmation emails."""

    store: Store
    sender: NoticeSender
    transport: ScriptedTransport
    now: datetime = NOW

    def send_waiting(self) -> list[EmailMessage]:
        """Send the waiting emails, and return them."""
        before = len(self.transport.taken)
        self.sender.send_waiting(self.store)
        new = self.transport.taken[before:]
        return [message_from_bytes(one.content, policy=default) for one in new]


def make_pages(store: Store, tmp_path: Path) -> Pages:
    """Return a site whose emails go to a transport with a scripted verdict."""
    (tmp_path / "newsletter.toml").write_text('[site]\nurl = "https://papers.example"\n', encoding="utf-8")
    transport = ScriptedTransport()
    config = load_config(Site(tmp_path), environ={})
    made = Pages(store, NoticeSender(config, make_environment(), transport, lambda: made.now), transport)
    return made


def text_of(message: EmailMessage) -> str:
    """Return the text part of a message."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())
