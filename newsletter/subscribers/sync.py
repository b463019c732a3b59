"""Profiles in files → the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from newsletter.errors import ProfileError, StoreError
from newsletter.models import Refusal, Status
from newsletter.store import Store
from newsletter.subscribers.profiles import ProfileFile, read_profile
from newsletter.subscribers.subscriptions import FILE, catalogue


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What loading the profiles' files did."""

    #: (file, address, "added" | "changed" | "same" | "unsubscribed" | "enabled" | "disabled")
    changes: tuple[tuple[str, str, str], ...]
    refusals: tuple[Refusal, ...]


def sync(store: Store, folder: Path, now: datetime, *, dry_run: bool = False) -> SyncReport:
    """Load every profile in `folder` into the store, and disable those whose file is gone.

    A bad file is refused, and changes nothing for its reader; the others go in.

    Raises:
        StoreError: There is no such folder.
    """
    if not folder.is_dir():
        raise StoreError(f"{folder}: no such folder", hint="put one profile per person there, as NAME.toml")
    with store.transaction():
        preferences, refusals = _read_folder(folder, store)
        changes = [_settle(store, profile_file, now, dry_run=dry_run) for profile_file in preferences]
        present = {f"{FILE}{file.stem}" for file in folder.glob("*.toml")}
        settled = {profile_file.email.casefold() for profile_file in preferences}
        for orphan in store.subscribers.all():
            if orphan.email.casefold() in settled:
                continue
            gone = orphan.origin.startswith(FILE) and orphan.origin not in present
            moved = orphan.origin in {f"{FILE}{profile_file.slug}" for profile_file in preferences}
            if (gone or moved) and orphan.status is Status.ACTIVE:
                changes.append((orphan.origin.removeprefix(FILE), orphan.email, "disabled"))
                if not dry_run:
                    store.subscribers.set_status(orphan.id, Status.DISABLED, now)
    return SyncReport(tuple(changes), tuple(refusals))


def _read_folder(folder: Path, store: Store) -> tuple[list[ProfileFile], list[Refusal]]:
    topics = catalogue(store)
    preferences: dict[str, ProfileFile] = {}
    refusals: list[Refusal] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            profile_file = read_profile(path, topics)
        except ProfileError as error:
            refusals.append(Refusal(str(path), str(error).removeprefix(f"{path}: ")))
            continue
        twin = preferences.setdefault(profile_file.email.casefold(), profile_file)
        if twin is not profile_file:
            refusals.append(Refusal(str(path), f"email: {profile_file.email} is in {twin.slug}.toml already"))
    return list(preferences.values()), refusals


def _settle(store: Store, profile_file: ProfileFile, now: datetime, *, dry_run: bool) -> tuple[str, str, str]:
    """Bring the store in line with one file; return what that took."""
    origin = f"{FILE}{profile_file.slug}"
    known = store.subscribers.find(profile_file.email)
    if known is None and store.subscribers.why_suppressed(profile_file.email) is not None:
        outcome = "unsubscribed"
    elif known is None:
        outcome = "added"
        if not dry_run:
            store.subscribers.add(profile_file.email, profile_file.name, profile_file.profile, origin, now)
    elif known.status is Status.UNSUBSCRIBED:
        outcome = "unsubscribed"
    elif (known.name, known.profile, known.origin) == (profile_file.name, profile_file.profile, origin):
        outcome = "same"
    else:
        outcome = "changed"
        if not dry_run:
            store.subscribers.update_profile(known.id, profile_file.name, profile_file.profile, origin)
    if known is not None and known.status is Status.DISABLED:
        outcome = "enabled"
        if not dry_run:
            store.subscribers.set_status(known.id, Status.ACTIVE, now)
    return profile_file.slug, profile_file.email, outcome
