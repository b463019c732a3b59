from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Newsletter


@pytest.fixture
def copied(newsletter: Newsletter, tmp_path: Path) -> Newsletter:
    """Copy the examples, which are never subscribers themselves."""
    folder = tmp_path / "subscribers"
    for example, name in (("example.toml", "ada.toml"), ("example-weekly.toml", "grace.toml")):
        shutil.copyfile(folder / example, folder / name)
    return newsletter


def test_the_shipped_examples_are_never_subscribers(newsletter: Newsletter) -> None:
    result = newsletter("subscribers", "sync")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "0 profiles, 0 changed\nskipped example-weekly.toml, example.toml: " in result.stdout
    assert json.loads(newsletter("subscribers", "--json").stdout) == []


def test_the_example_profiles_are_valid(copied: Newsletter) -> None:
    newsletter = copied
    result = newsletter("subscribers", "sync")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "2 profiles, 2 changed" in result.stdout
    assert "2 profiles, 0 changed" in newsletter("subscribers", "sync").stdout


def test_an_invalid_file_is_reported_with_field_and_reason_and_the_others_are_loaded(
    copied: Newsletter, tmp_path: Path
) -> None:
    newsletter = copied
    bad = tmp_path / "subscribers" / "bad.toml"
    bad.write_text('email = "bad@example.org"\ncadence = "hourly"\n', encoding="utf-8")

    result = newsletter("subscribers", "sync")

    assert result.exit_code == 1
    assert result.stderr == (
        f"newsletter: refused {bad}: cadence: one of daily, weekdays, weekly, monthly is expected, not 'hourly'\n"
    )
    assert len(json.loads(newsletter("subscribers", "--json").stdout)) == 2


def test_a_dry_run_of_sync_changes_nothing(copied: Newsletter) -> None:
    newsletter = copied
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


def test_people_stay_as_they_are_on_another_site(newsletter: Newsletter) -> None:
    for name in ("ann", "bob", "cat"):
        newsletter("subscribers", "add", f"{name}@example.org", "--hour", "6", "--max-papers", "5", "--trending", "3")
    newsletter("subscribers", "unsubscribe", "ann@example.org")
    newsletter("subscribers", "pause", "bob@example.org")
    exported = newsletter("subscribers", "export").stdout
    before = json.loads(newsletter("subscribers", "--json").stdout)

    newsletter("init", "other")
    result = newsletter("--site", "other", "subscribers", "import", "-", stdin=exported)

    assert result.stdout == "2 added, 0 already exist, 1 suppressed, 0 refused\n"
    assert json.loads(newsletter("--site", "other", "subscribers", "--json").stdout) == before


def test_columns_are_mapped_and_others_reported(newsletter: Newsletter) -> None:
    text = b"Kontakt,Hobby\nx@example.org,y\n"
    result = newsletter("subscribers", "import", "-", "--map", "email=Kontakt", stdin=text)
    assert (result.exit_code, result.stdout.split(",")[0]) == (0, "1 added")
    assert "ignored columns: Hobby" in result.stderr
    assert newsletter("subscribers", "import", "-", "--map", "email", stdin=text).exit_code != 0


