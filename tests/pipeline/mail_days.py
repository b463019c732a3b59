"""Subscribers' years on a fake clock: late papers, downtimes, a mail server that is away or defers, and changed minds.

`live` uses `pipeline.schedule` as a run does, with a ledger in memory. What comes of it is judged by `mail_rules`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from newsletter.models import Cadence, Profile
from newsletter.pipeline.schedule import (
    Due,
    Gate,
    Looks,
    MailHistory,
    day_began,
    due_edition,
    gate,
    next_edition,
)

#: Some of every kind: half-hour offsets, changes of clocks at midnight, in half hours, in opposite seasons, and none.
ZONES = (
    "UTC", "Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Africa/Lagos", "America/Anchorage",
    "America/Argentina/Buenos_Aires", "America/Asuncion", "America/Bogota", "America/Chicago", "America/Denver",
    "America/Havana", "America/Los_Angeles", "America/New_York", "America/Nuuk", "America/Phoenix",
    "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "Antarctica/Troll", "Asia/Amman", "Asia/Beirut",
    "Asia/Dhaka", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tehran", "Asia/Tokyo", "Atlantic/Azores",
    "Australia/Adelaide", "Australia/Lord_Howe", "Australia/Sydney", "Europe/Berlin", "Europe/Dublin",
    "Europe/Moscow", "Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Pago_Pago",
)  # fmt: skip
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Look:
    """One run: when it looked at all slots, and whether it could send."""

    at: datetime
    has_server: bool


@dataclass(frozen=True, slots=True)
class Site:
    """A year of a site."""

    looks: tuple[Look, ...]
    times: tuple[datetime, ...]
    #: The times of those that had a server.
    good: tuple[datetime, ...]
    #: When the papers of each of some topics were first seen.
    topics: tuple[tuple[datetime, ...], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a subscriber chose at some time."""

    at: datetime
    profile: Profile
    is_active: bool = True


@dataclass(slots=True, eq=False)
class Mail:
    """An edition that was planned for a subscriber."""

    due: Due
    planned_at: datetime
    papers: tuple[datetime, ...]
    #: When it left or may have left, several times if it was in doubt.
    left: list[datetime] = field(default_factory=list)
    next_attempt_at: datetime | None = None
    tries: int = 0
    waits: bool = True
    has_arrived: bool = False


@dataclass(slots=True)
class Life:
    """A subscriber's year."""

    site: Site
    topic: int
    choices: tuple[Choice, ...]
    mails: list[Mail] = field(default_factory=list)
    #: How often the rules were asked.
    evaluations: int = 0


def make_site(random: Random, start: datetime, days: int) -> Site:
    """Return a site that runs about every hour, is down now and then, and whose sources are late now and then."""
    looks, now, end = [], start, start + timedelta(days=days)
    while now < end:
        looks.append(Look(now, random.random() > 0.03))
        now += _HOUR + timedelta(seconds=random.randint(-1500, 1500))
        if random.random() < 0.004:
            now += timedelta(hours=random.choice([2, 5, 9, 20, 30, 50, 100, 200]))
    topics = tuple(_papers(random, start, days, kind) for kind in range(3))
    good = tuple(look.at for look in looks if look.has_server)
    return Site(tuple(looks), tuple(look.at for look in looks), good, topics)


def _papers(random: Random, start: datetime, days: int, kind: int) -> tuple[datetime, ...]:
    """Return when papers come: several times a day, once on weekdays and maybe late, or once in some days."""
    found = []
    for day in (start + timedelta(days=number) for number in range(-8, days)):
        if kind == 0:
            found += [day + timedelta(hours=hour, seconds=random.randint(0, 9000)) for hour in range(0, 24, 5)]
        elif kind == 1 and day.weekday() < 5:
            late = random.choice([0, 0, 0, 1, 2, 4, 9])
            found.append(day + timedelta(hours=4 + late, seconds=random.randint(0, 7200)))
        elif kind == 2 and random.random() < 0.2:
            found.append(day + timedelta(seconds=random.randint(0, 86399)))
    return tuple(sorted(found))


def make_life(random: Random, site: Site, zone: str, cadence: Cadence) -> Life:
    """Return a subscriber who changes their mind now and then."""
    profile = Profile(
        cadence=cadence,
        hour=random.choice([0, 5, 7, 8, 8, 8, 9, 12, 17, 20, 22, 23]),
        wait_hours=random.choice([0, 1, 3, 3, 3, 3, 6, 12]),
        weekday=random.randint(0, 6),
        month_day=random.randint(1, 28),
        time_zone=zone,
    )
    now = site.times[0] + timedelta(seconds=random.randint(0, 20 * 86400))
    choices = [Choice(now, profile)]
    is_fickle = random.random() < 0.5
    while is_fickle and (now := now + timedelta(seconds=random.randint(600, 60 * 86400))) < site.times[-1]:
        if not choices[-1].is_active:
            choices.append(Choice(now, profile))
            continue
        if random.random() < 0.2:
            choices.append(Choice(now, profile, is_active=False))
            continue
        change = random.choice(["cadence", "hour", "time_zone", "weekday", "month_day", "wait_hours"])
        profile = replace(profile, **{change: {  # type: ignore[arg-type]
            "cadence": random.choice(list(Cadence)), "hour": random.randint(0, 23), "time_zone": random.choice(ZONES),
            "weekday": random.randint(0, 6), "month_day": random.randint(1, 28), "wait_hours": random.randint(0, 23),
        }[change]})  # fmt: skip
        choices.append(Choice(now, profile))
    return Life(site, random.randrange(3), tuple(choices))


