"""An independent judge of a subscriber's year: the rules of when mail comes, by wall clocks and calendars.

It shares no code with `pipeline.schedule`: every rule is asked of what was planned and what left, day by day.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from newsletter.models import Cadence, Profile
from tests.pipeline.mail_days import Choice, Life, Mail

_LATE = {Cadence.DAILY: 0, Cadence.WEEKDAYS: 0, Cadence.WEEKLY: 2, Cadence.MONTHLY: 6}
_REACH = {Cadence.DAILY: 7, Cadence.WEEKDAYS: 7, Cadence.WEEKLY: 7, Cadence.MONTHLY: 31}
_DAY = timedelta(days=1)


def violations(life: Life) -> Iterator[str]:
    """Yield what breaks a rule."""
    left = sorted(((at, mail) for mail in life.mails for at in mail.left), key=lambda one: one[0])
    for at, mail in left:
        yield from _of_departure(life, at, mail)
    for number, (at, mail) in enumerate(left):
        for before_at, before in left[max(0, number - 6) : number]:
            if before is not mail and (
                before.due.day == mail.due.day or _day(life, before_at, at) == _day(life, at, at)
            ):
                yield f"two emails on {mail.due.day}: {before_at} and {at}"
    for number, mail in enumerate(life.mails):
        if not mail.tries:
            yield f"{mail.due.key} was planned in vain at {mail.planned_at}"
        yield from _of_content(life, mail, life.mails[:number])
        yield from _of_slot(life, mail, life.mails[max(0, number - 9) : number])


def _of_departure(life: Life, at: datetime, mail: Mail) -> Iterator[str]:
    choice = _choice(life, at)
    profile, wall = choice.profile, _wall(choice.profile, at)
    if not choice.is_active:
        yield f"mailed while paused: {at}"
    if wall.hour < profile.hour:
        yield f"before the hour {profile.hour}: {wall}"
    if wall.date() != mail.due.day:
        yield f"dated {mail.due.day}, left {wall}"
    if not _is_allowed(profile, wall.date()):
        yield f"on a weekend: {wall}"


def _of_content(life: Life, mail: Mail, before: list[Mail]) -> Iterator[str]:
    """Each edition has all that is new since the previous one that arrived, within the window; a first one says so."""
    arrived = next((one for one in reversed(before) if one.has_arrived), None)
    profile, slot = _choice(life, mail.planned_at).profile, _slot_on(life, mail.planned_at)
    if slot is None:
        yield f"no slot for {mail.due.key}, planned {mail.planned_at}"
        return
    since = _at(profile, slot - _REACH[profile.cadence] * _DAY, profile.hour)
    if arrived:
        since = max(since, arrived.planned_at)
    if mail.due.is_first == bool(arrived):
        yield f"{mail.due.key} says first: {mail.due.is_first}"
    papers = life.site.topics[life.topic]
    if mail.papers != papers[bisect_right(papers, since) : bisect_right(papers, mail.planned_at)]:
        yield f"{mail.due.key} has other papers than those since {since}"


def _of_slot(life: Life, mail: Mail, before: list[Mail]) -> Iterator[str]:
    """A slot with papers by its end is not closed, and one without is."""
    choice = _choice(life, mail.planned_at)
    slot = _slot_on(life, mail.planned_at)
    if slot is None or any(slot <= one.due.day for one in before):
        return
    opens, closes = _span(life, choice.profile, slot, mail.planned_at)
    looks = _looks(life, choice.profile, slot, opens, mail.planned_at)
    if any(at >= closes for at in looks):
        yield f"{mail.due.key} planned at {mail.planned_at}, after its slot closed at {closes}"
    elif looks and mail.planned_at > closes and mail.papers[0] > closes:
        yield f"{mail.due.key} has only papers from after its slot closed at {closes}"


# -- nobody is missed ---------------------------------------------------------------------------------


def due_slots(life: Life) -> Iterator[tuple[Choice, date]]:
    """Yield the slots of a year during which nothing was changed, with what was chosen."""
    ends = [*(choice.at for choice in life.choices[1:]), life.site.times[-1]]
    for choice, end in zip(life.choices, ends, strict=True):
        if not choice.is_active:
            continue
        profile = choice.profile
        day, last = _wall(profile, choice.at).date(), _wall(profile, end).date() - _LATE[profile.cadence] * _DAY
        if choice is life.choices[0] and day < last and _is_allowed(profile, day):
            yield choice, day
        while (day := day + _DAY) < last:
            if _is_slot(profile, day):
                yield choice, day


def missed(life: Life) -> Iterator[str]:
    """Yield the slots within whose grace an edition was possible, and none was planned."""
    days = {mail.due.day: mail for mail in life.mails}
    planned = [mail.planned_at for mail in life.mails]
    for choice, slot in due_slots(life):
        profile = choice.profile
        grace = [slot + number * _DAY for number in range(_LATE[profile.cadence] + 1)]
        if any(day in days for day in grace):
            continue
        opens, closes = _span(life, profile, slot, max(choice.at, _at(profile, slot, 0)))
        earlier = life.mails[: bisect_left(planned, opens)]
        if _is_served(earlier[-9:], profile, slot):
            continue
        before = next((one for one in reversed(earlier) if one.has_arrived), None)
        since = _at(profile, slot - _REACH[profile.cadence] * _DAY, profile.hour)
        since = max(since, before.planned_at) if before else since
        looks = _looks(life, profile, slot, opens, _at(profile, grace[-1] + _DAY, 0))
        papers = life.site.topics[life.topic]
        for number, at in enumerate(looks):
            new = papers[bisect_right(papers, since) : bisect_right(papers, at)]
            if new and (number == 0 or new[0] <= max(closes, opens)):
                yield f"nothing for the slot of {slot} ({profile.cadence}), though {new[0]} was there at {at}"
                break
            if at >= closes:
                break


def _is_served(before: list[Mail], profile: Profile, slot: date) -> bool:
    """Whether an email is dated this day or a later one, or left on it, before the slot opened."""
    left = (mail for mail in before if mail.left)
    return any(mail.due.day >= slot or _wall(profile, mail.left[-1]).date() >= slot for mail in left)


# -- clocks -------------------------------------------------------------------------------------------


def _choice(life: Life, at: datetime) -> Choice:
    return life.choices[bisect_right(life.choices, at, key=lambda choice: choice.at) - 1]


def _day(life: Life, moment: datetime, at: datetime) -> date:
    """Return the day of a moment in the zone that the subscriber was in at another one."""
    return _wall(_choice(life, at).profile, moment).date()


def _wall(profile: Profile, moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(profile.time_zone))


def _at(profile: Profile, day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(profile.time_zone)).astimezone(UTC)


def _is_allowed(profile: Profile, day: date) -> bool:
    return profile.cadence is not Cadence.WEEKDAYS or day.isoweekday() <= 5


def _is_slot(profile: Profile, day: date) -> bool:
    weekday = day.isoweekday()
    return {
        Cadence.DAILY: True,
        Cadence.WEEKDAYS: weekday <= 5,
        Cadence.WEEKLY: weekday == profile.weekday + 1,
        Cadence.MONTHLY: day.day == profile.month_day,
    }[profile.cadence]


def _slot_on(life: Life, at: datetime) -> date | None:
    """Return the day of the cadence that an edition planned now is for."""
    choice = _choice(life, at)
    profile, today = choice.profile, _wall(choice.profile, at).date()
    began = _wall(profile, _active_since(life, at)).date()
    is_new = not any(mail.left and mail.left[0] < at for mail in life.mails)
    for day in (today - number * _DAY for number in range(_LATE[profile.cadence] + 1)):
        if day >= began and (_is_slot(profile, day) or (is_new and day == began)):
            return day
    return None


def _active_since(life: Life, at: datetime) -> datetime:
    since = life.choices[0].at
    for before, after in pairwise(life.choices):
        if after.at <= at and not before.is_active:
            since = after.at
    return since


def _span(life: Life, profile: Profile, slot: date, at: datetime) -> tuple[datetime, datetime]:
    """Return when a slot opens and closes: on the day of a change, with the change."""
    opens = _at(profile, slot, profile.hour)
    changed = [choice.at for choice in life.choices if choice.at <= at and choice.is_active]
    if changed and _wall(profile, changed[-1]).date() == slot:
        opens = max(opens, changed[-1])
    return opens, min(opens + timedelta(hours=profile.wait_hours), _at(profile, slot + _DAY, 0))


def _looks(life: Life, profile: Profile, slot: date, opens: datetime, until: datetime) -> list[datetime]:
    """Return when a run that could send looked at a slot, from the hour on, before `until`."""
    good = life.site.good
    found = good[bisect_left(good, opens) : bisect_left(good, until)]
    walls = ((at, _wall(profile, at)) for at in found)
    return [at for at, wall in walls if wall.date() == slot or wall.hour >= profile.hour]
