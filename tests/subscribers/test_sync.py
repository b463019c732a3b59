"""Sync from files: the files describe the desired state, and unsubscribed people are never re-added."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.errors import RequestError
from newsletter.models import Cadence, Profile, Refusal, Status
from newsletter.store import Store
from newsletter.subscribers.privacy import erase
from newsletter.subscribers.subscriptions import change_address, change_preferences, pause, subscribe, unsubscribe
from newsletter.subscribers.sync import SyncOutcome, SyncReport, sync
from tests.factories import NOW, make_profile, make_subscriber, make_topic

LATER = NOW + timedelta(days=1)
ADA = "ada@example.org"
BEN = "ben@example.org"


def write(folder: Path, slug: str, email: str, more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{slug}.toml"
    path.write_text(f'email = "{email}"\n{more}\n', encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with Ada's and Ben's files."""
    write(tmp_path / "subscribers", "ada", ADA, 'name = "Ada Example"\ntopics = ["clouds"]')
    write(tmp_path / "subscribers", "ben", BEN, 'cadence = "weekly"')
    return tmp_path / "subscribers"


def changes(report: SyncReport) -> list[tuple[str, str]]:
    assert report.refusals == ()
    return [(slug, outcome) for slug, _, outcome in report.changes]


def statuses(store: Store) -> dict[str, Status]:
    return {one.email: one.status for one in store.subscribers.all()}


def test_new_files_are_added(store: Store, folder: Path) -> None:
    assert sync(store, folder, NOW) == SyncReport(
        (("ada", ADA, SyncOutcome.ADDED), ("ben", BEN, SyncOutcome.ADDED)), ()
    )
    clouds = make_profile(topics=(make_topic("clouds", ("clouds",)),), serendipity=True)
    assert store.subscribers.all() == [
        make_subscriber(id=1, profile=clouds, origin="file:ada"),
        make_subscriber(id=2, email=BEN, name="", profile=Profile(cadence=Cadence.WEEKLY), origin="file:ben"),
    ]


