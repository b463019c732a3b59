"""Unsubscribing: asking first, in one click, undoing it, or getting fewer emails instead."""

from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.models import Cadence, Status
from tests.factories import NOW
from tests.web.live_site import ADA, BOB, LiveSite


def test_the_page_asks_first_and_unsubscribing_can_be_undone_for_a_day(live: LiveSite) -> None:
    live.subscribe()
    path = live.unsubscribe_path()
    assert "Unsubscribe from Daily Papers?" in live.client.get(path).text
    assert live.subscriber().status is Status.ACTIVE
    assert "Undo" in live.client.post(path).text
    assert live.subscriber().status is Status.UNSUBSCRIBED

    live.client.post(path, data={"reason": "Too many emails"})
    with live.store() as store:
        assert store.suppressions.why_suppressed(ADA) == "unsubscribed: Too many emails"
    assert live.client.post(f"{path}/undo").status_code == 200
    assert live.subscriber().status is Status.ACTIVE
    with live.store() as store:
        assert store.suppressions.why_suppressed(ADA) is None

    live.client.post(path)
    live.now += timedelta(days=2)
    assert live.client.post(f"{path}/undo").status_code == 409
    assert live.subscriber().status is Status.UNSUBSCRIBED


def test_queued_messages_are_not_sent_after_unsubscribing(live: LiveSite) -> None:
    live.subscribe()
    live.subscribe(email=BOB)
    live.server.on_rcpt = lambda _address, _seen: "450 4.2.1 later"
    assert live.send().counts["deferred"] == 2

    live.client.post(live.unsubscribe_path(), data={"List-Unsubscribe": "One-Click"})
    live.server.on_rcpt = lambda _address, _seen: None
    live.now += timedelta(hours=1)

    counts = live.send().counts
    assert (counts["sent"], counts["skipped"]) == (1, 1)
    assert [len(live.messages(email)) for email in (ADA, BOB)] == [1, 2]


def test_fewer_emails_instead(live: LiveSite) -> None:
    live.subscribe()
    path = live.unsubscribe_path()
    assert "one email per week" in live.client.post(f"{path}/fewer").text
    assert live.subscriber().profile.cadence is Cadence.WEEKLY
    assert "one email per month" in live.client.post(f"{path}/fewer").text
    assert live.subscriber().profile.cadence is Cadence.MONTHLY
    assert "fewer emails" not in live.client.get(path).text


def test_a_profile_kept_in_a_file_cannot_get_fewer_emails_here(ada: LiveSite) -> None:
    with ada.store() as store, store.transaction():
        subscriber = store.subscribers.get(ADA)
        store.subscribers.update_profile(subscriber.id, subscriber.name, subscriber.profile, "file:ada", NOW)
    path = ada.unsubscribe_path()
    assert "fewer emails" not in ada.client.get(path).text
    assert ada.client.post(f"{path}/fewer").status_code == 409
    assert ada.subscriber().profile.cadence is Cadence.DAILY


def test_after_a_complaint_old_links_do_not_resubscribe(ada: LiveSite) -> None:
    with ada.store() as store, store.transaction():
        store.subscribers.set_status(store.subscribers.get(ADA).id, Status.UNSUBSCRIBED, ada.now)
        store.suppressions.suppress(ADA, "complaint: abuse", ada.now)
    assert ada.client.post(f"{ada.unsubscribe_path()}/undo").status_code == 409
    assert ada.client.post(f"{ada.digest_path()}/resume").status_code == 303
    assert ada.subscriber().status is Status.UNSUBSCRIBED


@pytest.mark.parametrize("action", ["", "/undo", "/fewer"])
def test_an_email_address_is_no_token(ada: LiveSite, action: str) -> None:
    response = ada.client.post(f"/unsubscribe/{ADA}{action}")
    assert response.status_code == 404
    assert "This link is incomplete" in response.text
    assert ada.subscriber().status is Status.ACTIVE


def test_links_of_digests_sent_before_0_2_still_work(ada: LiveSite) -> None:
    path = ada.unsubscribe_path().replace("/unsubscribe/", "/leave/")
    assert "Unsubscribe from" in ada.client.get(path).text
    one_click = {"List-Unsubscribe": "One-Click"}
    foreign = {"Origin": "https://webmail.example", "Sec-Fetch-Site": "cross-site"}
    assert ada.client.post(path, data=one_click, headers=foreign).status_code == 200
    assert ada.subscriber().status is Status.UNSUBSCRIBED
    assert ada.client.post(f"{path}/undo").status_code == 200
    assert ada.client.post(f"{path}/fewer").status_code == 200
    assert ada.subscriber().profile.cadence is Cadence.WEEKLY