def live(life: Life, random: Random) -> Life:
    """Let the site run, and keep what it mails to this subscriber."""
    site, run = life.site, _Run(life, random)
    number = bisect_left(site.times, life.choices[0].at)
    while number < len(site.looks):
        look = site.looks[number]
        wake_at = run.look(look, _looks_before(site, number))
        following = bisect_left(site.times, wake_at) if wake_at is not None else number + 1
        if following > number + 1:  # what is left out must be nothing
            between = random.randrange(number + 1, following)
            assert not run.is_due(site.looks[between].at, _looks_before(site, between))
        number = max(number + 1, following)
    return life


def _looks_before(site: Site, number: int) -> Looks:
    """Return when runs before this one looked at the slots and could queue."""
    return Looks(_Before(site.good, bisect_left(site.good, site.times[number])))


@dataclass(frozen=True, slots=True)
class _Before(Sequence[datetime]):
    """The beginning of a sequence, without a copy."""

    whole: Sequence[datetime]
    length: int

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, number: Any) -> Any:
        return self.whole[number]


class _Run:
    """What the ledger knows of one subscriber."""

    def __init__(self, life: Life, random: Random) -> None:
        self.life, self.random = life, random
        self.choices: Iterator[Choice] = iter(life.choices[1:])
        self.choice, self.coming = life.choices[0], next(self.choices, None)
        self.active_since = self.choice.at
        self.changed_at: datetime | None = None
        self.waiting: Mail | None = None
        self.last: Mail | None = None
        self.covered_until: datetime | None = None
        self.unsent_day: date | None = None

    def is_due(self, now: datetime, looks: Looks) -> bool:
        self.life.evaluations += 1
        return self.choice.is_active and due_edition(self.choice.profile, self.history(), now, looks) is not None

    def history(self) -> MailHistory:
        return MailHistory(
            active_since=self.active_since,
            changed_at=self.changed_at,
            last_at=self.last.left[-1] if self.last else None,
            last_day=self.last.due.day if self.last else None,
            covered_until=self.covered_until,
            unsent_day=self.unsent_day,
        )

    def look(self, look: Look, looks: Looks) -> datetime | None:
        """Do what a run does; return when the next thing may happen, None for with the next run."""
        self._choose(look.at)
        profile, now = self.choice.profile, look.at
        if self.waiting is not None and (
            gate(profile, self.waiting.due.day, now) is Gate.OVER or not self.choice.is_active
        ):
            self._close(self.waiting)
        if self.choice.is_active:
            self.life.evaluations += 1
            due = due_edition(profile, self.history(), now, looks)
            if due is not None and look.has_server and self.waiting is None:
                self._plan(due, now)
            if self.waiting is not None and look.has_server:
                self._send(self.waiting, now)
            if self.waiting is not None or due is not None:
                return None
            self.life.evaluations += 1
            wake_at = next_edition(profile, self.history(), now, looks).at
            return min(wake_at, self.coming.at) if self.coming else wake_at
        return self.coming.at if self.coming else datetime.max.replace(tzinfo=UTC)

    def _choose(self, now: datetime) -> None:
        while self.coming is not None and self.coming.at <= now:
            chosen, before = self.coming, self.choice
            if chosen.is_active and not before.is_active:
                self.active_since = chosen.at
            elif chosen.is_active and before.is_active:
                self.changed_at = chosen.at
            self.choice, self.coming = chosen, next(self.choices, None)

    def _plan(self, due: Due, now: datetime) -> None:
        if any(mail.due.key == due.key for mail in self.life.mails[-9:]):
            return
        papers = self.life.site.topics[self.life.topic]
        new = papers[bisect_right(papers, due.since) : bisect_right(papers, now)]
        if not new or (due.needs_papers_by is not None and new[0] > due.needs_papers_by):
            return
        self.waiting = Mail(due, now, new)
        self.life.mails.append(self.waiting)

    def _send(self, mail: Mail, now: datetime) -> None:
        profile = self.choice.profile
        if mail.next_attempt_at is not None and mail.next_attempt_at > now:
            return
        if gate(profile, mail.due.day, now) is not Gate.OPEN or not self._may_depart(mail, day_began(profile, now)):
            return
        mail.tries += 1
        fate = self.random.random()
        if fate < 0.1:  # the server takes it later
            mail.next_attempt_at = now + timedelta(minutes=self.random.choice([5, 40, 240, 600]))
            return
        mail.left.append(now)
        self.last = mail
        if fate < 0.13:  # nobody knows
            mail.next_attempt_at = now + timedelta(minutes=5)
            return
        mail.waits, mail.has_arrived, self.waiting = False, True, None
        self.covered_until = mail.planned_at

    def _may_depart(self, mail: Mail, began: datetime) -> bool:
        """Return what the ledger's transaction says, see `Deliveries.depart`."""
        others = [one for one in self.life.mails[-9:] if one is not mail and one.left]
        return not any(one.left[-1] >= began or one.due.day >= mail.due.day for one in others)

    def _close(self, mail: Mail) -> None:
        mail.waits, self.waiting = False, None
        if not mail.left:
            self.unsent_day = mail.due.day
