from __future__ import annotations

import json
from pathlib import Path

from newsletter.models.database_url import DatabaseUrl
from newsletter.store import open_store
from tests.cli.conftest import Newsletter
from tests.factories import NOW, make_entry
from tests.postgresql import new_database


def test_a_site_moves_to_a_server_and_back(newsletter: Newsletter, tmp_path: Path) -> None:
    file, url, back = tmp_path / "newsletter.db", new_database().text, tmp_path / "back.db"
    with open_store(file) as store:
        store.papers.add(make_entry(), NOW)
    (tmp_path / "newsletter.toml").write_text(f'[database]\nurl = "{url}"\n', encoding="utf-8")
    assert "Counting Clouds" not in newsletter("papers", "search", "clouds").stdout

    copied = newsletter("store", "copy", str(file), url)

    assert copied.exit_code == 0
    lines = copied.stdout.splitlines()
    assert "papers: 1" in lines
    assert lines[-2].startswith("copied and verified: ")
    assert str(file) in lines[-1]
    shown = newsletter("papers", "search", "clouds")
    assert "Counting Clouds" in shown.stdout
    document = json.loads(newsletter("store", "copy", url, str(back), "--json").stdout)
    assert {one["table"]: one["rows"] for one in document["tables"]}["papers"] == 1
    with open_store(back) as store:
        assert store.papers.count() == 1


def test_what_is_not_empty_is_left_alone(newsletter: Newsletter, tmp_path: Path) -> None:
    with open_store(tmp_path / "newsletter.db") as store, open_store(tmp_path / "b.db") as other:
        store.papers.add(make_entry(), NOW)
        other.papers.add(make_entry(), NOW)
    refused = newsletter("store", "copy", str(tmp_path / "newsletter.db"), str(tmp_path / "b.db"))
    assert refused.exit_code == 1
    assert "b.db: not empty, it has " in refused.stderr


def test_what_does_not_exist_is_not_copied(newsletter: Newsletter, tmp_path: Path) -> None:
    refused = newsletter("store", "copy", str(tmp_path / "nothing.db"), str(tmp_path / "b.db"))
    assert (refused.exit_code, (tmp_path / "nothing.db").exists()) == (1, False)
    assert "nothing.db: no such file" in refused.stderr
    wrong = newsletter("store", "copy", "mysql://ada:s3cret@db/papers", str(tmp_path / "b.db"))
    assert wrong.exit_code == 2
    assert "not a URL of PostgreSQL" in wrong.stderr
    assert "s3cret" not in wrong.stderr


def test_commands_of_files_say_what_to_do_on_a_server(newsletter: Newsletter, tmp_path: Path) -> None:
    url = new_database().text
    (tmp_path / "newsletter.toml").write_text(f'[database]\nurl = "{url}"\n', encoding="utf-8")
    refused = newsletter("backup")
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"newsletter: {DatabaseUrl(url)}: the database is on a PostgreSQL server")
    assert "pg_dump" in refused.stderr
    assert " MB now" in newsletter("vacuum").stdout
    assert "sound" in newsletter("doctor", "--offline").stdout
    shown = newsletter("config", "list").stdout
    assert "database.url" in shown
    assert url not in shown


def test_the_commands_work_on_a_server(newsletter: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text(f'[database]\nurl = "{new_database().text}"\n', encoding="utf-8")
    for command in (
        "topics add Clouds cloud*", "subscribers add ada@example.org --topic Clouds", "subscribers list", "status",
        "subscribers add bob@example.org --topic Clouds", "subscribers pause bob@example.org", "bounces", "deliveries",
        "explain --for ada@example.org", "schedule", "secret rotate", "retention", "suppressions add x@example.org",
        "deliveries retry", "subscribers erase bob@example.org --yes", "subscribers unsubscribe ada@example.org",
        "topics remove Clouds", "status --json",
    ):  # fmt: skip
        ran = newsletter(*command.split())
        assert (command, ran.exit_code, ran.stderr) == (command, 0, "")
