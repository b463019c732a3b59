"""What a PostgreSQL store has beside its tables: functions that SQLite has, triggers, the full-text index.

The triggers say the same as those of the migrations; a test holds both against each other by what they do.
"""

from __future__ import annotations

#: Functions of SQLite by their names there, and the words of papers as a tsvector. `lower`, `LIKE` and comparisons see
#: ASCII and code points alone, as in SQLite, since all texts have the collation "C".
FUNCTIONS = r"""
CREATE OR REPLACE FUNCTION max(bigint, bigint) RETURNS bigint IMMUTABLE STRICT LANGUAGE sql
    AS 'SELECT greatest($1, $2)';
CREATE OR REPLACE FUNCTION max(double precision, double precision) RETURNS double precision
    IMMUTABLE STRICT LANGUAGE sql AS 'SELECT greatest($1, $2)';
CREATE OR REPLACE FUNCTION min(text, text) RETURNS text IMMUTABLE STRICT LANGUAGE sql
    AS 'SELECT least($1 COLLATE "C", $2 COLLATE "C")';
CREATE OR REPLACE FUNCTION instr(text, text) RETURNS bigint IMMUTABLE STRICT LANGUAGE sql
    AS 'SELECT strpos($1, $2)::bigint';
CREATE OR REPLACE FUNCTION date(text, text, text) RETURNS text IMMUTABLE STRICT LANGUAGE plpgsql AS $$
BEGIN
    RETURN to_char($1::timestamp + replace($2, '+', '')::interval + $3::interval, 'YYYY-MM-DD');
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION julianday(text) RETURNS double precision IMMUTABLE STRICT LANGUAGE plpgsql AS $$
BEGIN
    RETURN extract(julian FROM $1::timestamp) - 0.5;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION strftime(format text, moment text) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS
    $$SELECT CASE format WHEN '%s' THEN floor(extract(epoch FROM moment::timestamp with time zone))::bigint::text END$$;
CREATE OR REPLACE FUNCTION json_each(list text) RETURNS TABLE (key bigint, value text)
    IMMUTABLE STRICT LANGUAGE sql ROWS 100 AS
    'SELECT place - 1, found COLLATE "C" FROM json_array_elements_text($1::json) WITH ORDINALITY AS one(found, place)';
CREATE OR REPLACE FUNCTION text_words(passage text, label text, prefix text, first bigint) RETURNS text IMMUTABLE
    LANGUAGE sql AS $$
    SELECT string_agg(
        format('''%s%s'':%s%s', prefix, replace(word[1], '''', ''''''), least(16383, first + place), label), ' ')
    FROM regexp_matches(lower(passage COLLATE "C"), '[0-9a-z+#.=|''\u0080-\U0010ffff]+', 'g')
        WITH ORDINALITY AS found(word, place) WHERE octet_length(word[1]) < 2000 $$;
CREATE OR REPLACE FUNCTION paper_words(title text, keywords text, abstract text, authors text, organization text)
    RETURNS tsvector IMMUTABLE SET search_path FROM CURRENT LANGUAGE sql AS $$
    SELECT concat_ws(' ', text_words(title, 'A', '', 0), text_words(keywords, 'B', '', 1000),
        text_words(abstract, 'C', '', 3000), text_words(authors, 'D', '@', 0),
        text_words(organization, 'D', '~', 0))::tsvector $$;
"""

#: `papers_fts` has the columns that FTS5 gives it, and its words; the view says which papers are indexed.
FULL_TEXT = """
CREATE TABLE papers_fts (
    rowid bigint PRIMARY KEY,
    title text COLLATE "C", keywords text COLLATE "C", abstract text COLLATE "C", authors text COLLATE "C",
    organization text COLLATE "C",
    words tsvector GENERATED ALWAYS AS (paper_words(title, keywords, abstract, authors, organization)) STORED);
CREATE INDEX papers_fts_words ON papers_fts USING gin (words);
CREATE VIEW papers_fts_docsize AS SELECT rowid AS id FROM papers_fts;
"""

_DAY = (
    "coalesce(listed, min(substr(seen_at, 1, 10), CASE length(published) WHEN 4 THEN published || '-12-31'"
    " WHEN 7 THEN date(published || '-01', '+1 month', '-1 day') ELSE published END), substr(seen_at, 1, 10))"
)
_CODES = """
    SELECT 'cat', lower(value COLLATE "C"), day, paper_id FROM paper_traits, json_each(categories)
    WHERE paper_id = {0}.id
    UNION SELECT 'source', lower(value COLLATE "C"), day, paper_id FROM paper_traits, json_each(sources)
    WHERE paper_id = {0}.id"""
