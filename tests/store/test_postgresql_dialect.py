from __future__ import annotations

import pytest

from newsletter.store.filters import BM25
from newsletter.store.postgresql_dialect import translated


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("SELECT a FROM b WHERE c = ? AND d = ?", "SELECT a FROM b WHERE c = $1 AND d = $2"),
        ("VALUES (:one, :other, :one)", "VALUES ($1, $2, $1)"),
        ("SELECT 'what? :so' || ? || ' it''s?'", "SELECT 'what? :so' || $1 || ' it''s?'"),
        ("SELECT x::text, :y", "SELECT x::text, $1"),
        ("FROM deliveries INDEXED BY deliveries_open WHERE id > ?", "FROM deliveries  WHERE id > $1"),
        ("FROM a CROSS JOIN b ON b.id = a.id", "FROM a JOIN b ON b.id = a.id"),
        ("WHERE x AND +status = 'skipped' ORDER BY +key", "WHERE x AND status = 'skipped' ORDER BY key"),
        ("SET n = m + 1", "SET n = m + 1"),
        ("WHERE subscribers.id IN () AND x", "WHERE FALSE AND x"),
        ("WHERE status NOT IN ()", "WHERE TRUE"),
        ("CAST(value AS INTEGER)", "CAST(value AS bigint)"),
        ("INSERT INTO temp.staged VALUES (?)", "INSERT INTO pg_temp.staged VALUES ($1)"),
        ("detail LIKE ? AND x NOT LIKE 'a LIKE %'", "detail ILIKE $1 AND x NOT ILIKE 'a LIKE %'"),
        ("name = :topic COLLATE NOCASE", 'lower(name) = lower($1 COLLATE "C")'),
        ("lower(name) = lower(:topic)", 'lower(name) = lower($1 COLLATE "C")'),
        ("value LIKE ? ESCAPE '!'", "value COLLATE \"C\" ILIKE $1 ESCAPE '!'"),
        ("ORDER BY place, name COLLATE NOCASE", "ORDER BY place, lower(name)"),
        ("(a, b) IS NOT (?, ?)", "(a, b) IS DISTINCT FROM ($1, $2)"),
        ("x IS NOT NULL", "x IS NOT NULL"),
        (
            "json_group_array(json_array(name, query))",
            "coalesce(json_agg(json_build_array(name, query)), '[]')::text",
        ),
        ("WHERE a = ? AND papers_fts MATCH ?", "WHERE a = $1 AND papers_fts.words @@ $2::tsquery"),
    ],
)
def test_a_statement_says_the_same_to_postgresql(ours: str, theirs: str) -> None:
    assert translated(ours).text == theirs


@pytest.mark.parametrize(
    ("table", "condition", "behind"),
    [
        ("b", "id = value", ""),
        ("b", "id = one.value AND c <> 'd'", " WHERE e"),
        ("b AS c", "id = (SELECT id FROM b WHERE value <> ') WHERE' LIMIT 1)", " LEFT JOIN d ON TRUE"),
        ("b", "value IN (1, (2))", ") AND d"),
    ],
)
def test_what_a_list_names_is_looked_up_one_by_one(table: str, condition: str, behind: str) -> None:
    found = translated(f"CROSS JOIN {table} ON {condition}{behind}").text
    assert found.startswith("INNER JOIN LATERAL (SELECT * FROM ")
    assert found.endswith(f" {table} WHERE {condition} OFFSET 0) AS {table[-1]} ON TRUE{behind}")


def test_the_order_of_a_search_is_by_the_match_of_the_same_statement() -> None:
    found = translated(f"{BM25} AS score FROM papers_fts WHERE papers_fts MATCH ? ORDER BY {BM25}")
    rank = "-ts_rank('{0, 0.25, 0.5, 1}', papers_fts.words, $1::tsquery)"
    assert found.text == f"{rank} AS score FROM papers_fts WHERE papers_fts.words @@ $1::tsquery ORDER BY {rank}"


def test_values_are_in_the_order_of_the_placeholders() -> None:
    assert translated("VALUES (:b, :a, :b)").values({"a": 1, "b": 2, "c": 3}) == [2, 1]
    assert translated("VALUES (?, ?)").values((3, 4)) == (3, 4)
