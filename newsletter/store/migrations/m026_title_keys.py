"""Names of papers by their titles: "&" is "and", and accents are folded."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS

_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})
_ACCENTS = re.compile("[\u0300-\u036f]")
#: Titles that every journal has, such as "Editorial", are not longer.
_SHORT = 40


@MIGRATIONS()
def m026_title_keys(db: Database) -> None:
    """Name each paper anew by the title it shows, and by that and its first author where it was named so.

    Titles that other sources gave a paper are not stored: their names stay as they are. So does the key of a paper
    where another has the new one: the two are merged when a source lists them again.
    """
    columns = "id, key, title, authors, venue, published, url"
    for number, key, title, authors, *issue in db.execute(f"SELECT {columns} FROM papers").fetchall():
        named = db.execute("SELECT name FROM paper_names WHERE paper_id = ?", [number])
        names = {name for (name,) in named}
        plain, of_issue = _hashes(title, json.loads(authors)[:1], issue)
        pairs = [("title", (_hash(_old_key(title)), _hash(_new_key(title)))), ("entry", plain), ("entry", of_issue)]
        for kind, (old, new) in pairs:
            if f"{kind}:{old}" in names and old != new:
                sql = "UPDATE OR REPLACE paper_names SET name = ? WHERE name = ? AND paper_id = ?"
                db.execute(sql, [f"{kind}:{new}", f"{kind}:{old}", number])
        if f"entry:{plain[0]}" in names and len(title) <= _SHORT:  # more titles than before are told apart by issue
            db.execute("INSERT OR IGNORE INTO paper_names VALUES (?, ?)", [f"entry:{of_issue[1]}", number])
        for old, new in (plain, of_issue):
            if key == f"title:{old}" and old != new:
                db.execute("UPDATE OR IGNORE papers SET key = ? WHERE id = ?", [f"title:{new}", number])


def _hashes(title: str, first: list[str], issue: list[Any]) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the old and the new hash of title and first author, without and with the issue."""
    venue, published, url = (value or "" for value in issue)
    address = "" if venue and published else url
    old, new = title + _words(_old_fold, first), title + _words(_new_fold, first)
    return (
        (_hash(_old_key(old)), _hash(_new_key(new))),
        (_hash(_old_key(f"{old} {venue} {published}")), _hash(_new_key(f"{new} {venue} {published} {address}"))),
    )


def _words(fold: Callable[[str], str], first: Iterable[str]) -> str:
    plain = "".join(c if c.isalnum() else " " for name in first for c in fold(name))
    return " ".join(sorted({word for word in plain.split() if len(word) > 1}))


def _old_fold(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)).casefold()


def _new_fold(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", _ACCENTS.sub("", folded)).translate(_STROKES) or folded


def _old_key(title: str) -> str:
    folded = unicodedata.normalize("NFKC", title).casefold()
    return "".join(filter(str.isalnum, folded)) or " ".join(unicodedata.normalize("NFC", folded).split())


def _new_key(title: str) -> str:
    folded = _new_fold(title).replace("&", "and")
    return "".join(filter(str.isalnum, folded)) or " ".join(unicodedata.normalize("NFC", folded).split())


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]
