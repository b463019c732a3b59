"""Against the real thing: Debian's Postfix with STARTTLS and AUTH."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

import pytest
import trustme

from newsletter.errors import TransportError
from newsletter.models import Message
from newsletter.sending import Result, Verdict
from newsletter.sending.smtp.transport import SmtpSettings, SmtpTransport
from tests.postfix import MISSING, Postfix, postfix

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

AUTHORITY = trustme.CA()
CERTIFICATE = AUTHORITY.issue_cert("localhost")
BODY = b"One.\r\n.\r\n..Two\r\nlong " + b"x" * 900 + b"\r\n\xc3\xbc\r\n"


class Slip:
    """A ledger that lets everything go, and keeps what came of it."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def commit(self, results: Sequence[Result], departing: Sequence[Message]) -> AbstractSet[str]:
        self.results.extend(results)
        return {one.message_id for one in departing}

    def of(self, recipient: str) -> Result:
        (found,) = [one for one in self.results if one.message.recipient == recipient]
        return found


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
    known = {"host": "localhost", "port": server.port, "timeout_s": 20}
    known |= {"username": server.username, "password": server.password}
    return SmtpSettings(**(known | changes))  # type: ignore[arg-type]


def send(server: Postfix, messages: Sequence[Message], **changes: object) -> Slip:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    slip, transport = Slip(), SmtpTransport(settings(server, **changes), tls=context)
    try:
        transport.carry(iter(messages), slip)
    finally:
        transport.close()
    return slip


@pytest.fixture(scope="module")
def server() -> Iterator[Postfix]:
    access = "gone@readers.example 550 5.1.1 no such user\nlater@readers.example 450 4.2.0 greylisted\n"
    with postfix(CERTIFICATE, access=access) as running:
        yield running


def test_an_edition_goes_over_several_encrypted_connections(server: Postfix) -> None:
    slip = send(server, [message(f"reader{number}@readers.example") for number in range(300)])

    assert {one.verdict for one in slip.results} == {Verdict.SENT}
    assert len({one.message.recipient for one in slip.results}) == 300
    assert server.log.count(f"sasl_username={server.username}") >= 300


def test_what_arrives_is_what_was_sent(server: Postfix) -> None:
    sent = message("ada@kept.example")
    send(server, [sent])

    (kept,) = server.kept(1)
    assert kept.partition(b"From: digest@")[2] == sent.content.partition(b"From: digest@")[2].replace(b"\r\n", b"\n")


def test_one_reader_who_is_gone_is_their_own_matter(server: Postfix) -> None:
    wanted = ["a@readers.example", "gone@readers.example", "later@readers.example", "b@readers.example"]
    slip = send(server, [message(recipient) for recipient in wanted], connections=1)

    assert [slip.of(recipient).verdict for recipient in wanted] == [
        Verdict.SENT, Verdict.BOUNCED, Verdict.DEFERRED, Verdict.SENT,
    ]  # fmt: skip
    assert "no such user" in slip.of("gone@readers.example").words


def test_a_wrong_password_is_one_line_without_it(server: Postfix) -> None:
    with pytest.raises(TransportError, match="login refused") as refused:
        send(server, [message("ada@readers.example")], password="wrong horse")
    assert "wrong horse" not in str(refused.value)


def test_who_does_not_log_in_may_not_send_and_no_reader_is_blamed(server: Postfix) -> None:
    slip = Slip()
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    transport = SmtpTransport(settings(server, username=None, password=None), tls=context)
    with pytest.raises(TransportError):
        transport.carry(iter([message("ada@readers.example")]), slip)
    transport.close()
    assert {one.verdict for one in slip.results} <= {Verdict.POLICY, Verdict.DEFERRED}


def test_a_certificate_that_nobody_vouches_for_is_refused(server: Postfix) -> None:
    transport = SmtpTransport(settings(server))
    with pytest.raises(TransportError, match="certificate"):
        transport.open()


def test_an_address_outside_ascii_goes_where_smtputf8_is_offered(server: Postfix) -> None:
    assert send(server, [message("zoë@readers.example")]).results[0].verdict is Verdict.SENT


@pytest.mark.parametrize(
    ("discarded", "recipient", "verdict"),
    [
        ("smtputf8", "zoë@readers.example", Verdict.REFUSED),
        ("pipelining", "ada@readers.example", Verdict.SENT),
        ("chunking", "ada@readers.example", Verdict.SENT),
        ("8bitmime, size, pipelining, chunking", "ada@readers.example", Verdict.SENT),
    ],
)
def test_what_a_server_does_not_offer_is_done_without(discarded: str, recipient: str, verdict: Verdict) -> None:
    off = {"smtpd_discard_ehlo_keywords": discarded} | ({"smtputf8_enable": "no"} if discarded == "smtputf8" else {})
    with postfix(CERTIFICATE, **off) as bare:
        slip = send(bare, [message(recipient), message("bob@readers.example")])
    assert slip.of(recipient).verdict is verdict
    assert slip.of("bob@readers.example").verdict is Verdict.SENT


def test_a_message_that_is_too_large_is_refused_and_the_rest_goes_on() -> None:
    with postfix(CERTIFICATE, message_size_limit="20000") as small:
        slip = send(small, [message("a@readers.example", b"x" * 70 + b"\r\n" * 20000), message("b@readers.example")])
    assert slip.of("a@readers.example").verdict is Verdict.REFUSED
    assert slip.of("b@readers.example").verdict is Verdict.SENT
