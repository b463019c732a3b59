"""Double opt-in: which request sends which email, and what its link does."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from newsletter.errors import ProfileError, RequestError
from newsletter.models import Status, tokens
from newsletter.store import Store
from newsletter.store.suppressions import UNSUBSCRIBED
from newsletter.subscribers.double_opt_in import confirm, purge_requests, request_address_change, request_subscription
from newsletter.subscribers.subscriptions import pause, unsubscribe
from tests.factories import NOW, make_profile
from tests.notices import ADA, PREFERENCES, Pages, make_pages, text_of


@pytest.fixture
def pages(store: Store, tmp_path: Path) -> Pages:
    return make_pages(store, tmp_path)


def token_in(message: EmailMessage) -> str:
    found = re.search(r"https://papers\.example/(?:confirm|preferences)/(\S+)", text_of(message))
    assert found is not None
    return found[1]


def test_an_address_is_subscribed_when_its_owner_confirms_and_only_once(
    pages: Pages,
) -> None:
    request_subscription(pages.store, ADA, "Ada", PREFERENCES, NOW)
    assert pages.store.subscribers.find(ADA) is None

    (message,) = pages.send_waiting()
    assert (message["To"], message["Subject"]) == (ADA, "Please confirm your subscription to Daily Papers")
    assert message["List-Unsubscribe"] is None
    assert message["Auto-Submitted"] == "auto-generated"
    assert pages.send_waiting() == []

    first, second = (confirm(pages.store, token_in(message), NOW) for _ in range(2))
    assert first == second
    assert (first.status, first.name, first.origin) == (Status.ACTIVE, "Ada", "web")
    assert (first.profile.weekday, [topic.name for topic in first.profile.topics]) == (4, ["pears"])


def test_a_link_expires_and_unconfirmed_requests_are_deleted(pages: Pages) -> None:
    request_subscription(pages.store, ADA, "", PREFERENCES, NOW)
    (message,) = pages.send_waiting()
    pages.now = NOW + timedelta(days=4)
    with pytest.raises(RequestError, match="expired"):
        confirm(pages.store, token_in(message), pages.now)
    assert purge_requests(pages.store, NOW + timedelta(days=6)) == 0
    assert purge_requests(pages.store, NOW + timedelta(days=8)) == 1
    assert pages.store.confirmations.count_since(ADA, NOW - timedelta(days=30)) == 0


@pytest.mark.parametrize("wrong", ["", "1", "1.2", "1.2.3", "x.y.z", "1.739999.", "\x00", "९.739999.abc"])
def test_a_forged_link_does_nothing(pages: Pages, wrong: str) -> None:
    request_subscription(pages.store, ADA, "", PREFERENCES, NOW)
    with pytest.raises(RequestError, match="incomplete"):
        confirm(pages.store, wrong, NOW)


def test_a_token_of_another_purpose_does_not_confirm(pages: Pages) -> None:
    request_subscription(pages.store, ADA, "", PREFERENCES, NOW)
    secret = pages.store.secret()
    day = NOW.date() + timedelta(days=1)
    for token in (tokens.sign(secret, tokens.UNSUBSCRIBE, 1), tokens.sign_until(secret, tokens.PREFERENCES, 1, day)):
        with pytest.raises(RequestError, match="incomplete"):
            confirm(pages.store, token, NOW)


def test_a_subscriber_who_signs_up_again_is_told_so_and_nothing_changes(pages: Pages) -> None:
    before = pages.store.subscribers.add(ADA, "Ada", make_profile(), "cli", NOW)
    request_subscription(pages.store, ADA.upper(), "Somebody else", PREFERENCES, NOW)

    (message,) = pages.send_waiting()

    assert message["Subject"] == "You’re already subscribed to Daily Papers"
    assert "/preferences/open/" in text_of(message)
    assert "Somebody else" not in text_of(message)
    assert pages.store.subscribers.get(ADA) == before


@pytest.mark.parametrize("end", [unsubscribe, pause])
def test_an_unsubscribed_or_paused_subscriber_comes_back_with_new_preferences(pages: Pages, end: object) -> None:
    pages.store.subscribers.add(ADA, "Ada", make_profile(), "web", NOW)
    end(pages.store, ADA, NOW)  # type: ignore[operator]
    request_subscription(pages.store, ADA, "", PREFERENCES, NOW)
    (message,) = pages.send_waiting()

    known = confirm(pages.store, token_in(message), NOW)

    assert (known.status, known.name, known.profile.cadence) == (Status.ACTIVE, "Ada", "weekly")
    assert pages.store.suppressions.why_suppressed(ADA) is None


def test_an_address_gets_at_most_three_confirmation_emails_a_day(pages: Pages) -> None:
    for _ in range(10):
        request_subscription(pages.store, ADA, "", PREFERENCES, NOW)
    assert len(pages.send_waiting()) == 3
    pages.now += timedelta(days=1, seconds=1)
    request_subscription(pages.store, ADA, "", PREFERENCES, pages.now)
    assert len(pages.send_waiting()) == 1


def test_a_new_address_is_confirmed_by_its_owner(pages: Pages) -> None:
    ada = pages.store.subscribers.add(ADA, "Ada", make_profile(), "web", NOW)
    request_address_change(pages.store, ada, "new@subscriber.example", NOW)
    (message,) = pages.send_waiting()
    assert message["To"] == "new@subscriber.example"
    assert pages.store.subscribers.get(ADA).email == ADA

    assert confirm(pages.store, token_in(message), NOW).id == ada.id

    assert pages.store.subscribers.find(ADA) is None
    assert pages.store.subscribers.get("new@subscriber.example").profile == ada.profile


def test_confirming_a_new_address_ends_its_suppression(pages: Pages) -> None:
    ada = pages.store.subscribers.add(ADA, "Ada", make_profile(), "web", NOW)
    pages.store.suppressions.suppress("new@subscriber.example", UNSUBSCRIBED, NOW)
    request_address_change(pages.store, ada, "new@subscriber.example", NOW)
    (message,) = pages.send_waiting()

    confirm(pages.store, token_in(message), NOW)

    assert pages.store.suppressions.why_suppressed("new@subscriber.example") is None


def test_a_new_address_that_was_taken_meanwhile_is_an_error(pages: Pages) -> None:
    ada = pages.store.subscribers.add(ADA, "Ada", make_profile(), "web", NOW)
    request_address_change(pages.store, ada, "bob@subscriber.example", NOW)
    (message,) = pages.send_waiting()
    pages.store.subscribers.add("bob@subscriber.example", "Bob", make_profile(), "web", NOW)
    with pytest.raises(RequestError, match="already subscribed"):
        confirm(pages.store, token_in(message), NOW)
    assert pages.store.subscribers.get(ADA).id == ada.id


def test_invalid_preferences_are_rejected_at_once(pages: Pages) -> None:
    for email, preferences in (("no address", PREFERENCES), (ADA, {"hour": 25}), (ADA, {"topics": ["("]})):
        with pytest.raises(ProfileError):
            request_subscription(pages.store, email, "", preferences, NOW)
    assert pages.send_waiting() == []
