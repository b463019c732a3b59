"""The full-text index: the words of papers, as topic queries compare them (`newsletter.text.tokenizer`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from newsletter.store.database import Database
from newsletter.text.tokenizer import VERSION, marks, words

_BATCH = 500
_INSERT = "INSERT INTO papers_fts(rowid, title, keywords, abstract, authors, organization) VALUES (?, ?, ?, ?, ?, ?)"
_SELECT = "SELECT id, title, keywords, abstract, authors, organization FROM papers WHERE id > ?"


def index_new(db: Database) -> None:
    """Add the papers that were stored or changed last to the index."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM papers_fts_docsize").fetchone()
    _add(db, _SELECT, last)
    changed = "SELECT id FROM papers_unindexed EXCEPT SELECT id FROM papers_fts_docsize"
    if db.execute("SELECT EXISTS (SELECT 1 FROM papers_unindexed)").fetchone()[0]:
        _add(db, f"{_SELECT} AND id IN ({changed})")
        db.execute("DELETE FROM papers_unindexed")


def indexed_words(db: Database, ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Return the words of papers by field, as `_indexed` makes them: id → texts, of those that are in the index."""
    sql = """
        SELECT papers_fts.rowid, title, keywords, abstract, authors, organization
        FROM json_each(?) AS wanted CROSS JOIN papers_fts ON papers_fts.rowid = CAST(wanted.value AS INTEGER)"""
    rows = db.execute(sql, [json.dumps(list(ids))])
    return dict(rows.into(lambda row: (row[0], row[1:])))


def is_outdated(db: Database) -> bool:
    """Return whether the index holds words of another version, or none yet."""
    return bool(db.execute("SELECT version <> ? FROM full_text_version", [VERSION]).fetchone()[0])


def rebuild_outdated(db: Database) -> None:
    """Index all papers anew if the index is outdated; if another process does it too, the second finds it done."""
    if not is_outdated(db):
        return
    with db.transaction():
        if is_outdated(db):
            db.execute("DELETE FROM papers_fts")
            db.execute("DELETE FROM papers_unindexed")
            _add(db, _SELECT)
            db.execute("UPDATE full_text_version SET version = ?", [VERSION])


def _add(db: Database, select: str, last: int = 0) -> None:
    """Index the papers with an id above `last`, some at a time, since there may be a million."""
    while batch := db.execute(f"{select} ORDER BY id LIMIT {_BATCH}", [last]).fetchall():
        db.executemany(_INSERT, map(_indexed, batch))
        last = batch[-1][0]


def _indexed(row: Sequence[str]) -> tuple[str, ...]:
    number, title, keywords, abstract, authors, organization = row
    return (
        number,
        _field((title,)),
        _field(json.loads(keywords)) if keywords != "[]" else "",
        _field((abstract,)),
        _field(json.loads(authors)),
        _field((organization,)) if organization else "",
    )


def _field(passages: Iterable[str]) -> str:
    """Return the words of a field; the bar keeps phrases from matching across two keywords or names."""
    return " | ".join(_words(passages))


def _words(passages: Iterable[str]) -> Iterator[str]:
    lost: list[str] = []
    for passage in passages:
        yield " ".join(words(passage))
        lost += marks(passage)
    if lost:
        yield " ".join(lost)
