"""The full-text index holds the words of each paper, whenever and however the paper was stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.store import Store, open_store, text_index
from newsletter.store.database import Database
from newsletter.store.full_text import MatchExpression
from newsletter.store.text_index import index_new, is_outdated, rebuild_outdated
from newsletter.text.tokenizer import VERSION
from newsletter.topics.query import parse
from tests.factories import NOW, make_entry


@pytest.fixture
def db(store: Store) -> Database:
    return store.papers._db


def add(store: Store, title: str, number: int = 1, **facts: object) -> None:
    store.papers.add(make_entry(title=title, arxiv_id=f"2605.{number:05}", **facts), NOW)


def holding(db: Database, match: str) -> set[int]:
    """Return the papers that match, by the number in their key."""
    rows = db.execute(
        "SELECT key FROM papers JOIN papers_fts ON papers_fts.rowid = papers.id WHERE papers_fts MATCH ?",
        [MatchExpression(match)],
    )
    return {int(key.rpartition(".")[2]) for (key,) in rows}


@pytest.mark.parametrize(
    ("match", "is_there"),
    [
        ('{title} : "agent plan"', True),
        ('{title} : "agents"', False),
        ('{title} : "=RAG"', True),
        ('{title} : "+incontext"', True),
        ('{abstract} : "gpt 4"', True),
        ('{authors} : "muller"', True),
        # The bar between two keywords, or authors, keeps phrases apart.
        ('{keywords} : "red wine"', True),
        ('{keywords} : "wine pear"', False),
        ('{authors} : "muller ben"', False),
        ('{organization} : "cloud laboratory"', True),
    ],
)
def test_the_words_of_each_field_are_indexed(store: Store, db: Database, match: str, is_there: bool) -> None:
    add(
        store,
        "Agents plan in-context with RAG",
        abstract="As GPT4 does.",
        authors=("Anna Müller", "Ben Example"),
        keywords=("red wine", "pears"),
        organization="The Cloud Laboratory",
    )
    assert holding(db, match) == ({1} if is_there else set())


def test_a_paper_that_changes_or_is_deleted_is_found_by_its_words_of_now(store: Store, db: Database) -> None:
    add(store, "On kettles", 1)
    add(store, "On pears", 2)
    with store.transaction():
        db.execute("UPDATE papers SET title = 'On quinces' WHERE key LIKE '%00001'")
        index_new(db)
    assert (holding(db, '"kettle"'), holding(db, '"quince"'), holding(db, '"pear"')) == (set(), {1}, {2})
    with store.transaction():
        db.execute("DELETE FROM papers WHERE key LIKE '%00002'")
        index_new(db)
    assert holding(db, '"pear"') == set()


def test_an_index_of_another_version_is_rebuilt_once(store: Store, db: Database) -> None:
    add(store, "On kettles", 1)
    assert not is_outdated(db)
    with store.transaction():
        db.execute("UPDATE papers_fts SET title = 'kettel'")
        db.execute("UPDATE full_text_version SET version = ?", [VERSION - 1])
    assert is_outdated(db)
    with store.transaction():
        rebuild_outdated(db)
    assert (is_outdated(db), holding(db, '"kettle"'), holding(db, '"kettel"')) == (False, {1}, set())


def test_an_index_of_this_version_is_left_as_it_is(store: Store, db: Database) -> None:
    add(store, "On kettles", 1)
    with store.transaction():
        db.execute("DELETE FROM papers_fts")
        rebuild_outdated(db)
    assert holding(db, '"kettle"') == set()


def test_all_papers_of_a_large_pull_are_found_also_when_the_index_is_rebuilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_index, "_BATCH", 10)
    count = 23
    entries = (make_entry(title=f"Kettle number {n}", arxiv_id=f"2605.{n:05}") for n in range(count))
    with open_store(tmp_path / "store.db") as store:
        store.papers.add_all(entries, NOW)
        assert store.archive.search(parse("kettle"), limit=1).total == count
    monkeypatch.setattr(text_index, "VERSION", VERSION + 1)
    with open_store(tmp_path / "store.db") as store:
        assert store.archive.search(parse("kettle"), limit=1).total == count
