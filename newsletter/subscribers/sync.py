"""Profiles in files → the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from newsletter.errors import ProfileError, StoreError
from newsletter.models import Refusal, Status
from newsletter.store import Store
from newsletter.subscribers.profiles import Wish, read_profile
from newsletter.subscribers.subscriptions import FILE, catalogue


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What loading the profiles' files did."""

    #: (file, address, "added" | "changed" | "same" | "left" | "enabled" | "disabled")
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
        wishes, refusals = _read_folder(folder, store)
        changes = [_settle(store, wish, now, dry_run=dry_run) for wish in wishes]
        present = {f"{FILE}{file.stem}" for file in folder.glob("*.toml")}
        settled = {wish.email.casefold() for wish in wishes}
        for orphan in store.subscribers.all():
            if orphan.email.casefold() in settled:
                continue
            gone = orphan.origin.startswith(FILE) and orphan.origin not in present
            moved = orphan.origin in {f"{FILE}{wish.slug}" for wish in wishes}
            if (gone or moved) and orphan.status is Status.ACTIVE:
                changes.append((orphan.origin.removeprefix(FILE), orphan.email, "disabled"))
                if not dry_run:
                    store.subscribers.set_status(orphan.id, Status.DISABLED, now)
    return SyncReport(tuple(changes), tuple(refusals))


def _read_folder(folder: Path, store: Store) -> tuple[list[Wish], list[Refusal]]:
    topics = catalogue(store)
    wishes: dict[str, Wish] = {}
    refusals: list[Refusal] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            wish = read_profile(path, topics)
        except ProfileError as error:
            refusals.append(Refusal(str(path), str(error).removeprefix(f"{path}: ")))
            continue
        twin = wishes.setdefault(wish.email.casefold(), wish)
        if twin is not wish:
            refusals.append(Refusal(str(path), f"email: {wish.email} is in {twin.slug}.toml already"))
    return list(wishes.values()), refusals


def _settle(store: Store, wish: Wish, now: datetime, *, dry_run: bool) -> tuple[str, str, str]:
    """Bring the store in line with one file; return what that took."""
    origin = f"{FILE}{wish.slug}"
    known = store.subscribers.find(wish.email)
    if known is None and store.subscribers.why_suppressed(wish.email) is not None:
        outcome = "left"
    elif known is None:
        outcome = "added"
        if not dry_run:
            store.subscribers.add(wish.email, wish.name, wish.profile, origin, now)
    elif known.status is Status.LEFT:
        outcome = "left"
    elif (known.name, known.profile, known.origin) == (wish.name, wish.profile, origin):
        outcome = "same"
    else:
        outcome = "changed"
        if not dry_run:
            store.subscribers.change(known.id, wish.name, wish.profile, origin)
    if known is not None and known.status is Status.DISABLED:
        outcome = "enabled"
        if not dry_run:
            store.subscribers.set_status(known.id, Status.ACTIVE, now)
    return wish.slug, wish.email, outcome
