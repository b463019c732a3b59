"""Which words are rare: to rank papers by common ones, the index would be read for most papers, once for each."""

from __future__ import annotations

import re
from collections.abc import Sequence

from newsletter.store.database import Database
from newsletter.store.full_text import MatchExpression, quoted

#: How many places in the lists of words are read to rank papers; a hundred thousand take a tenth of a second.
_MOST_READ = 4000
#: A rarest word in more papers than this is common, too.
_MOST_OF_ONE = 30_000
#: So many papers are ranked by BM25, and the words of a query may be in so many papers altogether: as little work.
_MOST_RANKED, _MOST_HOLDERS = 2000, 60_000
#: Phrases of an expression that are looked at.
_MOST_PHRASES = 16
#: Of words that begin alike, the index makes a list before it says anything.
_PHRASE = re.compile(r'"(?:[^"]|"")*"(?!\*|")')
#: So many papers with a word are counted; how many more there are follows from where these are.
_COUNTED = 400


def rare_words(db: Database, words: Sequence[str]) -> list[str]:
    """Return the words that papers are ranked by, in their order: all of them, as long as that is little work."""
    papers = _last(db)
    numbers = {word: _papers_with(db, quoted((word,)), papers) for word in words}
    found: set[str] = set()
    read = 0.0
    for word in sorted(words, key=lambda one: (numbers[one], one)):
        read += numbers[word]
        if read <= _MOST_READ or (not found and read <= _MOST_OF_ONE):
            found.add(word)
    return [word for word in words if word in found]


def is_common(db: Database, expression: str, unranked: str) -> bool:
    """Return whether it takes long to rank the papers that match an FTS5 expression by BM25.

    `unranked` matches the same papers.
    """
    papers, phrases, holders = _last(db), list(dict.fromkeys(_PHRASE.findall(expression))), 0.0
    if papers * len(phrases) <= _MOST_HOLDERS or (len(phrases) == 1 and " " in phrases[0]):
        phrases = []  # they cannot be in so many; and the papers with one phrase are counted below
    # Phrases of several words are in the fewest papers, and take longest to be found.
    for phrase in sorted(phrases[:_MOST_PHRASES], key=lambda one: one.count(" ")):
        holders += _papers_with(db, phrase, papers)
        if holders > _MOST_HOLDERS:
            return True
    sql = "SELECT count(*) FROM (SELECT 1 FROM papers_fts WHERE papers_fts MATCH ? LIMIT ?) AS found"
    return bool(db.execute(sql, [MatchExpression(unranked), _MOST_RANKED + 1]).fetchone()[0] > _MOST_RANKED)


def _last(db: Database) -> int:
    return int(db.execute("SELECT coalesce(max(id), 0) FROM papers").fetchone()[0])


def _papers_with(db: Database, phrase: str, papers: int) -> float:
    """Return about how many papers hold a phrase."""
    sql = "SELECT count(*), max(rowid) FROM (SELECT rowid FROM papers_fts WHERE papers_fts MATCH ? LIMIT ?) AS found"
    number, last = db.execute(sql, [MatchExpression(phrase), _COUNTED]).fetchone()
    return float(number) if number < _COUNTED else number * papers / max(1, last)
