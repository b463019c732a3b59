"""What the store relies on, of either database."""

from __future__ import annotations

import pytest

from newsletter.errors import StatementError, StoreDamaged
from newsletter.store import Store
from newsletter.store.database import Rows
from tests.factories import NOW, make_entry
from tests.stores import open_again


def add_two_and_fail(store: Store) -> None:
    store.papers.add(make_entry(), NOW)
    store.papers.add(make_entry(title="Another", arxiv_id="2605.00002"), NOW)
    raise ValueError("stop")


def test_a_transaction_is_committed_entirely_or_not_at_all(store: Store) -> None:
    with pytest.raises(ValueError, match="stop"), store.transaction():
        add_two_and_fail(store)
    assert store.papers.count() == 0


def test_a_nested_transaction_that_fails_is_rolled_back_alone(store: Store) -> None:
    with store.transaction():
        store.topics.remove("nothing")
        with pytest.raises(ValueError, match="stop"), store.transaction():
            add_two_and_fail(store)
        store.papers.add(make_entry(), NOW)
    assert store.papers.count() == 1


def test_other_connections_see_only_committed_rows(store: Store) -> None:
    with open_again(store) as other:
        with store.transaction():
            store.papers.add(make_entry(), NOW)
            assert other.papers.count() == 0
        assert other.papers.count() == 1


def test_rows_for_many_are_stored_all_or_none(store: Store) -> None:
    sql = "INSERT INTO papers_unindexed VALUES (?)"
    with pytest.raises(StatementError):
        store._db.executemany(sql, [(1,), (1,)])
    assert store._db.execute("SELECT count(*) FROM papers_unindexed").fetchone() == (0,)
    assert store._db.executemany(sql, [(1,), (2,)]) == 2


def test_an_inner_transaction_is_kept_with_the_outer_one_alone(store: Store) -> None:
    with store.dry_run(), store.transaction():
        store.papers.add(make_entry(), NOW)
    assert store.papers.count() == 0


def test_one_statement_that_fails_in_a_transaction_of_its_own_spoils_no_other(store: Store) -> None:
    with store.transaction():
        store.set_fact("pears", "ripe")
        with pytest.raises(StatementError), store.transaction():
            store._db.execute("INSERT INTO store_facts VALUES (?, ?)", ["pears", "eaten"])
        store.set_fact("apples", "green")
    assert (store.fact("pears"), store.fact("apples")) == ("ripe", "green")


def test_values_come_back_as_the_types_that_sqlite_has(store: Store) -> None:
    db = store._db
    row = db.execute(
        "SELECT EXISTS (SELECT 1), NOT EXISTS (SELECT 1), sum(n), avg(n * 1.5), ?, ?, ?, CAST(? AS TEXT) "
        "FROM (SELECT 2 AS n UNION ALL SELECT 4 AS n) AS numbers",
        [b"\x00\xff", 2**53, "é\u2028\\'\"", None],
    ).fetchone()
    assert row == (1, 0, 6, 4.5, b"\x00\xff", 2**53, "é\u2028\\'\"", None)
    assert [type(one) for one in row] == [int, int, int, float, bytes, int, str, type(None)]


def test_texts_are_in_the_order_of_their_code_points(store: Store) -> None:
    names = ["Zoë", "a", "ä", "B", "_", "z", "😀", "\uffee", ""]
    store._db.executemany("INSERT INTO store_facts VALUES (?, '')", [(name,) for name in names])
    found = store._db.execute("SELECT name FROM store_facts WHERE name <> 'release' ORDER BY name").fetchall()
    assert [name for (name,) in found] == sorted(name for name in names)


def test_a_value_that_is_not_valid_is_damage(store: Store) -> None:
    store.set_fact("pears", "ripe")
    rows: Rows = store._db.execute("SELECT value FROM store_facts WHERE name = 'pears'")
    with pytest.raises(StoreDamaged, match="a value is not valid: ValueError"):
        rows.into(lambda row: int(row[0]))


def test_an_id_is_given_or_counts_up_behind_all_others(store: Store) -> None:
    row = {"name": "a", "query": "b", "in_catalogue": 0}
    assert store._db.insert("topics", row) == 1
    assert store._db.insert("topics", {**row, "id": 7, "name": "c"}) == 7
    assert store._db.insert("topics", {**row, "id": None, "name": "d"}) == 8
    assert store._db.insert("topics", {**row, "id": 3, "name": "e"}) == 3
    assert store._db.insert("topics", {**row, "name": "f"}) == 9


def test_an_empty_list_holds_nothing(store: Store) -> None:
    assert store.subscribers.get_many([]) == {}
    assert store.papers.get_many([]) == {}
    assert store.deliveries.with_status([], None, 9) == []
    assert store._db.execute("SELECT count(*) FROM topics WHERE id NOT IN ()").fetchone() == (0,)
