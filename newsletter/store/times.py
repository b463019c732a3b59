"""Times of the tables that grow with every message: whole milliseconds since 1970, six bytes where a text takes 25.

What is read is cached: the deliveries of a batch were planned at the same moment.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Return a moment, which has a time zone, as it is stored: in milliseconds, rounded down."""
    return (moment - _EPOCH) // _MS


@lru_cache(maxsize=256)
def from_ms(stored: int) -> datetime:
    """Return the stored moment, in UTC.

    Raises:
        TypeError, OverflowError: What is stored is none.
    """
    return _EPOCH + stored * _MS


@lru_cache(maxsize=64)
def iso_of(stored: int) -> str:
    """Return the stored moment in ISO 8601; raise as `from_ms`."""
    return from_ms(stored).isoformat()
