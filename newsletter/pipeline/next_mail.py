"""When a subscriber is mailed next, and why not on some day: what the schedule says, and what the store knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from newsletter.models import Cadence, Delivery, Profile, Status, Subscriber
from newsletter.models.addresses import email_key
from newsletter.pipeline.schedule import (
    GRACE,
    Due,
    Looks,
    MailHistory,
    Nothing,
    due_edition,
    edition_key,
    local_day,
    next_edition,
    why_nothing,
)
from newsletter.rendering.labels import status_label
from newsletter.rendering.language import Language, language
from newsletter.store import Store
from newsletter.store.deliveries import LastMail
from newsletter.text import counted

_ENGLISH = language("en")


@dataclass(frozen=True, slots=True)
class NextMail:
    """When a subscriber is mailed next."""

    #: From when on, where the subscriber is; None if they are not mailed.
    at: datetime | None
    #: The slot is open, and waits for papers until then.
    waits_until: datetime | None = None
    #: The edition, if it is planned already and waits to leave.
    edition: str = ""
    #: Why they are not mailed at all: paused, unsubscribed, suppressed.
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """What the ledger and the suppression list say of a subscriber."""

    schedule: MailHistory
    last: LastMail | None
    #: Their delivery that is open and never left.
    waiting: Delivery | None
    #: Why the address is suppressed, or None.
    suppressed: str | None

    @property
    def in_doubt(self) -> str:
        """The edition that is in doubt, and will be sent again; or ""."""
        return self.last.edition_key if self.last is not None and self.last.waits else ""


def read_histories(store: Store, subscribers: Sequence[Subscriber], now: datetime) -> dict[int, History]:
    """Read what decides on the next editions of subscribers; return it by their ids."""
    ids = [one.id for one in subscribers]
    may_catch_up = [one.id for one in subscribers if GRACE[one.profile.cadence] > 0]
    last_mails, waiting = store.planning.last_mails(ids, now), store.planning.waiting(ids)
    unsent = store.planning.unsent_days(may_catch_up)
    keys = {one.id: email_key(one.email) for one in subscribers}
    suppressed = store.suppressions.reasons(keys.values())
    histories = {}
    for one in subscribers:
        last = last_mails.get(one.id)
        if last is not None and last.covered_until is None:  # it did not arrive: another one counts
            last = store.deliveries.last_mail(one.id, now)
        schedule = MailHistory(
            active_since=one.status_at,
            changed_at=one.schedule_changed_at,
            last_at=last and last.at,
            last_day=last and last.day,
            covered_until=last and last.covered_until,
            unsent_day=unsent.get(one.id),
        )
        histories[one.id] = History(schedule, last, waiting.get(one.id), suppressed.get(keys[one.id]))
    return histories


def _read_schedule(store: Store, subscriber: Subscriber, now: datetime) -> MailHistory:
    return read_histories(store, [subscriber], now)[subscriber.id].schedule


def coming_edition(store: Store, subscriber: Subscriber, now: datetime) -> Due:
    """Return the edition that is due to a subscriber, or else the next one."""
    history = _read_schedule(store, subscriber, now)
    return next_edition(subscriber.profile, history, now, Looks(store.looks.until(now)))


def next_mail(store: Store, subscriber: Subscriber, now: datetime, spoken: Language = _ENGLISH) -> NextMail:
    """Return when a subscriber is mailed next, or in a language why never."""
    why_not = _why_never(store, subscriber, spoken)
    if why_not:
        return NextMail(None, why_not=why_not)
    profile, looks = subscriber.profile, Looks(store.looks.until(now))
    zone = ZoneInfo(profile.time_zone)
    found = read_histories(store, [subscriber], now)[subscriber.id]
    waiting, history = found.waiting, found.schedule
    if waiting is not None:
        return NextMail(max(now, waiting.next_attempt_at or now).astimezone(zone), edition=waiting.edition_key)
    due = due_edition(profile, history, now, looks)
    if due is None:
        return NextMail(next_edition(profile, history, now, looks).at.astimezone(zone))
    return NextMail(due.at.astimezone(zone), max(due.closes_at, now).astimezone(zone))


def next_mail_text(coming: NextMail) -> str:
    """Return when the next email comes, in words."""
    if coming.at is None:
        return f"none: {coming.why_not}"
    at = f"{coming.at:%A}, {_date(coming.at.date())}, from {coming.at:%H:%M} ({coming.at.tzinfo})"
    if coming.edition:
        return f"{at}: {coming.edition}, which waits to be sent"
    if coming.waits_until is None:
        return f"{at}, if there are new papers"
    return f"{at}: as soon as there are new papers, until {coming.waits_until:%H:%M}"


def why_nothing_text(store: Store, subscriber: Subscriber, day: date, now: datetime) -> str:
    """Return why a subscriber gets no email on a day (theirs), or else when they get or got one, in words."""
    profile = subscriber.profile
    deliveries = store.deliveries.of_subscriber(subscriber.id)
    for delivery in deliveries:
        if delivery.left_at is not None and local_day(profile, delivery.left_at) == day:
            edition = store.editions.find(delivery.edition_key)
            if edition is not None and edition.is_special:
                continue
            at = delivery.left_at.astimezone(ZoneInfo(profile.time_zone))
            return f"{delivery.edition_key} {delivery.status.value} on {_date(day)} at {at:%H:%M}"
    for delivery in deliveries:  # what was planned for that day, and did not leave
        if delivery.left_at is None and delivery.edition_key == edition_key(profile.cadence, day):
            reason = f": {delivery.detail}" if delivery.detail else ""
            return f"nothing on {_date(day)} so far: {delivery.edition_key} is {delivery.status.value}{reason}"
    why_not = _why_never(store, subscriber, _ENGLISH)
    if why_not and day >= local_day(profile, subscriber.status_at):
        return f"nothing on {_date(day)} because {subscriber.email} is {why_not}"
    history = _read_schedule(store, subscriber, now)
    looks = Looks(store.looks.until(now))
    nothing = why_nothing(profile, history, day, now, looks)
    if nothing is None or nothing is Nothing.NOT_YET:
        return f"an edition is due on {_date(day)} from {profile.hour:02}:00, if there are new papers"
    return f"nothing on {_date(day)} because {_because(nothing, profile, day)}"


def why_nothing_today(store: Store, subscriber: Subscriber, now: datetime) -> Nothing | None:
    """Return why the schedule has no edition for a subscriber on this day of theirs, or None if it has one."""
    history = _read_schedule(store, subscriber, now)
    profile = subscriber.profile
    return why_nothing(profile, history, local_day(profile, now), now, Looks(store.looks.until(now)))


def _because(nothing: Nothing, profile: Profile, day: date) -> str:
    match nothing:
        case Nothing.WEEKEND:
            return f"it is a {day:%A}, and the cadence is Monday to Friday"
        case Nothing.OTHER_DAY:
            return f"it is a {day:%A}, and the cadence is {_days(profile)}"
        case Nothing.CLOSED:
            wait = f" and in the {counted(profile.wait_hours, 'hour')} after" if profile.wait_hours else ""
            at = f"{profile.hour:02}:00{wait}"
            return f"there were no new papers on the topics at {at}; later ones go into the next edition"
        case Nothing.NOT_SUBSCRIBED:
            return "the subscription began later"
        case Nothing.DATED_LATER:
            return "an edition of a later date was sent already, in another time zone"
        case _:
            return "an edition was sent on that day already"


def _why_never(store: Store, subscriber: Subscriber, spoken: Language) -> str:
    _ = spoken.gettext
    if subscriber.status is Status.PAUSED and subscriber.paused_until:
        return _("paused until %(day)s", day=spoken.day(subscriber.paused_until))
    if subscriber.status is not Status.ACTIVE:
        return status_label(subscriber.status, spoken)
    suppressed = store.suppressions.why_suppressed(subscriber.email)
    return _("suppressed: %(reason)s", reason=suppressed) if suppressed is not None else ""


def _days(profile: Profile) -> str:
    if profile.cadence is Cadence.WEEKLY:
        return f"weekly, on {date(2024, 1, 1 + profile.weekday):%A}s"  # 1 January 2024 was a Monday
    return f"monthly, on day {profile.month_day}" if profile.cadence is Cadence.MONTHLY else profile.cadence.value


def _date(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
