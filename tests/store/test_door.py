"""Statements and the errors of databases stay behind one door, whose two sides are modules of the store."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import newsletter

PACKAGE = Path(newsletter.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
STORE_ERRORS = {"StoreError", "StoreLocked", "StoreFull", "StoreUnreachable", "StoreDamaged", "StoreForeign"}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


DOORS = {
    "sqlite3": {"store/sqlite.py"},
    "sqlite_utils": {"store/opening.py"},
    "psycopg": {"store/postgresql.py"},
}


@pytest.mark.parametrize("library", DOORS)
def test_only_the_door_and_the_migrations_import_a_database_library(library: str) -> None:
    found = {name_of(path) for path in MODULES if library in imported(tree_of(path))}
    steps = {name for name in found if name.startswith("store/migrations/")}
    assert found - steps == DOORS[library]


def test_only_the_migrations_use_the_connection_behind_the_door() -> None:
    raw = {
        name_of(path)
        for path in MODULES
        if ".raw," in path.read_text(encoding="utf-8") and "db.raw" in path.read_text()
    }
    assert raw == {"store/opening.py"}


def test_only_the_store_raises_the_errors_of_the_database() -> None:
    """What was asked for and does not exist is a RequestError: on a page the one is a 503, the other a sentence."""
    raised = {
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and node.exc.func.id in STORE_ERRORS
    }
    assert {place for place in raised if not place.startswith("store/")} == set()
