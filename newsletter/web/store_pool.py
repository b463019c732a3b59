"""Connections that only read the store, kept between requests: to open one takes longer than to make a small page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from newsletter.errors import StoreError
from newsletter.models.database_url import DatabaseUrl
from newsletter.store import Store, open_read_only

#: Connections kept; each has a few megabytes of the file in memory. Further ones are closed after use.
_MOST_KEPT = 8
Location = Path | DatabaseUrl
#: Device and number of a file, and the version of its schema.
_Version = tuple[int, int, int]


class StorePool:
    """Lends connections to threads, one thread at a time each. Thread-safe.

    The one that was given back last is lent first. A file that was replaced or restored since is opened anew.
    """

    def __init__(self, where: Location, open_one: Callable[[Location], Store] = open_read_only) -> None:
        self._where = where
        self._open_one = open_one
        self._free: list[tuple[_Version, Store]] = []
        self._is_closed = False
        self._lock = Lock()

    @contextmanager
    def __call__(self) -> Iterator[Store]:
        """Lend a store for the `with` block.

        Raises:
            StoreError: The store cannot be opened.
        """
        version, store = self._take()
        try:
            yield store
        except BaseException:
            store.close()  # it may be damaged, or in the middle of something
            raise
        with self._lock:
            is_kept = not self._is_closed and len(self._free) < _MOST_KEPT
            if is_kept:
                self._free.append((version, store))
        if not is_kept:
            store.close()

    def close(self) -> None:
        """Close the connections; those that are lent are closed when they are given back."""
        with self._lock:
            self._is_closed = True
            free, self._free = self._free, []
        for _, store in free:
            store.close()

    def _take(self) -> tuple[_Version, Store]:
        while True:
            with self._lock:
                version, store = self._free.pop() if self._free else (None, None)
            if version is None or store is None:
                store = self._open_one(self._where)
                return self._version(store) or (0, 0, 0), store
            if version == self._version(store):
                return version, store
            store.close()

    def _version(self, store: Store) -> _Version | None:
        try:
            if isinstance(self._where, DatabaseUrl):
                return 0, 0, store.schema_version()
            status = self._where.stat()
            return status.st_dev, status.st_ino, store.schema_version()
        except (OSError, StoreError):
            return None
