"""How far editions are, and what an operator may do about them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.models import DeliveryStatus, EditionState
from newsletter.operations.edition_status import EditionStatus, edition_statuses
from newsletter.pipeline.edition_state import Action, Stage
from newsletter.store import Store
from tests.factories import NOW
from tests.store.test_edition_numbers import DAYS, plan


def statuses(store: Store) -> dict[str, EditionStatus]:
    return {one.key: one for one in edition_statuses(store, store.editions.latest(9))}


def test_an_edition_has_its_numbers_and_its_rate(store: Store) -> None:
    plan(store)
    first, second, third = store.deliveries.open()[:3]
    for number, one in enumerate((first, second)):
        store.deliveries.depart_special(one.id, NOW + timedelta(seconds=number))
        store.deliveries.move(one.id, DeliveryStatus.SENT, NOW)
    store.deliveries.move(third.id, DeliveryStatus.DEFERRED, NOW)
    found = statuses(store)[DAYS[0]]
    assert (found.state, found.planned, found.done, found.waiting) == (Stage.SENDING, 3, 2, 1)
    assert (found.first_left_at, found.last_left_at) == (NOW, NOW + timedelta(seconds=1))
    assert (found.per_minute, found.bounced) == (2.0, 0)
    assert found.progress == pytest.approx(2 / 3)
    assert statuses(store)[DAYS[1]].per_minute is None


def test_only_actions_that_make_a_difference_are_offered(store: Store) -> None:
    plan(store)
    assert statuses(store)[DAYS[0]].actions == (Action.PAUSE, Action.CANCEL)
    store.editions.set_state(DAYS[0], EditionState.PAUSED)
    assert statuses(store)[DAYS[0]].actions == (Action.RESUME, Action.CANCEL)
    store.editions.set_state(DAYS[0], EditionState.CANCELLED)
    assert statuses(store)[DAYS[0]].actions == ()
    for one in store.deliveries.open():
        store.deliveries.move(one.id, DeliveryStatus.SENT, NOW)
    assert (statuses(store)[DAYS[1]].state, statuses(store)[DAYS[1]].actions) == (Stage.DONE, ())


def test_without_editions_there_is_nothing(store: Store) -> None:
    assert list(edition_statuses(store, [])) == []