_ADD_TRAITS = f"""
    INSERT INTO paper_traits
    SELECT id, key, {_DAY}, (listed IS NULL AND NOT coalesce(
            length(published) = 10 AND published <= substr(seen_at, 1, 10), FALSE))::int, upvotes,
        coalesce(upvotes, 0) + coalesce(comments, 0), code_stars, sources, categories, organization,
        (code_url IS NOT NULL)::int
    FROM papers WHERE withdrawn = 0 AND id = new.id;
    INSERT INTO paper_codes {_CODES.format("new")} ON CONFLICT DO NOTHING;"""
_DELETE_TRAITS = f"""
    DELETE FROM paper_codes WHERE (field, code, day, paper_id) IN ({_CODES.format("old")});
    DELETE FROM paper_traits WHERE paper_id = old.id;"""

_FORGET_TOPICS = """
    DELETE FROM topic_papers WHERE paper_id = old.paper_id AND catalogue = old.catalogue AND day = old.day
        AND place IN (SELECT CAST(value AS bigint) FROM json_each(old.topics));"""
_ADD_TOPICS = """
    INSERT INTO topic_papers
    SELECT new.catalogue, CAST(value AS bigint), new.day, new.paper_id FROM json_each(new.topics);"""


def _trigger(name: str, event: str, table: str, condition: str, body: str) -> str:
    when = f"WHEN ({condition}) " if condition else ""
    return f"""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$;
CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {when}EXECUTE FUNCTION {name}();"""


def _on_change(name: str, table: str, columns: str, body: str, condition: str = "") -> str:
    """Return a trigger on updates that change one of some columns."""
    listed = columns.split()
    old, new = (", ".join(f"{row}.{column}" for column in listed) for row in ("old", "new"))
    changed = f"({old}) IS DISTINCT FROM ({new}){condition}"
    return _trigger(name, f"UPDATE OF {', '.join(listed)}", table, changed, body)


TRIGGERS = "".join(
    (
        _on_change(
            "subscribers_due_changed", "subscribers",
            "status status_at email_key cadence hour wait_hours weekday month_day time_zone schedule_changed_at "
            "first_at_once",
            "UPDATE subscribers SET next_due_unix = 0 WHERE id = new.id;", " AND new.next_due_unix <> 0",
        ),
        _trigger(
            "deliveries_due_changed", "UPDATE OF status", "deliveries", "new.status IN ('failed', 'skipped', 'held')",
            "UPDATE subscribers SET next_due_unix = 0 WHERE id = new.subscriber_id;",
        ),
        _trigger("papers_traits_insert", "INSERT", "papers", "", _ADD_TRAITS),
        _trigger("papers_traits_delete", "DELETE", "papers", "", _DELETE_TRAITS),
        _on_change(
            "papers_traits_update", "papers",
            "key listed published seen_at upvotes comments code_stars sources categories organization code_url "
            "withdrawn",
            _DELETE_TRAITS + _ADD_TRAITS,
        ),
        _trigger("papers_topics_delete", "DELETE", "papers", "", "DELETE FROM paper_topics WHERE paper_id = old.id;"),
        _on_change(
            "papers_topics_update", "papers", "title keywords abstract authors organization categories sources",
            "UPDATE paper_topics SET catalogue = 0, topics = '[]' WHERE paper_id = old.id;",
        ),
        _trigger(
            "papers_topics_insert", "INSERT", "papers", "",
            "INSERT INTO paper_topics VALUES (new.id, 0, '[]', coalesce("
            "(SELECT day FROM paper_traits WHERE paper_id = new.id), '')) ON CONFLICT DO NOTHING;",
        ),
        _trigger(
            "paper_traits_topics", "INSERT", "paper_traits", "",
            "UPDATE paper_topics SET day = new.day WHERE paper_id = new.paper_id AND day <> new.day;",
        ),
        _trigger("paper_topics_delete", "DELETE", "paper_topics", "", _FORGET_TOPICS),
        _on_change("paper_topics_update", "paper_topics", "catalogue day topics", _FORGET_TOPICS + _ADD_TOPICS),
        _trigger("papers_fts_delete", "DELETE", "papers", "", "DELETE FROM papers_fts WHERE rowid = old.id;"),
        _on_change(
            "papers_fts_update", "papers", "title keywords abstract authors organization",
            "DELETE FROM papers_fts WHERE rowid = old.id;"
            " INSERT INTO papers_unindexed VALUES (old.id) ON CONFLICT DO NOTHING;",
        ),
    )
)  # fmt: skip
