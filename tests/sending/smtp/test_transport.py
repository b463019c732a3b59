"""The SMTP transport, in conversation with a real server."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator

import pytest
import trustme

from newsletter.errors import NewsletterError, TransportError
from newsletter.models import Message
from newsletter.sending import Transport, Verdict, send_one
from newsletter.sending.smtp.transport import SmtpSettings, SmtpTransport
from tests.smtpd import Server, only, serving, tls


class MessageDeferred(NewsletterError):
    pass


class MessageRefused(NewsletterError):
    pass


def send(transport: Transport, message: Message) -> str:
    result = send_one(transport, message)
    if result.verdict is Verdict.SENT:
        return result.words
    later = result.verdict in (Verdict.DEFERRED, Verdict.UNSENT, Verdict.IN_DOUBT)
    raise MessageDeferred(result.words) if later else MessageRefused(result.words)


CONTENT = b"Subject: Hello\r\nTo: ada@example.org\r\n\r\n.One dot\r\n..Two dots\r\n"


def message(recipient: str = "ada@example.org", content: bytes = CONTENT) -> Message:
    return Message(
        message_id="<1@news.example>", sender="digest@news.example", recipient=recipient, subject="Hello",
        content=content,
    )  # fmt: skip


def transport_to(server: Server, **changes: object) -> SmtpTransport:
    settings: dict[str, object] = {
        "host": server.host,
        "port": server.port,
        "security": "none",
        "timeout_s": 5,
        "connections": 1,
    }
    return SmtpTransport(SmtpSettings(**(settings | changes)))  # type: ignore[arg-type]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as running:
        yield running


@pytest.fixture
def transport(server: Server) -> Iterator[SmtpTransport]:
    opened = transport_to(server)
    yield opened
    opened.close()


def test_what_was_handed_over_arrives_byte_for_byte(server: Server, transport: SmtpTransport) -> None:
    reply = send(transport, message())

    assert reply == "250 2.0.0 taken"
    assert server.accepted == [("ada@example.org", CONTENT)]


def test_one_connection_serves_many_messages(server: Server, transport: SmtpTransport) -> None:
    for number in range(5):
        send(transport, message(f"reader{number}@example.org"))

    assert server.recipients == [f"reader{number}@example.org" for number in range(5)]


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
def test_a_bad_reply_concerns_that_message_and_the_next_one_goes_through(
    command: str, reply: str, expected: type[NewsletterError]
) -> None:
    def answer(address: str, _seen: int) -> str | None:
        return reply if address == "bad@example.org" else None

    with serving(Server(**{command: answer})) as server:  # type: ignore[arg-type]
        transport = transport_to(server)
        with pytest.raises(expected, match=reply[4:]):
            send(transport, message("bad@example.org"))
        send(transport, message("good@example.org"))
        transport.close()

    assert server.recipients == ["good@example.org"]


def test_a_sender_that_is_not_wanted_is_our_problem_and_not_the_readers() -> None:
    with serving(Server(on_mail=lambda _address, _seen: "550 5.1.8 bad sender")) as server:
        transport = transport_to(server)
        with pytest.raises(TransportError, match="on the sender: 550 5\\.1\\.8 bad sender"):
            send(transport, message())
        transport.close()


def test_a_connection_lost_after_the_last_dot_is_tried_again_later() -> None:
    with serving(Server(hang_up_after_data=True)) as server:
        transport = transport_to(server)
        with pytest.raises(MessageDeferred, match="connection lost"):
            send(transport, message())
        server.hang_up_after_data = False
        assert send(transport, message()) == "250 2.0.0 taken"
        transport.close()


def test_a_server_that_is_not_there_is_one_error_with_what_to_check() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    with pytest.raises(TransportError, match=rf"127\.0\.0\.1:{port}: cannot connect") as raised:
        send(SmtpTransport(SmtpSettings("127.0.0.1", port, security="none")), message())

    assert raised.value.hint == "check smtp.host and smtp.port"


def test_a_server_that_never_greets_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = SmtpSettings("127.0.0.1", silent.getsockname()[1], security="none", timeout_s=1)
        with pytest.raises(TransportError, match="cannot connect"):
            send(SmtpTransport(settings), message())


# -- encryption and login ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_starttls_with_a_certificate_that_is_trusted(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    context = tls(authority.issue_cert("127.0.0.1"))
    with serving(Server(), tls_context=context, require_starttls=True) as server:
        transport = SmtpTransport(SmtpSettings(server.host, server.port, timeout_s=5), tls=trusting)
        assert send(transport, message()) == "250 2.0.0 taken"
        transport.close()


def test_implicit_tls(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    context = tls(authority.issue_cert("127.0.0.1"))
    with serving(Server(), ssl_context=context) as server:
        transport = SmtpTransport(SmtpSettings(server.host, server.port, "tls", timeout_s=5), tls=trusting)
        assert send(transport, message()) == "250 2.0.0 taken"
        transport.close()


def test_a_certificate_that_nobody_vouches_for_is_refused(authority: trustme.CA) -> None:
    context = tls(authority.issue_cert("127.0.0.1"))
    with serving(Server(), tls_context=context) as server:
        with pytest.raises(TransportError, match="certificate is not good"):
            send(SmtpTransport(SmtpSettings(server.host, server.port, timeout_s=5)), message())
        assert server.accepted == []


def test_without_starttls_nothing_is_sent_in_clear(server: Server) -> None:
    with pytest.raises(TransportError, match="STARTTLS") as raised:
        send(SmtpTransport(SmtpSettings(server.host, server.port, timeout_s=5)), message())

    assert raised.value.hint == 'a server on this machine may need smtp.security = "none"'
    assert server.accepted == []


def test_login(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    context = tls(authority.issue_cert("127.0.0.1"))
    with serving(Server(), tls_context=context, authenticator=only("ada", "wonderland"), auth_required=True) as server:
        settings = SmtpSettings(server.host, server.port, username="ada", password="wonderland", timeout_s=5)
        transport = SmtpTransport(settings, tls=trusting)
        assert send(transport, message()) == "250 2.0.0 taken"
        transport.close()


def test_a_refused_login_says_what_to_check_and_never_the_password(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    context = tls(authority.issue_cert("127.0.0.1"))
    with serving(Server(), tls_context=context, authenticator=only("ada", "wonderland")) as server:
        settings = SmtpSettings(server.host, server.port, username="ada", password="looking-glass", timeout_s=5)
        with pytest.raises(TransportError, match="login refused: 535") as raised:
            send(SmtpTransport(settings, tls=trusting), message())

    assert "looking-glass" not in f"{raised.value} {settings!r} {settings}"
    assert "NEWSLETTER_SMTP_PASSWORD" in str(raised.value.hint)


def test_an_address_outside_ascii_goes_where_the_server_takes_it() -> None:
    with serving(Server(), enable_SMTPUTF8=True) as server:
        transport = transport_to(server)
        send(transport, message("adá@example.org"))
        transport.close()
    assert server.recipients == ["adá@example.org"]


def test_an_address_outside_ascii_is_refused_clearly_where_not() -> None:
    with serving(Server(), enable_SMTPUTF8=False) as server:
        transport = transport_to(server)
        with pytest.raises(MessageRefused, match="takes no addresses outside ASCII"):
            send(transport, message("adá@example.org"))
        send(transport, message())
        transport.close()

    assert server.recipients == ["ada@example.org"]


def test_closing_twice_or_without_a_connection_is_fine(transport: SmtpTransport) -> None:
    transport.close()
    send(transport, message())
    transport.close()
    transport.close()


@pytest.mark.parametrize("secret", ["wünderland", "pass\u20acword"])
def test_a_password_outside_ascii_is_an_error_that_does_not_tell_it(
    authority: trustme.CA, trusting: ssl.SSLContext, secret: str
) -> None:
    context = tls(authority.issue_cert("127.0.0.1"))
    with serving(Server(), tls_context=context, authenticator=only("ada", secret)) as server:
        settings = SmtpSettings(server.host, server.port, username="ada", password=secret, timeout_s=5)
        with pytest.raises(TransportError, match="only ASCII") as raised:
            send(SmtpTransport(settings, tls=trusting), message())

    assert secret not in f"{raised.value!r} {raised.value} {raised.value.__cause__!r}"


@pytest.mark.parametrize("breaks_off_at", [b"MAIL", b"RCPT", b"DATA", b"\r\n.\r\n"])
def test_a_connection_lost_at_any_point_is_tried_again_later(breaks_off_at: bytes) -> None:
    """A server of few words, for aiosmtpd cannot hang up in the midst of a message."""

    def converse() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b"220 hello\r\n")
            heard = b""
            while breaks_off_at.lower() not in heard.lower():
                heard += connection.recv(4096)
                if heard.endswith(b"\r\n") and breaks_off_at.lower() not in heard.lower():
                    connection.sendall(b"354 go on\r\n" if heard.lower().endswith(b"data\r\n") else b"250 fine\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=converse)
        server.start()
        transport = SmtpTransport(
            SmtpSettings("127.0.0.1", listening.getsockname()[1], security="none", timeout_s=5, connections=1)
        )
        with pytest.raises(MessageDeferred, match="connection lost"):
            send(transport, message())
        server.join()
        transport.close()
