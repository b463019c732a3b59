from __future__ import annotations

import psycopg
import pytest

from newsletter.errors import StatementError, StoreDamaged, StoreError, StoreFull, StoreLocked, StoreUnreachable
from newsletter.store.postgresql_errors import store_error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("55P03", StoreLocked), ("40001", StoreLocked), ("40P01", StoreLocked), ("53100", StoreFull),
        ("53300", StoreUnreachable), ("57P01", StoreUnreachable), ("08006", StoreUnreachable),
        ("28P01", StoreUnreachable), ("3D000", StoreUnreachable), ("25006", StoreUnreachable),
        ("XX001", StoreDamaged), ("42P01", StoreDamaged), ("23505", StatementError), ("22P02", StatementError),
    ],
)  # fmt: skip
def test_an_error_of_the_server_is_one_of_ours(code: str, kind: type[StoreError]) -> None:
    error = store_error(psycopg.errors.lookup(code)("it failed"), "postgresql:///papers")
    assert type(error) is kind
    assert str(error).startswith("postgresql:///papers: it failed (")


def test_a_misuse_of_the_library_stays_as_it_is() -> None:
    error = psycopg.ProgrammingError("no results to fetch")
    assert store_error(error, "postgresql:///papers") is error
