"""Garbage collection while very much is made: what was there before is large, and none of it becomes garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_older_objects() -> Iterator[None]:
    """Spare the collector what exists already, which it would look through several times."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
