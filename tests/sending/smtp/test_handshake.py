"""How sessions begin: connecting, TLS and authentication, against a real server."""

from __future__ import annotations

import socket
import ssl

import pytest
import trustme

from newsletter.errors import TransportError
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from tests.sending.messages import message, send
from tests.smtpd import Server, only, serving, tls


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_connection_refused_names_the_server_and_what_to_check() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    with pytest.raises(TransportError, match=rf"127\.0\.0\.1:{port}: cannot connect: connection refused") as raised:
        send(SmtpTransport(SmtpSettings("127.0.0.1", port, security=Security.NONE)), message())

    assert raised.value.hint == "check smtp.host and smtp.port"


def test_a_server_that_sends_no_greeting_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = SmtpSettings("127.0.0.1", silent.getsockname()[1], security=Security.NONE, timeout_s=1)
        with pytest.raises(TransportError, match="cannot connect: no response within 1 s"):
            send(SmtpTransport(settings), message())


# -- TLS ----------------------------------------------------------------------------------------------


def test_starttls_with_a_trusted_certificate(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    context = tls(authority.issue_cert("127.0.0.1"))
    with serving(Server(), tls_context=context, require_starttls=True) as server:
        transport = SmtpTransport(SmtpSettings(server.host, server.port, timeout_s=5), tls=trusting)
        assert send(transport, message()) == "250 2.0.0 accepted"
        transport.close()


def test_implicit_tls(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    context = tls(authority.issue_cert("127.0.0.1"))
    with serving(Server(), ssl_context=context) as server:
        transport = SmtpTransport(SmtpSettings(server.host, server.port, Security.TLS, timeout_s=5), tls=trusting)
        assert send(transport, message()) == "250 2.0.0 accepted"
        transport.close()


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_an_untrusted_certificate_is_refused(authority: trustme.CA, security: Security) -> None:
    context = tls(authority.issue_cert("127.0.0.1"))
    options = {"ssl_context": context} if security is Security.TLS else {"tls_context": context}
    with serving(Server(), **options) as server:
        with pytest.raises(TransportError, match="certificate verification failed: unable to get local issuer"):
            send(SmtpTransport(SmtpSettings(server.host, server.port, security, timeout_s=5)), message())
        assert server.accepted == []


def test_a_certificate_for_another_host_is_refused(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    with serving(Server(), tls_context=tls(authority.issue_cert("mail.example"))) as server:
        transport = SmtpTransport(SmtpSettings(server.host, server.port, timeout_s=5), tls=trusting)
        with pytest.raises(TransportError, match="certificate verification failed: IP address mismatch"):
            send(transport, message())


def test_tls_with_a_server_that_does_not_speak_it_fails(server: Server) -> None:
    with pytest.raises(TransportError, match="TLS handshake failed: "):
        send(SmtpTransport(SmtpSettings(server.host, server.port, Security.TLS, timeout_s=5)), message())


def test_nothing_is_sent_unencrypted_without_starttls(server: Server) -> None:
    with pytest.raises(TransportError, match="STARTTLS") as raised:
        send(SmtpTransport(SmtpSettings(server.host, server.port, timeout_s=5)), message())

    assert raised.value.hint == 'a server on this machine may need smtp.security = "none"'
    assert server.accepted == []


# -- authentication -----------------------------------------------------------------------------------


def test_login(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    context = tls(authority.issue_cert("127.0.0.1"))
    with serving(Server(), tls_context=context, authenticator=only("ada", "wonderland"), auth_required=True) as server:
        settings = SmtpSettings(server.host, server.port, username="ada", password="wonderland", timeout_s=5)
        transport = SmtpTransport(settings, tls=trusting)
        assert send(transport, message()) == "250 2.0.0 accepted"
        transport.close()


def test_a_failed_login_says_what_to_check_and_never_the_password(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    context = tls(authority.issue_cert("127.0.0.1"))
    with serving(Server(), tls_context=context, authenticator=only("ada", "wonderland")) as server:
        settings = SmtpSettings(server.host, server.port, username="ada", password="looking-glass", timeout_s=5)
        with pytest.raises(TransportError, match="authentication failed: 535") as raised:
            send(SmtpTransport(settings, tls=trusting), message())

    assert "looking-glass" not in f"{raised.value} {settings!r} {settings}"
    assert "NEWSLETTER_SMTP_PASSWORD" in str(raised.value.hint)


@pytest.mark.parametrize("secret", ["wünderland", "pass\u20acword"])
def test_a_non_ascii_password_is_an_error_that_does_not_contain_it(
    authority: trustme.CA, trusting: ssl.SSLContext, secret: str
) -> None:
    context = tls(authority.issue_cert("127.0.0.1"))
    with serving(Server(), tls_context=context, authenticator=only("ada", secret)) as server:
        settings = SmtpSettings(server.host, server.port, username="ada", password=secret, timeout_s=5)
        with pytest.raises(TransportError, match="must be ASCII") as raised:
            send(SmtpTransport(settings, tls=trusting), message())

    assert secret not in f"{raised.value!r} {raised.value} {raised.value.__cause__!r}"
