"""Which request is answered by which email, and which by none; what its link does is in test_double_opt_in."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.errors import TransportError
from newsletter.sending import Verdict
from newsletter.store import Store
from newsletter.subscribers.double_opt_in import request_link, request_subscription
from tests.factories import NOW, make_profile
from tests.notices import ADA, PREFERENCES, Pages, make_pages


@pytest.fixture
def pages(store: Store, tmp_path: Path) -> Pages:
    return make_pages(store, tmp_path)


def test_an_address_that_bounced_or_complained_gets_no_email(pages: Pages) -> None:
    pages.store.suppressions.suppress(ADA, "complaint: abuse", NOW)
    request_subscription(pages.store, ADA, "", PREFERENCES, NOW)
    assert pages.send_waiting() == []


def test_a_preferences_link_is_sent_only_to_subscribers(pages: Pages) -> None:
    pages.store.subscribers.add(ADA, "Ada", make_profile(), "web", NOW)
    for email in (ADA, "nobody@subscriber.example"):
        request_link(pages.store, email, NOW)
    (message,) = pages.send_waiting()
    assert (message["To"], message["Subject"]) == (ADA, "Your preferences for Daily Papers")


def test_a_deferred_email_is_sent_later_and_a_rejected_one_is_not(pages: Pages) -> None:
    request_subscription(pages.store, ADA, "", PREFERENCES, NOW)
    pages.transport.error = TransportError("no server")
    with pytest.raises(TransportError):
        pages.send_waiting()
    pages.transport.error = None
    pages.transport.verdict = Verdict.DEFERRED
    assert len(pages.send_waiting()) == 1
    pages.transport.verdict = Verdict.REFUSED
    assert len(pages.send_waiting()) == 1
    assert pages.send_waiting() == []


def test_a_confirmation_email_is_in_the_language_of_the_subscriber(pages: Pages) -> None:
    request_subscription(pages.store, ADA, "", PREFERENCES | {"language": "de"}, NOW)
    (message,) = pages.send_waiting()
    assert message["Subject"] == "Bitte bestätige dein Abonnement von Daily Papers"
