"""After a restore nobody is mailed who unsubscribed, and nothing is mailed twice, whatever happened before it."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.errors import NewsletterError, RequestError
from newsletter.files.site import Site
from newsletter.models import DeliveryStatus, EditionState, Status
from newsletter.operations.backup import Backup, list_backups, make_backup, problems_of, read_backup
from newsletter.operations.restore import Restored, restore, restore_files
from newsletter.pipeline.deliver import deliver
from newsletter.pipeline.plan import Intent, plan
from newsletter.pipeline.transport import make_transport
from newsletter.rendering.environment import make_environment
from newsletter.store import Store, open_store
from newsletter.subscribers import privacy, subscriptions
from tests.factories import make_entry, make_profile, make_topic
from tests.store.test_pruning import depart
from tests.stores import place_new_store

#: The recovery log has the real time, so a history has to be near it.
BEGIN = datetime.now(UTC).replace(microsecond=0)
PEOPLE = ("ada", "bob", "cid", "dot", "eve")


def make_site(root: Path) -> Config:
    root.mkdir(parents=True, exist_ok=True)
    (root / "newsletter.toml").write_text("", encoding="utf-8")
    place_new_store(root / "newsletter.db")
    return load_config(Site(root), environ={})


def opened(config: Config) -> Store:
    return open_store(config.site.store)


def add(store: Store, *names: str) -> None:
    profile = make_profile(topics=(make_topic("Clouds", ("clouds",)),), hour=0, wait_hours=23)
    for name in names:
        store.subscribers.add(f"{name}@example.org", "", profile, "cli", BEGIN)


def pull(store: Store, number: int, now: datetime) -> None:
    """Pull all papers so far, as after a restore, too."""
    for one in range(number):
        entry = make_entry(
            title=f"On {'very ' * one}white clouds", arxiv_id=f"2605.{one:05}", abstract=f"Clouds, {one}."
        )
        store.papers.add(entry, now)


def mail(store: Store, now: datetime) -> list[tuple[str, str, str]]:
    """Send what is due, as `deliver` does, but without rendering it; return (address, edition, paper)."""
    found = []
    for intent in [one for one in plan(store, now) if isinstance(one, Intent)]:
        key, subscriber = intent.edition.key, intent.subscriber
        store.editions.put(intent.edition)
        number = store.editions.put_digest(intent.digest)
        store.deliveries.queue(key, subscriber.id, number, f"<{key}.{subscriber.id}.{now:%f}@example.org>", now)
    for delivery in store.deliveries.claim(now, after=0, limit=1000):
        if depart(store, delivery, now):
            store.deliveries.move(delivery.id, DeliveryStatus.SENT, now)
            to = store.subscribers.find_by_id(delivery.subscriber_id)
            assert to is not None
            papers = [item.paper.key for item in store.editions.get_digest(delivery.digest_id).items]
            found += [(to.email, delivery.edition_key, paper) for paper in papers]
    return found


def restored(config: Config, backup: Backup, **options: object) -> Restored:
    return restore(config, backup, tuple, datetime.now(UTC), **options)  # type: ignore[arg-type]


def statuses(store: Store) -> dict[str, Status]:
    return {one.email.partition("@")[0]: one.status for one in store.subscribers.all()}


def lose_database(config: Config) -> None:
    for path in config.site.root.glob("newsletter.db*"):
        path.unlink()


def damage_database(config: Config) -> None:
    for path in config.site.root.glob("newsletter.db-*"):
        path.unlink()
    with config.site.store.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 20_000)


def damage_digest(config: Config) -> None:
    db = sqlite3.connect(config.site.store)
    with db:
        db.execute("UPDATE digests SET content = x'05'")
    db.close()


def lose_nothing(config: Config) -> None:
    assert config.site.store.exists()


LOSSES: dict[str, Callable[[Config], None]] = {
    "the database is there, and its log": lose_nothing,
    "the database is there, and no log": lambda config: shutil.rmtree(config.site.root / "newsletter.recovery"),
    "the database is gone": lose_database,
    "the database is damaged": damage_database,
    "a digest is damaged": damage_digest,
}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return make_site(tmp_path / "site")


def backed_up(config: Config) -> Backup:
    with opened(config) as store:
        return make_backup(config, store, datetime.now(UTC))


@pytest.mark.parametrize("loss", LOSSES)
def test_what_happened_since_the_backup_is_not_forgotten(config: Config, loss: str) -> None:
    with opened(config) as store:
        add(store, *PEOPLE, "fay", "gus")
        pull(store, 3, BEGIN)
    backup = backed_up(config)
    with opened(config) as store:
        mailed = mail(store, BEGIN + timedelta(minutes=1))
        subscriptions.unsubscribe(store, "ada@example.org", BEGIN)
        privacy.erase(store, "bob@example.org", BEGIN)
        subscriptions.pause(store, "cid@example.org", BEGIN)
        subscriptions.suppress(store, "dot@example.org", "complaint: it said so", BEGIN)
        subscriptions.change_address(store, subscriptions.find(store, "eve@example.org"), "eve@example.net")
        add(store, "new")
        subscriptions.unsubscribe(store, "new@example.org", BEGIN)
        subscriptions.suppress(store, "stranger@example.org", "asked", BEGIN)
        subscriptions.unsubscribe(store, "fay@example.org", BEGIN)
        subscriptions.resume(store, "fay@example.org", BEGIN, resubscribe=True)
        last = store.subscribers.last_id()
        ids = {one.subscriber_id: one.id for one in (store.deliveries.find(mailed[0][1], key) for key in (1, 7)) if one}
    LOSSES[loss](config)

    report = restored(config, backup)

    assert report.is_complete
    assert (report.recovered.erased, report.recovered.moved, report.recovered.lost) == (1, 1, 1)
    with opened(config) as store:
        assert store.problems() == []
        assert statuses(store) == {
            "ada": Status.UNSUBSCRIBED, "cid": Status.PAUSED, "dot": Status.ACTIVE, "eve": Status.PAUSED,
            "fay": Status.ACTIVE, "gus": Status.ACTIVE,
        }  # fmt: skip
        for name in ("ada", "dot", "new", "stranger"):
            assert store.suppressions.why_suppressed(f"{name}@example.org") is not None
        assert store.suppressions.why_suppressed("fay@example.org") is None
        assert store.subscribers.last_id() == last  # links in emails name ids: none is given again
        assert {key: store.deliveries.find(mailed[0][1], key).id for key in ids} == ids  # type: ignore[union-attr]
        pull(store, 3, BEGIN + timedelta(minutes=5))
        assert mail(store, BEGIN + timedelta(minutes=5)) == []
        assert mail(store, BEGIN + timedelta(days=1)) == []
        assert {to for to, _, _ in mailed} == {f"{name}@example.org" for name in (*PEOPLE, "fay", "gus")}


@pytest.mark.parametrize("loss", ["the database is there, and no log", "the database is gone"])
def test_papers_that_came_after_the_backup_are_mailed_once(config: Config, loss: str) -> None:
    with opened(config) as store:
        add(store, "ada")
    backup = backed_up(config)
    with opened(config) as store:
        pull(store, 2, BEGIN)
        first = mail(store, BEGIN + timedelta(minutes=1))
        assert len(first) == 2
        papers = {number: store.papers.find(f"arxiv:2605.{number:05}") for number in range(2)}
        editions = store.archive.editions_of(1)
    LOSSES[loss](config)
    assert restored(config, backup).recovered.mailed == 1
    with opened(config) as store:
        assert {number: store.papers.find(f"arxiv:2605.{number:05}") for number in range(2)} == papers
        assert editions == [first[0][1]]
        pull(store, 3, BEGIN + timedelta(hours=1))
        second = mail(store, BEGIN + timedelta(days=1))
        assert [paper for _, _, paper in second] == ["arxiv:2605.00002"]
        assert len(store.archive.with_words("white clouds")) == 3


def test_an_edition_that_was_cancelled_is_not_mailed(config: Config) -> None:
    with opened(config) as store:
        add(store, "ada")
        pull(store, 2, BEGIN)
        intent = next(one for one in plan(store, BEGIN) if isinstance(one, Intent))
        store.editions.put(intent.edition)
        number = store.editions.put_digest(intent.digest)
        store.deliveries.queue(intent.edition.key, intent.subscriber.id, number, "<1@example.org>", BEGIN)
    backup = backed_up(config)
    with opened(config) as store:
        store.editions.set_state(intent.edition.key, EditionState.CANCELLED)
    lose_database(config)
    assert restored(config, backup).recovered.cancelled == 1
    with opened(config) as store:
        assert mail(store, BEGIN) == []


def test_without_a_log_it_asks_and_holds_what_may_have_been_mailed(config: Config) -> None:
    with opened(config) as store:
        add(store, "ada", "bob")
        pull(store, 2, BEGIN)
    backup = backed_up(config)
    lose_database(config)
    shutil.rmtree(config.site.root / "newsletter.recovery")
    with pytest.raises(RequestError, match="it is not known who unsubscribed") as caught:
        restored(config, backup)
    assert "--hold" in str(caught.value)
    assert not config.site.store.exists()

    report = restored(config, backup, hold=True, unsubscribed=["bob@example.org"])

    assert (report.is_complete, report.held, report.unsubscribed) == (False, 2, 1)
    with opened(config) as store:
        assert statuses(store) == {"ada": Status.ACTIVE, "bob": Status.UNSUBSCRIBED}
        assert mail(store, datetime.now(UTC)) == []


def test_a_log_that_begins_after_the_backup_is_not_enough(config: Config) -> None:
    with opened(config) as store:
        add(store, "ada")
    backup = backed_up(config)
    lose_database(config)
    shutil.rmtree(config.site.root / "newsletter.recovery")
    place_new_store(config.site.store)
    with opened(config) as store:
        add(store, "zoe")
    lose_database(config)
    with pytest.raises(RequestError, match="neither the present database nor its recovery log"):  # it is another site's
        restored(config, backup)


def test_a_site_that_was_set_back_does_not_know_what_came_after_a_later_backup(config: Config, tmp_path: Path) -> None:
    with opened(config) as store:
        add(store, "ada")
    shutil.copytree(config.site.root, tmp_path / "snapshot")
    backup = backed_up(config)
    snapshot = load_config(Site(tmp_path / "snapshot"), environ={})
    with pytest.raises(RequestError, match="it is not known who unsubscribed"):
        restored(snapshot, backup)
    assert not restored(snapshot, backup, hold=True).is_complete
    assert restored(config, backup).is_complete


def test_the_backup_of_another_site_is_refused(config: Config, tmp_path: Path) -> None:
    other = make_site(tmp_path / "other")
    backup = backed_up(other)
    with opened(config) as store:
        add(store, "ada")
    with pytest.raises(RequestError, match="a backup of another site"):
        restored(config, backup)
    with opened(config) as store:
        assert statuses(store) == {"ada": Status.ACTIVE}


def test_the_copy_from_before_an_upgrade_can_be_restored(config: Config) -> None:
    """It has no key of suppressed addresses yet, if nobody was ever suppressed."""
    with opened(config) as store:
        add(store, "ada", "bob")
    backup = backed_up(config)
    db = sqlite3.connect(backup.database)
    db.execute("DELETE FROM suppression_keys")
    db.commit()
    db.close()
    (backup.path / "backup.json").unlink()
    with opened(config) as store:
        subscriptions.unsubscribe(store, "ada@example.org", datetime.now(UTC))
    assert restored(config, read_backup(backup.path)).is_complete
    with opened(config) as store:
        assert statuses(store) == {"ada": Status.UNSUBSCRIBED, "bob": Status.ACTIVE}
        assert store.suppressions.why_suppressed("ada@example.org") == "unsubscribed"


def test_a_damaged_backup_is_refused(config: Config) -> None:
    backup = backed_up(config)
    with backup.database.open("r+b") as file:
        file.seek(20_000)
        file.write(b"\xff" * 20_000)
    with pytest.raises(RequestError, match="the backup is damaged"):
        restored(config, backup)


def test_nothing_is_sent_until_an_interrupted_restore_is_completed(config: Config) -> None:
    backup = backed_up(config)
    config.site.restoring.write_text(str(backup.path), encoding="utf-8")
    with opened(config) as store, pytest.raises(NewsletterError, match="the restore of a backup was interrupted"):
        deliver(store, make_transport(config), config, make_environment(), lambda: BEGIN)
    restored(config, backup)
    with opened(config) as store:
        assert deliver(store, make_transport(config), config, make_environment(), lambda: BEGIN).is_clean


def test_files_are_restored_if_they_are_missing_or_if_asked_for(config: Config) -> None:
    site = config.site.root
    (site / "notes").mkdir()
    (site / "notes" / "2026-05-08.md").write_text("Hello", encoding="utf-8")
    backup = backed_up(config)
    (site / "newsletter.toml").write_text("# new\n", encoding="utf-8")
    (site / "notes" / "2026-05-08.md").unlink()
    assert restore_files(site, backup, overwrite=False) == ["notes/2026-05-08.md"]
    assert (site / "newsletter.toml").read_text(encoding="utf-8") == "# new\n"
    assert sorted(restore_files(site, backup, overwrite=True)) == ["newsletter.toml", "notes/2026-05-08.md"]
    assert (site / "newsletter.toml").read_text(encoding="utf-8") == ""
    assert (site / "newsletter.toml").stat().st_mode & 0o777 == 0o600


# -- any history ------------------------------------------------------------------------------------------


@dataclass
class History:
    """A site and what must not happen to it."""

    config: Config
    now: datetime = BEGIN
    papers: int = 2
    away: set[str] = field(default_factory=set)
    mailed: list[tuple[str, str, str]] = field(default_factory=list)
    added: int = 0

    def do(self, what: str, who: str) -> None:
        self.now += timedelta(minutes=1)
        email = f"{who}@example.org"
        with opened(self.config) as store:
            subscriber = store.subscribers.find(email)
            match what:
                case "pull":
                    self.papers += 1
                    pull(store, self.papers, self.now)
                case "send":
                    self.mailed += mail(store, self.now)
                case "day":
                    self.now += timedelta(hours=23)
                case "add":
                    self.added += 1
                    add(store, f"new{self.added}")
                case "suppress":
                    subscriptions.suppress(store, email, "asked", self.now)
                    self.away.add(email)
                case "unsubscribe" if subscriber:
                    subscriptions.unsubscribe(store, email, self.now)
                    self.away.add(email)
                case "pause" if subscriber and subscriber.status is Status.ACTIVE:
                    subscriptions.pause(store, email, self.now)
                    self.away.add(email)
                case "resume" if subscriber:
                    subscriptions.resume(store, email, self.now, resubscribe=True)
                    self.away.discard(email)
                case "erase" if subscriber:
                    privacy.erase(store, email, self.now)
                    self.away.add(email)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(("pull", "send", "send", "day", "add", "suppress", "unsubscribe", "pause", "resume", "erase")),
        st.sampled_from(PEOPLE),
    ),
    max_size=10,
)
numbers = itertools.count()
CHANCE = random.Random(5)  # noqa: S311 - the points at which processes are killed


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=EVENTS, after=EVENTS, loss=st.sampled_from(sorted(LOSSES)), later=EVENTS)
def test_nobody_who_unsubscribed_is_mailed_and_nothing_is_mailed_twice(
    tmp_path: Path, before: list[tuple[str, str]], after: list[tuple[str, str]], loss: str, later: list[tuple[str, str]]
) -> None:
    history = History(make_site(tmp_path / str(next(numbers))))
    with opened(history.config) as store:
        add(store, *PEOPLE)
        pull(store, history.papers, BEGIN)
    for event in before:
        history.do(*event)
    backup = backed_up(history.config)
    for event in after:
        history.do(*event)
    LOSSES[loss](history.config)
    assert restored(history.config, backup).is_complete
    with opened(history.config) as store:
        assert store.problems() == []
        active = {one.email for one in store.subscribers.all() if one.status is Status.ACTIVE}
        assert {one for one in active & history.away if store.suppressions.why_suppressed(one) is None} == set()
    allowed = len(history.mailed)
    for event in (("pull", "ada"), ("send", "ada"), ("day", "ada"), ("send", "ada")):
        history.do(*event)
    assert {to for to, _, _ in history.mailed[allowed:]} & history.away == set()
    for event in later:
        history.do(*event)
    assert len(set(history.mailed)) == len(history.mailed)
    assert len({(to, paper) for to, _, paper in history.mailed}) == len(history.mailed)


# -- killed -----------------------------------------------------------------------------------------------

#: What a process does to files and databases, as Python's audit hooks call it.
TOUCHES = {"open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "sqlite3.connect", "shutil.rmtree"}


def killed(work: Callable[[], object], root: Path, at: int) -> int:
    """Do something in a process that is killed as it touches the site for the `at`-th time; return how often it did."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        count = 0

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal count
            if event in TOUCHES and arguments and str(root) in str(arguments[0]):
                count += 1
                if count == at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        work()
        os.write(writing, str(count).encode())
        os._exit(0)
    _, status = os.waitpid(process, 0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    assert status == (0 if text else signal.SIGKILL), status
    return int(text or -signal.SIGKILL)


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_restore_that_is_killed_leaves_a_site_that_sends_nothing_wrong(tmp_path: Path, *, is_lost: bool) -> None:
    original = make_site(tmp_path / "original")
    with opened(original) as store:
        add(store, "ada", "bob")
        pull(store, 2, BEGIN)
    backed_up(original)
    with opened(original) as store:
        subscriptions.unsubscribe(store, "ada@example.org", BEGIN)
        mail(store, BEGIN)
    if is_lost:
        lose_database(original)

    def copy(name: str) -> Config:
        shutil.copytree(original.site.root, tmp_path / name)
        return load_config(Site(tmp_path / name), environ={})

    total = restoring_killed(copy("undisturbed"), 0)
    assert total > 10
    for at in sorted(CHANCE.sample(range(1, total + 1), 5)):
        config = copy(f"killed-{at}")
        assert restoring_killed(config, at) == -signal.SIGKILL
        sound = config.site.store.exists() and not config.site.restoring.exists()
        if sound:  # as before, or complete
            with opened(config) as store:
                assert store.problems() == []
                assert statuses(store)["ada"] is Status.UNSUBSCRIBED
                assert mail(store, BEGIN) == []
        restored(config, list_backups(config.backup.folder)[0])
        with opened(config) as store:
            assert statuses(store)["ada"] is Status.UNSUBSCRIBED
            assert mail(store, BEGIN) == []
        left = {path.name for path in config.site.root.iterdir()}
        assert not left & {"newsletter.restoring", "newsletter.restoring.db"}


def restoring_killed(config: Config, at: int) -> int:
    backup = list_backups(config.backup.folder)[0]
    return killed(lambda: restored(config, backup), config.site.root, at)


def test_a_backup_that_is_killed_leaves_none(tmp_path: Path) -> None:
    config = make_site(tmp_path / "site")
    with opened(config) as store:
        add(store, "ada")
    backed_up(config)
    total = killed(lambda: backed_up(config), config.site.root, 0)
    for at in sorted(CHANCE.sample(range(2, total + 1), 3)):
        assert killed(lambda: backed_up(config), config.site.root, at) == -signal.SIGKILL
        assert [problems_of(one) for one in list_backups(config.backup.folder)][:2] == [[], []]
    backed_up(config)
    assert [path.name for path in (config.site.root / "backups").iterdir() if path.name.startswith(".")] == []
    assert os.access(config.site.store, os.R_OK)
