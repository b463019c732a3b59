"""When the new people of an import begin: now, on a day, so many a day, or once they confirm."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.models import Profile, Status
from newsletter.store import Store
from newsletter.store.confirmations import Kind
from newsletter.subscribers.double_opt_in import PURGED_AFTER, purge_requests
from newsletter.subscribers.import_export import ImportOptions, ImportReport, import_people
from newsletter.subscribers.import_start import Start, read_start
from newsletter.subscribers.profiles import make_profile
from tests.factories import NOW, TODAY

LATER = TODAY + timedelta(days=10)


def import_with(store: Store, text: str, start: Start, *, dry_run: bool = False) -> ImportReport:
    options = ImportOptions(start=start, dry_run=dry_run)
    return import_people(store, io.StringIO(text), "people.csv", NOW, Profile(), options=options)


def addresses(number: int) -> str:
    return "".join(f"p{n}@example.org\n" for n in range(number))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", Start()),
        ("Confirm", Start(confirm=True)),
        (f"on {LATER}", Start(day=LATER)),
        (str(LATER), Start(day=LATER)),
        (str(TODAY), Start(day=TODAY)),
    ],
)
def test_a_start_is_read(text: str, expected: Start) -> None:
    assert read_start(text, None, TODAY) == expected


@pytest.mark.parametrize(
    ("text", "per_day"), [("on", None), ("2020-01-01", None), ("soon", None), ("now", 0), ("now", -1)]
)
def test_another_start_is_refused(text: str, per_day: int | None) -> None:
    with pytest.raises(ConfigError, match=r"--(start|per-day)"):
        read_start(text, per_day, TODAY)


@given(number=st.integers(0, 10_000), per_day=st.integers(1, 500), after=st.integers(-3, 30))
def test_no_day_has_more_than_so_many_and_none_is_past(number: int, per_day: int, after: int) -> None:
    start = Start(day=TODAY + timedelta(days=after), per_day=per_day)
    assert start.date_of(number, TODAY) >= TODAY
    assert start.date_of(number + per_day, TODAY) > start.date_of(number, TODAY)


def test_a_ramp_past_the_end_of_the_calendar_ends_on_its_last_day() -> None:
    start = read_start("on 9999-12-30", 1, TODAY)

    assert [start.date_of(number, TODAY) for number in (0, 1, 7)] == [date(9999, 12, 30), date.max, date.max]


def test_people_are_paused_until_the_day_on_which_they_begin(store: Store) -> None:
    report = import_with(store, addresses(2), Start(day=LATER))
    assert (report.added, report.last_start) == (2, LATER)
    assert {(one.status, one.paused_until) for one in store.subscribers.all()} == {(Status.PAUSED, LATER)}
    assert store.subscribers.resume_due(NOW + timedelta(days=9)) == 0
    assert store.subscribers.resume_due(NOW + timedelta(days=10)) == 2


def test_a_ramp_begins_at_once_and_goes_on_day_by_day(store: Store) -> None:
    text = "email,status\n" + "".join(f"p{n}@example.org,{'cleaned' if n == 2 else ''}\n" for n in range(6))
    report = import_with(store, text, Start(per_day=2))
    assert (report.added, report.suppressed, report.last_start) == (5, 1, TODAY + timedelta(days=2))
    begin = {
        one.email[:2]: one.paused_until for one in store.subscribers.all() if one.status is not Status.UNSUBSCRIBED
    }
    first, second = TODAY + timedelta(days=1), TODAY + timedelta(days=2)
    assert begin == {"p0": None, "p1": None, "p3": first, "p4": first, "p5": second}


def test_a_ramp_goes_on_from_batch_to_batch(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.subscribers.import_export._BATCH", 3)
    import_with(store, addresses(8), Start(day=LATER, per_day=2))
    days = [one.paused_until for one in store.subscribers.all()]
    assert days == [LATER + timedelta(days=n // 2) for n in range(8)]


def test_people_wait_for_confirmation_and_nobody_is_asked_twice(store: Store) -> None:
    text = "email,name,topics,hour\nann@example.org,Ann,robots; pears,6\nbob@example.org,,,\n"
    assert import_with(store, text, Start(confirm=True), dry_run=True).asked == 2
    assert store.confirmations.waiting(9) == []
    report = import_with(store, text, Start(confirm=True))
    assert (report.added, report.asked, store.subscribers.all()) == (2, 2, [])
    assert (
        import_with(store, text, Start(confirm=True)).asked,
        import_with(store, text, Start(confirm=True)).known,
    ) == (0, 2)
    # Requests of one moment are in no order: their ids are random.
    ann, _ = sorted(store.confirmations.waiting(9), key=lambda request: request.email)
    assert (ann.kind, ann.email, ann.name) == (Kind.SUBSCRIBE, "ann@example.org", "Ann")
    assert make_profile(ann.preferences, {}) == make_profile({"topics": ["robots", "pears"], "hour": 6}, {})
    with store.transaction():
        assert purge_requests(store, NOW + PURGED_AFTER + timedelta(seconds=1)) == 2


def test_who_is_asked_to_confirm_later_is_not_asked_before(store: Store) -> None:
    import_with(store, addresses(4), Start(confirm=True, per_day=2))
    assert len(store.confirmations.waiting(9, NOW)) == 2
    assert len(store.confirmations.waiting(9, NOW + timedelta(days=1))) == 4


def test_people_who_are_not_active_in_the_file_stay_so(store: Store) -> None:
    text = "email,status,paused_until,status_at\na@example.org,paused,2026-06-01,\nb@example.org,unsubscribed,,\n"
    import_with(store, text, Start(day=LATER))
    a, b = store.subscribers.all()
    assert (a.status, a.paused_until, b.status) == (Status.PAUSED, date(2026, 6, 1), Status.UNSUBSCRIBED)
