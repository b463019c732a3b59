from __future__ import annotations

import json
from pathlib import Path

from newsletter.cli.backup import addresses_in
from tests.cli.conftest import Newsletter


def test_a_backup_is_made_listed_verified_and_restored(newsletter: Newsletter, tmp_path: Path) -> None:
    newsletter("subscribers", "add", "ada@example.org", "--topic", "clouds")
    made = newsletter("backup")
    assert made.exit_code == 0
    assert "backed up and verified" in made.stdout
    assert "1 subscribers" in made.stdout
    (folder,) = (tmp_path / "backups").iterdir()
    assert folder.name in newsletter("backup", "list").stdout
    assert newsletter("backup", "verify").stdout.startswith("sound: ")
    newsletter("subscribers", "unsubscribe", "ada@example.org")
    refused = newsletter("restore", "latest")
    assert (refused.exit_code, refused.stderr) == (
        1, "newsletter: restore replaces the database (confirm with --yes)\n",
    )  # fmt: skip
    restored = newsletter("restore", "latest", "--yes")
    assert restored.exit_code == 0
    assert "1 subscriber unsubscribed or paused since" in restored.stdout
    assert "unsubscribed" in newsletter("subscribers", "list").stdout


def test_backups_as_json_and_rotation(newsletter: Newsletter, tmp_path: Path) -> None:
    assert newsletter("backup", "list").stdout == "no backups; make one with: newsletter backup\n"
    for _ in range(3):
        document = json.loads(newsletter("backup", "--to", str(tmp_path / "far"), "--keep", "2", "--json").stdout)
    assert len(document["deleted"]) == 1
    assert document["backup"]["counts"]["subscribers"] == 0
    assert len(list((tmp_path / "far").iterdir())) == 2
    assert json.loads(newsletter("backup", "list", "--json").stdout) == []


def test_a_damaged_backup_is_reported(newsletter: Newsletter, tmp_path: Path) -> None:
    newsletter("backup")
    (folder,) = (tmp_path / "backups").iterdir()
    (folder / "newsletter.toml").write_text("changed", encoding="utf-8")
    result = newsletter("backup", "verify", folder.name)
    assert (result.exit_code, result.stderr) == (1, f"newsletter: {folder}: newsletter.toml was changed\n")
    assert json.loads(newsletter("backup", "verify", "--json").stdout)["problems"] == ["newsletter.toml was changed"]


def test_the_signing_key_is_made_by_init_and_survives(newsletter: Newsletter, tmp_path: Path) -> None:
    before = newsletter("secret", "list", "--json").stdout
    newsletter("backup")
    (tmp_path / "newsletter.db").unlink()
    assert newsletter("restore", "latest", "--yes").stderr == ""
    assert json.loads(newsletter("secret", "list", "--json").stdout) == json.loads(before)


def test_addresses_are_read_from_any_list(tmp_path: Path) -> None:
    file = tmp_path / "since.csv"
    file.write_text("email,reason\nada@example.org,asked\n\n<bob@example.org>\n", encoding="utf-8")
    assert addresses_in(file) == ["ada@example.org", "bob@example.org"]