def test_a_second_sync_changes_nothing(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    before = store.subscribers.all()
    assert changes(sync(store, folder, LATER)) == [("ada", "same"), ("ben", "same")]
    assert store.subscribers.all() == before


def test_a_changed_file_changes_its_subscriber(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    write(folder, "ada", ADA, "hour = 17")
    assert changes(sync(store, folder, LATER)) == [("ada", "changed"), ("ben", "same")]
    changed = make_subscriber(name="", profile=Profile(hour=17), origin="file:ada", schedule_changed_at=LATER)
    assert store.subscribers.get(ADA) == changed


def test_a_file_takes_over_a_subscriber_who_was_added_by_command(store: Store, folder: Path) -> None:
    subscribe(store, ADA, "Ada", {"hour": 5}, NOW)
    assert changes(sync(store, folder, LATER)) == [("ada", "changed"), ("ben", "added")]
    assert store.subscribers.get(ADA).origin == "file:ada"


def test_a_subscriber_who_was_added_by_command_needs_no_file(store: Store, folder: Path) -> None:
    subscribe(store, "cy@example.org", "", {}, NOW)
    sync(store, folder, LATER)
    assert statuses(store) == {ADA: Status.ACTIVE, BEN: Status.ACTIVE, "cy@example.org": Status.ACTIVE}


def test_a_subscriber_whose_file_is_gone_is_disabled_once(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    (folder / "ada.toml").unlink()
    assert changes(sync(store, folder, LATER)) == [("ben", "same"), ("ada", "disabled")]
    assert statuses(store) == {ADA: Status.DISABLED, BEN: Status.ACTIVE}
    assert changes(sync(store, folder, LATER)) == [("ben", "same")]


def test_an_erased_subscriber_is_not_added_again_by_their_file(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    erase(store, ADA, LATER)
    assert changes(sync(store, folder, LATER)) == [("ada", "unsubscribed"), ("ben", "same")]
    assert store.subscribers.find(ADA) is None


def test_a_subscriber_in_a_file_is_changed_only_in_the_file(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    with pytest.raises(RequestError, match=r"is managed by subscribers/ada\.toml"):
        change_address(store, store.subscribers.get(ADA), "ada@new.example")
    with pytest.raises(RequestError, match=r"is managed by subscribers/ada\.toml"):
        change_preferences(store, ADA, None, {"hour": 9}, NOW)


def test_a_subscriber_whose_file_is_back_is_enabled(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    (folder / "ada.toml").rename(folder / "ada.off")
    sync(store, folder, NOW)
    (folder / "ada.off").rename(folder / "ada.toml")
    assert changes(sync(store, folder, LATER)) == [("ada", "enabled"), ("ben", "same")]
    assert statuses(store) == {ADA: Status.ACTIVE, BEN: Status.ACTIVE}


def test_a_renamed_file_keeps_its_subscriber(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    (folder / "ada.toml").rename(folder / "lovelace.toml")
    assert changes(sync(store, folder, LATER)) == [("ben", "same"), ("lovelace", "changed")]
    assert (store.subscribers.get(ADA).id, store.subscribers.get(ADA).origin) == (1, "file:lovelace")


def test_a_new_address_in_a_file_disables_the_old(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    write(folder, "ada", "ada@new.example")
    assert sync(store, folder, LATER).changes == (
        ("ada", "ada@new.example", SyncOutcome.ADDED),
        ("ben", BEN, SyncOutcome.SAME),
        ("ada", ADA, SyncOutcome.DISABLED),
    )
    assert statuses(store) == {
        ADA: Status.DISABLED,
        "ada@new.example": Status.ACTIVE,
        BEN: Status.ACTIVE,
    }


def test_two_files_may_swap_their_addresses(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    write(folder, "ada", BEN)
    write(folder, "ben", ADA)
    assert changes(sync(store, folder, LATER)) == [("ada", "changed"), ("ben", "changed")]
    assert statuses(store) == {ADA: Status.ACTIVE, BEN: Status.ACTIVE}


def test_a_paused_subscriber_stays_paused(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    pause(store, ADA, NOW)
    write(folder, "ada", ADA, "hour = 17")
    assert changes(sync(store, folder, LATER)) == [("ada", "changed"), ("ben", "same")]
    assert statuses(store) == {ADA: Status.PAUSED, BEN: Status.ACTIVE}


def test_an_unsubscribed_address_is_never_added_again_by_a_file(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    unsubscribe(store, ADA, NOW)
    unsubscribed = store.subscribers.get(ADA)
    for step in ("as it is", "changed", "renamed", "gone", "back", "other spelling"):
        if step == "changed":
            write(folder, "ada", ADA, "hour = 17")
        if step == "renamed":
            (folder / "ada.toml").rename(folder / "lovelace.toml")
        if step == "gone":
            (folder / "lovelace.toml").unlink()
        if step == "back":
            write(folder, "ada", ADA)
        if step == "other spelling":
            write(folder, "ada", ADA.upper())
        outcomes = {outcome for _, email, outcome in sync(store, folder, LATER).changes if email != BEN}
        assert (step, outcomes) == (step, set() if step == "gone" else {"unsubscribed"})
        assert store.subscribers.all() == [unsubscribed, store.subscribers.get(BEN)]


def test_an_invalid_file_is_reported_and_its_subscriber_stays_unchanged(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    ada = store.subscribers.get(ADA)
    write(folder, "ada", ADA, "hours = 17")
    write(folder, "cy", "cy@example.org")
    (folder / "dee.toml").write_bytes(b"\xff")
    assert sync(store, folder, LATER) == SyncReport(
        changes=(("ben", BEN, SyncOutcome.SAME), ("cy", "cy@example.org", SyncOutcome.ADDED)),
        refusals=(
            Refusal(str(folder / "ada.toml"), "hours: no such field (did you mean hour?)"),
            Refusal(
                str(folder / "dee.toml"),
                "not valid TOML: not UTF-8 (at line 1) (save the file as UTF-8)",
            ),
        ),
    )
    assert store.subscribers.get(ADA) == ada


def test_of_two_files_with_one_address_the_second_is_a_duplicate(store: Store, folder: Path) -> None:
    write(folder, "ada2", ADA.upper(), "hour = 17")
    report = sync(store, folder, NOW)
    assert report.refusals == (Refusal(str(folder / "ada2.toml"), "email: duplicate of ada.toml: ADA@example.org"),)
    assert report.changes == (("ada", ADA, SyncOutcome.ADDED), ("ben", BEN, SyncOutcome.ADDED))


def test_other_files_are_ignored(store: Store, folder: Path) -> None:
    (folder / "README.md").write_text("# who is who")
    (folder / "ada.toml~").write_text("not a profile")
    assert changes(sync(store, folder, NOW)) == [("ada", "added"), ("ben", "added")]


def test_a_missing_folder_is_an_error_and_disables_nobody(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    with pytest.raises(RequestError, match="no such folder"):
        sync(store, folder.parent / "nowhere", LATER)
    assert statuses(store) == {ADA: Status.ACTIVE, BEN: Status.ACTIVE}


def test_a_dry_run_reports_what_a_run_does_and_changes_nothing(store: Store, folder: Path) -> None:
    """Through every kind of change at once."""
    write(folder, "cy", "cy@example.org")
    write(folder, "dee", "dee@example.org")
    write(folder, "eve", "eve@example.org")
    write(folder, "fay", "fay@example.org")
    sync(store, folder, NOW)
    unsubscribe(store, "eve@example.org", NOW)
    (folder / "ada.toml").rename(folder / "lovelace.toml")
    write(folder, "ben", BEN, "hour = 17")
    write(folder, "cy", "cy@new.example")
    (folder / "dee.toml").unlink()
    (folder / "fay.toml").write_text("email = 1")
    before = store.subscribers.all()

    planned = sync(store, folder, LATER, dry_run=True)
    assert store.subscribers.all() == before
    assert sync(store, folder, LATER) == planned
    assert [(slug, outcome) for slug, _, outcome in planned.changes] == [
        ("ben", "changed"),
        ("cy", "added"),
        ("eve", "unsubscribed"),
        ("lovelace", "changed"),
        ("cy", "disabled"),
        ("dee", "disabled"),
    ]
