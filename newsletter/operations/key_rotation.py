"""Rotate the key that signs links, wherever it is kept.

A new key signs from now on; what the former one signed is accepted for a while, then not. Where the keys are in a file,
the new one is written on top; where they are in the environment, a person has to do that.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from newsletter.config.model import Config
from newsletter.errors import ConfigError
from newsletter.files.private_files import replace_private
from newsletter.store import Store
from newsletter.store.signing_keys import fingerprint_of


class KeyStatus(StrEnum):
    """What a key is used for."""

    SIGNING = "signing"
    ACCEPTED = "accepted"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key, as people see it."""

    fingerprint: str
    status: KeyStatus
    #: "database", "file" or "environment"; "" where it is not known any more.
    kept_in: str
    made_at: datetime | None
    #: Until when links that it signed are accepted; None without an end.
    valid_until: datetime | None


def list_keys(config: Config, store: Store, now: datetime) -> list[KeyState]:
    """Return the keys that the site has and had, the one that signs first."""
    keys = store.keys.outside
    with store.transaction():
        for key in keys:
            store.keys.note(key, now)
    signing, outside = fingerprint_of(store.secret()), {fingerprint_of(key) for key in keys}
    elsewhere = "file" if config.signing_key_file is not None else "environment"
    states = []
    for row in store.keys.all():
        is_here = row.value is not None or row.fingerprint in outside
        has_ended = not is_here or (row.valid_until is not None and row.valid_until <= now)
        status = KeyStatus.ENDED if has_ended else KeyStatus.ACCEPTED
        status = KeyStatus.SIGNING if row.fingerprint == signing else status
        kept_in = elsewhere if row.fingerprint in outside else "database" if row.value is not None else ""
        states.append(KeyState(row.fingerprint, status, kept_in, row.made_at, row.valid_until))
    return sorted(states, key=lambda state: list(KeyStatus).index(state.status))


def rotate(config: Config, store: Store, now: datetime, grace: timedelta) -> str:
    """Make a new key, accept the former one for `grace`, and return the fingerprint of the new one.

    Where a key outside the store took the place of the store's own, this only retires the latter.

    Raises:
        ConfigError: The keys are kept where this program cannot write.
    """
    until, former, outside = now + grace, store.secret(), store.keys.outside
    with store.transaction():
        own = store.keys.own()
        if not outside:
            new = store.keys.rotate(now, until)
        elif own is not None:
            store.keys.retire(own, now, until)
            new = former
        else:
            new = _write_new_key(config.signing_key_file, outside)
            store.keys.note(new, now)
            store.keys.retire(former, now, until)
        store.keys.forget_ended(now)
    store.empty_log()  # a key that ended must not stay there
    return fingerprint_of(new)


def _write_new_key(file: Path | None, known: tuple[bytes, ...]) -> bytes:
    hint = (
        "put a new key before the others, and remove those when their time is over; make one with: openssl rand -hex 32"
    )
    if file is None:
        raise ConfigError("the keys are in the environment, where this program cannot change them", hint=hint)
    new = secrets.token_hex(32).encode()
    try:
        replace_private(file, b"".join(key + b"\n" for key in (new, *known)))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror or error}", hint=hint) from error
    return new
