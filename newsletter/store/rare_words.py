"""The rarer words of a text: a search by all of them would read a list of most papers for each common one."""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.store.database import Database
from newsletter.store.full_text import MatchExpression, quoted

#: How many places in the lists of words are read to rank papers; a hundred thousand take a tenth of a second.
_MOST_READ = 4000
#: A rarest word in more papers than this is common, too.
_MOST_OF_ONE = 30_000
#: So many papers with a word are counted; how many more there are follows from where these are.
_COUNTED = 400


def rare_words(db: Database, words: Sequence[str]) -> list[str]:
    """Return the words that papers are ranked by, in their order: all of them, as long as that is little work."""
    (papers,) = db.execute("SELECT coalesce(max(id), 0) FROM papers").fetchone()
    numbers = {word: _papers_with(db, word, papers) for word in words}
    found: set[str] = set()
    read = 0.0
    for word in sorted(words, key=lambda one: (numbers[one], one)):
        read += numbers[word]
        if read <= _MOST_READ or (not found and read <= _MOST_OF_ONE):
            found.add(word)
    return [word for word in words if word in found]


def _papers_with(db: Database, word: str, papers: int) -> float:
    """Return about how many papers hold a word."""
    sql = "SELECT count(*), max(rowid) FROM (SELECT rowid FROM papers_fts WHERE papers_fts MATCH ? LIMIT ?) AS found"
    number, last = db.execute(sql, [MatchExpression(quoted((word,))), _COUNTED]).fetchone()
    return float(number) if number < _COUNTED else number * papers / max(1, last)