def test_a_dry_run_shows_each_field_old_and_new_and_update_changes_it(newsletter: Newsletter) -> None:
    newsletter("subscribers", "add", "ada@example.org", "--name", "Ada", "--hour", "6", "--topic", "pears")
    newsletter("subscribers", "add", "bob@example.org")
    header = "email,name,cadence,hour,topics,status\n"
    text = f"{header}Ada@Example.org,Ada L,weekly,6,pears; robots,\nbob@example.org,,,,,cleaned\n"

    dry = newsletter("subscribers", "import", "-", "--dry-run", stdin=text)
    assert dry.stdout == (
        "ada@example.org: name: Ada → Ada L\n"
        "ada@example.org: topics: pears → pears | robots\n"
        "ada@example.org: cadence: daily → weekly\n"
        "bob@example.org: status: active → unsubscribed\n"
        "0 would be added, 1 already exist, 1 suppressed, 0 refused\n"
        "1 existing differ, and stay as they are without --update\n"
    )
    as_json = json.loads(newsletter("subscribers", "import", "-", "--dry-run", "--json", stdin=text).stdout)
    assert as_json["changes"][0] == {"email": "ada@example.org", "field": "name", "old": "Ada", "new": "Ada L"}
    before = json.loads(newsletter("subscribers", "show", "ada@example.org", "--json").stdout)
    newsletter("subscribers", "import", "-", stdin=text)
    assert json.loads(newsletter("subscribers", "show", "ada@example.org", "--json").stdout) == before

    updated = newsletter("subscribers", "import", "-", "--update", stdin=text)
    assert updated.stdout.endswith("1 existing were changed\n")
    ada = json.loads(newsletter("subscribers", "show", "ada@example.org", "--json").stdout)["subscriber"]
    assert (ada["name"], ada["profile"]["cadence"], ada["profile"]["hour"]) == ("Ada L", "weekly", 6)
    assert [topic["name"] for topic in ada["profile"]["topics"]] == ["pears", "robots"]


def test_new_people_begin_on_a_day_so_many_a_day(newsletter: Newsletter) -> None:
    addresses = "".join(f"p{n}@example.org\n" for n in range(5))
    start = ("--start", "on", "2999-12-30", "--per-day", "2")
    dry = newsletter("subscribers", "import", "-", *start, "--dry-run", stdin=addresses)
    assert "5 would be added" in dry.stdout
    result = newsletter("subscribers", "import", "-", *start, stdin=addresses)
    assert result.stdout.endswith("they begin from 2999-12-30 to 3000-01-01\n")
    days = [one["paused_until"] for one in json.loads(newsletter("subscribers", "--json").stdout)]
    assert days == ["2999-12-30", "2999-12-30", "2999-12-31", "2999-12-31", "3000-01-01"]


def test_new_people_wait_for_confirmation_and_are_asked_by_the_next_run(newsletter: Newsletter) -> None:
    result = newsletter("subscribers", "import", "-", "--start", "confirm", stdin="a@example.org\nb@example.org\n")
    assert result.stdout.endswith("2 are asked to confirm, by the next run\n")
    assert json.loads(newsletter("subscribers", "--json").stdout) == []


@pytest.mark.parametrize("start", [("--start", "soon"), ("--start", "on", "2020-01-01"), ("--per-day", "0")])
def test_a_start_that_cannot_be_is_refused(newsletter: Newsletter, start: tuple[str, ...]) -> None:
    assert newsletter("subscribers", "import", "-", *start, stdin="a@example.org\n").exit_code == 1
    assert json.loads(newsletter("subscribers", "--json").stdout) == []


def test_an_import_says_how_many_rows_it_refused_beyond_the_twenty_it_shows(
    newsletter: Newsletter, tmp_path: Path
) -> None:
    (tmp_path / "people.txt").write_text("".join(f"ada{number}@\n" for number in range(28)))

    result = newsletter("subscribers", "import", str(tmp_path / "people.txt"))

    assert "28 refused" in result.stdout
    assert len(result.stderr.splitlines()) == 21
    assert result.stderr.endswith("newsletter: and 8 more refused\n")


def test_a_name_is_mapped_once(newsletter: Newsletter) -> None:
    for noun in ("subscribers", "suppressions"):
        result = newsletter(noun, "import", "-", "--map", "email=A", "--map", "email=B", stdin="A,B\na@x.org,b@x.org\n")
        assert result.exit_code == 1
        assert "--map email=B: email is read from A already" in result.stderr


def test_an_export_says_which_suppressed_addresses_are_not_in_it(newsletter: Newsletter) -> None:
    newsletter("subscribers", "add", "ada@example.org")
    newsletter("suppressions", "add", "ada@example.org", "ben@example.org")
    result = newsletter("subscribers", "export")
    assert "ben@example.org" not in result.stdout
    assert result.stderr == (
        "1 suppressed address has no subscriber; to take the suppression list along: newsletter suppressions export\n"
    )
