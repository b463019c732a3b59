"""The lock of a site: one process sends for it, together with the senders that it starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    from filelock import FileLock, Timeout
else:
    import fcntl  # as `FileLock`, which keeps its descriptor to itself

from newsletter.errors import AlreadySending

#: The name of the lock in a database on a server: a run has it for itself, the workers of a fleet share it.
SENDING_LOCK = "sending"


@contextmanager
def sending_lock(lock: Path) -> Iterator[int | None]:
    """Hold the site's lock; the operating system releases it when the process ends, however it ends.

    Yields:
        The descriptor of the lock. A process that inherits it holds the lock, too, so that a killed run does not end
        before its senders have. None on Windows, where a lock cannot be inherited.

    Raises:
        AlreadySending: Another process holds it.
    """
    if sys.platform == "win32":
        try:
            with FileLock(lock, timeout=0, mode=0o600):
                yield None
        except Timeout:
            raise _elsewhere(lock) from None
    else:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise _elsewhere(lock) from None
            yield descriptor
        finally:
            os.close(descriptor)  # no LOCK_UN, which would end it for senders, too


def _elsewhere(lock: Path) -> AlreadySending:
    return AlreadySending(
        f"another newsletter process is already sending for this site (lock: {lock.name})",
        hint="wait until it is done",
    )
