"""Pausing, resuming and cancelling editions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import NewsletterError
from newsletter.models import Cadence, EditionState
from newsletter.pipeline.edition_state import Action, Stage, change_state, close_past_days, stage_of
from newsletter.store import Store
from newsletter.store.deliveries import Deliveries
from tests.factories import NOW
from tests.pipeline.conftest import SendingSite, outcomes_of, plan_without_sending
from tests.rendering.conftest import make_edition
from tests.smtpd import Server, serving


def test_a_cancelled_edition_stays_cancelled_whatever_follows(store: Store) -> None:
    edition = make_edition()
    store.editions.put(edition)
    change_state(store, edition.key, Action.CANCEL, NOW)

    for action in (Action.PAUSE, Action.RESUME, Action.PAUSE, Action.RESUME):
        with pytest.raises(NewsletterError, match="was cancelled"):
            change_state(store, edition.key, action, NOW)

    assert store.editions.states() == {edition.key: EditionState.CANCELLED}
    assert change_state(store, edition.key, Action.CANCEL, NOW) == 0


@given(st.lists(st.sampled_from(Action), max_size=8))
def test_no_history_opens_a_cancelled_edition(actions: list[Action]) -> None:
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from tests.stores import open_new_store

    with TemporaryDirectory() as folder, open_new_store(Path(folder) / "newsletter.db") as store:
        edition = make_edition()
        store.editions.put(edition)
        for number, action in enumerate(actions):
            try:
                change_state(store, edition.key, action, NOW)
            except NewsletterError:
                assert Action.CANCEL in actions[:number]
        state = store.editions.states().get(edition.key, EditionState.OPEN)
    assert (state is EditionState.CANCELLED) == (Action.CANCEL in actions)


def test_an_unknown_edition_is_refused(store: Store) -> None:
    with pytest.raises(NewsletterError, match="no such edition"):
        change_state(store, "daily-2026-05-09", Action.PAUSE, NOW)


@pytest.mark.parametrize(
    ("state", "planned", "waiting", "stage"),
    [
        (EditionState.OPEN, 0, 0, Stage.DRAFT),
        (EditionState.OPEN, 3, 1, Stage.SENDING),
        (EditionState.OPEN, 3, 0, Stage.DONE),
        (EditionState.PAUSED, 3, 1, Stage.PAUSED),
        (EditionState.CANCELLED, 3, 0, Stage.CANCELLED),
    ],
)
def test_where_an_edition_is(state: EditionState, planned: int, waiting: int, stage: Stage) -> None:
    assert stage_of(state, planned=planned, waiting=waiting) is stage


def test_what_could_not_depart_on_its_day_is_skipped_where_the_day_is_over(site: SendingSite) -> None:
    site.add_paper("Pears", 1)
    for zone in ("Asia/Tokyo", "UTC", "America/Los_Angeles"):
        site.add_subscriber(f"{zone.split('/')[-1].lower()}@example.org", "pears", time_zone=zone, hour=0)
    plan_without_sending(site)

    assert close_past_days(site.store, NOW + timedelta(hours=5)) == 0
    assert close_past_days(site.store, NOW + timedelta(hours=6)) == 1  # 15:30 UTC is after midnight in Tokyo
    assert close_past_days(site.store, NOW + timedelta(hours=15)) == 1
    (late,) = site.store.deliveries.open()
    assert site.store.subscribers.find_by_id(late.subscriber_id) == site.store.subscribers.get(
        "los_angeles@example.org"
    )


def test_a_weekly_edition_that_could_not_depart_is_caught_up_the_next_day_with_what_came_since(
    site: SendingSite,
) -> None:
    site.add_paper("Pears in Winter", 1)
    site.add_subscriber("ada@example.org", "pears", cadence=Cadence.WEEKLY, weekday=4)
    with serving(Server(on_rcpt=lambda _address, _seen: "450 4.2.0 later")) as server:
        site.send_to(server)
    site.wait(hours=16)  # at night, before the hour
    site.add_paper("Pears in Spring", 2)
    with serving(Server()) as server:
        at_night = site.send_to(server)
        site.wait(hours=8)
        site.send_to(server)
        site.wait(hours=2)
        site.send_to(server)

    assert at_night.counts == {"skipped": 1, "not sent": 1}
    (content,) = (content.decode() for _, content in server.accepted)
    assert "weekly-2026-05-09" in content
    assert ("Pears in Winter" in content, "Pears in Spring" in content) == (True, True)


@pytest.mark.parametrize("action", [Action.PAUSE, Action.CANCEL])
def test_an_edition_that_an_operator_stopped_is_not_caught_up(site: SendingSite, action: Action) -> None:
    site.add_paper("Pears in Winter", 1)
    site.add_subscriber("ada@example.org", "pears", cadence=Cadence.WEEKLY, weekday=4)
    plan_without_sending(site)
    change_state(site.store, "weekly-2026-05-08", action, site.now)
    site.wait(days=1)
    with serving(Server()) as server:
        report = site.send_to(server)
        assert server.accepted == []
        if action is Action.PAUSE:
            change_state(site.store, "weekly-2026-05-08", Action.RESUME, site.now)
            site.send_to(server)

    assert outcomes_of(report)["ada@example.org"][1].startswith("weekly-2026-05-08 is ")
    assert len(server.accepted) == (1 if action is Action.PAUSE else 0)


def test_what_a_crash_left_of_a_cancelled_edition_is_skipped_by_the_next_run(
    two_subscribers: SendingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_without_sending(two_subscribers)
    store, now = two_subscribers.store, two_subscribers.now
    with monkeypatch.context() as patched:
        patched.setattr(Deliveries, "skip_open", lambda *_, **__: 0)  # the process ends after the first transaction
        change_state(store, "daily-2026-05-08", Action.CANCEL, now)
    with serving(Server()) as server:
        two_subscribers.send_to(server)
    assert (server.accepted, store.deliveries.counts()) == ([], {"skipped": 2})
