from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from sqlite_utils import Database

from newsletter import __version__
from newsletter.errors import StatementError, StoreDamaged, StoreError
from newsletter.errors.installation import installation
from newsletter.models import Entry, Reason, ReasonKind, SectionKind, Status, Style, Topic
from newsletter.papers.identity import names_of
from newsletter.store import Store, open_store
from newsletter.store.migrations.steps import MIGRATIONS
from newsletter.store.papers import Change
from newsletter.subscribers.profiles import make_profile
from newsletter.text import title_key
from tests.factories import NOW, make_entry, make_paper, search

pytestmark = pytest.mark.sqlite_only("its files of former releases")

TABLES = {
    "papers", "papers_fts", "papers_unindexed", "full_text_version",
    "paper_codes", "paper_names", "paper_topics", "paper_traits",
    "mentions", "pulls", "validators", "rate_limited_sources", "topics",
    "subscribers", "subscriptions", "suppressions",
    "signing_keys", "editions", "digests", "digest_texts", "deliveries", "feedback",
    "saved_papers", "upvote_history",
    "examples", "embeddings", "summaries", "taste_models", "confirmations", "bounces",
    "email_key_changes", "former_addresses", "erased_subscribers", "suppression_hashes",
    "suppression_keys", "tags", "webhook_events", "webhook_outcomes", "refused_items", "source_state",
    "library_versions", "library_likes",
    "topic_models", "paper_vectors", "looks", "jobs", "leases", "shards", "workers", "permits", "topic_papers",
    "request_limits", "ended_sessions",
    "sent_papers", "merged_papers", "edition_papers", "edition_totals", "store_facts",
    "runs", "run_totals", "mailbox_readings", "incidents",
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the tests put a store."""
    return tmp_path / "newsletter.db"


def execute(path: Path, sql: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(path)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.commit()
        db.close()


def schema(path: Path) -> list[tuple[object, ...]]:
    return execute(path, "SELECT type, name, sql FROM sqlite_master ORDER BY type, name")


def test_a_new_store_has_its_tables(path: Path) -> None:
    open_store(path).close()
    found = {str(name) for kind, name, _ in schema(path) if kind == "table"}
    assert {name for name in found if not name.startswith(("papers_fts_", "_sqlite", "sqlite_"))} == TABLES


def test_a_new_store_has_our_application_id_and_is_in_wal_mode(path: Path) -> None:
    open_store(path).close()
    assert execute(path, "PRAGMA application_id") == [(int.from_bytes(b"nwsl", "big"),)]
    assert execute(path, "PRAGMA journal_mode") == [("wal",)]
    assert execute(path, "PRAGMA integrity_check") == [("ok",)]


def test_tables_are_strict_and_foreign_keys_are_enforced(store: Store) -> None:
    tables = store._db.execute("PRAGMA table_list").fetchall()
    assert {name for _, name, kind, *_, strict in tables if name in TABLES and not strict} == {"papers_fts"}
    with pytest.raises(StatementError), store.transaction():
        store._db.insert("edition_papers", {"paper_id": 1, "edition_key": "daily-2026-05-08"})


def test_reopening_changes_nothing(path: Path) -> None:
    with open_store(path) as store:
        store.papers.add(make_entry(), NOW)
        secret = store.secret()
    before, steps = schema(path), execute(path, "SELECT * FROM _sqlite_migrations")
    with open_store(path) as store:
        assert store.papers.newest(9) == [make_paper()]
        assert store.secret() == secret
    assert (schema(path), execute(path, "SELECT * FROM _sqlite_migrations")) == (before, steps)


def test_two_stores_have_two_secrets(tmp_path: Path) -> None:
    with open_store(tmp_path / "a.db") as one, open_store(tmp_path / "b.db") as other:
        assert len(one.secret()) == 32
        assert one.secret() != other.secret()


def test_an_empty_file_is_refused_since_it_may_have_been_a_store(path: Path) -> None:
    path.touch()
    with pytest.raises(StoreDamaged) as caught:
        open_store(path)
    assert str(caught.value) == f"{path}: the file is empty (restore a backup; or delete the file, to begin anew)"
    assert path.read_bytes() == b""


def test_a_database_that_is_lost_is_not_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "newsletter.db"
    with open_store(path) as store:
        store.subscribers.add("ada@example.org", "", make_profile({}, {}), "cli", NOW)
    path.unlink()
    with pytest.raises(StoreDamaged, match=r"the file is gone, and newsletter\.recovery is there \(restore a backup"):
        open_store(path)
    assert not path.exists()
    shutil.rmtree(tmp_path / "newsletter.recovery")
    open_store(path).close()


def test_a_store_that_lost_its_list_of_tables_is_not_begun_anew(path: Path) -> None:
    open_store(path).close()
    for statement in ("PRAGMA writable_schema = ON; DELETE FROM sqlite_master", "PRAGMA user_version = 1"):
        db = sqlite3.connect(path)
        db.executescript(statement)
        db.close()
    with pytest.raises(StoreDamaged, match="list of tables is gone"):
        open_store(path)


def test_a_partly_migrated_store_is_migrated_to_the_end(path: Path) -> None:
    db = Database(path)
    MIGRATIONS.apply(db, stop_before="m002_readers")
    db.execute("PRAGMA application_id = 0x6E77736C")
    db.close()
    with open_store(path) as store:
        assert store.papers.count() == 0
    assert {str(name) for _, name, _ in schema(path)} >= TABLES


def test_a_database_of_another_program_is_rejected_and_left_unchanged(path: Path) -> None:
    execute(path, "CREATE TABLE kettles (whistle TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        open_store(path)
    assert str(caught.value) == f"{path}: not a newsletter database (move it away, or choose another site)"
    assert path.read_bytes() == before


def test_a_text_file_is_rejected_and_left_unchanged(path: Path) -> None:
    path.write_text("Dear all, the kettle is broken.\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        open_store(path)
    assert str(caught.value) == (
        f"{path}: file is not a database (restore a backup; or move the file away, if it is not the newsletter's)"
    )
    assert path.read_bytes() == before


def test_a_database_with_a_newer_schema_is_rejected(path: Path) -> None:
    open_store(path).close()
    execute(
        path,
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('newsletter', 'm999_robots', '2999')",
    )
    execute(path, "UPDATE store_facts SET value = '9.8.7' WHERE name = 'release'")
    with pytest.raises(StoreError) as caught:
        open_store(path)
    assert str(caught.value) == (
        f"{path}: the schema is newer than this release, {__version__}: release 9.8.7 upgraded it (m999_robots) "
        f"(upgrade: {installation().upgrade_command()})"
    )


def test_a_folder_and_a_path_in_a_missing_folder_are_rejected(tmp_path: Path) -> None:
    for wrong in (tmp_path, tmp_path / "nowhere" / "newsletter.db"):
        with pytest.raises(StoreError) as caught:
            open_store(wrong)
        assert str(caught.value) == (
            f"{wrong}: unable to open database file (check that the folder exists and is writable)"
        )


def test_migrations_are_numbered_in_order() -> None:
    empty = Database(memory=True)
    numbers = [int(step.name[1:4]) for step in MIGRATIONS.pending(empty)]
    empty.close()
    assert numbers == sorted(set(numbers))


OLD_SUBSCRIBER = {
    "name": "", "status": "active", "origin": "cli", "cadence": "daily", "hour": 8, "weekday": 0, "month_day": 1,
    "time_zone": "UTC", "style": "cards", "language": "en", "max_papers": 20, "max_per_section": 8,
    "trending": 0, "updates": 0, "subscribed_at": NOW.isoformat(), "status_at": NOW.isoformat(),
}  # fmt: skip


def test_keys_of_addresses_are_recomputed_and_what_changed_is_recorded(path: Path) -> None:
    db = Database(path)
    MIGRATIONS.apply(db, stop_before="m017_email_keys")
    db.execute("PRAGMA application_id = 0x6E77736C")
    at = NOW.isoformat()
    for email in ("ada@straße.example", "ben@example.org", "Ćilo@example.org"):
        db.table("subscribers").insert(OLD_SUBSCRIBER | {"email": email, "email_key": email.casefold()})
    for key in ("ada@strasse.example", "ben@example.org"):
        db.table("suppressions").insert({"email_key": key, "reason": "complaint", "suppressed_at": at})
    request = {"kind": "change_address", "email": "Ćilo@ältere.example", "email_key": "ćilo@ältere.example",
               "subscriber_id": 3, "name": "", "preferences": "{}", "requested_at": at, "confirmed_at": at}  # fmt: skip
    db.table("confirmations").insert(request)
    db.close()

    with open_store(path) as store:
        wire = "ada@xn--strae-oqa.example"
        keys = [key for (key,) in store._db.execute("SELECT email_key FROM subscribers ORDER BY id")]
        assert keys == [wire, "ben@example.org", "Ćilo@example.org"]
        assert [one.email for one in store.subscribers.each()] == [
            "ada@straße.example",
            "ben@example.org",
            "Ćilo@example.org",
        ]
        assert store.suppressions.why_suppressed("ada@straße.example") == "complaint"
        assert store.suppressions.why_suppressed("ada@strasse.example") == "complaint"
        assert store._db.execute("SELECT email FROM former_addresses").fetchall() == [("Ćilo@ältere.example",)]
        assert store.subscribers.changed_keys() == 3


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (("active", None), ("unsubscribed", None), (Status.UNSUBSCRIBED, None)),
        (("unsubscribed", None), ("active", None), (Status.UNSUBSCRIBED, None)),
        (("paused", "2026-06-01"), ("active", None), (Status.PAUSED, date(2026, 6, 1))),
        (("paused", "2026-06-01"), ("paused", "2026-07-01"), (Status.PAUSED, date(2026, 7, 1))),
        (("paused", "2026-06-01"), ("paused", None), (Status.PAUSED, None)),
        (("active", None), ("active", None), (Status.ACTIVE, None)),
    ],
)
@pytest.mark.parametrize(
    "spellings", [("x@münchen.example", "x@xn--mnchen-3ya.example"), ("X@BÜCHER.example", "x@bücher.example")]
)
def test_two_subscribers_with_one_address_become_one_and_the_stricter_status_holds(
    path: Path, spellings: tuple[str, str], first: tuple[str, str | None], second: tuple[str, str | None],
    expected: tuple[Status, date | None],
) -> None:  # fmt: skip
    db = Database(path)
    MIGRATIONS.apply(db, stop_before="m017_email_keys")
    db.execute("PRAGMA application_id = 0x6E77736C")
    for email, (status, until) in zip(spellings, (first, second), strict=True):
        own = {"email": email, "email_key": email, "status": status, "paused_until": until}
        db.table("subscribers").insert(OLD_SUBSCRIBER | own)
    db.table("subscribers").insert(OLD_SUBSCRIBER | {"email": "ada@x.example", "email_key": "ada@x.example"})
    for number in (1, 2):
        row = {"subscriber_id": number, "key": f"title:{number}", "title": "T", "abstract": "", "liked": 1}
        db.table("examples").insert(row | {"given_at": NOW.isoformat()})
    db.close()

    with open_store(path) as store:
        merged = store.subscribers.find(spellings[0])
        assert merged is not None
        assert merged == store.subscribers.find(spellings[1])
        assert (merged.status, merged.paused_until) == expected
        assert len(store.subscribers.all()) == 2
        assert [one.key for one in store.feedback.examples(merged.id)] == ["title:1", "title:2"]
        assert store.subscribers.merged_keys() == 1


def test_papers_of_the_first_schema_are_kept_and_cleaned(path: Path) -> None:
    db = Database(path)
    MIGRATIONS.apply(db, stop_before="m004_sources")
    db.execute("PRAGMA application_id = 0x6E77736C")
    old = {
        "key": "arxiv:2605.01234", "arxiv_id": "2605.01234", "doi": "10.1000/182", "title": r"On $\alpha$-Clouds",
        "abstract": r"We count \emph{clouds}.", "authors": '["Ada Example"]', "author_count": 1,
        "keywords": "[]", "text_source": "arxiv",
        "sources": '["arxiv", "page"]', "seen_at": NOW.isoformat(),
    }  # fmt: skip
    db.table("papers").insert(old)
    db.table("paper_titles").insert({"title_key": title_key("On alpha Clouds"), "paper_id": 1})
    db.close()

    with open_store(path) as store:
        (paper,) = store.papers.newest(9)
        assert (paper.title, paper.abstract, paper.withdrawn) == ("On α-Clouds", "We count clouds.", False)
        assert [(one.source, one.place) for one in store.papers.mentions(1)] == [
            ("arxiv", ""),
            ("page", ""),
        ]
        assert store.papers.add(Entry(source="page", title="On alpha-clouds"), NOW) is Change.NOTHING
        assert store.papers.find("doi:10.1000/182") == paper
        assert [found.id for found in search(store, "count clouds")] == [1]
        store._db.execute("INSERT INTO papers_fts(papers_fts, rank) VALUES ('integrity-check', 1)")


def test_topics_of_the_first_schema_become_queries_and_keep_their_subscribers(path: Path) -> None:
    db = Database(path)
    MIGRATIONS.apply(db, stop_before="m004_sources")
    db.execute("PRAGMA application_id = 0x6E77736C")
    db.execute("PRAGMA foreign_keys = ON")
    topics = [("Pears", '["pear", "red wine"]', '["survey"]', 1), ("ICL", '["in-context learning"]', "[]", 0)]
    db.conn.executemany("INSERT INTO topics (name, keywords, excluded, in_catalogue) VALUES (?, ?, ?, ?)", topics)
    at = NOW.isoformat()
    subscriber = {
        "email": "ada@example.org", "email_key": "ada@example.org", "name": "Ada", "status": "active", "origin": "cli",
        "cadence": "daily", "hour": 8, "weekday": 0, "month_day": 1, "time_zone": "UTC", "format": "text",
        "max_papers": 20, "max_per_section": 8, "trending": 0, "joined_at": at, "status_at": at,
    }  # fmt: skip
    db.table("subscribers").insert(subscriber)
    db.conn.executemany("INSERT INTO subscriptions VALUES (1, ?, ?)", [(0, 2), (1, 1)])
    db.conn.commit()
    db.close()

    with open_store(path) as store:
        queries = [Topic("ICL", '"in-context learning"'), Topic("Pears", '(pear OR "red wine") -survey')]
        (ada,) = store.subscribers.all()
        assert ada.profile.topics == tuple(queries)
        assert (ada.profile.updates, ada.profile.style) == (False, Style.PLAIN)
        assert store.topics.catalogue() == queries[1:]
        assert store.topics.subscribers() == {"Pears": 1}
        assert store._db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_titles_and_reasons_of_an_older_newsletter_become_kinds(path: Path) -> None:
    db = Database(path)
    MIGRATIONS.apply(db, stop_before="m015_kinds")
    db.execute("PRAGMA application_id = 0x6E77736C")
    at = NOW.isoformat()
    paper = {
        "title": "T", "abstract": "", "authors": "[]", "keywords": "[]", "categories": "[]", "text_source": "arxiv",
        "sources": "[]", "seen_at": at,
    }  # fmt: skip
    db.table("papers").insert_all(paper | {"key": f"title:{number}"} for number in range(7))
    db.table("editions").insert({
        "key": "daily-2026-05-08", "cadence": "daily", "day": "2026-05-08", "since": at, "created_at": at, "note": "",
    })  # fmt: skip
    db.table("digests").insert({"id": 1, "edition_key": "daily-2026-05-08", "fingerprint": "x", "considered": 9})
    sections = [
        ("People you follow", '[["author", "Ada"], ["org", "Lab [\\"org\\", \\"x\\"]"]]'),
        ("Trending", '[["new version", "v2"], ["title", "trend"]]'),
        ("Trending", '[["cat", "cs.CL"]]'),
        ("Pears", '[["author", "Ada"], ["title", "pear*"]]'),
        ("People you follow", '[["author", "Ada"]]'),
        ("Also trending", '[["new version", "v3"], ["trending", "9 upvotes, 1 comment"]]'),
        ("Something different", "[]"),
    ]
    for number, (title, reasons) in enumerate(sections):
        db.execute("INSERT INTO digest_sections VALUES (1, ?, ?, 5)", [number, title])
        db.execute("INSERT INTO digest_items VALUES (1, ?, ?, ?, 1.0, ?, '[]')", [number, number, number + 1, reasons])
    db.conn.commit()
    db.close()

    with open_store(path) as store:
        digest = store.editions.get_digest(1)
    assert [(section.kind, section.topic, section.matched) for section in digest.sections] == [
        (SectionKind.FOLLOWED, "", 5),
        (SectionKind.TOPIC, "Trending", 5),
        (SectionKind.TOPIC, "Trending", 5),
        (SectionKind.TOPIC, "Pears", 5),
        (SectionKind.TOPIC, "People you follow", 5),
        (SectionKind.ALSO_TRENDING, "", 5),
        (SectionKind.SERENDIPITY, "", 5),
    ]
    assert [item.reasons for item in digest.items] == [
        (Reason(ReasonKind.AUTHOR, "Ada"), Reason(ReasonKind.ORGANIZATION, 'Lab ["org", "x"]')),
        (Reason(ReasonKind.NEW_VERSION, "v2"), Reason(ReasonKind.TITLE, "trend")),
        (Reason(ReasonKind.CATEGORY, "cs.CL"),),
        (Reason(ReasonKind.AUTHOR, "Ada"), Reason(ReasonKind.TITLE, "pear*")),
        (Reason(ReasonKind.AUTHOR, "Ada"),),
        (Reason(ReasonKind.NEW_VERSION, "v3"), Reason(ReasonKind.POPULARITY)),
        (),
    ]


def _add_before_m026(db: Database, number: int, title: str, authors: str, hashes: tuple[str, ...], **more: str) -> None:
    row = {
        "id": number, "key": f"title:{hashes[1]}", "title": title, "abstract": "", "authors": authors, "keywords": "[]",
        "categories": "[]", "text_source": "feed", "sources": '["feed"]', "seen_at": NOW.isoformat(),
    }  # fmt: skip
    db.table("papers").insert(row | more)
    for name in (f"title:{hashes[0]}", f"entry:{hashes[1]}"):
        db.table("paper_names").insert({"name": name, "paper_id": number})
    db.table("mentions").insert({"paper_id": number, "source": "feed", "place": "", "mentioned_at": NOW.isoformat()})


def test_papers_are_found_by_the_titles_of_today(path: Path) -> None:
    db = Database(path)
    MIGRATIONS.apply(db, stop_before="m026_title_keys")
    db.execute("PRAGMA application_id = 0x6E77736C")
    # The hashes are those of 0.1: letters and digits only, case folded, with the first author's words.
    before = {
        name: tuple(hashlib.sha256(key.encode()).hexdigest()[:16] for key in keys)
        for name, keys in {
            "accents": ("naïvebayesclouds", "naïvebayescloudsjørgenøst"),
            "plain": ("countingclouds", "countingcloudsadaexample"),
            "editorial": ("editorial", "editorialclouds20260501"),
            "perspective": ("perspective", "perspective"),
            "first": ("cafés", "cafés"),
            "second": ("cafes", "cafes"),
        }.items()
    }
    issue = {"venue": "Clouds", "published": "2026-05-01"}
    _add_before_m026(db, 1, "Naïve Bayes & Clouds", '["Jørgen Øst", "B. C"]', before["accents"])
    _add_before_m026(db, 2, "Counting Clouds", '["Ada Example"]', before["plain"])
    _add_before_m026(db, 3, "Editorial", "[]", before["editorial"], **issue)
    _add_before_m026(db, 4, "Perspective", "[]", before["perspective"], **issue)
    _add_before_m026(db, 5, "Cafés", "[]", before["first"])
    _add_before_m026(db, 6, "Cafes", "[]", before["second"])
    db.close()

    with open_store(path) as store:
        entries = [
            Entry(source="feed", title="Naïve Bayes & Clouds", authors=("Jørgen Øst", "B. C")),
            Entry(source="feed", title="Counting Clouds", authors=("Ada Example",)),
            Entry(source="feed", title="Editorial", venue="Clouds", published=date(2026, 5, 1)),
            Entry(source="feed", title="Perspective", venue="Clouds", published=date(2026, 5, 1)),
        ]
        for number, entry in enumerate(entries, start=1):
            for name in names_of(entry):
                found = store.papers.find(name)
                assert found
                assert found.id == number
            store.papers.add(entry, NOW)
        assert store.papers.count() == 6
        other = Entry(source="arxiv", title="Naive Bayes and Clouds", arxiv_id="2605.01234", authors=("Jorgen Ost",))
        store.papers.add(other, NOW)
        store.papers.add(Entry(source="feed", title="cafés"), NOW)
        assert sorted(paper.id for paper in store.papers.newest(9)) in ([1, 2, 3, 4, 5], [1, 2, 3, 4, 6])


def test_a_migrated_store_has_the_schema_of_a_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    db = Database(old)
    MIGRATIONS.apply(db, stop_before="m004_sources")
    db.execute("PRAGMA application_id = 0x6E77736C")
    db.close()
    for path in (old, new):
        open_store(path).close()
    assert schema(old) == schema(new)


def test_a_step_that_is_imported_by_itself_still_comes_in_its_turn(tmp_path: Path) -> None:
    code = (
        "import newsletter.store.migrations.m017_email_keys, sys; from pathlib import Path;"
        "from newsletter.store import open_store; open_store(Path(sys.argv[1])).close()"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "new.db")], check=True, timeout=120)
