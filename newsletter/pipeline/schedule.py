"""When a subscriber is mailed, and which edition: pure arithmetic on clocks and calendars.

A cadence names days, and with the hour it names *slots*: one moment on each of its days.

| rule | |
|---|---|
| one a day | at most one email per day of theirs: by the dates of the emails, and by the zone they are in now |
| the hour | nothing leaves before their hour, however often it is tried; an hour that the clocks skip is the next |
| the date | an edition is dated the day it leaves; what could not leave that day is closed, and its papers come later |
| content | papers first seen since their previous edition, at most `WINDOW` before the slot; all of it in the first |
| no papers | the slot waits `wait_hours`, at most until the day ends, and closes; later papers go into the next one |
| missed | a slot at which nobody looked, or whose mail could not leave, is caught up within `GRACE`, from the hour on |
| weekdays | who chose weekdays is mailed from Monday to Friday only |
| first | who was never mailed has a slot on the day they subscribe, too |
| changes | days up to the last email are served; from there the new preferences count |
| today | the slot of a day on which they subscribe, resume or change it opens with that |
| at once | who wants their first digest at once has the slot of the day they subscribe before the hour, too |
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from newsletter.models import Cadence, Profile

#: How many days before its slot an edition's papers begin, at the most.
WINDOW = {Cadence.DAILY: 7, Cadence.WEEKDAYS: 7, Cadence.WEEKLY: 7, Cadence.MONTHLY: 31}
#: On how many days after its own a missed slot is caught up. The next slot of shorter cadences is near.
GRACE = {Cadence.DAILY: 0, Cadence.WEEKDAYS: 0, Cadence.WEEKLY: 2, Cadence.MONTHLY: 6}
#: No two slots are further apart, whatever was sent in between.
_HORIZON = 70
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHistory:
    """What decides on a subscriber's next edition beside the profile."""

    #: When they subscribed, or were last resumed.
    active_since: datetime
    #: When they last changed the cadence, day, hour, zone or `wait_hours`; None if they never did.
    changed_at: datetime | None = None
    #: When the last message left, or may have left; None if none ever did.
    last_at: datetime | None = None
    #: The day that message is dated.
    last_day: date | None = None
    #: Until when papers were considered for the last edition that arrived; None if none ever did.
    covered_until: datetime | None = None
    #: The day of the last edition that was planned, but could not leave on that day.
    unsent_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One edition for one subscriber: due now, or the next one."""

    #: See `edition_key`; subscribers who are mailed on one day share an edition.
    key: str
    #: The day on which it leaves, theirs.
    day: date
    #: The day that the cadence names; before `day` if it is caught up.
    slot: date
    #: From when on it may leave, in UTC.
    at: datetime
    #: Until when the slot waits for papers.
    closes_at: datetime
    #: It has the papers first seen after this time.
    since: datetime
    is_first: bool
    #: The slot was open and is past: only if something new was there by then.
    needs_papers_by: datetime | None = None

    @property
    def is_caught_up(self) -> bool:
        """Whether the day that the cadence names is past."""
        return self.slot < self.day


@dataclass(frozen=True, slots=True)
class Looks:
    """When everybody's slots were looked at, and what was due was queued; of each quarter of an hour the last time.

    All time zones differ by quarters, so that every slot begins with one.
    """

    times: Sequence[datetime] = ()

    def any_from(self, first: datetime, end: datetime) -> bool:
        """Whether there was a look from `first` on and before `end`."""
        number = bisect_left(self.times, first)
        return number < len(self.times) and self.times[number] < end


NO_LOOKS = Looks()


class Nothing(StrEnum):
    """Why there is no edition on a day."""

    MAILED = "mailed"
    #: A later edition was dated a later day, in another time zone.
    DATED_LATER = "dated later"
    NOT_SUBSCRIBED = "not subscribed"
    WEEKEND = "weekend"
    OTHER_DAY = "other day"
    #: No papers came until the slot closed.
    CLOSED = "closed"
    NOT_YET = "not yet"


class Gate(Enum):
    """Whether an edition of some day may leave."""

    NOT_YET = "not yet"
    OPEN = "open"
    #: Its day is over.
    OVER = "over"


def due_edition(profile: Profile, history: MailHistory, now: datetime, looks: Looks) -> Due | None:
    """Return the edition that is due, or None.

    Args:
        looks: When everybody's slots were looked at, and what was due was queued.
    """
    today = local_day(profile, now)
    if now < _moment(today, profile.hour, profile.time_zone) and not _is_at_once(profile, history, today):
        return None
    due = _arriving(profile, history, today, now, looks)
    return due if due is not None and due.at <= now else None


def next_edition(profile: Profile, history: MailHistory, now: datetime, looks: Looks) -> Due:
    """Return the edition that is due, or else the next one, if papers come."""
    today = local_day(profile, now)
    served = _served(profile, history)
    first = max(today, served + _DAY) if served else today
    days = (first + timedelta(days=ahead) for ahead in range(_HORIZON))
    return next(due for day in days if (due := _arriving(profile, history, day, now, looks)))


def look_again_at(profile: Profile, history: MailHistory, now: datetime, looks: Looks) -> datetime:
    """Return until when nothing becomes due that is not due now, as long as profile, status and ledger stay.

    It is not later than the next of their hours: whatever stood against an edition today is asked again then.
    """
    today = local_day(profile, now)
    days = [today, today + _DAY]
    hours = (_moment(day, profile.hour, profile.time_zone) for day in (*days, today + 2 * _DAY))
    again_at = next(hour for hour in hours if hour > now)
    coming = [due.at for day in days if (due := _arriving(profile, history, day, now, looks))]
    coming.append(history.active_since)  # in the future if a clock was ahead: it decides on the first slot
    return min([again_at, *(at for at in coming if at > now)])


def why_nothing(  # noqa: PLR0911 - one return for each reason
    profile: Profile, history: MailHistory, day: date, now: datetime, looks: Looks
) -> Nothing | None:
    """Return why there is no edition on a day (theirs) as of now, or None if one is due or will be.

    For past days the answer assumes that the profile was as it is now.
    """
    today, served = local_day(profile, now), _served(profile, history)
    if served is not None and day in (served, history.last_day):
        return Nothing.MAILED
    if served is not None and today <= day < served:
        return Nothing.DATED_LATER
    if day < local_day(profile, history.active_since):
        return Nothing.NOT_SUBSCRIBED
    if not _is_mailed_on(profile, day):
        return Nothing.WEEKEND
    slot = _slot_of(profile, history, day, None, now)
    if slot is None or (slot < day and not slot < today <= day):  # what is past may be caught up, no more
        return Nothing.OTHER_DAY
    due = _arriving(profile, history, day, now, looks) if day >= today else None
    if due is None:
        return Nothing.CLOSED
    return Nothing.NOT_YET if due.at > now else None


def gate(profile: Profile, day: date, now: datetime, active_since: datetime | None = None) -> Gate:
    """Return whether an edition that is dated `day` may leave now, for somebody active since a moment."""
    today = local_day(profile, now)
    if today > day:
        return Gate.OVER
    if today < day or not _is_mailed_on(profile, day):
        return Gate.NOT_YET
    if _moment(day, profile.hour, profile.time_zone) <= now:
        return Gate.OPEN
    # On the day they subscribed, the first edition is the only one that was planned.
    is_at_once = profile.first_at_once and active_since is not None and day == local_day(profile, active_since)
    return Gate.OPEN if is_at_once else Gate.NOT_YET


def edition_key(cadence: Cadence, day: date) -> str:
    """Return the key of the edition of a cadence that is dated a day: "weekly-2026-05-08"."""
    return f"{cadence.value}-{day.isoformat()}"


def local_day(profile: Profile, moment: datetime) -> date:
    """Return the day that a moment belongs to, where the subscriber is."""
    return moment.astimezone(_zone(profile.time_zone)).date()


def day_began(profile: Profile, moment: datetime) -> datetime:
    """Return when a moment's day began where the subscriber is, in UTC."""
    return _moment(local_day(profile, moment), 0, profile.time_zone)


