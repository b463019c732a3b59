"""SMTP (RFC 5321), one connection kept for a run."""

from __future__ import annotations

import contextlib
import ipaddress
import smtplib
import ssl
from dataclasses import dataclass, field

from newsletter.errors import MessageDeferred, MessageRefused, TransportError
from newsletter.models import Message

# A server may take long to accept what it was given; hanging up early makes doubles (RFC 5321, 4.5.3.2.6; RFC 1047).
_PATIENCE_S = 600
_AUTH_HINT = "check smtp.username and smtp.password (or NEWSLETTER_SMTP_PASSWORD)"


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """A mail server and how to talk to it."""

    host: str
    port: int = 587
    #: "starttls" and "tls" verify the server's certificate; "none" is for a server on this machine.
    security: str = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_s: int = 60

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class SmtpTransport:
    """Sends over one connection, opened with the first message and again after a loss."""

    def __init__(self, settings: SmtpSettings, tls: ssl.SSLContext | None = None) -> None:
        self.settings = settings
        self._tls = tls
        self._server: smtplib.SMTP | None = None

    def open(self) -> None:
        """Connect and log in; see `Transport.open`."""
        self._connected()

    def send(self, message: Message) -> str:
        """Hand over one message; see `Transport.send`."""
        server = self._connected()
        options = []
        if not message.recipient.isascii():
            if not server.has_extn("smtputf8"):
                raise MessageRefused(f"{self.settings} takes no addresses outside ASCII (SMTPUTF8)")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        try:
            return self._converse(server, message, options)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self.close()
            raise MessageDeferred(f"{self.settings}: connection lost ({error})") from error

    def _converse(self, server: smtplib.SMTP, message: Message, options: list[str]) -> str:
        """Go through MAIL, RCPT and DATA. What a reply means depends on which of them it answers."""
        self._check(server.mail(message.sender, options), "the sender", ours=True)
        self._check(server.rcpt(message.recipient), "the recipient")
        if server.sock is not None:
            server.sock.settimeout(max(_PATIENCE_S, self.settings.timeout_s))
        try:
            reply = server.data(message.content)
        except smtplib.SMTPDataError as error:
            reply = error.smtp_code, _bytes(error.smtp_error)
        self._check(reply, "the message")
        if server.sock is not None:
            server.sock.settimeout(self.settings.timeout_s)
        return f"{reply[0]} {_words(reply[1])}"

    def _check(self, reply: tuple[int, bytes], answers: str, *, ours: bool = False) -> None:
        """Pass a good reply; raise what a bad one means, with the connection ready for the next message."""
        code, words = reply[0], _words(reply[1])
        if code in (250, 251):
            return
        if code == 421:  # the server is closing the connection, RFC 5321 section 3.8
            self.close()
        self._reset()
        report = f"{self.settings} on {answers}: {code} {words}"
        if 400 <= code < 500:
            raise MessageDeferred(report)
        # A sender that is not wanted, or a policy against us (RFC 3463, X.7.X), is not the reader's fault.
        if ours or words.startswith("5.7."):
            raise TransportError(report, hint="no reader is to blame: see sender.address and the server's policy")
        raise MessageRefused(report)

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            self._server = self._connect()
        return self._server

    def _connect(self) -> smtplib.SMTP:
        settings = self.settings
        try:
            if settings.security == "tls":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    settings.host, settings.port, timeout=settings.timeout_s, context=self._context()
                )
            else:
                server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_s)
        except ssl.SSLError as error:
            raise TransportError(
                f"{settings}: no TLS: {error.reason}", hint="check smtp.port and smtp.security"
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise TransportError(
                f"{settings}: cannot connect: {error}", hint="check smtp.host and smtp.port"
            ) from error
        try:
            self._greet(server)
        except BaseException:
            server.close()
            raise
        return server

    def _greet(self, server: smtplib.SMTP) -> None:
        settings = self.settings
        try:
            server.ehlo_or_helo_if_needed()
            if settings.security == "starttls":
                server.starttls(context=self._context())
                server.ehlo()
            if settings.username is not None:
                server.login(settings.username, settings.password or "")
        except smtplib.SMTPAuthenticationError as error:
            raise TransportError(
                f"{settings}: login refused: {error.smtp_code} {_words(error.smtp_error)}", hint=_AUTH_HINT
            ) from error
        except UnicodeEncodeError:
            # Not "from" it: it holds the password.
            raise TransportError(f"{settings}: login: only ASCII is possible here", hint=_AUTH_HINT) from None
        except smtplib.SMTPNotSupportedError as error:
            hint = (
                'a server on this machine may need smtp.security = "none"'
                if settings.is_loopback
                else "see smtp.security"
            )
            raise TransportError(f"{settings}: {error}", hint=hint) from error
        except ssl.SSLError as error:
            raise TransportError(f"{settings}: the certificate is not good: {error.reason}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise TransportError(f"{settings}: {error}") from error

    def _context(self) -> ssl.SSLContext:
        return self._tls or ssl.create_default_context()

    def _reset(self) -> None:
        """Make the connection ready for another message, or give it up."""
        if self._server is not None:
            try:
                self._server.rset()
            except (OSError, smtplib.SMTPException):
                self.close()

    def close(self) -> None:
        """Say goodbye; see `Transport.close`."""
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _words(reply: bytes | str) -> str:
    return " ".join(_bytes(reply).decode("utf-8", "replace").split())
