"""A store that an older release wrote opens in this one, and nothing in it is lost. See old/README.md."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsletter.errors.installation import has_scikit_learn
from newsletter.models import Cadence, DeliveryStatus, EditionState, Entry, Mention, SectionKind, Status, Topic, tokens
from newsletter.papers.identity import names_of
from newsletter.pipeline.taste import TasteScores, learn_taste_models
from newsletter.ranking.index import PaperIndex
from newsletter.store import Store, open_store
from newsletter.store.confirmations import Kind
from newsletter.store.digest_batches import StoredBatch
from newsletter.store.papers import Change
from newsletter.store.times import from_ms
from newsletter.subscribers.double_opt_in import confirm
from newsletter.subscribers.feedback import give_feedback_by_token
from newsletter.subscribers.subscriptions import unsubscribe
from tests.factories import NOW, make_entry, search

OLD_STORE = Path(__file__).parent / "old" / "store.sql"
LATER = NOW + timedelta(minutes=10)

#: Old name → present name. What is not here keeps its name.
TABLES = {
    "tellings": "mentions", "returns": "bounces", "requests": "confirmations", "spaces": "embeddings",
    "tastes": "taste_models", "pauses": "rate_limited_sources",
}  # fmt: skip
COLUMNS = {
    "tellings.told_at": "mentioned_at", "returns.words": "response", "returns.said_at": "reported_at",
    "requests.wishes": "preferences", "requests.asked_at": "requested_at", "tastes.space": "embedding",
    "feedback.said_at": "given_at", "examples.said_at": "given_at", "subscribers.joined_at": "subscribed_at",
    "editions.halted": "state", "digest_sections.title": "topic",
}  # fmt: skip
VALUES = {
    ("subscribers.status", "left"): "unsubscribed",
    ("requests.kind", "join"): "subscribe",
    ("requests.kind", "move"): "change_address",
    ("editions.halted", ""): "open",
    ("digest_sections.title", "People you follow"): "",
    ("digest_sections.title", "Also trending"): "",
    ("digest_items.reasons", '[["author", "Ben Sample"], ["org", "Example Lab"]]'): (
        '[["author","Ben Sample"],["organization","Example Lab"]]'
    ),
    ("digest_items.reasons", '[["title", "cloud"], ["abstract", "clouds"], ["cat", "cs.CL"]]'): (
        '[["title","cloud"],["abstract","clouds"],["category","cs.CL"]]'
    ),
    ("digest_items.reasons", '[["new version", "v2"], ["trending", "7 upvotes, 1 comment"]]'): (
        '[["new_version","v2"],["popularity",""]]'
    ),
}

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store as the older release left it."""
    path = tmp_path / "old.db"
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(OLD_STORE.read_text(encoding="utf-8"))
    db.close()
    return path


@pytest.fixture
def upgraded(old: Path) -> Iterator[Store]:
    """The same, opened by this release."""
    with open_store(old) as store:
        yield store


def tables(path: Path) -> Rows:
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    names = db.execute("SELECT name FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite%'").fetchall()
    rows = {name: [dict(row) for row in db.execute(f"SELECT * FROM {name}")] for (name,) in names}  # noqa: S608 - our own
    db.close()
    return rows


def schema(path: Path) -> list[tuple[str, ...]]:
    db = sqlite3.connect(path)
    found = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall()
    db.close()
    return found


def renamed(rows: Rows) -> Rows:
    """Return the rows of the old store as this release names tables, columns and values."""
    return {
        TABLES.get(table, table): [
            {
                COLUMNS.get(f"{table}.{column}", column): VALUES.get((f"{table}.{column}", value), value)
                for column, value in row.items()
            }
            for row in content
        ]
        for table, content in rows.items()
    }


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def with_digest_rows(rows: Rows) -> Rows:
    """Return the rows with those of sections and items, as digests had them before they were packed."""
    batches = {row["id"]: StoredBatch(row["texts"]) for row in rows["digest_texts"]}
    sections, items = list[dict[str, Any]](), list[dict[str, Any]]()
    for digest in rows["digests"]:
        place = 0
        shared = batches.get(digest["texts_id"])
        stored = shared.unpack(digest["content"]) if shared else ()
        for position, (topic, matched, kind, some) in enumerate(stored):
            at = {"digest_id": digest["id"], "position": position}
            sections.append(at | {"topic": topic, "matched": matched, "kind": kind.value})
            for number, score, reasons, also in some:
                why = json.dumps(
                    [[one.kind.value, one.detail] for one in reasons], ensure_ascii=False, separators=(",", ":")
                )
                at = {"digest_id": digest["id"], "position": place, "section": position}
                names = compact(also)
                items.append(at | {"paper_id": number, "score": score, "reasons": why, "also": names})
                place += 1
    return rows | {"digest_sections": sections, "digest_items": items}


