"""The settings of one mail server (`[smtp]`, `[[relays]]`)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum


class Security(StrEnum):
    """How a connection is encrypted."""

    #: Begin in clear text and upgrade to TLS (RFC 3207); the certificate is verified.
    STARTTLS = "starttls"
    #: TLS from the first byte (RFC 8314), usually on port 465; the certificate is verified.
    TLS = "tls"
    #: No encryption, for a server on this machine.
    NONE = "none"


class Login(StrEnum):
    """How to authenticate."""

    #: AUTH PLAIN, LOGIN or CRAM-MD5, whichever the server offers (RFC 4954).
    PASSWORD = "password"  # noqa: S105 - a method, no secret
    #: AUTH XOAUTH2, with the password as the access token.
    XOAUTH2 = "xoauth2"


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """A mail server, how to connect to it, and its limits."""

    host: str
    port: int = 587
    security: Security = Security.STARTTLS
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    login: Login = Login.PASSWORD
    timeout_s: int = 60
    #: Maximum number of simultaneous connections.
    connections: int = 4
    #: Maximum number of messages over one connection; 0: no limit.
    max_messages_per_connection: int = 0
    #: Rate limits, in messages: per second, per hour, and per second to one recipient domain; 0: no limit.
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

    @property
    def is_rate_limited(self) -> bool:
        """Whether there is any rate limit."""
        return bool(self.max_per_second or self.max_per_hour or self.max_per_second_per_domain)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"
