"""What can go wrong, in words a person can act on.

Every error says what happened and where; `hint` says what to do next. The command line prints both in
one line and exits with `exit_code`; nothing in here knows about the command line.
"""

from __future__ import annotations

from newsletter import DISTRIBUTION


def install_command(extra: str) -> str:
    """Return what to type to install the packages of one of our extras: the hint where one is missing."""
    return f"pip install '{DISTRIBUTION}[{extra}]'"


class NewsletterError(Exception):
    """Something a person can understand and mend: one line of what and where, and a hint."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(NewsletterError):
    """A setting is missing, unknown or not of its kind."""


class ProfileError(NewsletterError):
    """A subscriber's file says something that cannot be understood."""


class QueryError(NewsletterError):
    """A topic's query cannot be understood; the message names the column."""


class SourceError(NewsletterError):
    """A source could not be reached, or what it gave is not what it should be."""


class SourceRateLimited(SourceError):
    """A source asks to be left alone for a while, longer than a pull waits."""

    def __init__(self, message: str, *, hint: str | None = None, wait_s: float) -> None:
        super().__init__(message, hint=hint)
        #: Seconds from now.
        self.wait_s = wait_s


class StoreError(NewsletterError):
    """The database cannot be opened, is of a newer version, or does not hold what was asked for."""


class TemplateError(NewsletterError):
    """A template is missing or broken; the message names file and line."""


class TransportError(NewsletterError):
    """The mail server cannot be used at all: no reader is to blame, so the run stops."""