def with_wide_rows(rows: Rows) -> Rows:
    """Return the rows with keys of editions, and times as texts, as deliveries had them before they were narrow."""
    keys = {row["id"]: row["key"] for row in rows["editions"]}
    digests, deliveries = (
        [row | {"edition_key": keys[row["edition_id"]]} for row in rows[table]] for table in ("digests", "deliveries")
    )
    for row in deliveries:
        row |= {name: at and from_ms(at).isoformat() for name, at in row.items() if name.endswith("_at")}
    return rows | {"digests": digests, "deliveries": deliveries}


def test_the_old_store_has_a_row_in_every_table_and_every_value_that_was_renamed(old: Path) -> None:
    rows = tables(old)
    assert [table for table, content in rows.items() if not content] == []
    for column, value in VALUES:
        table, _, name = column.partition(".")
        assert value in {row[name] for row in rows[table]}
    assert {row["status"] for row in rows["deliveries"]} == set(DeliveryStatus)


def test_an_upgraded_store_has_exactly_the_schema_of_a_new_one(old: Path, tmp_path: Path) -> None:
    for path in (old, tmp_path / "new.db"):
        open_store(path).close()
    assert schema(old) == schema(tmp_path / "new.db")


def test_an_upgrade_keeps_every_row_and_every_value(old: Path) -> None:
    before = tables(old)
    for row in before["digest_items"]:  # scores are stored to four decimals since
        row["score"] = round(row["score"], 4)
    for row in before["digests"]:  # digests of an interrupted edition are not compared with new ones
        del row["fingerprint"]
    open_store(old).close()
    after = with_wide_rows(with_digest_rows(tables(old)))
    del before["_sqlite_migrations"]
    (key,) = before.pop("secrets")
    assert [row["value"] for row in after["signing_keys"]] == [key["value"]]
    for table, rows in renamed(before).items():
        columns = rows[0].keys()
        assert [{column: row[column] for column in columns} for row in after[table]] == rows, table


def test_an_upgraded_store_is_sound_and_stays_as_it_is_when_opened_again(old: Path) -> None:
    with open_store(old) as store:
        assert store._db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert store._db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        store._db.execute("INSERT INTO papers_fts(papers_fts, rank) VALUES ('integrity-check', 1)")
    once = tables(old), schema(old)
    open_store(old).close()
    assert (tables(old), schema(old)) == once


@pytest.mark.parametrize(
    ("stored", "kept"),
    [
        ("2026-05-08T07:59:59.999700+00:00", datetime(2026, 5, 8, 7, 59, 59, 999_000, UTC)),
        ("2026-05-08T07:59:59.999499+00:00", datetime(2026, 5, 8, 7, 59, 59, 999_000, UTC)),
        ("2026-05-08T07:59:59.000999+00:00", datetime(2026, 5, 8, 7, 59, 59, 0, UTC)),
        ("2026-05-08T07:59:59+00:00", datetime(2026, 5, 8, 7, 59, 59, 0, UTC)),
        ("2026-05-08T23:59:59.999999-07:00", datetime(2026, 5, 9, 6, 59, 59, 999_000, UTC)),
        ("2026-05-08T02:00:00+05:45", datetime(2026, 5, 7, 20, 15, 0, 0, UTC)),
    ],
)
def test_times_of_deliveries_are_rounded_down_to_milliseconds(old: Path, stored: str, kept: datetime) -> None:
    db = sqlite3.connect(old)
    with db:
        db.execute("UPDATE deliveries SET updated_at = ?, next_attempt_at = ?", [stored, stored])
    db.close()
    with open_store(old) as store:
        for number in range(1, 7):
            for one in store.deliveries.of_subscriber(number):
                assert (one.updated_at, one.next_attempt_at) == (kept, kept)


# -- what this release makes of it --------------------------------------------------------------------


def test_papers_keep_their_mentions_and_are_found_again(upgraded: Store) -> None:
    paper = upgraded.papers.find("doi:10.1000/182")
    assert paper is not None
    assert (paper.key, paper.sources, paper.version) == (
        "arxiv:2605.00001",
        ("arxiv", "crossref", "huggingface"),
        2,
    )
    assert upgraded.papers.mentions(paper.id)[1:] == [
        Mention("arxiv", "arxiv.xml", NOW),
        Mention("crossref", "", NOW + timedelta(minutes=6)),
    ]
    assert upgraded.papers.add(make_entry(title="Counting Clouds", arxiv_id="2605.00001"), LATER) is Change.UPDATED
    assert [found.key for found in search(upgraded, "journal second version")] == []
    assert [found.key for found in search(upgraded, "second version")] == [paper.key]
    page = Entry(source="page", title="A title alone")
    assert [upgraded.papers.find(name) is not None for name in names_of(page)] == [True, True]


