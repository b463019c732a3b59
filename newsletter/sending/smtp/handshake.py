"""How an SMTP session begins: connect, EHLO, STARTTLS, AUTH. This part is done by the standard library."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Mapping
from functools import lru_cache

from newsletter.errors import TransportError
from newsletter.limits.deadlines import cut_after
from newsletter.sending.smtp.replies import Reply
from newsletter.sending.smtp.settings import Login, Security, SmtpSettings

_AUTH_HINT = "check smtp.username and smtp.password (or NEWSLETTER_SMTP_PASSWORD)"
_CONNECT_HINT = "check smtp.host and smtp.port"


class Unreachable(TransportError):
    """The server does not respond or is too busy: retry later, or use the next server."""


def greet(settings: SmtpSettings, tls: ssl.SSLContext | None) -> tuple[socket.socket, Mapping[str, str]]:
    """Connect and log in; return the socket and the SMTP extensions that the server offers, in lower case.

    After the connection is made, the timeout is for all of this, and not only for each response.

    Raises:
        Unreachable: There is no connection, or the server is too busy (4yz).
        TransportError: The server responds, but TLS, the login or a required extension fails.
    """
    plain = _connect(settings)
    try:
        with cut_after(settings.timeout_s, plain):
            server = _greeted(plain, settings, tls)
            try:
                _start_session(server, settings, tls)
            except BaseException:
                server.close()
                raise
    except TimeoutError as error:
        raise _cannot_connect(settings, error) from error
    connection, server.sock = server.sock, None
    if connection is None:
        raise Unreachable(f"{settings}: connection lost")
    if server.file is not None:  # it would keep the connection open
        server.file.close()
    return connection, dict(server.esmtp_features)


class _Smtp(smtplib.SMTP):
    """The conversation of the standard library, over a given socket."""

    def __init__(self, connected: socket.socket, settings: SmtpSettings) -> None:
        self._connected = connected
        super().__init__(settings.host, settings.port, _own_name(), timeout=settings.timeout_s)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._connected


def _connect(settings: SmtpSettings) -> socket.socket:
    try:
        return socket.create_connection((settings.host, settings.port), settings.timeout_s)
    except OSError as error:
        raise _cannot_connect(settings, error) from error


def _greeted(plain: socket.socket, settings: SmtpSettings, tls: ssl.SSLContext | None) -> smtplib.SMTP:
    """Return the conversation after TLS, if it is to begin with it, and the server's greeting."""
    connected = plain
    try:
        if settings.security == Security.TLS:
            connected = _context(tls).wrap_socket(plain, server_hostname=settings.host)
        return _Smtp(connected, settings)
    except ssl.SSLError as error:
        connected.close()
        raise _tls_error(settings, error) from error
    except (OSError, smtplib.SMTPException) as error:
        connected.close()
        raise _cannot_connect(settings, error) from error


def _cannot_connect(settings: SmtpSettings, error: Exception) -> Unreachable:
    return Unreachable(f"{settings}: cannot connect: {_reason(error, settings.timeout_s)}", hint=_CONNECT_HINT)


def _start_session(server: smtplib.SMTP, settings: SmtpSettings, tls: ssl.SSLContext | None) -> None:
    try:
        server.ehlo_or_helo_if_needed()
        if settings.security == Security.STARTTLS:
            server.starttls(context=_context(tls))
            server.ehlo()
        if settings.username is not None:
            _log_in(server, settings)
    except smtplib.SMTPAuthenticationError as error:
        reply = _reply(error)
        message = f"{settings}: authentication failed: {reply}"
        if 400 <= reply.code < 500:
            raise Unreachable(message) from error
        raise TransportError(message, hint=_AUTH_HINT) from error
    except UnicodeEncodeError:
        # Without `from error`, which holds the password.
        message = f"{settings}: authentication failed: username and password must be ASCII"
        raise TransportError(message, hint=_AUTH_HINT) from None
    except smtplib.SMTPNotSupportedError as error:
        local = 'a server on this machine may need smtp.security = "none"'
        hint = local if settings.is_loopback else "check smtp.security and smtp.login"
        raise TransportError(f"{settings}: {error}", hint=hint) from error
    except ssl.SSLError as error:
        raise _tls_error(settings, error) from error
    except smtplib.SMTPResponseException as error:
        raise Unreachable(f"{settings}: {_reply(error)}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(f"{settings}: {_reason(error, settings.timeout_s)}") from error


def _log_in(server: smtplib.SMTP, settings: SmtpSettings) -> None:
    """Authenticate (RFC 4954), or by XOAUTH2 (developers.google.com/gmail/imap/xoauth2-protocol)."""
    if settings.login != Login.XOAUTH2:
        server.login(settings.username or "", settings.password or "")
        return

    def respond(challenge: bytes | None = None) -> str:
        # A refusal comes as a challenge, and an empty response turns it into an error.
        return "" if challenge else f"user={settings.username}\1auth=Bearer {settings.password}\1\1"

    server.ehlo_or_helo_if_needed()
    if "XOAUTH2" not in server.esmtp_features.get("auth", "").upper().split():
        raise smtplib.SMTPNotSupportedError("the server does not offer AUTH XOAUTH2")
    server.auth("XOAUTH2", respond)


def _context(tls: ssl.SSLContext | None) -> ssl.SSLContext:
    return tls or ssl.create_default_context()


@lru_cache
def _own_name() -> str:
    """Return the name for EHLO. The result is cached because a DNS lookup can take seconds."""
    name = socket.getfqdn()
    return name if "." in name else "[127.0.0.1]"


def _tls_error(settings: SmtpSettings, error: ssl.SSLError) -> TransportError:
    if isinstance(error, ssl.SSLCertVerificationError):
        message, hint = f"certificate verification failed: {error.verify_message}", "check smtp.host"
    else:
        message, hint = f"TLS handshake failed: {error.reason}", "check smtp.port and smtp.security"
    return TransportError(f"{settings}: {message}", hint=hint)


def _reason(error: Exception, timeout_s: int) -> str:
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):  # smtplib wraps it
        return f"no response within {timeout_s} s"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, smtplib.SMTPResponseException):
        return str(_reply(error))
    return getattr(error, "strerror", None) or str(error)


def _reply(error: smtplib.SMTPResponseException) -> Reply:
    text = error.smtp_error
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return Reply(error.smtp_code, " ".join(text.split()))