def _arriving(profile: Profile, history: MailHistory, day: date, now: datetime, looks: Looks) -> Due | None:
    """Return the edition that would leave on a day, or None if none would."""
    served = _served(profile, history)
    if not _is_mailed_on(profile, day) or (served is not None and day <= served):
        return None
    slot = _slot_of(profile, history, day, served, now)
    if slot is None:
        return None
    is_at_once = _is_at_once(profile, history, day)
    opens_at = _moment(slot, 0 if is_at_once else profile.hour, profile.time_zone)
    changed_at = max(history.active_since, history.changed_at or history.active_since)
    if slot == local_day(profile, changed_at):
        opens_at = max(opens_at, changed_at)
    day_ends_at = _moment(slot + _DAY, 0, profile.time_zone)
    hour = _moment(slot, profile.hour, profile.time_zone)  # who wanted it at once waits no shorter than others
    closes_at = min(max(opens_at, hour) + timedelta(hours=profile.wait_hours), day_ends_at)
    at = opens_at if is_at_once else max(opens_at, _moment(day, profile.hour, profile.time_zone))
    if at >= _moment(day + _DAY, 0, profile.time_zone):  # a day that the zone skipped, or a change in its last moment
        return None
    has_unsent = history.unsent_day is not None and history.unsent_day >= slot
    if not has_unsent and _is_closed(profile, slot, day, closes_at, now, looks):
        return None
    had_none = now > closes_at and not has_unsent and looks.any_from(opens_at, closes_at + _TICK)
    begins_at = _moment(slot - timedelta(days=WINDOW[profile.cadence]), profile.hour, profile.time_zone)
    return Due(
        key=edition_key(profile.cadence, day),
        day=day,
        slot=slot,
        at=at,
        closes_at=closes_at,
        since=max(begins_at, history.covered_until or begins_at),
        is_first=history.covered_until is None,
        needs_papers_by=closes_at if had_none else None,
    )