def test_subscribers_keep_their_preferences_and_their_status(upgraded: Store) -> None:
    everybody = {one.email: one for one in upgraded.subscribers.all()}
    assert {email: one.status for email, one in everybody.items()} == {
        "ada@example.org": Status.ACTIVE,
        "Ben@example.org": Status.ACTIVE,
        "cy@example.org": Status.PAUSED,
        "dee@example.org": Status.ACTIVE,
        "eve@example.org": Status.UNSUBSCRIBED,
        "fay@example.org": Status.DISABLED,
    }
    ada = everybody["ada@example.org"]
    assert ada.profile.topics == (
        Topic("Clouds", 'cloud OR "sky is falling" -computing'),
        Topic("Mine", "robot* -survey"),
    )
    assert (ada.profile.follow, dict(ada.profile.ranking)) == (("Ben Sample",), {"popularity": 0.5, "taste": 2.0})
    assert ada.subscribed_at == datetime(2026, 4, 8, 9, 30, tzinfo=UTC)
    assert everybody["cy@example.org"].paused_until == date(2026, 6, 1)
    assert upgraded.suppressions.all() == {
        "gone@example.org": "hard bounce: 550 5.1.1 no such user",
        "eve@example.org": "unsubscribed: too many emails",
    }


def test_editions_keep_their_state_digests_and_deliveries(upgraded: Store) -> None:
    assert upgraded.editions.states() == {
        "weekly-2026-05-08": EditionState.PAUSED,
        "daily-2026-05-07": EditionState.CANCELLED,
    }
    edition = upgraded.editions.find("daily-2026-05-08")
    assert edition is not None
    assert (edition.note, edition.closing, edition.cadence) == (
        "Welcome to **clouds** ☁.",
        "See you tomorrow.",
        Cadence.DAILY,
    )
    assert [len(upgraded.editions.get_digest(number).items) for number in (1, 2, 3)] == [4, 4, 2]
    assert [(section.kind, section.topic) for section in upgraded.editions.get_digest(1).sections] == [
        (SectionKind.FOLLOWED, ""),
        (SectionKind.TOPIC, "Clouds"),
        (SectionKind.ALSO_TRENDING, ""),
    ]
    assert upgraded.deliveries.papers_planned_for(1).keys() == {1, 3, 5, 7, 10, 11}
    assert [one.id for one in upgraded.deliveries.claim(LATER + timedelta(hours=2), after=0, limit=9)] == [2]


def test_bounces_and_waiting_confirmations_are_kept(upgraded: Store) -> None:
    assert [(one.kind, one.response) for one in upgraded.bounces.latest(9)] == [
        ("complaint", "abuse"), ("soft", "452 4.2.2 mailbox full"), ("hard", "550 5.1.1 no such user"),
    ]  # fmt: skip
    assert [one.kind for one in upgraded.confirmations.waiting(9)] == [Kind.SUBSCRIBE, Kind.LINK]


def test_links_in_mail_that_the_older_release_sent_still_work(upgraded: Store) -> None:
    gil = confirm(upgraded, "1.739747.-QjFUSSfRYBNgg0VBJAr", LATER)
    assert (gil.email, gil.profile.cadence, gil.profile.weekday) == ("gil@example.org", Cadence.WEEKLY, 4)
    assert confirm(upgraded, "2.739747.kd9rNlhCx1V1SG4hNQ3M", LATER).email == "ada@new.example"

    subscriber, paper, liked = give_feedback_by_token(upgraded, "2.0.4.KAHIAjKlCvMi2Lss15bL", LATER)
    assert (subscriber.email, paper.id, liked) == ("dee@example.org", 2, False)
    assert unsubscribe(upgraded, "4.lwHwzYEx8yERMrPeNoZ2", LATER).email == "dee@example.org"

    secret = upgraded.secret()
    assert tokens.read_until(secret, tokens.PREFERENCES, "1.739747.ifpWHZmXUS5NkM-kCB0G", NOW.date()) == (1, True)
    assert tokens.read_verp_address(secret, "bounces+1-423e83bc5c97039af909@example.org") == 1


def test_feedback_and_taste_models_are_kept(upgraded: Store) -> None:
    assert upgraded.feedback.of(1) == {1: True, 4: True, 7: False}
    assert [example.key for example in upgraded.feedback.examples(1)] == ["arxiv:2401.00001"]
    assert upgraded.summaries.find([2, 3], "de") == {2: "Wolken werden sortiert."}
    if not has_scikit_learn():
        pytest.skip("scikit-learn is not installed")
    index = PaperIndex(list(upgraded.papers.get_many([1, 7]).values()))
    assert TasteScores(upgraded).of(1, index) is None  # a model of this release is made otherwise
    assert [learn_taste_models(upgraded, LATER), learn_taste_models(upgraded, LATER)] == [1, 0]
    scores = TasteScores(upgraded).of(1, index)
    assert scores is not None
    assert scores[0] > scores[1]
