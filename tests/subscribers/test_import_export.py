"""Import from CSV and export to it: who is added, who is not, and which rows are invalid."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ConfigError, ProfileError
from newsletter.models import Cadence, Profile, Refusal, Status
from newsletter.store import Store
from newsletter.subscribers import import_export
from newsletter.subscribers.import_export import (
    ImportOptions,
    ImportReport,
    export_rows,
    import_people,
)
from newsletter.subscribers.profiles import make_profile
from newsletter.subscribers.subscriptions import unsubscribe
from newsletter.text import squeeze
from tests.factories import NOW, make_topic


def import_text(
    store: Store, text: str, count: Callable[[int], object] = lambda _rows: None, **how: object
) -> tuple[ImportReport, list[str]]:
    refused: list[Refusal] = []
    lines = io.StringIO(text, newline="")
    options = ImportOptions(**how)  # type: ignore[arg-type]
    report = import_people(
        store, lines, "people.csv", NOW, Profile(), options=options, refuse=refused.append, count=count
    )
    return report, [str(one) for one in refused]


def test_rows_become_subscribers_with_their_preferences(store: Store) -> None:
    store.topics.put(make_topic("Pears", ("pear",)))
    text = 'Email,name,topics,cadence,weekday,hour\nada@example.org,Ada,"Pears\nMine = robot*",weekly,friday,6\n'
    report, refused = import_text(store, text + "bob@example.org,,,,,\n")

    assert (report.added, refused) == (2, [])
    ada = store.subscribers.get("ada@example.org")
    assert (ada.name, ada.profile.cadence, ada.profile.weekday, ada.profile.hour) == ("Ada", "weekly", 4, 6)
    assert [topic.name for topic in ada.profile.topics] == ["Pears", "Mine"]
    assert store.subscribers.get("bob@example.org").profile == Profile()


def test_a_file_of_addresses_alone_is_imported(store: Store) -> None:
    report, _ = import_text(store, "\nada@example.org\nbob@example.org\n\n")
    assert (report.added, report.read) == (2, 2)
    assert import_text(store, "")[0].read == 0


def test_subscribers_stay_unchanged_and_suppressed_addresses_are_not_added(store: Store) -> None:
    for email in ("ada@example.org", "bob@example.org"):
        store.subscribers.add(email, "Old", Profile(cadence=Cadence.WEEKLY), "cli", NOW)
    unsubscribe(store, "bob@example.org", NOW)
    store.suppressions.suppress("cy@example.org", "complaint", NOW)

    text = (
        "email,name\nADA@example.org,New\nbob@example.org,New\ncy@example.org,New\ndan@example.org,\nDan@example.org,\n"
    )
    report, refused = import_text(store, text)

    assert (report.added, report.known, report.suppressed, refused) == (1, 2, 2, [])
    assert store.subscribers.get("ada@example.org").name == "Old"
    assert store.subscribers.get("bob@example.org").status is Status.UNSUBSCRIBED
    assert store.subscribers.find("cy@example.org") is None


def test_invalid_rows_are_reported_and_valid_ones_imported(store: Store) -> None:
    rows = [
        "no address,A",
        "ada@example.org,B,too,many",
        ",C",
        "bob@example.org,D",
        '"cy@example.org,"E',
        "x\udcff@y.z,F",
    ]
    text = "email,name\n" + "\n".join(rows) + "\n" + "z@example.org," + "x" * 200_000 + "\nend@example.org,\n"
    report, refused = import_text(store, text)

    assert {one.email for one in store.subscribers.all()} >= {"bob@example.org", "end@example.org"}
    assert [one.split(":")[0] for one in refused[:3]] == [f"people.csv, line {number}" for number in (2, 3, 4)]
    assert report.refused == len(refused) >= 5
    assert any("not UTF-8" in one for one in refused)


@pytest.mark.parametrize("text", ["name,topics\nAda,x\n", "Ada Example\n", "\x00\n"])
def test_a_file_without_addresses_is_rejected(store: Store, text: str) -> None:
    with pytest.raises(ConfigError, match="line 1"):
        import_text(store, text)


def test_a_dry_run_changes_nothing(store: Store) -> None:
    report, _ = import_text(store, "ada@example.org\n", dry_run=True)
    assert report.added == 1
    assert store.subscribers.all() == []


def test_many_rows_are_imported_in_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_export, "_BATCH", 1000)
    progress: list[int] = []
    report, _ = import_text(
        store, "email\n" + "\n".join(f"subscriber{n}@example.org" for n in range(2500)), count=progress.append
    )
    assert (report.added, progress) == (2500, [1000, 2000, 2500])
    assert len(store.subscribers.all()) == 2500


# Squeezed as on import, and so in NFC.
_names = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8).map(squeeze)


@given(
    name=_names,
    topics=st.lists(st.sampled_from(("LLM agents", "robot*", '"in-context learning" -survey', "a OR b")), unique=True),
    cadence=st.sampled_from(Cadence),
    hour=st.integers(0, 23),
)
def test_an_export_is_imported_as_it_was(
    store: Store, name: str, topics: list[str], cadence: Cadence, hour: int
) -> None:
    named = [*topics, {"name": "Mine", "query": "pear -apple"}]
    profile = make_profile({"topics": named, "cadence": cadence.value, "hour": hour}, {})
    before = store.subscribers.find("ada@example.org")
    if before is not None:
        store.subscribers.erase(before)
    known = store.subscribers.add("ada@example.org", name, profile, "cli", NOW)
    file = io.StringIO(newline="")
    csv.writer(file).writerows(export_rows([known]))
    store.subscribers.erase(known)

    report, refused = import_text(store, file.getvalue())

    assert (report.added, refused) == (1, [])
    assert replace(store.subscribers.get(known.email), id=known.id) == known


def test_an_invalid_field_is_reported_with_its_line(store: Store) -> None:
    _, refused = import_text(store, "email,hour\na@example.org,25\nb@example.org,x\n")
    assert [one.partition(": ")[0] for one in refused] == ["people.csv, line 2", "people.csv, line 3"]
    with pytest.raises(ProfileError):
        make_profile({"hour": 25}, {})
