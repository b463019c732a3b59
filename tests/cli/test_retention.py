from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsletter.store import open_store
from tests.cli.conftest import Newsletter
from tests.store.test_pruning import add, mail, pull


def _old_site(tmp_path: Path) -> None:
    old = datetime.now(UTC) - timedelta(days=120)
    with open_store(tmp_path / "newsletter.db") as store:
        add(store, "ada")
        pull(store, range(2), old)
        mail(store, old)


def test_what_is_too_old_is_counted_and_deleted(newsletter: Newsletter, tmp_path: Path) -> None:
    _old_site(tmp_path)
    assert newsletter("retention", "--dry-run").stdout == "would delete: 1 digests' contents\n"
    document = json.loads(newsletter("retention", "--json").stdout)
    assert (document["digests"], document["deliveries"], document["is_complete"]) == (1, 0, True)
    assert newsletter("retention").stdout == "deleted: nothing\n"
    edition = json.loads(newsletter("deliveries", "--json").stdout)[0]
    assert edition["sent"] == 1
    preview = newsletter("preview", "ada@example.org", "--edition", edition["edition"], "--no-open")
    assert preview.exit_code in (0, 2)


def test_a_run_does_it_once_a_day(newsletter: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("", encoding="utf-8")
    _old_site(tmp_path)
    assert "retention: deleted 1 digests' contents" in newsletter("run").stderr
    assert "retention" not in newsletter("run").stderr


def test_the_disk_gets_back_what_was_deleted(newsletter: Newsletter) -> None:
    assert " MB now" in newsletter("vacuum").stdout
    assert set(json.loads(newsletter("vacuum", "--json").stdout)) == {"bytes_before", "bytes_after"}
