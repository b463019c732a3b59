"""Sync the profiles in subscribers/*.toml to the store: the files describe the desired state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from newsletter.errors import ProfileError, RequestError
from newsletter.models import Refusal, Status
from newsletter.models.addresses import email_key
from newsletter.store import Store
from newsletter.subscribers.profiles import ProfileFile, read_profile
from newsletter.subscribers.subscriptions import FILE, catalogue


class SyncOutcome(StrEnum):
    """What a sync did to the subscriber of a file."""

    ADDED = "added"
    CHANGED = "changed"
    SAME = "same"
    #: Nothing, since the subscriber unsubscribed or the address is suppressed.
    UNSUBSCRIBED = "unsubscribed"
    #: The file is back.
    ENABLED = "enabled"
    #: The file is gone, or has another address now.
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did, or would do."""

    #: (name of the file without its suffix, address, outcome)
    changes: tuple[tuple[str, str, SyncOutcome], ...]
    refusals: tuple[Refusal, ...]
    #: The shipped examples in the folder: never subscribers.
    examples: tuple[str, ...] = ()


def sync(store: Store, folder: Path, now: datetime, *, dry_run: bool = False) -> SyncReport:
    """Add or change the subscribers of all files in `folder`, and disable those whose file is gone.

    An invalid file is reported and changes nothing; the others are synced. The shipped examples, example*.toml, are
    never subscribers.

    Raises:
        RequestError: There is no such folder.
    """
    if not folder.is_dir():
        raise RequestError(f"{folder}: no such folder", hint="put one profile per person there, as NAME.toml")
    with store.transaction():
        files, refusals = _read_folder(folder, store)
        changes = [_sync_file(store, file, now, dry_run=dry_run) for file in files]
        changes += _disable_orphans(store, folder, files, now, dry_run=dry_run)
    examples = tuple(path.name for path in sorted(folder.glob("*.toml")) if _is_example(path))
    return SyncReport(tuple(changes), tuple(refusals), examples)


def _is_example(path: Path) -> bool:
    return path.name.casefold().startswith("example")


def _profile_paths(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.toml")) if not _is_example(path)]


def _read_folder(folder: Path, store: Store) -> tuple[list[ProfileFile], list[Refusal]]:
    topics = catalogue(store)
    files: dict[str, ProfileFile] = {}
    refusals: list[Refusal] = []
    for path in _profile_paths(folder):
        try:
            file = read_profile(path, topics)
        except ProfileError as error:
            refusals.append(Refusal(str(path), str(error).removeprefix(f"{path}: ")))
            continue
        first = files.setdefault(email_key(file.email), file)
        if first is not file:
            refusals.append(Refusal(str(path), f"email: duplicate of {first.slug}.toml: {file.email}"))
    return list(files.values()), refusals


def _sync_file(store: Store, file: ProfileFile, now: datetime, *, dry_run: bool) -> tuple[str, str, SyncOutcome]:
    """Bring the store in line with one file."""
    origin = f"{FILE}{file.slug}"
    subscriber = store.subscribers.find(file.email)
    if subscriber is None and store.suppressions.why_suppressed(file.email) is not None:
        outcome = SyncOutcome.UNSUBSCRIBED
    elif subscriber is None:
        outcome = SyncOutcome.ADDED
        if not dry_run:
            store.subscribers.add(file.email, file.name, file.profile, origin, now)
    elif subscriber.status is Status.UNSUBSCRIBED:
        outcome = SyncOutcome.UNSUBSCRIBED
    elif (subscriber.name, subscriber.profile, subscriber.origin) == (file.name, file.profile, origin):
        outcome = SyncOutcome.SAME
    else:
        outcome = SyncOutcome.CHANGED
        if not dry_run:
            store.subscribers.update_profile(subscriber.id, file.name, file.profile, origin, now)
    if subscriber is not None and subscriber.status is Status.DISABLED:
        outcome = SyncOutcome.ENABLED
        if not dry_run:
            store.subscribers.set_status(subscriber.id, Status.ACTIVE, now)
    return file.slug, file.email, outcome


def _disable_orphans(
    store: Store, folder: Path, files: list[ProfileFile], now: datetime, *, dry_run: bool
) -> Iterator[tuple[str, str, SyncOutcome]]:
    """Disable the active subscribers whose file is gone or has another address now."""
    present = {f"{FILE}{path.stem}" for path in _profile_paths(folder)}
    synced = {email_key(file.email) for file in files}
    for subscriber in store.subscribers.all():
        if email_key(subscriber.email) in synced or subscriber.status is not Status.ACTIVE:
            continue
        is_gone = subscriber.origin.startswith(FILE) and subscriber.origin not in present
        has_new_address = subscriber.origin in {f"{FILE}{file.slug}" for file in files}
        if is_gone or has_new_address:
            if not dry_run:
                store.subscribers.set_status(subscriber.id, Status.DISABLED, now)
            yield subscriber.origin.removeprefix(FILE), subscriber.email, SyncOutcome.DISABLED
