"""A damaged database is one line and exit code 1 from the command line: never a traceback, never a silent loss."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks.damaging import drill
from tests.cli.conftest import Newsletter

ADA = "ada@example.org"


def test_two_hundred_random_damages_are_one_line_each() -> None:
    outcomes, wrong = drill(rounds=200, seed=16, commands=1)
    assert wrong == []
    assert min(outcomes["refused"], outcomes["done"]) > 20  # neither is rare, so both were tried


@pytest.fixture
def site(newsletter: Newsletter, tmp_path: Path, page: Path) -> Path:
    """The folder of a site with papers and a subscriber."""
    assert newsletter("pull", "file", str(page)).exit_code == 0
    assert newsletter("subscribers", "add", ADA, "--topic", "robots").exit_code == 0
    return tmp_path


def execute(site: Path, sql: str) -> None:
    with sqlite3.connect(site / "newsletter.db") as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute(sql)
    db.close()


def break_page_of(site: Path, table: str) -> None:
    """Overwrite the first page of a table, as a bad disk does."""
    path = site / "newsletter.db"
    with sqlite3.connect(path) as db:
        (size,) = db.execute("PRAGMA page_size").fetchone()
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table]).fetchone()
    db.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a page": (lambda site: break_page_of(site, "papers"), "malformed"),
    "JSON": (lambda site: execute(site, "UPDATE papers SET authors = '[\"Ada'"), "a value is not valid"),
    "text": (lambda site: execute(site, "UPDATE papers SET title = cast(x'41FF42' AS TEXT)"), "not UTF-8"),
    "a day": (lambda site: execute(site, "UPDATE papers SET seen_at = 'yesterday'"), "a value is not valid"),
    "the end": (lambda site: os.truncate(site / "newsletter.db", 20_000), "malformed"),
    "all": (lambda site: os.truncate(site / "newsletter.db", 0), "the file is empty"),
    "the header": (lambda site: (site / "newsletter.db").write_bytes(b"x" * 9999), "not a database"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_damaged_is_one_line_with_the_file_and_what_to_do(
    name: str, newsletter: Newsletter, site: Path
) -> None:
    spoil, words = DAMAGES[name]
    spoil(site)
    result = newsletter("papers")
    (line,) = result.stderr.splitlines()
    assert result.exit_code == 1
    assert line.startswith(f"newsletter: {site / 'newsletter.db'}: ")
    assert words in line
    assert "restore a backup" in line


def test_a_profile_that_no_release_writes_is_found_when_it_is_read(newsletter: Newsletter, site: Path) -> None:
    execute(site, "UPDATE subscribers SET time_zone = 'UDC'")
    result = newsletter("send")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "UDC" in result.stderr


def test_doctor_says_what_is_damaged_and_goes_on(newsletter: Newsletter, site: Path) -> None:
    break_page_of(site, "papers")
    result = newsletter("doctor")
    assert "database" in result.stdout
    assert "restore a backup" in result.stdout
    assert "unsubscribe" in result.stdout


def test_a_value_that_stands_out_only_later_is_reported_as_damage(newsletter: Newsletter, site: Path) -> None:
    """A column of text that holds a blob, which strict tables do not allow, is not what any code expects."""
    schema = "UPDATE sqlite_master SET sql = replace(sql, {}, {}) WHERE name = 'subscribers'"
    execute(site, schema.format("') STRICT'", "') '"))
    execute(site, "UPDATE subscribers SET name = x'416461'")
    execute(site, schema.format("') '", "') STRICT'"))
    result = newsletter("subscribers", "export")
    (line,) = result.stderr.splitlines()
    assert (result.exit_code, line.startswith("newsletter: ")) == (1, True)
    assert "non-TEXT value in subscribers.name" in line


def test_a_foreign_and_a_newer_database_say_what_to_do(newsletter: Newsletter, site: Path) -> None:
    shutil.copy(site / "newsletter.db", site / "kept.db")
    execute(site, "INSERT INTO _sqlite_migrations VALUES (99, 'newsletter', 'm999_robots', '2999')")
    assert "the schema is newer than this release" in newsletter("papers").stderr
    execute(site, "PRAGMA application_id = 7")
    assert "not a newsletter database" in newsletter("papers").stderr