def _is_at_once(profile: Profile, history: MailHistory, day: date) -> bool:
    """Whether the edition of a day need not wait for the hour: the first one, on the day they subscribed."""
    return profile.first_at_once and history.last_at is None and day == local_day(profile, history.active_since)


def _is_closed(profile: Profile, slot: date, day: date, closes_at: datetime, now: datetime, looks: Looks) -> bool:
    """Whether somebody looked when the wait was over: on the slot's day, or at their hour on a later one."""
    if looks.any_from(closes_at, min(now, _moment(slot + _DAY, 0, profile.time_zone))):
        return True
    later = (slot + timedelta(days=number) for number in range(1, (day - slot).days + 1))
    return any(
        looks.any_from(
            _moment(one, profile.hour, profile.time_zone), min(now, _moment(one + _DAY, 0, profile.time_zone))
        )
        for one in later
    )


def _served(profile: Profile, history: MailHistory) -> date | None:
    """Return the last day for which there is an email already: by its date, and where the subscriber is now."""
    if history.last_at is None or history.last_day is None:
        return None
    return max(history.last_day, local_day(profile, history.last_at))


def _slot_of(profile: Profile, history: MailHistory, day: date, served: date | None, now: datetime) -> date | None:
    """Return the latest day that the cadence names, up to `day` and within the grace, and after what is served."""
    began = local_day(profile, min(history.active_since, now))  # a clock that was ahead may have subscribed them
    for back in range(GRACE[profile.cadence] + 1):
        slot = day - timedelta(days=back)
        if slot < began or (served is not None and slot <= served):
            return None
        if _is_slot(profile, slot) or (history.last_at is None and slot == began and _is_mailed_on(profile, slot)):
            return slot
    return None


def _is_slot(profile: Profile, day: date) -> bool:
    match profile.cadence:
        case Cadence.DAILY:
            return True
        case Cadence.WEEKDAYS:
            return day.weekday() < 5
        case Cadence.WEEKLY:
            return day.weekday() == profile.weekday
        case Cadence.MONTHLY:
            return day.day == profile.month_day


def _is_mailed_on(profile: Profile, day: date) -> bool:
    return profile.cadence is not Cadence.WEEKDAYS or day.weekday() < 5


@lru_cache(maxsize=4096)
def _moment(day: date, hour: int, time_zone: str) -> datetime:
    """Return a day's hour, in UTC. An hour that a change of clocks skips counts as the next one."""
    return datetime.combine(day, time(hour), tzinfo=_zone(time_zone)).astimezone(UTC)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
