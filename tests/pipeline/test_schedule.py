"""The rules of when mail comes, one row each. Whether they hold together is shown by `test_mail_days`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Cadence, Profile
from newsletter.pipeline.schedule import (
    NO_LOOKS,
    Gate,
    Looks,
    MailHistory,
    Nothing,
    due_edition,
    gate,
    local_day,
    next_edition,
    why_nothing,
)

WEEKDAYS = {"cadence": Cadence.WEEKDAYS}
FRIDAYS = {"cadence": Cadence.WEEKLY, "weekday": 4}
MONDAYS = {"cadence": Cadence.WEEKLY, "weekday": 0}
FIRSTS = {"cadence": Cadence.MONTHLY, "month_day": 1}
TOKYO, ANGELES, BERLIN = "Asia/Tokyo", "America/Los_Angeles", "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text if " " in text else f"{text} 12:00").replace(tzinfo=UTC)


def history(last: str | None = None, day: str | None = None, **changes: str) -> MailHistory:
    """Return a history with the last mail at some time, dated its day in UTC or `day`."""
    return MailHistory(
        active_since=at(changes.get("active_since", "2026-01-01 00:00")),
        changed_at=at(changes["changed_at"]) if "changed_at" in changes else None,
        last_at=at(last) if last else None,
        last_day=date.fromisoformat(day or last[:10]) if last else None,
        covered_until=at(last) if last else None,
    )


LONG_AGO = history("2026-02-02 08:00")
THURSDAY = history("2026-05-07 08:00")


@pytest.mark.parametrize(
    ("preferences", "known", "now", "key"),
    [
        # The hour, theirs.
        ({}, THURSDAY, "2026-05-08 07:59", None),
        ({}, THURSDAY, "2026-05-08 08:00", "daily-2026-05-08"),
        ({"time_zone": TOKYO}, LONG_AGO, "2026-05-07 22:59", None),
        ({"time_zone": TOKYO}, LONG_AGO, "2026-05-07 23:00", "daily-2026-05-08"),
        ({"hour": 0}, LONG_AGO, "2027-01-01 00:00", "daily-2027-01-01"),
        # A missed day is caught up until it ends, dated the day it arrives.
        ({}, THURSDAY, "2026-05-08 23:59", "daily-2026-05-08"),
        ({}, THURSDAY, "2026-05-09 00:00", None),
        ({}, history("2026-05-01 08:00"), "2026-05-08 09:00", "daily-2026-05-08"),
        # One a day, whatever changes.
        ({}, history("2026-05-08 08:00"), "2026-05-08 09:00", None),
        (FRIDAYS, history("2026-05-08 08:00", changed_at="2026-05-08 10:00"), "2026-05-08 11:00", None),
        ({"hour": 12}, history("2026-05-08 08:00", changed_at="2026-05-08 10:00"), "2026-05-08 12:00", None),
        ({"hour": 6}, history("2026-05-07 17:00", changed_at="2026-05-08 10:00"), "2026-05-08 10:00",
         "daily-2026-05-08"),
        # Tokyo → Los Angeles and back: neither two emails of one date nor two on one day.
        ({"time_zone": ANGELES}, history("2026-05-07 23:00", "2026-05-08"), "2026-05-08 16:00", None),
        ({"time_zone": ANGELES}, history("2026-05-07 23:00", "2026-05-08"), "2026-05-09 16:00", "daily-2026-05-09"),
        ({"time_zone": TOKYO}, history("2026-05-07 23:00", "2026-05-07"), "2026-05-08 01:00", None),
        ({"time_zone": TOKYO}, history("2026-05-07 23:00", "2026-05-07"), "2026-05-08 23:00", "daily-2026-05-09"),
        # Weekdays: Friday is not caught up on Saturday.
        (WEEKDAYS, THURSDAY, "2026-05-08 23:00", "weekdays-2026-05-08"),
        (WEEKDAYS, THURSDAY, "2026-05-09 09:00", None),
        (WEEKDAYS, THURSDAY, "2026-05-10 09:00", None),
        (WEEKDAYS, THURSDAY, "2026-05-11 08:00", "weekdays-2026-05-11"),
        # Weekly: caught up for two days more, from the hour on.
        (FRIDAYS, THURSDAY, "2026-05-08 08:00", "weekly-2026-05-08"),
        (FRIDAYS, THURSDAY, "2026-05-09 07:00", None),
        (FRIDAYS, THURSDAY, "2026-05-09 09:00", "weekly-2026-05-09"),
        (FRIDAYS, THURSDAY, "2026-05-10 09:00", "weekly-2026-05-10"),
        (FRIDAYS, THURSDAY, "2026-05-11 09:00", None),
        (FRIDAYS, history("2026-05-09 09:00"), "2026-05-10 09:00", None),
        # Monthly: no "month to 1 April" on 28 April.
        (FIRSTS, history("2026-03-01 08:00"), "2026-04-01 08:00", "monthly-2026-04-01"),
        (FIRSTS, history("2026-03-01 08:00"), "2026-04-07 08:00", "monthly-2026-04-07"),
        (FIRSTS, history("2026-03-01 08:00"), "2026-04-28 08:00", None),
        # Fewer emails do not mean one more.
        (MONDAYS, history("2026-05-06 08:00", changed_at="2026-05-06 09:00"), "2026-05-06 10:00", None),
        (FIRSTS, history("2026-05-06 08:00", changed_at="2026-05-06 09:00"), "2026-05-06 10:00", None),
        # The first edition comes on the day they subscribe, but not before the hour, nor on a weekend.
        (FIRSTS, history(active_since="2026-04-28 05:00"), "2026-04-28 07:00", None),
        (FIRSTS, history(active_since="2026-04-28 05:00"), "2026-04-28 08:00", "monthly-2026-04-28"),
        (FIRSTS, history(active_since="2026-04-28 15:00"), "2026-04-28 15:00", "monthly-2026-04-28"),
        (WEEKDAYS, history(active_since="2026-05-09 15:00"), "2026-05-09 15:00", None),
        # The clocks go forward over 02:00 on 29 March in Berlin, and back over it on 25 October: once each.
        ({"time_zone": BERLIN, "hour": 2}, LONG_AGO, "2026-03-29 00:59", None),
        ({"time_zone": BERLIN, "hour": 2}, LONG_AGO, "2026-03-29 01:00", "daily-2026-03-29"),
        ({"time_zone": BERLIN, "hour": 2}, history("2026-10-25 00:00"), "2026-10-25 01:00", None),
        # The day that Samoa left out, 30 December 2011, was a Friday.
        (FRIDAYS | {"time_zone": "Pacific/Apia"}, history("2011-12-23", active_since="2011-01-01"),
         "2011-12-30 18:00", "weekly-2011-12-31"),
    ],
)  # fmt: skip
def test_what_is_due(preferences: dict[str, Any], known: MailHistory, now: str, key: str | None) -> None:
    due = due_edition(Profile(**preferences), known, at(now), NO_LOOKS)

    assert (due and due.key) == key


@pytest.mark.parametrize(
    ("preferences", "looked_at", "now", "is_due", "needs_papers_by"),
    [
        ({}, "2026-05-08 08:00", "2026-05-08 09:00", True, None),
        ({}, "2026-05-08 10:00", "2026-05-08 11:00", True, None),
        # Nobody looked since: what was there by 11:00 still counts, what came later does not.
        ({}, "2026-05-08 10:00", "2026-05-08 15:00", True, "2026-05-08 11:00"),
        ({}, "2026-05-08 11:00", "2026-05-08 12:00", False, None),
        # Nobody looked at all.
        ({}, "2026-05-08 07:59", "2026-05-08 15:00", True, None),
        ({"wait_hours": 0}, "2026-05-08 08:00", "2026-05-08 08:01", False, None),
        # The wait ends with the day.
        ({"hour": 23}, "2026-05-08 23:00", "2026-05-09 00:01", False, None),
        (FRIDAYS, "2026-05-08 11:00", "2026-05-09 09:00", False, None),
        (FRIDAYS, "2026-05-08 07:00", "2026-05-09 09:00", True, None),
        # Somebody looked before the hour of the day on which it is caught up.
        (FRIDAYS, "2026-05-09 03:00", "2026-05-09 09:00", True, None),
        (FRIDAYS, "2026-05-09 08:00", "2026-05-09 09:00", False, None),
        (FRIDAYS, "2026-05-08 09:00", "2026-05-09 09:00", True, "2026-05-08 11:00"),
    ],
)
def test_a_slot_without_papers_waits_and_closes(
    preferences: dict[str, Any], looked_at: str, now: str, is_due: bool, needs_papers_by: str | None
) -> None:
    due = due_edition(Profile(**preferences), THURSDAY, at(now), Looks([at(looked_at)]))

    assert (due is not None) is is_due
    assert (due and due.needs_papers_by) == (at(needs_papers_by) if needs_papers_by else None)


def test_the_slot_of_the_day_of_a_change_opens_with_it() -> None:
    changed = history("2026-05-06 17:00", changed_at="2026-05-08 15:00")

    due = due_edition(Profile(hour=9), changed, at("2026-05-08 15:30"), Looks([at("2026-05-08 14:59")]))

    assert due is not None
    assert (due.at, due.closes_at) == (at("2026-05-08 15:00"), at("2026-05-08 18:00"))


@pytest.mark.parametrize(
    ("preferences", "known", "since", "is_first"),
    [
        ({}, THURSDAY, "2026-05-07 08:00", False),
        ({}, history("2026-04-01 08:00"), "2026-05-01 08:00", False),
        ({}, history(), "2026-05-01 08:00", True),
        (FRIDAYS, history("2026-05-01 08:03"), "2026-05-01 08:03", False),
        (FRIDAYS, history("2026-04-24 08:03"), "2026-05-01 08:00", False),
        ({"cadence": Cadence.MONTHLY, "month_day": 8}, history("2026-04-08 08:03"), "2026-04-08 08:03", False),
        ({"cadence": Cadence.MONTHLY, "month_day": 8}, history("2026-03-08 08:03"), "2026-04-07 08:00", False),
    ],
)
def test_an_edition_has_what_is_new_since_the_previous_one_within_its_window(
    preferences: dict[str, Any], known: MailHistory, since: str, is_first: bool
) -> None:
    due = due_edition(Profile(**preferences), known, at("2026-05-08 09:00"), NO_LOOKS)

    assert due is not None
    assert (due.since, due.is_first) == (at(since), is_first)


@pytest.mark.parametrize(
    ("preferences", "known", "now", "coming"),
    [
        ({}, THURSDAY, "2026-05-08 07:00", "2026-05-08 08:00"),
        ({}, THURSDAY, "2026-05-07 09:00", "2026-05-08 08:00"),
        (WEEKDAYS, history("2026-05-08 08:00"), "2026-05-08 09:00", "2026-05-11 08:00"),
        (FRIDAYS, THURSDAY, "2026-05-08 20:00", "2026-05-08 08:00"),
        (FRIDAYS, THURSDAY, "2026-05-09 05:00", "2026-05-09 08:00"),
        (FRIDAYS, history("2026-05-08 08:00"), "2026-05-08 20:00", "2026-05-15 08:00"),
        (FIRSTS, history("2026-05-01 08:00"), "2026-05-08 20:00", "2026-06-01 08:00"),
    ],
)
def test_when_the_next_edition_is_due(preferences: dict[str, Any], known: MailHistory, now: str, coming: str) -> None:
    assert next_edition(Profile(**preferences), known, at(now), NO_LOOKS).at == at(coming)


@pytest.mark.parametrize(
    ("preferences", "known", "day", "why"),
    [
        ({}, THURSDAY, "2026-05-08", None),
        ({}, THURSDAY, "2026-05-09", Nothing.NOT_YET),
        ({}, history("2026-05-08 08:00"), "2026-05-08", Nothing.MAILED),
        ({}, history("2026-05-08 08:00", "2026-05-09"), "2026-05-09", Nothing.MAILED),
        ({}, history("2026-05-08 08:00", "2026-05-10"), "2026-05-09", Nothing.DATED_LATER),
        ({}, THURSDAY, "2025-12-31", Nothing.NOT_SUBSCRIBED),
        (WEEKDAYS, THURSDAY, "2026-05-03", Nothing.WEEKEND),
        (FRIDAYS, THURSDAY, "2026-05-05", Nothing.OTHER_DAY),
        ({}, THURSDAY, "2026-05-03", Nothing.CLOSED),
        (FRIDAYS, THURSDAY, "2026-05-09", Nothing.OTHER_DAY),
        (FRIDAYS, THURSDAY, "2026-05-02", Nothing.OTHER_DAY),
        (MONDAYS, history("2026-05-03 08:00"), "2026-05-08", Nothing.OTHER_DAY),
        ({"cadence": Cadence.WEEKLY, "weekday": 3}, history("2026-05-03 08:00"), "2026-05-08", None),
    ],
)
def test_there_is_a_reason_for_each_day_without_an_edition(
    preferences: dict[str, Any], known: MailHistory, day: str, why: Nothing | None
) -> None:
    now = at("2026-05-08 09:00")

    assert why_nothing(Profile(**preferences), known, date.fromisoformat(day), now, NO_LOOKS) is why


@pytest.mark.parametrize(
    ("preferences", "day", "now", "state"),
    [
        ({}, "2026-05-08", "2026-05-07 23:00", Gate.NOT_YET),
        ({}, "2026-05-08", "2026-05-08 07:59", Gate.NOT_YET),
        ({}, "2026-05-08", "2026-05-08 08:00", Gate.OPEN),
        ({}, "2026-05-08", "2026-05-08 23:59", Gate.OPEN),
        ({}, "2026-05-08", "2026-05-09 00:00", Gate.OVER),
        ({"time_zone": ANGELES}, "2026-05-08", "2026-05-09 06:59", Gate.OPEN),
        (WEEKDAYS, "2026-05-09", "2026-05-09 12:00", Gate.NOT_YET),
    ],
)
def test_an_edition_leaves_on_its_day_alone(preferences: dict[str, Any], day: str, now: str, state: Gate) -> None:
    assert gate(Profile(**preferences), date.fromisoformat(day), at(now)) is state


profiles = st.builds(
    Profile,
    cadence=st.sampled_from(Cadence),
    hour=st.integers(0, 23),
    wait_hours=st.integers(0, 23),
    weekday=st.integers(0, 6),
    month_day=st.integers(1, 28),
    time_zone=st.sampled_from(["UTC", BERLIN, "America/New_York", "Pacific/Apia", "Asia/Kathmandu", "America/Nuuk"]),
)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ages = st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=70)))


@st.composite
def situations(draw: st.DrawFn) -> tuple[Profile, MailHistory, datetime, Looks]:
    """Return a profile, what was sent before, the time, and when everybody's slots were looked at."""
    now, before, looked = draw(moments), draw(ages), draw(st.lists(st.timedeltas(timedelta(0), timedelta(days=9))))
    last_at = now - before if before is not None else None
    known = MailHistory(
        active_since=now - draw(st.timedeltas(timedelta(0), timedelta(days=70))),
        changed_at=None if (changed := draw(ages)) is None else now - changed,
        last_at=last_at,
        last_day=last_at and last_at.date() + timedelta(days=draw(st.integers(-1, 1))),
        covered_until=last_at,
    )
    return draw(profiles), known, now, Looks(sorted(now - one for one in looked))


