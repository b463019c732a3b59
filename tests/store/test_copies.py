from __future__ import annotations

import os
import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest

from newsletter import __version__
from newsletter.errors import StoreFull
from newsletter.store import copies, open_store
from newsletter.store.copies import BEFORE_UPGRADE, DATABASE, KEPT, keep_copy, new_folder, publish, withdraw
from newsletter.store.sqlite import SQLiteDatabase
from tests.store.test_upgrade import OLD_STORE
from tests.stores import place_new_store


@pytest.fixture
def db(tmp_path: Path) -> SQLiteDatabase:
    place_new_store(tmp_path / "newsletter.db")
    return SQLiteDatabase(tmp_path / "newsletter.db")


def old_store(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript(OLD_STORE.read_text(encoding="utf-8"))
    db.close()


def test_an_upgrade_keeps_a_copy_and_says_so_in_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "newsletter.db"
    old_store(path)
    with open_store(path) as store:
        assert store.fact("release") is not None
    (copy,) = (tmp_path / "backups").iterdir()
    assert copy.name.startswith("before-upgrade-")
    words = f"newsletter: the database is upgraded to release {__version__}; a copy of it is in {copy}"
    assert caplog.messages == [words]
    assert (copy / DATABASE).stat().st_mode & 0o777 == 0o600
    assert copy.stat().st_mode & 0o777 == 0o700
    before = sqlite3.connect(copy / DATABASE)
    assert before.execute("SELECT count(*) FROM sqlite_master WHERE name = 'store_facts'").fetchone() == (0,)
    before.close()
    open_store(path).close()
    assert len(caplog.messages) == 1


def test_a_new_store_keeps_none(tmp_path: Path) -> None:
    open_store(tmp_path / "newsletter.db").close()
    assert not (tmp_path / "backups").exists()


def test_the_latest_few_are_kept(db: SQLiteDatabase, tmp_path: Path) -> None:
    made = [keep_copy(db, BEFORE_UPGRADE) for _ in range(KEPT + 2)]
    kept = copies.copies(tmp_path / "backups", BEFORE_UPGRADE)
    assert len(kept) == KEPT
    assert made[-1] in kept
    assert copies.latest_copy(Path(db.path), BEFORE_UPGRADE) in kept


def test_nothing_is_upgraded_without_room_for_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "newsletter.db"
    old_store(path)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage(1, 1, 0))
    content = path.read_bytes()
    with pytest.raises(StoreFull, match="no room for a copy"):
        open_store(path)
    assert path.read_bytes()[100:] == content[100:]
    assert list((tmp_path / "backups").iterdir()) == []


def test_what_killed_processes_left_is_deleted(tmp_path: Path) -> None:
    process = os.fork()
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)
    (tmp_path / f".2026.{process}.draft").mkdir()
    (tmp_path / f".2026.{os.getppid()}.draft").mkdir()
    final, draft = new_folder(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([draft.name, f".2026.{os.getppid()}.draft"])
    publish(draft, final)
    assert final.is_dir()
    withdraw(final)
    assert [path.name for path in tmp_path.iterdir()] == [f".2026.{os.getppid()}.draft"]
