"""Released steps stay as they are, and a store of every earlier version becomes equal to a new one."""

from __future__ import annotations

import ast
import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils

from newsletter.errors import StoreDamaged
from newsletter.models import Cadence, Digest, Edition, Item, Section
from newsletter.store import Store, migrations, open_store
from newsletter.store.migrations import STEPS
from newsletter.store.migrations.steps import MIGRATIONS
from newsletter.store.times import to_ms
from tests.factories import NOW, TODAY, make_paper
from tests.store.former_digests import pack_as_before, pack_texts_as_before
from tests.stores import place_new_store

FOLDER = Path(migrations.__file__).parent
ROOT = Path(__file__).parents[2]
#: Module of released steps → SHA-256 of its text. A new step is a new module, whose hash a release adds here.
#: If this test fails for a module that is here already, undo the change to it: stores out
#: there went through the step as it was, and never go through it again.
RELEASED = {
    "m001_to_m005": "3677631dbd17d159",
    "m006_to_m013": "648ae5ff0cee418f",
    "m014_vocabulary": "1fa27d78bc85f550",
    "m015_kinds": "76f6d83d40e4c7af",
    "m016_bounce_review": "f3b856beefa5f097",
    "m017_email_keys": "09f1ffe678544454",
    "m020_people": "a0154104742bdf40",
    "m021_tokens": "c5eab1143e984f5e",
    "m023_webhook_events": "940853eeb2511b30",
    "texts_of_m004": "d211ffa42e2a22a1",
}


def digest_of(module: str) -> str:
    return hashlib.sha256((FOLDER / f"{module}.py").read_text(encoding="utf-8").encode()).hexdigest()[:16]


def test_no_released_step_was_changed_and_none_is_missing() -> None:
    modules = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in ("__init__", "steps", "registry"))
    found = {module: digest_of(module) for module in modules}
    assert {module: found.get(module) for module in RELEASED} == RELEASED, "add a new module; never change one of these"
    section = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("\n## ")[2].partition("\n")[0]
    assert set(found) == set(RELEASED) or "unreleased" in section, "a release adds the new modules to RELEASED"


def test_the_names_are_those_of_the_steps_in_their_order() -> None:
    empty = sqlite_utils.Database(memory=True)
    assert tuple(step.name for step in MIGRATIONS.pending(empty)) == STEPS
    empty.close()


