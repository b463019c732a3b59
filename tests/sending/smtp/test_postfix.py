"""The SMTP transport against Debian's Postfix, with STARTTLS and AUTH."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence

import pytest
import trustme

from newsletter.errors import TransportError
from newsletter.models import Message
from newsletter.sending import Verdict
from newsletter.sending.smtp.settings import SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from tests.postfix import MISSING, Postfix, postfix
from tests.sending.messages import RecordingLedger

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

AUTHORITY = trustme.CA()
CERTIFICATE = AUTHORITY.issue_cert("localhost")
BODY = b"One.\r\n.\r\n..Two\r\nlong " + b"x" * 900 + b"\r\n\xc3\xbc\r\n"


def message(recipient: str, body: bytes = BODY) -> Message:
    message_id = f"<{abs(hash(recipient))}@papers.example>"
    head = (
        f"From: digest@papers.example\r\nMessage-ID: {message_id}\r\nSubject: Pears\r\n"
        "Date: Fri, 8 May 2026 09:30:00 +0000\r\nMIME-Version: 1.0\r\n"
    )
    return Message(
        message_id=message_id,
        sender="digest@papers.example",
        recipient=recipient,
        subject="Pears",
        content=head.encode() + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + body,
    )


def settings(server: Postfix, **changes: object) -> SmtpSettings:
    values: dict[str, object] = {"host": "localhost", "port": server.port, "timeout_s": 20}
    values |= {"username": server.username, "password": server.password}
    return SmtpSettings(**(values | changes))  # type: ignore[arg-type]


def send(server: Postfix, messages: Sequence[Message], **changes: object) -> RecordingLedger:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    ledger, transport = RecordingLedger(), SmtpTransport(settings(server, **changes), tls=context)
    try:
        transport.send(iter(messages), ledger)
    finally:
        transport.close()
    return ledger


@pytest.fixture(scope="module")
def server() -> Iterator[Postfix]:
    access = "gone@users.example 550 5.1.1 no such user\nlater@users.example 450 4.2.0 greylisted\n"
    with postfix(CERTIFICATE, access=access) as running:
        yield running


def test_an_edition_goes_over_several_encrypted_connections(server: Postfix) -> None:
    ledger = send(server, [message(f"subscriber{number}@users.example") for number in range(300)])

    assert {one.verdict for one in ledger.results} == {Verdict.SENT}
    assert len({one.message.recipient for one in ledger.results}) == 300
    assert server.log.count(f"sasl_username={server.username}") >= 300


def test_the_content_arrives_unchanged(server: Postfix) -> None:
    sent = message("ada@delivered.example")
    send(server, [sent])

    (delivered,) = server.delivered(1)
    assert delivered.partition(b"From: digest@")[2] == sent.content.partition(b"From: digest@")[2].replace(
        b"\r\n", b"\n"
    )


def test_one_missing_mailbox_does_not_affect_the_others(server: Postfix) -> None:
    recipients = [
        "a@users.example",
        "gone@users.example",
        "later@users.example",
        "b@users.example",
    ]
    ledger = send(server, [message(recipient) for recipient in recipients], connections=1)

    assert [ledger.result_of(recipient).verdict for recipient in recipients] == [
        Verdict.SENT, Verdict.BOUNCED, Verdict.DEFERRED, Verdict.SENT,
    ]  # fmt: skip
    assert "no such user" in ledger.result_of("gone@users.example").response


def test_a_wrong_password_is_an_error_that_does_not_contain_it(server: Postfix) -> None:
    with pytest.raises(TransportError, match="authentication failed") as raised:
        send(server, [message("ada@users.example")], password="wrong horse")
    assert "wrong horse" not in str(raised.value)


def test_without_a_login_nothing_is_sent_and_no_subscriber_is_blamed(server: Postfix) -> None:
    ledger = RecordingLedger()
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    transport = SmtpTransport(settings(server, username=None, password=None), tls=context)
    with pytest.raises(TransportError, match="no subscriber is at fault"):  # said of three domains, it is about us
        transport.send(iter([message(f"ada@{domain}.example") for domain in ("users", "people", "readers")]), ledger)
    transport.close()
    assert {one.verdict for one in ledger.results} <= {Verdict.REJECTED, Verdict.UNSENT}


def test_an_untrusted_certificate_is_refused(server: Postfix) -> None:
    transport = SmtpTransport(settings(server))
    with pytest.raises(TransportError, match="certificate verification failed"):
        transport.open()


def test_a_non_ascii_address_is_sent_with_smtputf8(server: Postfix) -> None:
    assert send(server, [message("zoë@users.example")]).results[0].verdict is Verdict.SENT


@pytest.mark.parametrize(
    ("discarded", "recipient", "verdict"),
    [
        ("smtputf8", "zoë@users.example", Verdict.REFUSED),
        ("pipelining", "ada@users.example", Verdict.SENT),
        ("chunking", "ada@users.example", Verdict.SENT),
        ("8bitmime, size, pipelining, chunking", "ada@users.example", Verdict.SENT),
    ],
)
def test_missing_extensions_are_not_needed(discarded: str, recipient: str, verdict: Verdict) -> None:
    off = {"smtpd_discard_ehlo_keywords": discarded} | ({"smtputf8_enable": "no"} if discarded == "smtputf8" else {})
    with postfix(CERTIFICATE, **off) as bare:
        ledger = send(bare, [message(recipient), message("bob@users.example")])
    assert ledger.result_of(recipient).verdict is verdict
    assert ledger.result_of("bob@users.example").verdict is Verdict.SENT


def test_a_message_that_is_too_large_is_refused_and_the_rest_is_sent() -> None:
    with postfix(CERTIFICATE, message_size_limit="20000") as small:
        ledger = send(small, [message("a@users.example", b"x" * 70 + b"\r\n" * 20000), message("b@users.example")])
    assert ledger.result_of("a@users.example").verdict is Verdict.REFUSED
    assert ledger.result_of("b@users.example").verdict is Verdict.SENT
