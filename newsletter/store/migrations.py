"""The schema, as a list of steps. Append at the end; never change a step that was released.

Each step runs in one transaction together with its record (sqlite-utils migrations). Times are ISO 8601 in
UTC, days ISO dates, lists JSON arrays.
"""

from __future__ import annotations

import json

from sqlite_utils import Database, Migrations

from newsletter.markup import clean, clean_abstract
from newsletter.text import title_hash
from newsletter.topics.query import query_of

MIGRATIONS = Migrations("newsletter")


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
        row = [clean(title) or title, clean_abstract(abstract), number]
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
            query TEXT NOT NULL,              -- in the language of newsletter.topics.query
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


@MIGRATIONS()
def m006_feedback(db: Database) -> None:
    """What readers want more and less of."""
    db.execute("""
        CREATE TABLE feedback (
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            paper_id INTEGER NOT NULL REFERENCES papers(id) ON DELETE CASCADE,
            liked INTEGER NOT NULL,           -- 1: more like this; 0: less
            said_at TEXT NOT NULL,
            PRIMARY KEY (subscriber_id, paper_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX feedback_paper ON feedback(paper_id)")


@MIGRATIONS()
def m007_wishes(db: Database) -> None:
    """How digests look; whom readers follow, and their own weights; the libraries they learn from."""
    db.execute("ALTER TABLE subscribers ADD COLUMN style TEXT NOT NULL DEFAULT 'cards'")
    db.execute("UPDATE subscribers SET style = 'plain' WHERE format = 'text'")
    db.execute("ALTER TABLE subscribers DROP COLUMN format")
    db.execute("ALTER TABLE subscribers ADD COLUMN language TEXT NOT NULL DEFAULT 'en'")
    db.execute("ALTER TABLE subscribers ADD COLUMN serendipity INTEGER NOT NULL DEFAULT 1")
    db.execute("ALTER TABLE subscribers ADD COLUMN even_if_empty INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE subscribers ADD COLUMN follow TEXT NOT NULL DEFAULT '[]'")  # JSON array of names
    db.execute("ALTER TABLE subscribers ADD COLUMN ranking TEXT NOT NULL DEFAULT '{}'")  # JSON object of weights
    db.execute("""
        CREATE TABLE examples (
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            key TEXT NOT NULL,                -- of the paper, as papers.key; the papers table need not have it
            title TEXT NOT NULL,
            abstract TEXT NOT NULL,
            liked INTEGER NOT NULL,           -- 1: more like this; 0: less
            said_at TEXT NOT NULL,
            PRIMARY KEY (subscriber_id, key)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE spaces (
            version INTEGER PRIMARY KEY,      -- counts up; only the latest is kept
            made_at TEXT NOT NULL,
            content BLOB NOT NULL             -- see newsletter.ranking.taste.Space
        ) STRICT""")
    db.execute("""
        CREATE TABLE tastes (
            subscriber_id INTEGER PRIMARY KEY REFERENCES subscribers(id) ON DELETE CASCADE,
            space INTEGER NOT NULL REFERENCES spaces(version) ON DELETE CASCADE,
            learned_from TEXT NOT NULL,       -- a hash of what the reader had said
            learned_at TEXT NOT NULL,
            content BLOB NOT NULL             -- see newsletter.ranking.taste.Taste
        ) STRICT""")


@MIGRATIONS()
def m008_words(db: Database) -> None:
    """What is said at the end of an edition, and of papers in one line."""
    db.execute("ALTER TABLE editions ADD COLUMN closing TEXT NOT NULL DEFAULT ''")  # Markdown
    db.execute("""
        CREATE TABLE summaries (
            paper_id INTEGER NOT NULL REFERENCES papers(id) ON DELETE CASCADE,
            language TEXT NOT NULL,
            model TEXT NOT NULL,
            text TEXT NOT NULL,
            made_at TEXT NOT NULL,
            PRIMARY KEY (paper_id, language)
        ) STRICT, WITHOUT ROWID""")


@MIGRATIONS()
def m009_halted(db: Database) -> None:
    """Editions that a person holds up."""
    db.execute("ALTER TABLE editions ADD COLUMN halted TEXT NOT NULL DEFAULT ''")  # or 'paused' or 'cancelled'
    db.execute("CREATE INDEX deliveries_status ON deliveries(status, updated_at)")


@MIGRATIONS()
def m010_lighter_ledger(db: Database) -> None:
    """An index of what went wrong only: one of every status is written anew with every move."""
    db.execute("DROP INDEX deliveries_status")
    db.execute("CREATE INDEX deliveries_bad ON deliveries(status, updated_at) WHERE status IN ('failed', 'held')")


@MIGRATIONS()
def m011_returns(db: Database) -> None:
    """What came back of the mail: bounces and complaints, each report once."""
    db.execute("""
        CREATE TABLE returns (
            id INTEGER PRIMARY KEY,
            fingerprint TEXT NOT NULL UNIQUE, -- the same whenever the same report is read
            email_key TEXT NOT NULL,
            subscriber_id INTEGER REFERENCES subscribers(id) ON DELETE SET NULL,
            delivery_id INTEGER REFERENCES deliveries(id) ON DELETE SET NULL,
            kind TEXT NOT NULL,               -- 'hard', 'soft' or 'complaint'
            code TEXT NOT NULL,               -- of RFC 3463, or ''
            words TEXT NOT NULL,
            origin TEXT NOT NULL,             -- 'smtp', 'dsn', 'arf', 'text'
            said_at TEXT NOT NULL
        ) STRICT""")
    db.execute("CREATE INDEX returns_email ON returns(email_key, said_at)")
    db.execute("CREATE INDEX returns_delivery ON returns(delivery_id)")
    db.execute("CREATE INDEX returns_subscriber ON returns(subscriber_id)")


@MIGRATIONS()
def m012_requests(db: Database) -> None:
    """What was asked for on the pages and is to be confirmed by mail; pauses that end."""
    db.execute("ALTER TABLE subscribers ADD COLUMN paused_until TEXT")  # a day, from which they are mailed again
    db.execute("""
        CREATE TABLE requests (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,               -- 'join', 'move' or 'link'
            email TEXT NOT NULL,              -- where the mail that asks to confirm goes
            email_key TEXT NOT NULL,
            subscriber_id INTEGER REFERENCES subscribers(id) ON DELETE CASCADE,  -- who asks, where they are known
            name TEXT NOT NULL,
            wishes TEXT NOT NULL,             -- JSON object, as a profile's file has it
            asked_at TEXT NOT NULL,
            sent_at TEXT,                     -- when that mail left, if it did
            confirmed_at TEXT
        ) STRICT""")
    db.execute("CREATE INDEX requests_email ON requests(email_key, asked_at)")
    db.execute("CREATE INDEX requests_waiting ON requests(asked_at) WHERE sent_at IS NULL")


@MIGRATIONS()
def m013_days(db: Database) -> None:
    """An index of the day that a paper counts as new, for an archive by days."""
    db.execute("CREATE INDEX papers_day ON papers(coalesce(listed, published, substr(seen_at, 1, 10)))")


@MIGRATIONS()
def m014_vocabulary(db: Database) -> None:
    """The field's words: mentions, bounces, confirmations, embeddings; people unsubscribe, editions have a state."""
    for old, new in (
        ("tellings", "mentions"),
        ("returns", "bounces"),
        ("requests", "confirmations"),
        ("spaces", "embeddings"),
        ("tastes", "taste_models"),
        ("pauses", "rate_limited_sources"),
    ):
        db.execute(f"ALTER TABLE {old} RENAME TO {new}")
    for table, old, new in (
        ("mentions", "told_at", "mentioned_at"),
        ("bounces", "words", "response"),
        ("bounces", "said_at", "reported_at"),
        ("confirmations", "wishes", "preferences"),
        ("confirmations", "asked_at", "requested_at"),
        ("taste_models", "space", "embedding"),
        ("feedback", "said_at", "given_at"),
        ("examples", "said_at", "given_at"),
        ("subscribers", "joined_at", "subscribed_at"),
    ):
        db.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    for index in (
        "returns_email ON bounces(email_key, reported_at)",
        "returns_delivery ON bounces(delivery_id)",
        "returns_subscriber ON bounces(subscriber_id)",
        "requests_email ON confirmations(email_key, requested_at)",
        "requests_waiting ON confirmations(requested_at) WHERE sent_at IS NULL",
    ):
        name, _, columns = index.partition(" ON ")
        db.execute(f"DROP INDEX {name}")
        db.execute(
            f"CREATE INDEX {name.replace('returns', 'bounces').replace('requests', 'confirmations')} ON {columns}"
        )
    db.execute("UPDATE subscribers SET status = 'unsubscribed' WHERE status = 'left'")
    db.execute("UPDATE confirmations SET kind = 'subscribe' WHERE kind = 'join'")
    db.execute("UPDATE confirmations SET kind = 'change_address' WHERE kind = 'move'")
    db.execute("ALTER TABLE editions ADD COLUMN state TEXT NOT NULL DEFAULT 'open'")  # or 'paused' or 'cancelled'
    db.execute("UPDATE editions SET state = halted WHERE halted <> ''")
    db.execute("ALTER TABLE editions DROP COLUMN halted")


@MIGRATIONS()
def m015_kinds(db: Database) -> None:
    """Sections and reasons by kind, where English titles and words told them apart.

    A topic may be called "Trending" too: the items of a topic have a reason that is a term of its query, those of the
    program's own sections have none. Followed authors and organizations come first of all sections.
    """
    db.execute("ALTER TABLE digest_sections RENAME COLUMN title TO topic")
    db.execute("ALTER TABLE digest_sections ADD COLUMN kind TEXT NOT NULL DEFAULT 'topic'")
    for title, kind, first, reasons in (
        ("Trending", "trending", 0, ["trending", "new version"]),
        ("Also trending", "also_trending", 0, ["trending", "new version"]),
        ("Something different", "serendipity", 0, ["trending", "new version"]),
        ("People you follow", "followed", 1, ["author", "org", "new version"]),
    ):
        db.execute(
            """
            UPDATE digest_sections SET kind = :kind, topic = ''
            WHERE topic = :title AND (position = 0 OR NOT :first) AND NOT EXISTS (
                SELECT 1 FROM digest_items AS item, json_each(item.reasons) AS reason
                WHERE item.digest_id = digest_sections.digest_id AND item.section = digest_sections.position
                    AND json_extract(reason.value, '$[0]') NOT IN (SELECT value FROM json_each(:reasons)))""",
            {"title": title, "kind": kind, "first": first, "reasons": json.dumps(reasons)},
        )
    db.execute("""
        UPDATE digest_items SET reasons = (                          -- JSON list of [kind, detail]
            SELECT json_group_array(json_array(
                CASE json_extract(value, '$[0]')
                    WHEN 'org' THEN 'organization'
                    WHEN 'cat' THEN 'category'
                    WHEN 'trending' THEN 'popularity'
                    WHEN 'new version' THEN 'new_version'
                    ELSE json_extract(value, '$[0]') END,
                CASE json_extract(value, '$[0]') WHEN 'trending' THEN '' ELSE json_extract(value, '$[1]') END))
            FROM json_each(reasons))
        WHERE EXISTS (
            SELECT 1 FROM json_each(reasons)
            WHERE json_extract(value, '$[0]') IN ('org', 'cat', 'trending', 'new version'))""")
