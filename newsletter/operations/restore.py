"""Restore a backup, so that nobody is mailed who unsubscribed since then, and nothing is mailed twice.

The restored database is made beside the present one: copied, migrated, and brought up to date with what the present
database (if it can be read) and the recovery log know since the backup. Only then it takes the other's place, in one
transaction; what came in meanwhile is replayed from the log. Until that is done, the site sends nothing.

Killed before the exchange, the site is as it was; after it, `newsletter restore` has to be run again before it sends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from filelock import FileLock, Timeout

from newsletter.config.model import Config
from newsletter.errors import NewsletterError, RequestError, StoreDamaged, StoreError
from newsletter.files.private_files import make_private_folder, replace_private, touch_private, write_private
from newsletter.models import Cadence, Digest, Edition, Status, Subscriber
from newsletter.models.addresses import parse_address
from newsletter.operations.backup import BACKUP_AT, Backup, problems_of
from newsletter.pipeline.messages import make_message_id
from newsletter.pipeline.plan import DamagedSubscriber, Intent, plan
from newsletter.store import Store, open_copy, open_store
from newsletter.store.copies import BEFORE_RESTORE, keep_copy
from newsletter.store.recovery import Recovered, collect
from newsletter.store.recovery_log import Record, RecoveryLog, folder_of
from newsletter.store.sqlite import SQLiteDatabase
from newsletter.store.suppressions import UNSUBSCRIBED

#: Of what was recorded shortly before a backup, too, nothing is missed: clocks may differ.
_MARGIN = timedelta(days=1)
_IN_DOUBT = "restored without a recovery log: it may have been mailed after the backup"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    backup: Path
    #: When the backup was made, as far as that is known.
    made_at: datetime
    #: Whether all that happened since then is known.
    is_complete: bool
    recovered: Recovered
    #: Messages that are held for the operator to decide: they may have been mailed after the backup.
    held: int = 0
    #: Addresses that the operator knew to have unsubscribed.
    unsubscribed: int = 0
    #: Where the database is that was replaced.
    former: Path | None = None
    #: Files of the site that were restored as well.
    files: tuple[str, ...] = ()


def restore(
    config: Config,
    backup: Backup,
    outside_keys: Callable[[], Sequence[bytes]],
    now: datetime,
    *,
    hold: bool = False,
    unsubscribed: Iterable[str] = (),
) -> Restored:
    """Replace the site's database by that of a backup, and let it know what happened since.

    Args:
        hold: Where it is not known what was mailed since the backup: hold every edition that is due.
        unsubscribed: Addresses that are known to have unsubscribed since, to suppress them.

    Raises:
        RequestError: The backup is damaged, of another site, or what happened since is not known, and `hold` is False.
        StoreError: The database cannot be written.
    """
    if problems := problems_of(backup):
        raise RequestError(f"{backup.path}: the backup is damaged: {problems[0]}", hint="use another one")
    emails = [parse_address(one, allow_local=True) for one in unsubscribed]
    with _lock(config.site.lock):
        draft = config.store_file().with_name("newsletter.restoring.db")
        _delete(draft)
        try:
            touch_private(draft)
            with open_copy(backup.database) as source:
                source.copy_to(draft, counted=())
            with open_store(draft, outside_keys, is_copy=True) as store:
                report = _prepare(config, backup, store, now, hold=hold)
                report = _suppress(store, report, emails, now)
                if problems := store.problems():
                    raise RequestError(f"{backup.path}: what was restored is damaged: {problems[0]}")
                store.empty_log()
            return _exchange(config, draft, report, outside_keys, now)
        except OSError as error:
            hint = "check permissions and disk space"
            raise RequestError(f"{draft}: {error.strerror or error}", hint=hint) from error
        finally:
            _delete(draft)


def _prepare(config: Config, backup: Backup, store: Store, now: datetime, *, hold: bool) -> Restored:
    """Bring the restored store up to date with what the present one and the recovery log know."""
    made_at = backup.made_at or store.latest_moment()
    records, knows = _changes(config, backup, store, made_at)
    recorded, log_knows = _recorded(config, backup, store, made_at)
    is_complete = knows or log_knows
    if not is_complete and not hold:
        raise RequestError(
            f"{backup.path}: it is not known who unsubscribed and what was mailed since {made_at:%Y-%m-%d %H:%M} UTC: "
            "neither the present database nor its recovery log reaches back to this backup",
            hint="--hold keeps back what may have been mailed, --unsubscribed FILE names who unsubscribed",
        )
    records += recorded
    recovered = store.replay.apply(collect(records), _message_ids(config, store), now)
    held = 0 if is_complete else _hold(config, store, now)
    return Restored(backup.path, made_at, is_complete, recovered, held)


def _changes(config: Config, backup: Backup, store: Store, made_at: datetime) -> tuple[list[Record], bool]:
    """Return what the present database knows since the backup, and whether that is all.

    It is not if it is an older one, or has a row that cannot be read.

    Raises:
        RequestError: It is another site's.
    """
    present = _present(config)
    if present is None:
        return [], False
    with present:
        store.adopt_identity(present)
        if present.identity() != store.identity():
            hint = "move newsletter.db away, if this is what you want"
            raise RequestError(f"{backup.path}: a backup of another site than {config.site.root}", hint=hint)
        records = list[Record]()
        try:
            for record in present.changes_since(made_at - _MARGIN, store.subscribers.ids()):
                records.append(record)
        except StoreDamaged:  # what came before it happened all the same
            return records, False
        if backup.made_at is None:
            return records, present.latest_moment() >= made_at
        return records, (present.fact(BACKUP_AT) or "") >= made_at.isoformat()


def _recorded(config: Config, backup: Backup, store: Store, made_at: datetime) -> tuple[list[Record], bool]:
    """Return what the recovery log knows since the backup, and whether that is all: it has to know the backup."""
    log = _log_of(config, store)
    since = log.since()
    if since is None:
        return [], False
    records = [*log.records((made_at - _MARGIN).date())]
    if backup.made_at is None:
        return records, since <= made_at
    return records, any(record.get("backup") == made_at.isoformat() for record in records)


def _present(config: Config) -> Store | None:
    """Open the present store, if all of it can be read."""
    if not config.site.store.exists():
        return None
    try:
        store = open_store(config.site.store)
    except StoreError:
        return None
    if store.problems():
        store.close()
        return None
    return store


def _log_of(config: Config, store: Store) -> RecoveryLog:
    return RecoveryLog(folder_of(config.site.store), store.identity)


def _message_ids(config: Config, store: Store) -> Callable[[str, int], str]:
    secret = store.secret()
    return lambda edition, subscriber: make_message_id(secret, edition, subscriber, config.sender)


def _hold(config: Config, store: Store, now: datetime) -> int:
    """Hold what is due now and what waits in the ledger: it may have been mailed, and an operator has to decide.

    All others are sent nothing today (theirs), since they may have been: the restored store only lacks the papers.
    """
    skipped = 0
    with store.transaction():
        message_id_of = _message_ids(config, store)
        for one in [*plan(store, now, weights=config.weights)]:
            if isinstance(one, DamagedSubscriber) or one.subscriber.status is not Status.ACTIVE:
                continue
            digest = one.digest if isinstance(one, Intent) else _placeholder(one.subscriber, now)
            key, subscriber = digest.edition.key, one.subscriber.id
            if store.deliveries.find(key, subscriber) is not None:
                continue
            store.editions.put(digest.edition)
            number = store.editions.put_digest(digest)
            store.deliveries.queue(key, subscriber, number, message_id_of(key, subscriber), now)
            delivery = store.deliveries.find(key, subscriber)
            if delivery is not None and not digest.items:
                store.deliveries.skip_as_left(delivery.id, now, _IN_DOUBT)
                skipped += 1
        return store.deliveries.hold_open(now, _IN_DOUBT) + skipped


def _placeholder(subscriber: Subscriber, now: datetime) -> Digest:
    """Return an empty digest in place of the one that a subscriber may have been mailed today."""
    day = now.astimezone(ZoneInfo(subscriber.profile.time_zone)).date()
    edition = Edition(key=f"restored-{day}", cadence=Cadence.DAILY, day=day, since=now, created_at=now)
    return Digest(edition=edition, sections=(), considered=0)


def _suppress(store: Store, report: Restored, emails: Sequence[str], now: datetime) -> Restored:
    """Suppress the addresses that unsubscribed, as the operator says."""
    added = 0
    with store.transaction():
        for email in emails:
            added += store.suppressions.why_suppressed(email) is None
            store.suppressions.suppress(email, UNSUBSCRIBED, now)
            subscriber = store.subscribers.find(email)
            if subscriber is not None and subscriber.status is not Status.UNSUBSCRIBED:
                store.subscribers.set_status(subscriber.id, Status.UNSUBSCRIBED, now)
    return replace(report, unsubscribed=added)


def _exchange(
    config: Config, draft: Path, report: Restored, outside_keys: Callable[[], Sequence[bytes]], now: datetime
) -> Restored:
    """Let the restored database take the place of the present one, and replay what came in meanwhile."""
    site = config.site
    write_private(site.restoring, str(report.backup).encode())
    former = _replace(site.store, draft)
    with open_store(site.store, outside_keys, is_copy=True) as store:
        records = _log_of(config, store).records((report.made_at - _MARGIN).date())
        store.replay.apply(collect(records), _message_ids(config, store), now)
        store.empty_log()
    with open_store(site.store, outside_keys) as store:
        store.record(restored=now.isoformat())
    site.restoring.unlink()
    return replace(report, former=former)


def _replace(path: Path, draft: Path) -> Path | None:
    """Replace the content of a database, of which a copy is kept, or the whole file if it cannot be read."""
    db, new = None, SQLiteDatabase(draft)
    try:
        try:
            db = SQLiteDatabase(path) if path.exists() else None
            sound = db is not None and path.stat().st_size > 0 and not db.problems()
            copy = keep_copy(db, BEFORE_RESTORE) if db is not None and sound else None
        except StoreError:
            sound, copy = False, None
        if db is not None and sound:
            if new.page_size() != db.page_size():
                new.change_page_size(db.page_size())
            db.replace_by(new)  # the processes that have it open see the new content
            return copy
    finally:
        new.close()
        if db is not None:
            db.close()
    former = path.with_name(f"{path.name}.damaged")
    for ending in ("-wal", "-shm", "-journal"):  # SQLite would apply them to the new file
        with suppress(FileNotFoundError):
            Path(f"{path}{ending}").replace(f"{former}{ending}")
    with suppress(FileNotFoundError):
        former.unlink()
    with suppress(FileNotFoundError):
        os.link(path, former)
    draft.replace(path)
    return former if former.exists() else None


def restore_files(site: Path, backup: Backup, *, overwrite: bool) -> list[str]:
    """Restore the settings, profiles, templates and notes of a backup; those that exist stay, unless `overwrite`.

    Raises:
        RequestError: One cannot be written.
    """
    written = []
    for name in backup.files:
        target = site / name
        if name == backup.database.name or not target.resolve().is_relative_to(site.resolve()):
            continue
        if overwrite or not target.exists():
            try:
                make_private_folder(target.parent)
                replace_private(target, (backup.path / name).read_bytes())
            except OSError as error:
                raise RequestError(f"{target}: {error.strerror or error}", hint="check permissions") from error
            written.append(name)
    return written


def delete_files(site: Path, names: Sequence[str]) -> None:
    """Delete what `restore_files` wrote into a site that is not restored after all, and folders that are empty then.

    Settings without their database would let the next command begin an empty site.
    """
    for name in names:
        (site / name).unlink(missing_ok=True)
    folders = {folder for name in names for folder in (site / name).parents if folder.is_relative_to(site)}
    for folder in sorted(folders, reverse=True):
        with suppress(OSError):  # it is not empty
            folder.rmdir()


@contextmanager
def _lock(lock: Path) -> Iterator[None]:
    """Keep the site from sending, which takes the same lock."""
    try:
        with FileLock(lock, timeout=0, mode=0o600):
            yield
    except Timeout:
        hint = "wait until it is done, or stop it"
        raise NewsletterError(f"another newsletter process is sending for this site ({lock.name})", hint=hint) from None


def _delete(draft: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        Path(f"{draft}{ending}").unlink(missing_ok=True)
