from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.cli.conftest import Newsletter


def test_a_site_is_restored_on_a_new_machine(newsletter: Newsletter, tmp_path: Path) -> None:
    newsletter("subscribers", "add", "ada@example.org", "--topic", "clouds")
    newsletter("subscribers", "add", "bob@example.org", "--topic", "clouds")
    newsletter("backup")
    (backup,) = (tmp_path / "backups").iterdir()
    new = tmp_path / "new"
    (tmp_path / "since.txt").write_text("bob@example.org\n", encoding="utf-8")
    refused = newsletter("--site", str(new), "restore", str(backup), "--yes")
    assert refused.exit_code == 1
    assert "it is not known who unsubscribed and what was mailed since" in refused.stderr
    assert "--hold" in refused.stderr
    assert not new.exists() or not (new / "newsletter.toml").exists()  # which the next command would begin a site with
    (tmp_path / "wrong.txt").write_text("bob@example.org\nada at example.org\n", encoding="utf-8")
    wrong = newsletter("--site", str(new), "restore", str(backup), "--yes", "--hold", "--unsubscribed", "wrong.txt")
    assert (wrong.exit_code, "wrong.txt: line 2: " in wrong.stderr) == (1, True)
    arguments = ("restore", str(backup), "--yes", "--hold", "--unsubscribed", "since.txt", "--json")
    document = json.loads(newsletter("--site", str(new), *arguments).stdout)
    assert (document["restored"]["is_complete"], document["restored"]["unsubscribed"]) == (False, 1)
    found = json.loads(newsletter("--site", str(new), "subscribers", "list", "--json").stdout)
    assert {one["email"]: one["status"] for one in found} == {
        "ada@example.org": "active", "bob@example.org": "unsubscribed",
    }  # fmt: skip
    assert (new / "newsletter.toml").read_bytes() == (tmp_path / "newsletter.toml").read_bytes()
    assert (new / "subscribers" / "README.md").is_file()


def test_a_store_of_a_newer_release_names_the_copy_to_go_back_to(newsletter: Newsletter, tmp_path: Path) -> None:
    import sqlite3

    newsletter("subscribers", "add", "ada@example.org", "--topic", "clouds")
    newsletter("backup")
    (backup,) = (tmp_path / "backups").iterdir()
    copy = backup.with_name("before-upgrade-2026-05-08T070000Z")
    shutil.copytree(backup, copy)
    newsletter("subscribers", "unsubscribe", "ada@example.org")
    db = sqlite3.connect(tmp_path / "newsletter.db")
    db.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('newsletter', 'm999_robots')")
    db.execute("UPDATE store_facts SET value = '9.8.7' WHERE name = 'release'")
    db.commit()
    db.close()
    refused = newsletter("subscribers", "list")
    assert refused.exit_code == 1
    assert "the schema is newer than this release" in refused.stderr
    assert "release 9.8.7 upgraded it" in refused.stderr
    assert f"newsletter restore {copy}" in refused.stderr
    assert newsletter("restore", str(copy), "--yes").exit_code == 0
    assert "unsubscribed" in newsletter("subscribers", "list").stdout


def test_files_are_restored_if_asked_for(newsletter: Newsletter, tmp_path: Path) -> None:
    newsletter("backup")
    (tmp_path / "newsletter.toml").write_text("# changed\n", encoding="utf-8")
    assert newsletter("restore", "latest", "--yes").exit_code == 0
    assert (tmp_path / "newsletter.toml").read_text(encoding="utf-8") == "# changed\n"
    assert "files: " in newsletter("restore", "latest", "--yes", "--files").stdout
    assert (tmp_path / "newsletter.toml").read_text(encoding="utf-8") != "# changed\n"


def test_a_backup_that_does_not_exist_is_reported(newsletter: Newsletter) -> None:
    result = newsletter("restore", "yesterday", "--yes")
    assert result.stderr == "newsletter: no such backup: yesterday (see: newsletter backup list)\n"
