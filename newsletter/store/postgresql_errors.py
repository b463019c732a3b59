"""Errors of psycopg → errors of the store, each with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from newsletter.errors import StatementError, StoreDamaged, StoreError, StoreFull, StoreLocked, StoreUnreachable

_AGAIN = "another newsletter process is writing: try again when it is done"
_ANSWERS = "check that the server runs and that database.url is right"
#: The code of an error (PostgreSQL, appendix A), or its class → our error, and what to do.
_ERRORS: dict[str, tuple[type[StoreError], str]] = {
    "55P03": (StoreLocked, _AGAIN),
    "40": (StoreLocked, _AGAIN),
    "53100": (StoreFull, "free some disk space on the server"),
    "53": (StoreUnreachable, "the server has too little memory or too many connections"),
    "25006": (StoreUnreachable, "the server only reads: is it a standby?"),
    "28": (StoreUnreachable, "check the user and the password in database.url"),
    "3D": (StoreUnreachable, "create the database: createdb"),
    "42501": (StoreUnreachable, "the user of database.url must own the schema"),
    "57": (StoreUnreachable, _ANSWERS),
    "08": (StoreUnreachable, _ANSWERS),
    "XX001": (StoreDamaged, "restore a backup that pg_dump made"),
    "XX002": (StoreDamaged, "REINDEX DATABASE, then: newsletter doctor"),
    "58": (StoreDamaged, "check the server's disk and its log"),
    "42P01": (StoreDamaged, "restore a backup that pg_dump made"),
    "42703": (StoreDamaged, "restore a backup that pg_dump made"),
}


@contextmanager
def store_errors(path: str) -> Iterator[None]:
    """Translate the errors of psycopg that the `with` block raises."""
    try:
        yield
    except psycopg.Error as error:
        raise store_error(error, path) from error


def store_error(error: psycopg.Error, path: str) -> Exception:
    """Return our error for one of psycopg; a misuse of its interface is a bug, and stays as it is."""
    code = error.sqlstate or ""
    text = " ".join((error.diag.message_primary or str(error)).split())
    known = _ERRORS.get(code) or _ERRORS.get(code[:2])
    if known is None and not code:
        if isinstance(error, psycopg.ProgrammingError | psycopg.InterfaceError | psycopg.NotSupportedError):
            return error
        if isinstance(error, psycopg.OperationalError):
            known = (StoreUnreachable, _ANSWERS)
    if known is not None:
        return known[0](f"{path}: {text}", hint=known[1])
    return StatementError(f"{path}: {text}", hint="newsletter doctor examines the database")