@given(situations())
def test_what_is_due_may_depart_and_what_comes_next_will_be_due(
    situation: tuple[Profile, MailHistory, datetime, Looks],
) -> None:
    profile, known, now, looks = situation
    due, coming = due_edition(profile, known, now, looks), next_edition(profile, known, now, looks)

    if due is not None:
        assert coming == due
        assert gate(profile, due.day, now) is Gate.OPEN
        assert due.day == local_day(profile, now)
        assert known.last_at is None or due.day > local_day(profile, known.last_at)
        assert due.since < now
    else:
        assert coming.at > now
        assert due_edition(profile, known, coming.at - timedelta(seconds=1), looks) is None
        later = due_edition(profile, known, coming.at, looks)
        assert later is not None
        assert later.key == coming.key
        assert gate(profile, coming.day, coming.at) is Gate.OPEN


def test_the_first_digest_comes_at_once_if_they_want_it_and_only_the_first() -> None:
    """Subscribed on Friday at 03:00, for 08:00."""
    began = at("2026-05-08 03:00")
    patient, eager = Profile(), Profile(first_at_once=True)
    new = MailHistory(active_since=began)
    assert due_edition(patient, new, began, NO_LOOKS) is None
    due = due_edition(eager, new, began, NO_LOOKS)
    assert due is not None
    assert (due.key, due.at, due.is_first) == ("daily-2026-05-08", began, True)
    assert due.closes_at == next_edition(patient, new, began, NO_LOOKS).closes_at  # without papers they wait alike
    assert gate(eager, due.day, began, began) is Gate.OPEN
    assert gate(patient, due.day, began, began) is gate(eager, due.day, began) is Gate.NOT_YET

    sent = MailHistory(
        active_since=began, last_at=began + timedelta(minutes=1), last_day=began.date(), covered_until=began
    )
    for hours in range(29):  # at 08:00 of this day, too
        assert due_edition(eager, sent, began + timedelta(hours=hours), NO_LOOKS) is None
    assert next_edition(eager, sent, began, NO_LOOKS).at == at("2026-05-09 08:00")
    next_day = began + timedelta(days=1)
    assert due_edition(eager, sent, next_day, NO_LOOKS) is None
    assert gate(eager, next_day.date(), next_day, began) is Gate.NOT_YET


def test_who_is_mailed_on_weekdays_gets_no_first_digest_on_a_saturday() -> None:
    saturday = at("2026-05-09 03:00")
    profile = Profile(first_at_once=True, cadence=Cadence.WEEKDAYS)
    history = MailHistory(active_since=saturday)
    assert due_edition(profile, history, saturday, NO_LOOKS) is None
    assert next_edition(profile, history, saturday, NO_LOOKS).at == at("2026-05-11 08:00")


def test_a_weekly_or_monthly_first_digest_comes_at_once_on_any_day() -> None:
    began = at("2026-05-08 03:00")
    for cadence in (Cadence.WEEKLY, Cadence.MONTHLY):
        due = due_edition(
            Profile(first_at_once=True, cadence=cadence), MailHistory(active_since=began), began, NO_LOOKS
        )
        assert due is not None
        assert due.at == began
