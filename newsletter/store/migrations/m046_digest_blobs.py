"""Digests as one small value each, in place of a row for each section and item."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS

_BATCH = 500
_REASONS = (
    "title", "keywords", "abstract", "author", "organization", "category", "source", "popularity", "new_version",
    "near", "passing",
)  # fmt: skip
_SECTIONS = ("topic", "followed", "trending", "also_trending", "serendipity")


@MIGRATIONS()
def m046_digest_blobs(db: Database) -> None:
    """Pack the digests of each edition in batches, which share their texts, and drop the rows."""
    db.execute("""
        CREATE TABLE digest_texts (           -- what the digests of a batch name: topics, matched terms
            id INTEGER PRIMARY KEY,
            edition_key TEXT NOT NULL REFERENCES editions(key),
            texts BLOB NOT NULL               -- a JSON array, compressed (zlib)
        ) STRICT""")
    db.execute("CREATE INDEX digest_texts_edition ON digest_texts(edition_key)")
    # Without a reference to digest_texts, which would have to be searched for when a batch is deleted.
    db.execute("ALTER TABLE digests ADD COLUMN content BLOB")  # see store/digest_blobs.py; NULL if pruned
    db.execute("ALTER TABLE digests ADD COLUMN texts_id INTEGER")
    for (key,) in db.execute("SELECT DISTINCT edition_key FROM digests").fetchall():
        last = 0
        sql = "SELECT id FROM digests WHERE edition_key = ? AND id > ? ORDER BY id LIMIT ?"
        while batch := [number for (number,) in db.execute(sql, [key, last, _BATCH])]:
            last = batch[-1]
            _pack_batch(db, key, batch)
    db.execute("DROP TABLE digest_items")
    db.execute("DROP TABLE digest_sections")


def _pack_batch(db: Database, key: str, batch: Sequence[int]) -> None:
    sections, items = (
        _rows(db, f"SELECT digest_id, {columns} FROM {table}", batch)
        for table, columns in (
            ("digest_sections", "position, topic, matched, kind"),
            ("digest_items", "section, paper_id, score, reasons, also"),
        )
    )
    shared: dict[str, int] = {}
    packed = [(_pack(sections[number], items[number], shared), number) for number in batch if sections[number]]
    if packed:
        texts = json.dumps(list(shared), ensure_ascii=False, separators=(",", ":"))
        values = {"key": key, "texts": zlib.compress(texts.encode())}
        cursor = db.execute("INSERT INTO digest_texts (edition_key, texts) VALUES (:key, :texts)", values)
        rows = [(content, cursor.lastrowid, number) for content, number in packed]
        db.conn.executemany("UPDATE digests SET content = ?, texts_id = ? WHERE id = ?", rows)


def _rows(db: Database, select: str, batch: Sequence[int]) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    among = "WHERE digest_id IN (SELECT value FROM json_each(?)) ORDER BY digest_id, position"
    for number, *row in db.execute(f"{select} {among}", [json.dumps(list(batch))]).fetchall():
        found[number].append(row)
    return found


def _pack(sections: Sequence[Any], items: Sequence[Any], shared: dict[str, int]) -> bytes:
    texts: dict[str, int] = {}
    reasons: dict[str, int] = {}
    also: dict[str, int] = {}
    # In the order of sections, as they are read.
    ordered = [item for position, *_ in sections for item in items if item[0] == position]
    numbers, before = [len(ordered)], 0
    of_items: list[int] = []
    for _, paper, score, why, others in ordered:
        numbers.append(_zigzag(paper - before))
        before = paper
        of_items += (_zigzag(round(score * 10_000)), reasons.setdefault(why, len(reasons)))
        of_items.append(also.setdefault(others, len(also)))
    numbers.append(len(reasons))
    for some in map(json.loads, reasons):
        numbers.append(len(some))
        for kind, detail in some:
            numbers += (_REASONS.index(kind), texts.setdefault(detail, len(texts)))
    numbers.append(len(also))
    for some in map(json.loads, also):
        numbers += (len(some), *(texts.setdefault(name, len(texts)) for name in some))
    numbers.append(len(sections))
    for position, topic, matched, kind in sections:
        number = sum(item[0] == position for item in items)
        numbers += (texts.setdefault(topic, len(texts)), _zigzag(matched), _SECTIONS.index(kind), number)
    return _written([*numbers, *of_items, *(shared.setdefault(text, len(shared)) for text in texts)])


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else ~(number << 1)


def _written(numbers: Iterable[int]) -> bytes:
    written = bytearray()
    for number in numbers:
        rest = number
        while rest >= 0x80:
            written.append(rest & 0x7F | 0x80)
            rest >>= 7
        written.append(rest)
    return bytes(written)
