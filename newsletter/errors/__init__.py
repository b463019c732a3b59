"""Errors that a person can act on.

The message states the fact and where it happened (file, line, setting); the hint says what to do next. The command line
prints both in one line and exits with `exit_code`.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from enum import Enum, auto

#: Maximum number of names that a hint lists.
_MAX_LISTED = 40


def nearest(name: str, known: Iterable[str], similarity: float = 0.6) -> str | None:
    """Return the known name that a misspelt one resembles most, or None if there is none as similar (0 to 1)."""
    return next(iter(all_near(name, known, 1, similarity)), None)


def all_near(name: str, known: Iterable[str], number: int, similarity: float) -> list[str]:
    """Return the known names, at most so many, that a misspelt one resembles so much (0 to 1), the most alike first."""
    return get_close_matches(name, list(known), number, similarity)


def did_you_mean(name: str, known: Iterable[str], prefix: str = "") -> str | None:
    """Return the hint for an unknown name: the known one it resembles most, else all of them if they are few."""
    names = list(known)
    if near := nearest(name, names):
        return f"did you mean {prefix}{near}?"
    return f"known: {', '.join(names) or 'none'}" if len(names) <= _MAX_LISTED else None


class NewsletterError(Exception):
    """An error that a person can fix: one line that says what and where, and a hint."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(NewsletterError):
    """A setting is missing, unknown or not valid."""


class ProfileError(NewsletterError):
    """An address, or a field of a profile, is missing, unknown or not valid."""


class QueryProblem(Enum):
    """What is wrong with a query, for pages, which say it in the language of whoever typed it."""

    TOO_LONG = auto()
    UNCLOSED_PHRASE = auto()
    UNCLOSED_PARENTHESIS = auto()
    UNMATCHED_PARENTHESIS = auto()
    ONLY_EXCLUSIONS = auto()
    UNKNOWN_FIELD = auto()
    INCOMPLETE = auto()
    NOTHING_TO_FIND = auto()
    NOT_AN_OPERATOR = auto()
    SHORT_PREFIX = auto()
    UNKNOWN_TOPIC = auto()
    OTHER = auto()


class QueryError(NewsletterError):
    """A topic query has a syntax error; the message names the column."""

    def __init__(self, message: str, *, hint: str | None = None, problem: QueryProblem = QueryProblem.OTHER) -> None:
        super().__init__(message, hint=hint)
        self.problem = problem


class SourceError(NewsletterError):
    """A source cannot be reached, or its response is not valid."""


class SourceRateLimited(SourceError):
    """A source is rate limited for longer than a pull waits (HTTP 429 or 503 with Retry-After)."""

    def __init__(self, message: str, *, hint: str | None = None, wait_s: float) -> None:
        super().__init__(message, hint=hint)
        #: Seconds from now until a retry.
        self.wait_s = wait_s


class RequestError(NewsletterError):
    """What was asked for does not exist, has expired, or may not be done."""


class StoreError(NewsletterError):
    """The database cannot be used; the message names its file. Only `newsletter.store` raises it."""


class StoreLocked(StoreError):
    """Another process is writing, and did not finish in time."""


class StoreFull(StoreError):
    """The disk is full."""


class StoreUnreachable(StoreError):
    """The file cannot be opened, read or written: its folder is missing, it is read-only, the disk fails."""


class StoreDamaged(StoreError):
    """The file is damaged, or holds a value that no release of ours writes."""


class RowDamaged(StoreDamaged):
    """One row holds a value that no release of ours writes; the others may be sound."""


class StoreForeign(StoreError):
    """The file belongs to another program, or to a newer release."""


class StatementError(StoreError):
    """A statement is too complex for the database, violates a constraint, or is wrong (a bug)."""


class TemplateError(NewsletterError):
    """A template is missing or has an error; the message names file and line."""


class AlreadySending(NewsletterError):
    """Another process is sending for this site; what is due is in good hands (EX_TEMPFAIL of sysexits.h)."""

    exit_code = 75


class TransportError(NewsletterError):
    """The mail server cannot be used for any recipient, so the run stops."""
