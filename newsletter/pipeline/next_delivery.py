"""When deliveries are to be looked at next: the next hour of any subscriber, and the next attempt of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsletter.config.model import Config
from newsletter.pipeline.source_schedule import read_states
from newsletter.store import Store

_AGAIN = timedelta(minutes=1)


def next_delivery(store: Store, config: Config, last: datetime | None, now: datetime) -> datetime:
    """Return the first moment after `last`, when deliveries were last looked at, at which there may be some to make.

    It may have passed: then they are to be looked at now, as they are if that was never done. Whose hour it is, may
    still get nothing: the rules of `schedule` decide. There is always such a moment, at the latest in a day.
    """
    if last is None:
        return now
    last = min(last, now)  # it is later where the clock was ahead
    return min(_moments(store, config, last), default=now + timedelta(days=1))


def _moments(store: Store, config: Config, last: datetime) -> Iterator[datetime]:
    attempt = store.deliveries.next_attempt()
    if attempt is not None:
        yield attempt if attempt > last else last + _AGAIN  # what was left by a look at everything is not urgent
    news = store.pulls.last_news()  # for those who had no papers at their hour
    if (news is not None and news > last) or store.subscribers.activated_since(last):
        yield last
    resume = store.subscribers.next_resume()
    if resume is not None:
        yield datetime.combine(resume, time(), UTC)
    patience = timedelta(minutes=config.wait_minutes)
    may_wait = bool(patience) and any(one.publication is not None for one in read_states(store, config))
    for zone, hour, _number in store.subscribers.hours():
        yield next_hour(hour, zone, last)
        if may_wait:  # the deadline of an edition that waits for its sources
            yield next_hour(hour, zone, last - patience) + patience


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
    for zone, hour, number in store.subscribers.hours():
        moment = next_hour(hour, zone, now)
        if zone not in found or moment < found[zone][0]:
            found[zone] = moment, number
    return dict(sorted(found.items(), key=lambda item: (item[1][0], item[0])))
