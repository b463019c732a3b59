from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.models import DeliveryStatus, Status
from newsletter.store import Store, open_store
from newsletter.store.recovery_log import RecoveryLog
from tests.factories import NOW, make_profile

pytestmark = pytest.mark.sqlite_only("the log beside its file")

ADA = "ada@example.org"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def log(tmp_path: Path) -> RecoveryLog:
    return RecoveryLog(tmp_path / "newsletter.recovery", lambda: "ours")


def records(log: RecoveryLog) -> list[dict[str, object]]:
    return [one for one in log.records(TODAY - timedelta(days=9)) if "site" not in one]


def test_what_is_appended_is_read_in_order(log: RecoveryLog) -> None:
    assert log.since() is None
    log.append([{"added": 1}, {"added": 2}])
    log.append([{"added": 3}])
    assert records(log) == [{"added": 1}, {"added": 2}, {"added": 3}]
    since = log.since()
    assert since is not None
    assert datetime.now(UTC) - since < timedelta(hours=1)


def test_a_line_that_a_crash_cut_short_is_left_out_and_no_other(log: RecoveryLog) -> None:
    log.append([{"added": 1}])
    with log.files()[0].open("ab") as file:
        file.write(b'\n{"added": 2, "wh')
    log.append([{"added": 3}])
    assert records(log) == [{"added": 1}, {"added": 3}]


def test_the_log_of_another_site_is_none(log: RecoveryLog) -> None:
    log.append([{"added": 1}])
    assert RecoveryLog(log.folder, lambda: "theirs").since() is None


def test_old_days_are_deleted_but_not_the_latest(log: RecoveryLog) -> None:
    log.append([{"added": 1}])
    for days in (3, 2, 1):
        log.files()[-1].replace(log.folder / f"{TODAY - timedelta(days=days)}.jsonl")
        log.append([{"added": days}])
    assert len(log.files()) == 4
    assert log.trim(TODAY - timedelta(days=1)) == 2
    assert log.trim(TODAY + timedelta(days=9)) == 1
    assert [path.stem for path in log.files()] == [str(TODAY)]


def test_a_later_day_is_complete_from_its_beginning(log: RecoveryLog) -> None:
    log.append([{"added": 1}])
    log.files()[0].replace(log.folder / f"{TODAY - timedelta(days=1)}.jsonl")
    log.append([{"added": 2}])
    log.trim(TODAY)
    since = log.since()
    assert since is not None
    assert (since.date(), since.hour, since.minute) == (TODAY, 0, 0)


def test_it_is_for_its_owner_only(log: RecoveryLog) -> None:
    log.append([{"added": 1}])
    assert log.folder.stat().st_mode & 0o777 == 0o700
    assert log.files()[0].stat().st_mode & 0o777 == 0o600


def test_nothing_is_committed_that_cannot_be_recorded(store: Store) -> None:
    store.subscribers.add(ADA, "", make_profile(), "cli", NOW)
    folder = store.recovery_log.folder
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.write_text("in the way", encoding="utf-8")
    with pytest.raises(StoreError, match="recovery"):
        store.subscribers.set_status(1, Status.PAUSED, NOW)
    subscriber = store.subscribers.find_by_id(1)
    assert subscriber is not None
    assert subscriber.status is Status.ACTIVE


def test_what_is_rolled_back_is_not_recorded(store: Store) -> None:
    with store.dry_run():
        store.subscribers.add(ADA, "", make_profile(), "cli", NOW)
    with store.transaction():
        store.suppressions.suppress(ADA, "asked", NOW)
        with store.dry_run():
            store.suppressions.suppress("bob@example.org", "called", NOW)
    found = [one for one in store.recovery_log.records(TODAY) if "site" not in one]
    assert [one.get("reason") for one in found] == ["asked"]


def test_it_holds_no_addresses(store: Store) -> None:
    store.subscribers.add(ADA, "Ada", make_profile(), "cli", NOW)
    store.suppressions.suppress(ADA, f"hard bounce: 550 <{ADA}> unknown", NOW)
    store.subscribers.change_address(1, "ada@example.net")
    store.subscribers.set_status(1, Status.UNSUBSCRIBED, NOW)
    subscriber = store.subscribers.find_by_id(1)
    assert subscriber is not None
    with store.transaction():
        store.subscribers.erase(subscriber)
    text = store.recovery_log.files()[0].read_text(encoding="utf-8")
    assert text.count("\n") >= 6
    assert "example" not in text
    assert "Ada" not in text


def test_a_copy_records_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path / "copy.db", is_copy=True) as copy:
        copy.suppressions.suppress(ADA, "asked", NOW)
        assert copy.recovery_log.files() == []


def test_what_changes_nothing_is_not_recorded(store: Store) -> None:
    store.subscribers.add(ADA, "", make_profile(), "cli", NOW)
    lines = [json.loads(line) for line in store.recovery_log.files()[0].read_bytes().splitlines() if line]
    assert {"added": 1} in lines
    assert not store.deliveries.depart(99, NOW, NOW, make_profile())
    store.deliveries.move(99, DeliveryStatus.FAILED, NOW)
    assert [json.loads(line) for line in store.recovery_log.files()[0].read_bytes().splitlines() if line] == lines
