"""The papers of each topic of the catalogue by day, so that a topic's page reads those that it shows."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS

#: The columns of papers that topics are about.
_TEXT = ("title", "keywords", "abstract", "authors", "organization", "categories", "sources")
_FORGET = """
            DELETE FROM topic_papers WHERE (catalogue, place, day, paper_id) IN (
                SELECT old.catalogue, value, old.day, old.paper_id FROM json_each(old.topics));"""
_MADE_OF = ("catalogue", "day", "topics")


@MIGRATIONS()
def m047_topic_papers(db: Database) -> None:
    """Give each paper a row of its topics, of catalogue 0 while they are not known; triggers list them by topic."""
    db.execute("ALTER TABLE paper_topics ADD COLUMN day TEXT NOT NULL DEFAULT ''")
    db.execute("INSERT OR IGNORE INTO paper_topics SELECT id, 0, '[]', '' FROM papers")
    db.execute("""
        UPDATE paper_topics SET day = paper_traits.day
        FROM paper_traits WHERE paper_traits.paper_id = paper_topics.paper_id""")
    db.execute("CREATE INDEX paper_topics_catalogue ON paper_topics(catalogue, paper_id)")
    db.execute("""
        CREATE TABLE topic_papers (
            catalogue INTEGER NOT NULL,
            place INTEGER NOT NULL,       -- of the topic in the catalogue
            day TEXT NOT NULL,            -- as in paper_traits
            paper_id INTEGER NOT NULL,
            PRIMARY KEY (catalogue, place, day, paper_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        INSERT INTO topic_papers
        SELECT catalogue, value, day, paper_id FROM paper_topics, json_each(topics) ORDER BY 1, 2, 3, 4""")
    db.execute("DELETE FROM store_facts WHERE name = 'topics examined'")
    db.execute("DROP TRIGGER papers_topics_update")
    db.execute("""
        CREATE TRIGGER papers_topics_insert AFTER INSERT ON papers BEGIN
            INSERT OR IGNORE INTO paper_topics
            SELECT new.id, 0, '[]', coalesce((SELECT day FROM paper_traits WHERE paper_id = new.id), '');
        END""")
    db.execute(f"""
        CREATE TRIGGER papers_topics_update AFTER UPDATE OF {", ".join(_TEXT)} ON papers WHEN {_is_changed(_TEXT)}
        BEGIN
            UPDATE paper_topics SET catalogue = 0, topics = '[]' WHERE paper_id = old.id;
        END""")
    db.execute("""
        CREATE TRIGGER paper_traits_topics AFTER INSERT ON paper_traits BEGIN
            UPDATE paper_topics SET day = new.day WHERE paper_id = new.paper_id AND day <> new.day;
        END""")
    db.execute(f"CREATE TRIGGER paper_topics_delete AFTER DELETE ON paper_topics BEGIN{_FORGET}\n        END")
    db.execute(f"""
        CREATE TRIGGER paper_topics_update AFTER UPDATE ON paper_topics WHEN {_is_changed(_MADE_OF)}
        BEGIN{_FORGET}
            INSERT INTO topic_papers SELECT new.catalogue, value, new.day, new.paper_id FROM json_each(new.topics);
        END""")


def _is_changed(columns: tuple[str, ...]) -> str:
    return " OR ".join(f"old.{name} IS NOT new.{name}" for name in columns)
