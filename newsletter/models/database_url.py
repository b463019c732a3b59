"""The address of a database on a server, whose password is not shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

_SCHEMES = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A connection URI of PostgreSQL (libpq, 34.1.1.2): `postgresql://user:password@host:5432/papers`."""

    #: With the password.
    text: str = field(repr=False)

    def __post_init__(self) -> None:
        """Check what can be checked without a connection.

        Raises:
            ValueError: It is not such a URI.
        """
        if urlsplit(self.text).scheme not in _SCHEMES:
            raise ValueError("not a URL of PostgreSQL")

    def __str__(self) -> str:
        """Return it without what is secret: without user, password and parameters."""
        parts = urlsplit(self.text)
        host = parts.netloc.rpartition("@")[2]
        return f"postgresql://{host}{parts.path}"
