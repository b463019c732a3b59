"""Papers, subscribers and the ledger. Released: never change a step."""

from __future__ import annotations

import json

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS
from newsletter.store.migrations.texts_of_m004 import query_of, title_hash, without_latex


@MIGRATIONS()
def m001_papers(db: Database) -> None:
    """Papers, their full-text index, and what each pull did."""
    db.execute("""
        CREATE TABLE papers (
            id INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,         -- arxiv:ID, else doi:DOI, else title:HASH
            arxiv_id TEXT UNIQUE,             -- without version
            doi TEXT UNIQUE,                  -- lower case, without https://doi.org/
            title TEXT NOT NULL,
            abstract TEXT NOT NULL,
            authors TEXT NOT NULL,            -- JSON list of names
            author_count INTEGER,             -- null if no source said
            organization TEXT,
            published TEXT,                   -- day first made public
            listed TEXT,                      -- day a source put it on its list
            upvotes INTEGER,
            comments INTEGER,
            keywords TEXT NOT NULL,           -- JSON list
            summary TEXT,
            code_url TEXT,
            project_url TEXT,
            thumbnail_url TEXT,
            text_source TEXT NOT NULL,        -- the source of title and abstract
            sources TEXT NOT NULL,            -- JSON list of every source that told of it
            seen_at TEXT NOT NULL             -- when this store first saw it
        ) STRICT""")
    db.execute("""
        CREATE TABLE paper_titles (           -- every title a paper was ever told under: finds entries without ids
            title_key TEXT NOT NULL,          -- its letters and digits
            paper_id INTEGER NOT NULL REFERENCES papers(id) ON DELETE CASCADE,
            PRIMARY KEY (title_key, paper_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX paper_titles_paper ON paper_titles(paper_id)")
    db.execute("CREATE INDEX papers_seen_at ON papers(seen_at)")
    db.execute("""
        CREATE VIRTUAL TABLE papers_fts USING fts5(
            title, abstract, content=papers, content_rowid=id, tokenize='porter unicode61 remove_diacritics 2')""")
    insert = "INSERT INTO papers_fts(rowid, title, abstract) VALUES (new.id, new.title, new.abstract);"
    delete = (
        "INSERT INTO papers_fts(papers_fts, rowid, title, abstract) VALUES ('delete', old.id, old.title, old.abstract);"
    )
    db.execute(f"CREATE TRIGGER papers_fts_insert AFTER INSERT ON papers BEGIN {insert} END")
    db.execute(f"CREATE TRIGGER papers_fts_delete AFTER DELETE ON papers BEGIN {delete} END")
    db.execute(
        f"CREATE TRIGGER papers_fts_update AFTER UPDATE OF title, abstract ON papers BEGIN {delete} {insert} END"
    )
    db.execute("""
        CREATE TABLE pulls (
            id INTEGER PRIMARY KEY,
            source TEXT NOT NULL,
            finished_at TEXT NOT NULL,
            through TEXT,                     -- last day asked for; null for a pull of files
            fetched INTEGER NOT NULL,
            new INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            refused INTEGER NOT NULL,
            error TEXT                        -- null if the source was read to its end
        ) STRICT""")


@MIGRATIONS()
def m002_readers(db: Database) -> None:
    """Topics, subscribers, who reads what, and who must not be mailed."""
    db.execute("""
        CREATE TABLE topics (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            keywords TEXT NOT NULL,           -- JSON list
            excluded TEXT NOT NULL,           -- JSON list
            in_catalogue INTEGER NOT NULL,    -- 1: offered by name to everybody; 0: some profile's own
            UNIQUE (name, keywords, excluded, in_catalogue)
        ) STRICT""")
    db.execute("CREATE UNIQUE INDEX topics_catalogue ON topics(name COLLATE NOCASE) WHERE in_catalogue = 1")
    db.execute("""
        CREATE TABLE subscribers (
            id INTEGER PRIMARY KEY,
            email TEXT NOT NULL,
            email_key TEXT NOT NULL UNIQUE,   -- what two spellings of one address share
            name TEXT NOT NULL,
            status TEXT NOT NULL,
            cadence TEXT NOT NULL,
            hour INTEGER NOT NULL,
            weekday INTEGER NOT NULL,
            month_day INTEGER NOT NULL,
            time_zone TEXT NOT NULL,
            format TEXT NOT NULL,
            max_papers INTEGER NOT NULL,
            max_per_section INTEGER NOT NULL,
            trending INTEGER NOT NULL,
            origin TEXT NOT NULL,             -- file:NAME or cli
            joined_at TEXT NOT NULL,
            status_at TEXT NOT NULL
        ) STRICT""")
    db.execute("""
        CREATE TABLE subscriptions (
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            position INTEGER NOT NULL,        -- the reader's order
            topic_id INTEGER NOT NULL REFERENCES topics(id),
            PRIMARY KEY (subscriber_id, position)
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX subscriptions_topic ON subscriptions(topic_id)")
    db.execute("""
        CREATE TABLE suppressions (
            email_key TEXT PRIMARY KEY,
            reason TEXT NOT NULL,
            suppressed_at TEXT NOT NULL
        ) STRICT""")
    db.execute("CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT")


@MIGRATIONS()
def m003_ledger(db: Database) -> None:
    """Editions, the digests in them, and one delivery per edition and subscriber."""
    db.execute("""
        CREATE TABLE editions (
            key TEXT PRIMARY KEY,             -- daily-2026-05-08
            cadence TEXT NOT NULL,
            day TEXT NOT NULL,
            since TEXT NOT NULL,              -- holds papers first seen after this
            created_at TEXT NOT NULL,
            note TEXT NOT NULL                -- Markdown
        ) STRICT""")
    db.execute("CREATE INDEX editions_cadence ON editions(cadence, created_at)")
    db.execute("""
        CREATE TABLE digests (
            id INTEGER PRIMARY KEY,
            edition_key TEXT NOT NULL REFERENCES editions(key),
            fingerprint TEXT NOT NULL,        -- readers with the same digest share its rows
            considered INTEGER NOT NULL,
            UNIQUE (edition_key, fingerprint)
        ) STRICT""")
    db.execute("""
        CREATE TABLE digest_sections (
            digest_id INTEGER NOT NULL REFERENCES digests(id),
            position INTEGER NOT NULL,
            title TEXT NOT NULL,
            matched INTEGER NOT NULL,
            PRIMARY KEY (digest_id, position)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE digest_items (
            digest_id INTEGER NOT NULL REFERENCES digests(id),
            position INTEGER NOT NULL,
            section INTEGER NOT NULL,         -- position of its section
            paper_id INTEGER NOT NULL REFERENCES papers(id),
            score REAL NOT NULL,
            reasons TEXT NOT NULL,            -- JSON list of [where, what]
            also TEXT NOT NULL,               -- JSON list of topic names
            PRIMARY KEY (digest_id, position)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE deliveries (
            id INTEGER PRIMARY KEY,
            edition_key TEXT NOT NULL REFERENCES editions(key),
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id),
            digest_id INTEGER NOT NULL REFERENCES digests(id),
            message_id TEXT NOT NULL UNIQUE,
            status TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            detail TEXT NOT NULL,             -- the server's words, or why it was skipped
            next_attempt_at TEXT,             -- for deferred ones
            updated_at TEXT NOT NULL,
            UNIQUE (edition_key, subscriber_id)
        ) STRICT""")
    db.execute("CREATE INDEX deliveries_subscriber ON deliveries(subscriber_id)")
    db.execute("CREATE INDEX deliveries_open ON deliveries(id) WHERE status IN ('queued', 'sending', 'deferred')")


@MIGRATIONS()
def m004_sources(db: Database) -> None:
    """What more sources tell, who told it, and what is remembered of each source between pulls."""
    for column in (
        "categories TEXT NOT NULL DEFAULT '[]'",  # JSON list, the primary one first
        "venue TEXT",
        "version INTEGER",  # the newest told of
        "withdrawn INTEGER NOT NULL DEFAULT 0",
        "url TEXT",
        "pdf_url TEXT",
        "text_version INTEGER",  # the version of title and abstract
        "revised_at TEXT",  # when a newer version than known was last seen
    ):
        db.execute(f"ALTER TABLE papers ADD COLUMN {column}")
    db.execute("ALTER TABLE subscribers ADD COLUMN updates INTEGER NOT NULL DEFAULT 0")
    _name_papers(db)
    db.execute("""
        CREATE TABLE tellings (               -- which sources told of a paper, and where each first did
            paper_id INTEGER NOT NULL REFERENCES papers(id) ON DELETE CASCADE,
            source TEXT NOT NULL,
            place TEXT NOT NULL,
            told_at TEXT NOT NULL,
            PRIMARY KEY (paper_id, source)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        INSERT INTO tellings
            SELECT papers.id, told.value, '', seen_at FROM papers, json_each(papers.sources) AS told""")
    db.execute("CREATE INDEX papers_revised_at ON papers(revised_at) WHERE revised_at IS NOT NULL")
    db.execute("CREATE INDEX digest_items_paper ON digest_items(paper_id)")
    _index_in_bulk(db)
    # Text is cleaned when it comes in, no longer when it is shown.
    marked = "instr(title || abstract, '\\') OR instr(title || abstract, '$')"
    for number, title, abstract in db.execute(f"SELECT id, title, abstract FROM papers WHERE {marked}").fetchall():
        row = [without_latex(title) or title, without_latex(abstract), number]
        db.execute("UPDATE papers SET title = ?, abstract = ? WHERE id = ?", row)
    db.execute("""
        CREATE TABLE validators (             -- what lets a server say "not modified"
            source TEXT NOT NULL,
            address TEXT NOT NULL,
            etag TEXT,
            last_modified TEXT,
            PRIMARY KEY (source, address)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE pauses (                 -- sources that asked to be left alone
            source TEXT PRIMARY KEY,
            until TEXT NOT NULL
        ) STRICT""")


def _name_papers(db: Database) -> None:
    """Find papers by all their names in one table: ids, DOIs and titles."""
    db.execute("""
        CREATE TABLE paper_names (            -- all that finds a paper: arxiv:ID, doi:DOI, title:HASH, entry:HASH
            name TEXT NOT NULL,
            paper_id INTEGER NOT NULL REFERENCES papers(id) ON DELETE CASCADE,
            PRIMARY KEY (name, paper_id)
        ) STRICT, WITHOUT ROWID""")
    names = [(f"title:{title_hash(key)}", paper) for key, paper in db.execute("SELECT * FROM paper_titles").fetchall()]
    db.conn.executemany("INSERT OR IGNORE INTO paper_names VALUES (?, ?)", names)
    for column in ("arxiv_id", "doi"):
        name = f"'{column.removesuffix('_id')}:' || {column}"
        db.execute(f"INSERT INTO paper_names SELECT {name}, id FROM papers WHERE {column} IS NOT NULL")
    db.execute("CREATE INDEX paper_names_paper ON paper_names(paper_id)")
    db.execute("DROP TABLE paper_titles")


def _index_in_bulk(db: Database) -> None:
    """Leave new papers to whoever adds them; triggers see to changes of what is indexed."""
    # New papers are indexed by the hundred: one by one, in a trigger, FTS5 takes four times as long.
    for trigger in ("papers_fts_insert", "papers_fts_delete", "papers_fts_update"):
        db.execute(f"DROP TRIGGER {trigger}")
    indexed = "EXISTS (SELECT 1 FROM papers_fts_docsize WHERE id = old.id)"
    delete = (
        "INSERT INTO papers_fts(papers_fts, rowid, title, abstract) VALUES ('delete', old.id, old.title, old.abstract);"
    )
    insert = "INSERT INTO papers_fts(rowid, title, abstract) VALUES (new.id, new.title, new.abstract);"
    db.execute(f"CREATE TRIGGER papers_fts_delete AFTER DELETE ON papers WHEN {indexed} BEGIN {delete} END")
    db.execute(f"""
        CREATE TRIGGER papers_fts_update AFTER UPDATE OF title, abstract ON papers
        WHEN (old.title <> new.title OR old.abstract <> new.abstract) AND {indexed} BEGIN {delete} {insert} END""")
    db.execute("INSERT INTO papers_fts(papers_fts, rank) VALUES ('hashsize', 16777216)")  # bytes; fewer merges


@MIGRATIONS()
def m005_queries(db: Database) -> None:
    """Topics are queries. Both tables are made anew, the children first, so that no reference is ever broken."""
    db.execute("""
        CREATE TABLE new_topics (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            query TEXT NOT NULL,              -- in the language of newsletter.query
            in_catalogue INTEGER NOT NULL,    -- 1: offered by name to everybody; 0: some profile's own
            UNIQUE (name, query, in_catalogue)
        ) STRICT""")
    db.execute("""
        CREATE TABLE new_subscriptions (
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            position INTEGER NOT NULL,        -- the reader's order
            topic_id INTEGER NOT NULL REFERENCES new_topics(id),
            PRIMARY KEY (subscriber_id, position)
        ) STRICT, WITHOUT ROWID""")
    rows = db.execute("SELECT id, name, keywords, excluded, in_catalogue FROM topics ORDER BY id").fetchall()
    same: dict[tuple[str, str, int], int] = {}
    for number, name, keywords, excluded, in_catalogue in rows:
        query = query_of(json.loads(keywords), json.loads(excluded))
        kept = same.setdefault((name, query, in_catalogue), number)
        if kept == number:
            db.execute("INSERT INTO new_topics VALUES (?, ?, ?, ?)", [number, name, query, in_catalogue])
        db.execute(
            "INSERT INTO new_subscriptions SELECT subscriber_id, position, ? FROM subscriptions WHERE topic_id = ?",
            [kept, number],
        )
    db.execute("DROP TABLE subscriptions")
    db.execute("DROP TABLE topics")
    db.execute("ALTER TABLE new_topics RENAME TO topics")
    db.execute("ALTER TABLE new_subscriptions RENAME TO subscriptions")
    db.execute("CREATE UNIQUE INDEX topics_catalogue ON topics(name COLLATE NOCASE) WHERE in_catalogue = 1")
    db.execute("CREATE INDEX subscriptions_topic ON subscriptions(topic_id)")