@pytest.mark.parametrize("module", sorted(RELEASED))
def test_a_step_imports_nothing_of_the_package_that_may_change(module: str) -> None:
    tree = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported += [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    ours = [name for name in imported if name.startswith("newsletter")]
    assert [name for name in ours if not name.startswith("newsletter.store.migrations")] == []


# -- every earlier version --------------------------------------------------------------------------------

AT = NOW.isoformat()
ADA = "ada@example.org"
#: What the rows of the older steps mean.
DIGEST, TEXTS = pack_as_before(
    Digest(
        edition=Edition(key="daily-2026-05-08", cadence=Cadence.DAILY, day=TODAY, since=NOW, created_at=NOW),
        sections=(Section("Clouds", (Item(make_paper(id=1), 1.0),), 1),),
        considered=1,
    )
)
#: "table.column" or "column" → what stands in the one row of each table; the rest is a value of the column's type.
VALUES: dict[str, Any] = {
    "papers.key": "arxiv:2605.00001", "arxiv_id": "2605.00001", "title": "Counting Clouds", "abstract": "We count.",
    "authors": '["Ada"]', "sources": '["arxiv"]', "text_source": "arxiv", "source": "arxiv",
    "title_key": "countingclouds",
    "paper_names.name": "arxiv:2605.00001", "topics.name": "Clouds", "topics.keywords": '["cloud"]', "query": "cloud",
    "keywords": "[]", "excluded": "[]", "also": "[]", "reasons": "[]", "email": ADA, "email_key": ADA,
    "status": "active",
    "subscribers.name": "Ada", "cadence": "daily", "hour": 8, "weekday": 0, "month_day": 1, "time_zone": "UTC",
    "format": "html", "origin": "cli", "editions.key": "daily-2026-05-08", "edition_key": "daily-2026-05-08",
    "day": "2026-05-08", "deliveries.status": "sent", "message_id": "<1@example.org>",
    "digest_sections.title": "Clouds",
    "digest_sections.topic": "Clouds", "digests.content": DIGEST,
    "texts_id": 1, "digest_texts.texts": pack_texts_as_before(TEXTS),
    "position": 0, "section": 0, "bounces.kind": "soft", "returns.kind": "soft",
    "requests.kind": "join", "confirmations.kind": "subscribe", "wishes": "{}", "preferences": "{}", "language": "de",
    "suppressions.email_key": "gone@example.org", "former_addresses.email": "old@example.org",
    "former_addresses.email_key": "old@example.org", "topics": "[0]",
}  # fmt: skip


def value_for(table: str, column: str, kind: str) -> Any:
    for name in (f"{table}.{column}", column):
        if name in VALUES:
            return VALUES[name]
    if column == "since" and kind == "INTEGER":
        return TODAY.toordinal()
    if column.endswith("_at") or column in ("since", "until"):
        return to_ms(NOW) if kind == "INTEGER" else AT
    return {"INTEGER": 1, "REAL": 1.0, "BLOB": b"secret"}.get(kind, "x")


#: Columns that have a value although they need none.
KEPT = ("id", "arxiv_id", "planned_at", "left_at", "content", "texts_id")


def make_store(path: Path, version: int) -> list[str]:
    """Make a store as the first `version` steps leave it, with a row in every table; return the tables."""
    db = sqlite_utils.Database(path)
    MIGRATIONS.apply(db, stop_before=STEPS[version : version + 1])
    db.execute("PRAGMA application_id = 0x6E77736C")
    kept = (
        "papers_fts",
        "paper_traits",
        "paper_codes",
        "topic_papers",
        "sqlite_",
        "_sqlite",
    )  # by SQLite, or by triggers
    tables = [name for name in db.table_names() if not name.startswith(kept)]
    for table in tables:
        columns = db.execute(f"PRAGMA table_info({table})").fetchall()
        needed = [
            (name, kind) for _, name, kind, required, default, key in columns if key or (required and not default)
        ]
        needed += [(name, kind) for _, name, kind, *_ in columns if name in KEPT]
        row = {name: value_for(table, name, kind) for name, kind in needed}
        db.table(table).insert(row, replace=True)  # a trigger may have made it
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    db.close()
    return tables


def schema(path: Path) -> list[tuple[str, ...]]:
    db = sqlite3.connect(path)
    found = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall()
    db.close()
    return found


def meaning(store: Store) -> dict[str, Any]:
    """Return what the rows mean to the rest of the program; empty values are left out."""
    edition = store.editions.find("daily-2026-05-08")
    found = {
        "subscribers": store.subscribers.all(),
        "catalogue": store.topics.catalogue(),
        "papers": store.papers.newest(9),
        "edition": edition,
        "digest": store.editions.get_digest(1) if edition else None,
        "deliveries": store.deliveries.of_subscriber(1),
        "planned": store.deliveries.papers_planned_for(1),
        "suppressions": store.suppressions.all(),
        "former": store.subscribers.former_addresses(1),
        "feedback": store.feedback.of(1),
        "examples": store.feedback.examples(1),
        "bounces": store.bounces.latest(9),
        "confirmations": store.confirmations.waiting(9),
        "summaries": store.summaries.find([1], "de"),
        "embedding": store.taste_models.embedding(),
        "taste": store.taste_models.taste(1),
        "validators": store.pulls.validators("arxiv"),
        "limit": store.pulls.rate_limited_until("arxiv"),
        "pulls": store.pulls.last("arxiv"),
    }
    return {name: value for name, value in found.items() if value}


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[tuple[str, ...]]]:
    """What the rows mean in a store of the present schema, and the schema of a new store."""
    path = tmp_path_factory.mktemp("newest") / "newsletter.db"
    make_store(path, len(STEPS))
    place_new_store(new := path.with_name("new.db"))
    with open_store(path) as store:
        return meaning(store), schema(new)


@pytest.mark.parametrize("version", range(1, len(STEPS)), ids=STEPS[:-1])
def test_a_store_of_an_earlier_version_becomes_equal_to_a_new_one(
    version: int, newest: tuple[dict[str, Any], list[tuple[str, ...]]], tmp_path: Path
) -> None:
    old, (expected, new_schema) = tmp_path / "old.db", newest
    tables = make_store(old, version)
    with open_store(old) as store:
        assert store.problems() == []
        found = meaning(store)
    assert schema(old) == new_schema
    assert found == {name: expected[name] for name in found}
    present = {"subscribers": "subscribers", "papers": "papers", "editions": "digest", "deliveries": "deliveries"}
    assert {present[table] for table in tables if table in present} <= found.keys()


@pytest.mark.parametrize("parent", ["editions", "digests"])
def test_an_upgrade_that_would_lose_rows_says_what_is_damaged_and_changes_nothing(tmp_path: Path, parent: str) -> None:
    old = tmp_path / "old.db"
    make_store(old, STEPS.index("m054_narrow_ledger"))
    db = sqlite3.connect(old)
    with db:
        db.execute(f"DELETE FROM {parent}")  # noqa: S608 - our own
    before = [*db.iterdump()]
    with pytest.raises(StoreDamaged, match=rf"a row of \w+ names one of {parent} that does not exist"):
        open_store(old)
    assert [*db.iterdump()] == before
    db.close()
