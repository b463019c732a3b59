"""Connections that only read, kept between requests."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.store import Store, open_read_only, open_store
from newsletter.store.sqlite import SQLiteDatabase
from newsletter.web.store_pool import Location, StorePool
from tests.factories import NOW, make_entry
from tests.stores import place_new_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place_new_store(path := tmp_path / "newsletter.db")
    return path


class Opened:
    """Counts the stores that are opened."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, path: Location) -> Store:
        self.number += 1
        return open_read_only(path)


def test_a_connection_is_lent_again_and_sees_what_others_wrote(path: Path) -> None:
    pool = StorePool(path, opened := Opened())
    with pool() as store:
        assert store.papers.count() == 0
    with open_store(path) as other:
        other.papers.add(make_entry(), NOW)
    with ThreadPoolExecutor(1) as threads:  # in another thread
        assert threads.submit(_count, pool).result() == 1
    assert opened.number == 1
    with pool() as first, pool() as second:
        assert first is not second
    pool.close()


def test_it_only_reads(path: Path) -> None:
    pool = StorePool(path)
    with pytest.raises(StoreError), pool() as store:
        store.papers.add(make_entry(), NOW)
    pool.close()


def test_a_store_that_was_replaced_or_restored_is_opened_anew(path: Path, tmp_path: Path) -> None:
    pool = StorePool(path, opened := Opened())
    assert _count(pool) == 0
    place_new_store(new := tmp_path / "new.db")
    with open_store(new, is_copy=True) as store:
        store.papers.add(make_entry(), NOW)
        store.empty_log()
    shutil.copy(new, draft := tmp_path / "draft.db")
    draft.replace(path)
    assert (_count(pool), opened.number) == (1, 2)
    with open_store(new, is_copy=True) as store:
        store.papers.add(make_entry(arxiv_id="2605.00002", title="Another"), NOW)
    with open_store(path) as present, open_store(new, is_copy=True) as restored:
        assert isinstance(present._db, SQLiteDatabase)
        assert isinstance(restored._db, SQLiteDatabase)
        present._db.replace_by(restored._db)
    assert (_count(pool), opened.number) == (2, 3)
    pool.close()


def test_after_a_failure_and_after_the_end_none_is_kept(path: Path) -> None:
    pool = StorePool(path, opened := Opened())
    with pytest.raises(ZeroDivisionError), pool():
        raise ZeroDivisionError
    assert (_count(pool), opened.number) == (0, 2)
    with pool() as store:
        pool.close()
        assert store.papers.count() == 0
    with pytest.raises(Exception, match="closed"):
        store.papers.count()


def _count(pool: StorePool) -> int:
    with pool() as store:
        return store.papers.count()
