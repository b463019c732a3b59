"""The SMTP transport against a real server."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.errors import NewsletterError, TransportError
from newsletter.models import Message
from newsletter.sending import Result, Verdict, never
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from tests.sending.messages import (
    CONTENT,
    MessageDeferred,
    MessageRefused,
    RecordingLedger,
    message,
    send,
    transport_to,
)
from tests.sink import sinking
from tests.smtpd import Server, serving


def test_the_message_arrives_byte_for_byte(server: Server, transport: SmtpTransport) -> None:
    response = send(transport, message())

    assert response == "250 2.0.0 accepted"
    assert server.accepted == [("ada@example.org", CONTENT)]


def test_one_connection_sends_many_messages(server: Server, transport: SmtpTransport) -> None:
    for number in range(5):
        send(transport, message(f"subscriber{number}@example.org"))

    assert server.recipients == [f"subscriber{number}@example.org" for number in range(5)]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("550 5.1.1 no such user", MessageRefused),
        ("552 5.3.4 too big", MessageRefused),
        ("450 4.2.0 greylisted", MessageDeferred),
        ("421 4.3.2 closing down", MessageDeferred),
        ("554 5.7.1 relay access denied", TransportError),
    ],
)
@pytest.mark.parametrize("command", ["on_rcpt", "on_data"])
def test_a_negative_reply_concerns_one_message_and_the_next_one_is_sent(
    command: str, reply: str, expected: type[NewsletterError]
) -> None:
    def reply_to(address: str, _seen: int) -> str | None:
        return reply if address == "bad@example.org" else None

    with serving(Server(**{command: reply_to})) as server:  # type: ignore[arg-type]
        transport = transport_to(server)
        with pytest.raises(expected, match=reply[4:]):
            send(transport, message("bad@example.org"))
        send(transport, message("good@example.org"))
        transport.close()

    assert server.recipients == ["good@example.org"]


def test_a_refused_sender_address_ends_the_run_and_blames_no_subscriber() -> None:
    with serving(Server(on_mail=lambda _address, _seen: "550 5.1.8 bad sender")) as server:
        transport = transport_to(server)
        with pytest.raises(TransportError, match="refused the sender address: 550 5\\.1\\.8 bad sender"):
            send(transport, message())
        transport.close()


def test_a_non_ascii_address_is_sent_where_the_server_supports_it() -> None:
    with serving(Server(), enable_SMTPUTF8=True) as server:
        transport = transport_to(server)
        send(transport, message("adá@example.org"))
        transport.close()
    assert server.recipients == ["adá@example.org"]


def test_a_non_ascii_address_is_refused_where_the_server_does_not_support_it() -> None:
    with serving(Server(), enable_SMTPUTF8=False) as server:
        transport = transport_to(server)
        with pytest.raises(MessageRefused, match="does not support non-ASCII addresses"):
            send(transport, message("adá@example.org"))
        send(transport, message())
        transport.close()

    assert server.recipients == ["ada@example.org"]


def test_closing_twice_or_without_a_connection_is_harmless(transport: SmtpTransport) -> None:
    transport.close()
    send(transport, message())
    transport.close()
    transport.close()


def test_what_is_abandoned_before_its_first_byte_is_unsent_and_never_arrives(
    server: Server, transport: SmtpTransport
) -> None:
    class Abandoning(RecordingLedger):
        """Abandons a message in the moment in which it may go."""

        is_abandoned = False

        def commit(self, results: Sequence[Result], departing: Sequence[Message]) -> AbstractSet[str]:
            self.is_abandoned |= bool(departing)
            return super().commit(results, departing)

    ledger = Abandoning()
    transport.send(iter([message()]), ledger, never, lambda: ledger.is_abandoned)

    assert [result.verdict for result in ledger.results] == [Verdict.UNSENT]
    assert send(transport, message("bob@example.org"))  # after which the server has read everything
    assert server.recipients == ["bob@example.org"]


@pytest.mark.parametrize("options", [(), ("--chunking",)])
def test_a_connection_goes_on_after_a_message_that_must_not_be_sent(tmp_path: Path, options: tuple[str, ...]) -> None:
    class Refusing(RecordingLedger):
        """Lets every third message go."""

        def commit(self, results: Sequence[Result], departing: Sequence[Message]) -> AbstractSet[str]:
            allowed = super().commit(results, departing)
            return {one for one in allowed if int(one.strip("<>").partition("@")[0]) % 3 == 0}

    messages = [replace(message(f"s{at}@example.org"), message_id=f"<{at}@news.example>") for at in range(9)]
    with sinking(tmp_path / "taken.log", *options) as sink:
        transport = SmtpTransport(
            SmtpSettings("127.0.0.1", sink.port, security=Security.NONE, connections=1), first_pause_s=0.01
        )
        transport.send(iter(messages), Refusing())
        transport.close()
        assert [recipient for recipient, _ in sink.taken] == ["s0@example.org", "s3@example.org", "s6@example.org"]
