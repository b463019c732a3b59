"""What PostgreSQL is taught says the same as SQLite: these run on both."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from newsletter.store import Store
from newsletter.store.full_text import MatchExpression
from newsletter.text.tokenizer import words
from tests.factories import NOW, make_entry


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("date('2026-02-01', '+1 month', '-1 day')", "2026-02-28"),
        ("date('2024-02-01', '+1 month', '-1 day')", "2024-02-29"),
        ("date('2026-12-01', '+1 month', '-1 day')", "2026-12-31"),
        ("date('2026-13-01', '+1 month', '-1 day')", None),
        ("date('', '+1 month', '-1 day')", None),
        ("julianday('2026-05-08') - julianday('2026-05-01')", 7.0),
        ("julianday('2026-05-08')", 2461168.5),
        ("julianday('pears')", None),
        ("CAST(strftime('%s', '2026-05-08T06:00:00.9+00:00') AS INTEGER)", 1778220000),
        ("CAST(strftime('%s', '2026-05-08T06:00:00+02:00') AS INTEGER)", 1778212800),
        ("instr('ada@example.org', '@')", 4),
        ("instr('ada', '@')", 0),
        ("'ADA_' LIKE 'ad_\\_' ESCAPE '\\'", 1),
        ("'ADAx' LIKE 'ad_\\_' ESCAPE '\\'", 0),
        ("substr('abc', 2, 5)", "bc"),
        ("length('äö')", 2),
    ],
)
def test_a_function_says_what_it_says_in_sqlite(store: Store, expression: str, expected: object) -> None:
    assert store._db.execute(f"SELECT {expression}").fetchone() == (expected,)


def test_the_case_of_ascii_alone_is_ignored(store: Store) -> None:
    store.set_fact("ÀÉ Ada", '["ÀDA", "B"]')
    sql = """
        SELECT lower(name), name LIKE ?, name LIKE ?, lower(?), EXISTS (
            SELECT 1 FROM json_each(store_facts.value) WHERE value LIKE ?), EXISTS (
            SELECT 1 FROM json_each(store_facts.value) WHERE value LIKE ?)
        FROM store_facts WHERE name <> 'release'"""
    found = store._db.execute(sql, ["ÀÉ aDA", "àÉ Ada", "ÀB", "Àda", "àda"]).fetchone()
    assert found == ("ÀÉ ada", 1, 0, "Àb", 1, 0)


def test_a_json_list_is_read_in_its_order(store: Store) -> None:
    listed = ["b", "a", "", "ü\"'\\", "?"]
    found = store._db.execute("SELECT key, value FROM json_each(?) ORDER BY key", [json.dumps(listed)]).fetchall()
    assert found == list(enumerate(listed))
    numbers = [2**53, 1, -7]
    sql = "SELECT CAST(value AS INTEGER) FROM json_each(?) AS one ORDER BY one.key"
    assert store._db.execute(sql, [json.dumps(numbers)]).fetchall() == [(one,) for one in numbers]


@pytest.mark.parametrize("published", ["2025", "2025-03", "2025-03-04", "2026-12", "2027", None])
def test_the_day_of_a_paper_is_the_same(store: Store, published: str | None) -> None:
    expected = {"2025": "2025-12-31", "2025-03": "2025-03-31", "2025-03-04": "2025-03-04"}.get(published or "")
    store.papers.add(make_entry(), NOW)
    store._db.execute("UPDATE papers SET published = ?, listed = NULL, upvotes = 3, comments = NULL", [published])
    (day, is_vague, votes) = store._db.execute("SELECT day, is_vague, votes FROM paper_traits").fetchone()
    assert (day, votes) == (expected or NOW.date().isoformat(), 3)
    assert is_vague == (0 if published == "2025-03-04" else 1)


def test_lists_and_codes_follow_a_paper(store: Store) -> None:
    store.papers.add(make_entry(categories=("cs.CL", "CS.lg")), NOW)
    (number,) = store._db.execute("SELECT id FROM papers").fetchone()
    codes = "SELECT field, code FROM paper_codes ORDER BY field, code"
    assert store._db.execute(codes).fetchall()[:2] == [("cat", "cs.cl"), ("cat", "cs.lg")]
    store.paper_topics.put({number: (1,)}, 5)
    store._db.execute("UPDATE papers SET categories = '[]', withdrawn = 0")
    assert [one for one in store._db.execute(codes).fetchall() if one[0] == "cat"] == []
    assert store.paper_topics.find([number], 5) == {}
    store._db.execute("UPDATE papers SET withdrawn = 1")
    assert store._db.execute(codes).fetchall() == []
    store._db.execute("DELETE FROM papers")
    assert store._db.counts(["paper_traits", "papers_fts"]) == {"paper_traits": 0, "papers_fts": 0}


def test_every_word_of_a_long_text_is_found_also_beside_another(store: Store) -> None:
    text = " ".join(f"w{number} it's c++ naïve 日本語 {'x' * 3000 if number == 5 else ''}" for number in range(900))
    store.papers.add(make_entry(abstract=text), NOW - timedelta(days=1))
    indexed = words(text)
    assert len(indexed) > 3000
    for place in (0, 10, len(indexed) - 3):
        pair = [one for one in indexed[place : place + 2] if len(one) < 2000]
        match = MatchExpression('{abstract} : "' + " ".join(pair) + '"')
        sql = "SELECT count(*) FROM papers_fts WHERE papers_fts MATCH ?"
        assert store._db.execute(sql, [match]).fetchone() == (1,), pair
