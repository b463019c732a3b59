from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from newsletter.errors import ProfileError, RequestError
from newsletter.models import Cadence, Profile, Status, tokens
from newsletter.store import Store
from newsletter.subscribers import subscriptions
from newsletter.subscribers.privacy import erase
from newsletter.subscribers.subscriptions import (
    change_address,
    change_preferences,
    pause,
    resume,
    subscribe,
    unsubscribe,
)
from tests.factories import NOW, make_profile, make_subscriber, make_topic

LATER = NOW + timedelta(days=1)
ADA = "ada@example.org"
BEN = "ben@example.org"


def test_a_new_subscriber_is_active_with_their_preferences(store: Store) -> None:
    store.topics.put(make_topic())
    subscriber = subscribe(store, ADA, " Ada\nExample ", {"topics": ["in-context learning"]}, NOW)
    assert subscriber == make_subscriber(profile=make_profile(serendipity=True))
    assert store.subscribers.all() == [subscriber]


def test_subscribing_twice_is_an_error_in_any_spelling(store: Store) -> None:
    subscribe(store, ADA, "", {}, NOW)
    with pytest.raises(RequestError) as caught:
        subscribe(store, "ADA@Example.org", "", {}, LATER)
    assert str(caught.value) == f"{ADA} already exists (active since 2026-05-08) (newsletter subscribers edit {ADA})"


def test_an_unsubscribed_address_is_an_error_with_a_hint_how_to_resume(store: Store) -> None:
    subscribe(store, ADA, "", {}, NOW)
    unsubscribe(store, ADA, NOW)
    with pytest.raises(RequestError, match=f"newsletter subscribers resume {ADA}"):
        subscribe(store, ADA, "", {}, LATER)


def test_an_erased_unsubscribed_address_is_added_only_with_resubscribe(store: Store) -> None:
    subscribe(store, ADA, "", {}, NOW)
    unsubscribe(store, ADA, NOW)
    erase(store, ADA, NOW)
    with pytest.raises(RequestError, match=f"newsletter subscribers add {ADA} --resubscribe"):
        subscribe(store, ADA, "", {}, LATER)
    assert subscribe(store, ADA, "", {}, LATER, resubscribe=True).status is Status.ACTIVE
    assert store.suppressions.why_suppressed(ADA) is None


def test_a_change_of_address_keeps_everything_else(store: Store) -> None:
    ada = subscribe(store, ADA, "Ada", {"topics": ["clouds"]}, NOW)
    moved = change_address(store, ada, "ada@new.example")
    assert (moved.id, moved.email, moved.profile) == (ada.id, "ada@new.example", ada.profile)
    assert store.subscribers.find(ADA) is None
    assert change_address(store, moved, "Ada@New.example").id == ada.id


def test_an_address_that_is_in_use_or_suppressed_cannot_be_changed_to(store: Store) -> None:
    ada, _ = subscribe(store, ADA, "", {}, NOW), subscribe(store, BEN, "", {}, NOW)
    store.suppressions.suppress("gone@example.org", "bounced", NOW)
    for email, complaint in ((BEN, "already subscribed"), ("gone@example.org", "suppressed: bounced")):
        with pytest.raises(RequestError, match=complaint):
            change_address(store, ada, email)
    with pytest.raises(ProfileError):
        change_address(store, ada, "nowhere")
    assert store.subscribers.get(ADA) == ada


@pytest.mark.parametrize("email", ["ada", "", "ada@example.org\nBcc: x@example.org"])
def test_subscribing_needs_a_valid_address(store: Store, email: str) -> None:
    with pytest.raises(ProfileError):
        subscribe(store, email, "", {}, NOW)
    assert store.subscribers.all() == []


def test_changing_one_preference_keeps_the_others(store: Store) -> None:
    subscribe(store, ADA, "Ada", {"topics": ["clouds"], "hour": 7}, NOW)
    changed = change_preferences(store, "ADA@example.org", None, {"cadence": "weekly"}, NOW)
    expected = Profile(topics=(make_topic("clouds", ("clouds",)),), hour=7, cadence=Cadence.WEEKLY)
    assert changed == make_subscriber(name="Ada", profile=expected, schedule_changed_at=NOW)


def test_an_invalid_preference_changes_nothing(store: Store) -> None:
    before = subscribe(store, ADA, "Ada", {}, NOW)
    with pytest.raises(ProfileError):
        change_preferences(store, ADA, "Ben", {"hour": 99}, NOW)
    assert store.subscribers.all() == [before]


