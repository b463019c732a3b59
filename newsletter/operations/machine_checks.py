"""Check the machine: free disk space, and the clock, by which mail is dated, signed and sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from newsletter.config.model import Config
from newsletter.errors import SourceError
from newsletter.models.findings import Finding, Level
from newsletter.operations.disk import disk_status, in_words
from newsletter.sources import HttpClient
from newsletter.store import Store

#: A server with a good clock, which any newsletter of papers may ask.
TIME_URL = "https://arxiv.org/robots.txt"
#: Signed links and webhooks expire by the minute; mail that is dated further ahead looks like spam.
_TOLERABLE, _WRONG = timedelta(seconds=60), timedelta(minutes=5)


def check_disk(config: Config) -> Iterator[Finding]:
    """Check that there is room for a copy of the database, which backups and migrations make."""
    try:
        disk = disk_status(config)
    except OSError as error:
        yield Finding(Level.UNKNOWN, "disk", f"{config.site.root}: {error.strerror or error}")
        return
    words = f"{in_words(disk.free)} of {in_words(disk.total)} free"
    if disk.database is not None:
        words += f"; the database takes {in_words(disk.database)}"
    if disk.is_low:
        yield Finding(Level.WARNING, "disk", words, "free some space, or move the site to a larger disk")
    else:
        yield Finding(Level.OK, "disk", words)


def check_clock(http: HttpClient, clock: Callable[[], datetime], url: str = TIME_URL) -> Iterator[Finding]:
    """Compare the clock with the Date of a web server's response (RFC 9110, 6.6.1)."""
    try:
        headers = http.get(url).headers
        date, age = parsedate_to_datetime(headers["date"]), timedelta(seconds=float(headers.get("age", "0")))
        difference = clock() - (date + age)
    except (SourceError, KeyError, ValueError, TypeError, OverflowError) as error:
        reason = error.message if isinstance(error, SourceError) else "it states no time"
        yield Finding(Level.UNKNOWN, "clock", f"not compared: {reason}")
        return
    seconds = difference.total_seconds()
    words = f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} that of {url}"
    if abs(difference) < _TOLERABLE:
        yield Finding(Level.OK, "clock", f"right: {words}")
    else:
        level = Level.WRONG if abs(difference) >= _WRONG else Level.WARNING
        yield Finding(
            level, "clock", words, "set the clock, and keep it right: systemctl enable --now systemd-timesyncd"
        )


def check_past(store: Store, now: datetime) -> Iterator[Finding]:
    """Check that nothing in the store happened in the future: the clock was, or is, wrong."""
    runs = store.runs.latest(1)
    # Special editions may be for later.
    moments = [run.began_at for run in runs] + [edition.created_at for edition in store.editions.latest_digests(1)]
    latest = max(moments, default=now)
    if latest > now + _WRONG:
        words = f"the database has something of {latest:%Y-%m-%d %H:%M} UTC, which is in the future"
        yield Finding(Level.WRONG, "clock", words, "check the clock: it is behind, or was ahead")
