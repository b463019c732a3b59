from __future__ import annotations

import json
import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.errors import RequestError
from newsletter.files.site import Site
from newsletter.operations.backup import (
    all_copies,
    backup_at,
    find_backup,
    kind_of,
    list_backups,
    make_backup,
    problems_of,
    read_backup,
    rotate,
)
from newsletter.store import open_store
from newsletter.store.copies import BEFORE_UPGRADE, keep_copy
from newsletter.store.sqlite import SQLiteDatabase
from tests.factories import NOW, make_entry, make_profile
from tests.stores import place_new_store


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "newsletter.toml").write_text('[dkim]\nselector = "s"\nkey = "keys/dkim.pem"\n', encoding="utf-8")
    for name in (
        "subscribers/ada.toml",
        "templates/web/a.html",
        "notes/2026-05-08.md",
        "keys/dkim.pem",
        "outbox/new/1",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    place_new_store(tmp_path / "newsletter.db")
    return load_config(Site(tmp_path), environ={})


def test_a_backup_holds_the_database_and_what_people_edit(config: Config) -> None:
    with open_store(config.site.store) as store:
        store.papers.add(make_entry(), NOW)
        store.subscribers.add("ada@example.org", "", make_profile(), "cli", NOW)
        secret = store.secret()
        made = make_backup(config, store, NOW)
        identity = store.identity()
    assert made.path == config.site.root / "backups" / "2026-05-08T093000Z"
    assert sorted(made.files) == [
        "newsletter.db", "newsletter.toml", "notes/2026-05-08.md", "subscribers/ada.toml", "templates/web/a.html",
    ]  # fmt: skip
    assert (made.made_at, made.counts["papers"], made.counts["subscribers"]) == (NOW, 1, 1)
    assert problems_of(made) == []
    assert {path.stat().st_mode & 0o777 for path in made.path.rglob("*") if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in made.path.rglob("*") if path.is_dir()} == {0o700}
    with open_store(made.database, is_copy=True) as copy:
        assert copy.subscribers.get("ada@example.org").id == 1
        assert (copy.secret(), copy.identity()) == (secret, identity)


def test_the_copy_is_equal_and_one_file(config: Config) -> None:
    with open_store(config.site.store) as store:
        store.papers.add(make_entry(), NOW)
        store.secret()
        made = make_backup(config, store, NOW)
    assert [path.name for path in made.path.glob("newsletter.db*")] == ["newsletter.db"]
    dumps = []
    for path in (config.site.store, made.database):
        db = sqlite3.connect(path)
        dumps.append(list(db.iterdump()))
        db.close()
    assert dumps[0] == dumps[1]


def test_private_keys_are_copied_if_asked_for(config: Config) -> None:
    with open_store(config.site.store) as store:
        assert "keys/dkim.pem" not in make_backup(config, store, NOW).files
        assert "keys/dkim.pem" in make_backup(config, store, NOW, with_keys=True).files


def test_a_backup_of_a_site_that_is_written_meanwhile_is_of_one_moment(config: Config) -> None:
    """The counts are those of the copy, however many subscribers come in while it is made."""
    with open_store(config.site.store) as store:
        store.subscribers.add("ada@example.org", "", make_profile(), "cli", NOW)
    done = threading.Event()

    def write() -> None:
        with open_store(config.site.store) as other:
            number = 0
            while not done.is_set():
                number += 1
                other.subscribers.add(f"a{number}@example.org", "", make_profile(), "cli", NOW)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with open_store(config.site.store) as store:
            made = [make_backup(config, store, NOW + timedelta(days=one)) for one in range(3)]
    finally:
        done.set()
        writer.join()
    assert [problems_of(one) for one in made] == [[], [], []]
    counts = [one.counts["subscribers"] for one in made]
    assert counts == sorted(counts)


def test_the_latest_are_kept(config: Config) -> None:
    folder = config.backup.folder
    with open_store(config.site.store) as store:
        made = [make_backup(config, store, NOW + timedelta(days=one)) for one in range(4)]
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    (folder / "2020-mine").mkdir()
    copy = keep_copy(SQLiteDatabase(config.site.store), BEFORE_UPGRADE)
    assert rotate(folder, 2) == [one.path for one in made[:2]]
    assert [one.path for one in list_backups(folder)] == [one.path for one in made[2:]]
    assert [one.path for one in all_copies(config)] == [*(one.path for one in made[2:]), copy]
    assert sorted(path.name for path in folder.iterdir() if not path.is_dir()) == ["notes.txt"]
    assert [kind_of(copy), kind_of(made[3].path)] == ["before an upgrade", "backup"]


def test_damage_is_found(config: Config) -> None:
    with open_store(config.site.store) as store:
        made = make_backup(config, store, NOW)
    (made.path / "newsletter.toml").write_text("# changed", encoding="utf-8")
    (made.path / "notes" / "2026-05-08.md").unlink()
    assert problems_of(made) == ["newsletter.toml was changed", "notes/2026-05-08.md is missing"]
    with made.database.open("r+b") as file:
        file.truncate(50_000)
    assert problems_of(made)[0] == "newsletter.db was changed"
    assert len(problems_of(made)) > 3


def test_rows_that_are_missing_are_found(config: Config) -> None:
    with open_store(config.site.store) as store:
        made = make_backup(config, store, NOW)
    manifest = json.loads((made.path / "backup.json").read_text(encoding="utf-8"))
    manifest["counts"]["papers"] = 7
    (made.path / "backup.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert problems_of(read_backup(made.path)) == ["papers: 7 rows expected, 0 found"]


def test_a_backup_is_found_by_its_name_or_path(config: Config, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no backups"):
        find_backup(config, "latest")
    with open_store(config.site.store) as store:
        make_backup(config, store, NOW)
        made = make_backup(config, store, NOW + timedelta(days=1))
    for name in ("latest", made.path.name, str(made.path), str(made.database)):
        assert find_backup(config, name).database.samefile(made.database)
    with pytest.raises(RequestError, match="no such backup: yesterday"):
        find_backup(config, "yesterday")
    with pytest.raises(RequestError, match="no such backup"):
        backup_at(tmp_path / "nowhere")
    (made.path / "backup.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RequestError, match="damaged"):
        read_backup(made.path)


def test_a_folder_that_cannot_be_written_is_reported(config: Config, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with open_store(config.site.store) as store, pytest.raises(RequestError, match=r"Not a directory|File exists"):
        make_backup(config, store, NOW, folder=tmp_path / "file")