def test_changing_a_name_changes_only_that(store: Store) -> None:
    subscribe(store, ADA, "Ada", {}, NOW)
    assert change_preferences(store, ADA, "Countess\r\nAda", {}, NOW).name == "Countess Ada"


@pytest.mark.parametrize(
    "act",
    [lambda store: change_preferences(store, ADA, None, {}, NOW), lambda store: pause(store, ADA, NOW),
     lambda store: resume(store, ADA, NOW), lambda store: unsubscribe(store, ADA, NOW)],
    ids=["change", "pause", "resume", "unsubscribe"],
)  # fmt: skip
def test_an_unknown_address_is_an_error(store: Store, act: Callable[[Store], object]) -> None:
    with pytest.raises(RequestError, match=f"no subscriber has the address '{ADA}'"):
        act(store)


def test_pausing_and_resuming_is_stored_with_its_time(store: Store) -> None:
    subscribe(store, ADA, "", {}, NOW)
    assert pause(store, ADA, LATER) == make_subscriber(
        name="", profile=Profile(), status=Status.PAUSED, status_at=LATER
    )
    assert resume(store, ADA, LATER) == make_subscriber(name="", profile=Profile(), status_at=LATER)


def test_unsubscribing_suppresses_the_address(store: Store) -> None:
    subscribe(store, ADA, "", {}, NOW)
    assert unsubscribe(store, "ADA@EXAMPLE.ORG", LATER) == make_subscriber(
        name="", profile=Profile(), status=Status.UNSUBSCRIBED, status_at=LATER
    )
    assert store.suppressions.all() == {ADA: "unsubscribed"}


def test_unsubscribing_twice_changes_nothing(store: Store) -> None:
    subscribe(store, ADA, "", {}, NOW)
    unsubscribed = unsubscribe(store, ADA, NOW)
    assert unsubscribe(store, ADA, LATER) == unsubscribed


def test_the_token_of_an_unsubscribe_link_is_enough(store: Store) -> None:
    ada, ben = subscribe(store, ADA, "", {}, NOW), subscribe(store, BEN, "", {}, NOW)
    unsubscribe(store, tokens.sign(store.secret(), tokens.UNSUBSCRIBE, ben.id), LATER)
    assert [(one.email, one.status) for one in store.subscribers.all()] == [
        (ada.email, Status.ACTIVE),
        (ben.email, Status.UNSUBSCRIBED),
    ]


@pytest.mark.parametrize("who", ["1.AAAAAAAAAAAAAAAAAAAA", "1.", "1.\udcff", "", "\udcff@example.org"])
def test_an_invalid_token_is_an_error_and_unsubscribes_nobody(store: Store, who: str) -> None:
    subscribe(store, ADA, "", {}, NOW)
    with pytest.raises(RequestError):
        unsubscribe(store, who, NOW)
    assert store.suppressions.all() == {}


def test_the_token_of_an_unknown_subscriber_is_an_error(store: Store) -> None:
    with pytest.raises(RequestError, match="unknown or expired token"):
        unsubscribe(store, tokens.sign(store.secret(), tokens.UNSUBSCRIBE, 99), NOW)


def test_an_ended_subscription_is_resumed_only_with_resubscribe(store: Store) -> None:
    subscribe(store, ADA, "", {}, NOW)
    unsubscribe(store, ADA, NOW)
    with pytest.raises(RequestError, match="unsubscribed on 2026-05-08"):
        resume(store, ADA, LATER)
    with pytest.raises(RequestError, match="nothing to pause"):
        pause(store, ADA, LATER)
    assert resume(store, ADA, LATER, resubscribe=True).status is Status.ACTIVE
    assert store.suppressions.all() == {}


def test_the_catalogue_is_by_case_folded_name(store: Store) -> None:
    store.topics.put(make_topic())
    assert subscriptions.catalogue(store) == {"in-context learning": make_topic()}


@pytest.mark.parametrize("until", [NOW.date(), date(2020, 1, 1)])
def test_a_pause_ends_after_today(store: Store, until: date) -> None:
    store.subscribers.add(ADA, "", Profile(), "cli", NOW)
    with pytest.raises(RequestError, match="is not after today"):
        pause(store, ADA, NOW, until)
