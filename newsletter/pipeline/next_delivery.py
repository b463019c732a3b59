"""When deliveries are to be looked at next: the next hour of any subscriber, and the next attempt of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsletter.config.model import Config
from newsletter.pipeline.source_schedule import read_patience
from newsletter.store import Store

_AGAIN = timedelta(minutes=1)


def next_delivery(store: Store, config: Config, now: datetime) -> datetime:
    """Return the first moment, since deliveries were last looked at, at which there may be some to make.

    It may have passed: then they are to be looked at now, as they are if that was never done. Whose hour it is may
    still get nothing: the rules of `schedule` decide. There is always such a moment, at the latest in a day.
    """
    looks = store.looks.until(now)
    return min(_moments(store, config, looks[-1]), default=now + timedelta(days=1)) if looks else now


def _moments(store: Store, config: Config, last: datetime) -> Iterator[datetime]:
    attempt = store.deliveries.next_attempt()
    if attempt is not None:
        yield attempt if attempt > last else last + _AGAIN  # what was left by a look at everything is not urgent
    news = store.pulls.last_news()  # for those who had no papers at their hour
    if (news is not None and news > last) or store.subscribers.changed_since(last):
        yield last
    resume = store.subscribers.next_resume()
    if resume is not None:
        yield datetime.combine(resume, time(), UTC)
    patience = read_patience(store, config).limit
    for one in store.subscribers.hours():
        wait = timedelta(hours=one.wait_hours)  # then the slot closes, for some with a digest without papers
        for after in {timedelta(0), patience, wait}:
            yield next_hour(one.hour, one.time_zone, last - after) + after


def next_hour(hour: int, time_zone: str, after: datetime) -> datetime:
    """Return when it is this hour in a time zone first after a moment, in UTC; one that is skipped is the next."""
    zone = ZoneInfo(time_zone)
    day = after.astimezone(zone).date()
    while (moment := datetime.combine(day, time(hour), zone).astimezone(UTC)) <= after:
        day += timedelta(days=1)
    return moment


def next_by_zone(store: Store, now: datetime) -> dict[str, tuple[datetime, int]]:
    """Return for each time zone of subscribers when it is next the hour of some, and how many have that hour."""
    found: dict[str, tuple[datetime, int]] = {}
    for one in store.subscribers.hours():
        moment = next_hour(one.hour, one.time_zone, now)
        known, number = found.get(one.time_zone, (moment, 0))
        if moment <= known:
            found[one.time_zone] = moment, one.subscribers + (number if moment == known else 0)
    return dict(sorted(found.items(), key=lambda item: (item[1][0], item[0])))
