from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.cli.conftest import Newsletter


def test_the_example_profiles_are_valid(newsletter: Newsletter) -> None:
    result = newsletter("subscribers", "sync")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "2 profiles, 2 changed" in result.stdout
    assert "2 profiles, 0 changed" in newsletter("subscribers", "sync").stdout


def test_an_invalid_file_is_reported_with_field_and_reason_and_the_others_are_loaded(
    newsletter: Newsletter, tmp_path: Path
) -> None:
    bad = tmp_path / "subscribers" / "bad.toml"
    bad.write_text('email = "bad@example.org"\ncadence = "hourly"\n', encoding="utf-8")

    result = newsletter("subscribers", "sync")

    assert result.exit_code == 1
    assert result.stderr == (
        f"newsletter: refused {bad}: cadence: one of daily, weekdays, weekly, monthly is expected, not 'hourly'\n"
    )
    assert len(json.loads(newsletter("subscribers", "--json").stdout)) == 2


def test_a_dry_run_of_sync_changes_nothing(newsletter: Newsletter) -> None:
    assert "2 profiles, 2 to change" in newsletter("subscribers", "sync", "--dry-run").stdout
    assert json.loads(newsletter("subscribers", "--json").stdout) == []


def test_rows_are_imported_and_refused_ones_written_to_a_file(newsletter: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes("\ufeffemail,cadence\nada@example.org,weekly\nbob\n".encode())

    rehearsed = newsletter("subscribers", "import", "people.csv", "--dry-run")
    result = newsletter("subscribers", "import", "people.csv", "--refused", "refused.csv", "--topic", "pears")

    assert rehearsed.stdout == "1 would be added, 0 already exist, 0 suppressed, 1 refused\n"
    assert (result.exit_code, result.stdout) == (1, "1 added, 0 already exist, 0 suppressed, 1 refused\n")
    assert "refused people.csv, line 3" in result.stderr
    with (tmp_path / "refused.csv").open(encoding="utf-8", newline="") as file:
        assert [row[0] for row in csv.reader(file)] == ["where", "people.csv, line 3"]
    (ada,) = json.loads(newsletter("subscribers", "--json").stdout)
    assert (ada["profile"]["cadence"], ada["profile"]["topics"][0]["name"]) == ("weekly", "pears")


def test_an_export_is_imported_without_a_change(newsletter: Newsletter) -> None:
    newsletter("subscribers", "add", "ada@example.org", "--topic", "pears")

    exported = newsletter("subscribers", "export").stdout

    again = newsletter("subscribers", "import", "-", stdin=exported)
    assert again.stdout == "0 added, 1 already exist, 0 suppressed, 0 refused\n"


def test_a_list_of_addresses_is_imported_from_standard_input(newsletter: Newsletter) -> None:
    report = json.loads(newsletter("subscribers", "import", "-", "--json", stdin=b"x@example.org\n").stdout)

    assert (report["added"], report["refused"]) == (1, 0)
