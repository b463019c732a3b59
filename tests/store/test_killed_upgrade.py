"""An upgrade of an old store that is killed at any statement: opened again, it equals an undisturbed upgrade."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from newsletter.store import open_store
from tests.store.test_upgrade import OLD_STORE, schema, tables

#: Opens a store in a process of its own for each kill: SIGKILL as its n-th statement begins, or not at all.
#: Prints the number of statements of an upgrade that nothing disturbs.
KILLER = """
import os, random, shutil, signal, sys
from pathlib import Path
import newsletter.store.sqlite as sqlite
import newsletter.store.migrations.steps  # once, before the processes part
import sqlite_utils
from newsletter.store import open_store

folder, kills = Path(sys.argv[1]), int(sys.argv[2])


def upgrade(path, kill_at):
    count = 0
    def trace(_sql):
        nonlocal count
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
    connect = sqlite.SQLiteDatabase.__init__
    def traced(self, *arguments, **options):
        connect(self, *arguments, **options)
        self.raw.set_trace_callback(trace)
    sqlite.SQLiteDatabase.__init__ = traced
    open_store(path).close()
    return count


def copy(name):
    for ending in ("", "-wal"):
        if (folder / f"old.db{ending}").exists():
            shutil.copy(folder / f"old.db{ending}", folder / f"{name}.db{ending}")
    return folder / f"{name}.db"


reading, writing = os.pipe()
if os.fork() == 0:
    os.write(writing, str(upgrade(copy("undisturbed"), 0)).encode())
    os._exit(0)
os.wait()
total = int(os.read(reading, 20))
chance = random.Random(17)
points = sorted(chance.sample(range(1, total + 1), kills - 2)) + [1, total]
for number, point in enumerate(points):
    path = copy(f"killed{number}")
    if os.fork() == 0:
        upgrade(path, point)
        os._exit(0)
    _, status = os.wait()
    assert os.WTERMSIG(status) == signal.SIGKILL, (point, status)
print(total)
"""
KILLS = 14


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the store that an older release left."""
    db = sqlite3.connect(tmp_path / "old.db")
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(OLD_STORE.read_text(encoding="utf-8"))
    db.close()
    return tmp_path


def test_an_upgrade_that_is_killed_at_any_statement_is_completed_the_next_time(folder: Path) -> None:
    command = [sys.executable, "-c", KILLER, str(folder), str(KILLS)]
    statements = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert statements > 100
    undisturbed = folder / "undisturbed.db"
    expected = schema(undisturbed), _rows(undisturbed)
    for number in range(KILLS):
        killed = folder / f"killed{number}.db"
        with open_store(killed) as store:
            assert store.problems() == []
        assert (schema(killed), _rows(killed)) == expected


def _rows(path: Path) -> object:
    rows = tables(path)
    for step in rows["_sqlite_migrations"]:
        del step["applied_at"]
    return rows
