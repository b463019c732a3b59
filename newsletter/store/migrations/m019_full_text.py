"""A full-text index of all fields of papers, of words as topic queries compare them."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS

_INDEXED = ("title", "keywords", "abstract", "authors", "organization")


@MIGRATIONS()
def m019_full_text(db: Database) -> None:
    """Make the index anew, empty: it is filled when the store is opened, and whenever the words' version changes.

    The index holds the words themselves, so that a paper can be removed from it whatever words are by then. Topics that
    were typed as plain words were kept as a phrase; now words side by side are one, or near each other.
    """
    for trigger in ("papers_fts_delete", "papers_fts_update"):
        db.execute(f"DROP TRIGGER {trigger}")
    db.execute("DROP TABLE papers_fts")
    # Words are of letters, digits and these characters, and apart from ASCII anything but a space is a letter.
    db.execute(f"""
        CREATE VIRTUAL TABLE papers_fts USING fts5(
            {", ".join(_INDEXED)}, tokenize = "ascii tokenchars '+#.=|'''"
        )""")
    db.execute("INSERT INTO papers_fts(papers_fts, rank) VALUES ('hashsize', 16777216)")  # bytes; fewer merges
    db.execute("CREATE TABLE papers_unindexed (id INTEGER PRIMARY KEY) STRICT")
    db.execute("CREATE TABLE full_text_version (version INTEGER NOT NULL) STRICT")
    db.execute("INSERT INTO full_text_version VALUES (0)")
    db.execute("""
        CREATE TRIGGER papers_fts_delete AFTER DELETE ON papers BEGIN
            DELETE FROM papers_fts WHERE rowid = old.id;
        END""")
    is_changed = " OR ".join(f"old.{name} IS NOT new.{name}" for name in _INDEXED)
    db.execute(f"""
        CREATE TRIGGER papers_fts_update AFTER UPDATE OF {", ".join(_INDEXED)} ON papers WHEN {is_changed} BEGIN
            DELETE FROM papers_fts WHERE rowid = old.id;
            INSERT OR IGNORE INTO papers_unindexed VALUES (old.id);
        END""")
    for number, name, query in db.execute("SELECT id, name, query FROM topics").fetchall():
        if query == f'"{name}"' and _is_plain(name):
            db.execute("UPDATE OR IGNORE topics SET query = ? WHERE id = ?", [name, number])


def _is_plain(name: str) -> bool:
    """Return whether a name is words that mean nothing else in a query."""
    words = name.split()
    is_words = all(word.replace("-", "").isalnum() and word[0] != "-" for word in words)
    return is_words and name == " ".join(words) and not {"or", "and", "not"} & {word.lower() for word in words}
