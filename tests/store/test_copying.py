"""A store is copied from either database to either, and back, and is the same in all that it holds."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from newsletter.errors import RequestError, StoreDamaged
from newsletter.models import Cadence, DeliveryStatus, Digest, Edition, Item, Section, Topic
from newsletter.store import Store, open_store
from newsletter.store.copying import Copied, copy_store, tables_in_order
from newsletter.store.database import Database
from tests.factories import NOW, make_entry, make_profile, search
from tests.postgresql import new_store
from tests.stores import open_new_store


def fill(store: Store) -> None:
    """Put something into many tables, of every type of value."""
    store.suppression_key()
    store.topics.put(Topic("Pears", "pear*"))
    for number in range(1200):
        title = f"Pears {number} \\N \t é 日本 'quoted' \u2028"
        store.papers.add(make_entry(title=title, arxiv_id=f"2605.{number:05}", categories=("cs.CL",)), NOW)
    subscriber = store.subscribers.add("ada@example.org", "Ada", make_profile(), "cli", NOW)
    edition = Edition(key="daily-2026-05-08", cadence=Cadence.DAILY, day=date(2026, 5, 8), since=NOW, created_at=NOW)
    store.editions.put(edition)
    papers = store.papers.get_many([1, 2]).values()
    section = Section("Pears", tuple(Item(paper, 0.1) for paper in papers), 2)
    digest = store.editions.put_digest(Digest(edition=edition, sections=(section,), considered=3))
    store.deliveries.queue(edition.key, subscriber.id, digest, "<1@example.org>", NOW)
    store.deliveries.move(1, DeliveryStatus.SENT, NOW + timedelta(minutes=1))
    store.taste_models.put_embedding(b"\x00\x01\\xff" * 1000, NOW, 3)
    store.feedback.put(subscriber.id, 1, liked=True, now=NOW)
    store.suppressions.suppress("bob@example.org", "unsubscribed", NOW)


def content_of(db: Database) -> dict[str, list[tuple[object, ...]]]:
    return {table.name: db.execute(table.all_rows).fetchall() for table in tables_in_order()}


def is_file(store: Store) -> bool:
    return store._db.path.endswith(".db")


def test_a_copy_holds_the_same_and_goes_on(store: Store, tmp_path: Path) -> None:
    fill(store)
    with open_store(new_store()) if is_file(store) else open_new_store(tmp_path / "b.db") as other:
        reported: list[Copied] = []
        copied = copy_store(store._db, other._db, reported.append)
        assert reported == copied
        assert content_of(other._db) == content_of(store._db)
        assert {one.table: one.rows for one in copied}["papers"] == store.papers.count() == 1200
        assert other.identity() == store.identity()
        assert [one.key for one in search(other, "pear*")] == [one.key for one in search(store, "pear*")]
        for one in (store, other):  # ids count on, and triggers are at work again
            one.deliveries.move(1, DeliveryStatus.FAILED, NOW)
            one.topics.put(Topic("Apples", "apple"))
            one.papers.add(make_entry(title="Apples", arxiv_id="2606.00001"), NOW)
            assert len(search(one, "apples")) == 1
        assert content_of(other._db) == content_of(store._db)
        with open_new_store(tmp_path / "c.db") as third:  # and back, or on, into a file
            copy_store(other._db, third._db)
            assert content_of(third._db) == content_of(store._db)
            assert third.problems() == []


def test_a_store_with_anything_in_it_is_left_alone(store: Store, tmp_path: Path) -> None:
    store.topics.put(Topic("Pears", "pear*"))
    with open_new_store(tmp_path / "b.db") as other:
        other.topics.put(Topic("Apples", "apple"))
        with pytest.raises(RequestError, match="not empty, it has topics"):
            copy_store(other._db, store._db)
    assert [topic.name for topic in store.topics.catalogue()] == ["Pears"]


def test_what_is_not_what_was_written_is_not_kept(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_new_store(tmp_path / "b.db") as full:
        full.topics.put(Topic("Pears", "pear*"))
        load = store._db.load

        def spoilt(table: str, columns: object, rows: object) -> None:
            load(table, columns, rows)  # type: ignore[arg-type]
            if table == "topics":
                store._db.execute("UPDATE topics SET name = 'Apples'")

        monkeypatch.setattr(store._db, "load", spoilt)
        with pytest.raises(StoreDamaged, match="topics is not what was written"):
            copy_store(full._db, store._db)
    assert store.topics.catalogue() == []
    store.papers.add(make_entry(), NOW)
    assert store._db.counts(["paper_traits"]) == {"paper_traits": 1}


def test_every_table_of_the_schema_is_copied(store: Store) -> None:
    tables = {table.name for table in tables_in_order()}
    assert {"papers", "papers_fts", "deliveries", "signing_keys", "shards", "recovery_log"} - tables == {"recovery_log"}
    assert len(tables) > 45
    assert store._db.counts(tables)["full_text_version"] == 1
