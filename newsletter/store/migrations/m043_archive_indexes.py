"""What lists of papers are ordered and narrowed by, in narrow rows; their codes and topics, by an index."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS

_STATED = (
    "min(substr(seen_at, 1, 10), CASE length(published) WHEN 4 THEN published || '-12-31'"
    " WHEN 7 THEN date(published || '-01', '+1 month', '-1 day') ELSE published END)"
)
_DAY = f"coalesce(listed, {_STATED}, substr(seen_at, 1, 10))"
_IS_VAGUE = "listed IS NULL AND NOT coalesce(length(published) = 10 AND published <= substr(seen_at, 1, 10), 0)"
_VOTES = "coalesce(upvotes, 0) + coalesce(comments, 0)"
_TRAITS = f"""
            INSERT INTO paper_traits
            SELECT id, key, {_DAY}, {_IS_VAGUE}, upvotes, {_VOTES}, code_stars, sources, categories, organization,
                code_url IS NOT NULL
            FROM papers WHERE NOT withdrawn"""
_CODES = """
            INSERT OR IGNORE INTO paper_codes
            SELECT 'cat', lower(value), day, paper_id FROM paper_traits, json_each(categories){where}
            UNION ALL SELECT 'source', lower(value), day, paper_id FROM paper_traits, json_each(sources){where}"""
_FORGET_CODES = """
            DELETE FROM paper_codes WHERE (field, code, day, paper_id) IN (
                SELECT 'cat', lower(value), day, paper_id FROM paper_traits, json_each(categories)
                WHERE paper_id = old.id
                UNION ALL SELECT 'source', lower(value), day, paper_id FROM paper_traits, json_each(sources)
                WHERE paper_id = old.id)"""
#: The columns of papers that the new tables are made of.
_MADE_OF = (
    "key", "listed", "published", "seen_at", "upvotes", "comments", "code_stars", "sources", "categories",
    "organization", "code_url", "withdrawn",
)  # fmt: skip
#: Those that topics are about.
_TEXT = ("title", "keywords", "abstract", "authors", "organization", "categories", "sources")


@MIGRATIONS()
def m043_archive_indexes(db: Database) -> None:
    """Add the tables and fill them but for the topics; triggers keep them, whoever writes papers."""
    db.execute("""
        CREATE TABLE paper_traits (       -- of all papers but the withdrawn ones
            paper_id INTEGER PRIMARY KEY,
            key TEXT NOT NULL,
            day TEXT NOT NULL,
            is_vague INTEGER NOT NULL,    -- whether the day is only the latest that it may be
            upvotes INTEGER,
            votes INTEGER NOT NULL,       -- upvotes and comments
            code_stars INTEGER,
            sources TEXT NOT NULL,        -- as in papers
            categories TEXT NOT NULL,
            organization TEXT,
            has_code INTEGER NOT NULL
        ) STRICT""")
    db.execute("CREATE INDEX paper_traits_day ON paper_traits(day, votes DESC, key)")
    db.execute("""
        CREATE TABLE paper_codes (        -- categories and sources in lower case
            field TEXT NOT NULL,          -- cat or source
            code TEXT NOT NULL,
            day TEXT NOT NULL,
            paper_id INTEGER NOT NULL,
            PRIMARY KEY (field, code, day, paper_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE paper_topics (       -- filled when they are asked for
            paper_id INTEGER PRIMARY KEY,
            catalogue INTEGER NOT NULL,   -- a hash of the topics that were compared
            topics TEXT NOT NULL          -- their places in the catalogue, as a JSON list
        ) STRICT""")
    db.execute(_TRAITS)
    db.execute(_CODES.format(where=""))
    insert = f"{_TRAITS} AND id = new.id;{_CODES.format(where=' WHERE paper_id = new.id')};"
    delete = f"{_FORGET_CODES};\n            DELETE FROM paper_traits WHERE paper_id = old.id;"
    db.execute(f"CREATE TRIGGER papers_traits_insert AFTER INSERT ON papers BEGIN{insert}\n        END")
    for event, more in (("DELETE", ""), (f"UPDATE OF {', '.join(_MADE_OF)}", insert)):
        changed = f" WHEN {_is_changed(_MADE_OF)}" if more else ""
        db.execute(f"""
        CREATE TRIGGER papers_traits_{event.split()[0].lower()} AFTER {event} ON papers{changed} BEGIN{delete}{more}
        END""")
    forget = "DELETE FROM paper_topics WHERE paper_id = old.id;"
    db.execute(f"CREATE TRIGGER papers_topics_delete AFTER DELETE ON papers BEGIN {forget} END")
    db.execute(f"""
        CREATE TRIGGER papers_topics_update AFTER UPDATE OF {", ".join(_TEXT)} ON papers WHEN {_is_changed(_TEXT)}
        BEGIN {forget} END""")


def _is_changed(columns: tuple[str, ...]) -> str:
    return " OR ".join(f"old.{name} IS NOT new.{name}" for name in columns)
