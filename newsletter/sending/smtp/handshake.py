"""How a conversation begins: connect, EHLO, STARTTLS, log in; by the standard library."""

from __future__ import annotations

import ipaddress
import smtplib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from newsletter.errors import TransportError
from newsletter.sending.smtp.replies import Reply

_AUTH_HINT = "check smtp.username and smtp.password (or NEWSLETTER_SMTP_PASSWORD)"


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """A mail server, how to talk to it, and how much it takes."""

    host: str
    port: int = 587
    #: "starttls" and "tls" verify the server's certificate; "none" is for a server on this machine.
    security: str = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    #: "password", or "xoauth2": then the password is an access token.
    login: str = "password"
    timeout_s: int = 60
    #: At most so many connections at once.
    connections: int = 4
    #: A connection is left after so many messages; 0: never.
    max_messages_per_connection: int = 0
    #: Messages a second, an hour, and a second to one domain; 0: no limit.
    max_per_second: int = 0
    max_per_hour: int = 0
    max_per_second_per_domain: int = 0

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Unreachable(TransportError):
    """Nobody answers, or not now: worth another try, or another server."""


def greet(settings: SmtpSettings, tls: ssl.SSLContext | None) -> tuple[socket.socket, Mapping[str, str]]:
    """Connect and log in; return the connection, and the extensions of SMTP that the server offers.

    Raises:
        Unreachable: Nobody answers, or the server is too busy.
        TransportError: The server is there, and cannot be used.
    """
    server = _connect(settings, tls)
    try:
        _introduce(server, settings, tls)
    except BaseException:
        server.close()
        raise
    connection, server.sock = server.sock, None
    if connection is None:
        raise Unreachable(f"{settings}: connection lost")
    if server.file is not None:  # it would keep the connection open
        server.file.close()
    return connection, dict(server.esmtp_features)


def _connect(settings: SmtpSettings, tls: ssl.SSLContext | None) -> smtplib.SMTP:
    try:
        if settings.security == "tls":
            return smtplib.SMTP_SSL(
                settings.host, settings.port, _own_name(), timeout=settings.timeout_s, context=_context(tls)
            )
        return smtplib.SMTP(settings.host, settings.port, _own_name(), timeout=settings.timeout_s)
    except ssl.SSLError as error:
        raise TransportError(f"{settings}: no TLS: {error.reason}", hint="check smtp.port and smtp.security") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(f"{settings}: cannot connect: {error}", hint="check smtp.host and smtp.port") from error


def _introduce(server: smtplib.SMTP, settings: SmtpSettings, tls: ssl.SSLContext | None) -> None:
    try:
        server.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            server.starttls(context=_context(tls))
            server.ehlo()
        if settings.username is not None:
            _log_in(server, settings)
    except smtplib.SMTPAuthenticationError as error:
        said = _reply(error)
        refused = f"{settings}: login refused: {said}"
        if 400 <= said.code < 500:
            raise Unreachable(refused) from error
        raise TransportError(refused, hint=_AUTH_HINT) from error
    except UnicodeEncodeError:
        # Not "from" it: it holds the password.
        raise TransportError(f"{settings}: login: only ASCII is possible here", hint=_AUTH_HINT) from None
    except smtplib.SMTPNotSupportedError as error:
        own = 'a server on this machine may need smtp.security = "none"'
        raise TransportError(
            f"{settings}: {error}", hint=own if settings.is_loopback else "see smtp.security"
        ) from error
    except ssl.SSLError as error:
        raise TransportError(f"{settings}: the certificate is not good: {error.reason}") from error
    except smtplib.SMTPResponseException as error:
        raise Unreachable(f"{settings}: {_reply(error)}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(f"{settings}: {error}") from error


def _log_in(server: smtplib.SMTP, settings: SmtpSettings) -> None:
    """Log in by AUTH PLAIN, LOGIN or CRAM-MD5, or by XOAUTH2 (developers.google.com/gmail/imap/xoauth2-protocol)."""
    if settings.login != "xoauth2":
        server.login(settings.username or "", settings.password or "")
        return

    def answer(challenge: bytes | None = None) -> str:
        # A refusal comes as a challenge, which an empty answer turns into an error.
        return "" if challenge else f"user={settings.username}\1auth=Bearer {settings.password}\1\1"

    server.ehlo_or_helo_if_needed()
    if "XOAUTH2" not in server.esmtp_features.get("auth", "").upper().split():
        raise smtplib.SMTPNotSupportedError("the server does not offer AUTH XOAUTH2")
    server.auth("XOAUTH2", answer)


def _context(tls: ssl.SSLContext | None) -> ssl.SSLContext:
    return tls or ssl.create_default_context()


@lru_cache
def _own_name() -> str:
    """Return what to call ourselves; asking for it can take seconds."""
    name = socket.getfqdn()
    return name if "." in name else "[127.0.0.1]"


def _reply(error: smtplib.SMTPResponseException) -> Reply:
    words = error.smtp_error
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return Reply(error.smtp_code, " ".join(text.split()))
