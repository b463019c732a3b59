"""Pausing, resuming and cancelling editions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import NewsletterError
from newsletter.models import EditionState
from newsletter.pipeline.edition_state import Action, Stage, change_state, stage_of
from newsletter.store import Store
from tests.factories import NOW
from tests.rendering.conftest import make_edition


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
