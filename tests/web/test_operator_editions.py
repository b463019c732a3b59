"""The editions on the operator's pages, and what may be done about one."""

from __future__ import annotations

import re
from datetime import timedelta

from newsletter.models import Cadence, DeliveryStatus, Edition
from tests.factories import NOW
from tests.web.live_site import LiveSite


def key_of(site: LiveSite) -> str:
    with site.store() as store:
        return store.editions.latest(1)[0].key


def requeue(site: LiveSite, status: DeliveryStatus = DeliveryStatus.QUEUED, detail: str = "") -> None:
    """Give the only delivery another status."""
    with site.store() as store:
        (delivery,) = store.deliveries.of_subscriber(3)
        store.deliveries.move(delivery.id, status, site.now, detail=detail)


def test_an_edition_has_its_subject_numbers_and_times(operated: LiveSite) -> None:
    (message,) = operated.messages()
    page = operated.client.get("/operator/editions").text
    assert f'<a href="/operator/editions/{key_of(operated)}">' in page
    assert str(message["Subject"])[:30] in page
    assert "1 of 1 sent" in page
    assert "1/min" in page
    assert "8 May 2026" in page


def test_pause_and_resume_are_offered_only_where_they_apply(operated: LiveSite) -> None:
    page = operated.client.get("/operator").text
    assert "Pause" not in page  # it is done
    requeue(operated)
    key = key_of(operated)
    assert f'aria-label="Pause: {key}"' in operated.client.get("/operator").text
    assert operated.press("/pause", edition=key).headers["location"] == f"/operator/editions/{key}?done=paused"
    page = operated.client.get(f"/operator/editions/{key}?done=paused").text
    assert "The edition is paused." in page
    assert f'aria-label="Resume: {key}"' in page
    assert "Pause:" not in page
    assert operated.press("/resume", edition=key).status_code == 303
    with operated.store() as store:
        assert store.editions.states() == {}


def test_it_asks_before_an_edition_is_cancelled(operated: LiveSite) -> None:
    requeue(operated)
    key = key_of(operated)
    assert "1 message that waits will not be sent" in operated.client.get(f"/operator/editions/{key}/cancel").text
    with operated.store() as store:
        assert store.editions.states() == {}
    assert operated.press("/cancel", edition=key).status_code == 303
    with operated.store() as store:
        assert store.editions.states() == {key: "cancelled"}
        assert store.deliveries.counts(key) == {"skipped": 1}
    assert "nothing left to cancel" in operated.client.get(f"/operator/editions/{key}/cancel").text


def test_what_failed_is_listed_and_queued_again(operated: LiveSite) -> None:
    requeue(operated, DeliveryStatus.FAILED, "550 5.1.1 <b>")
    key = key_of(operated)
    page = operated.client.get(f"/operator/editions/{key}").text
    assert "550 5.1.1 &lt;b&gt;" in page
    assert "ada@reader.example" in page
    assert operated.press("/retry", edition=key).headers["location"].endswith("?done=requeued")
    with operated.store() as store:
        assert store.deliveries.counts(key) == {"queued": 1}
    assert operated.press("/retry", edition=key).headers["location"].endswith("?done=not-requeued")


def test_without_an_edition_nothing_is_queued_again(operated: LiveSite) -> None:
    requeue(operated, DeliveryStatus.FAILED)
    assert operated.press("/retry").status_code == 422
    with operated.store() as store:
        assert store.deliveries.counts() == {"failed": 1}


def test_an_unknown_edition_is_not_found(operated: LiveSite) -> None:
    assert operated.client.get("/operator/editions/x").status_code == 404
    assert operated.client.get("/operator/editions/x/cancel").status_code == 404
    assert operated.press("/pause", edition="x").status_code == 422


def test_a_long_list_is_paged(operated: LiveSite) -> None:
    with operated.store() as store:
        for number in range(1, 24):
            at = NOW - timedelta(days=number)
            day = at.date()
            store.editions.put(
                Edition(key=f"daily-{day}", cadence=Cadence.DAILY, day=day, since=at, created_at=at, subject="<i>")
            )
    found: list[str] = []
    path = "/operator/editions"
    while path:
        page = operated.client.get(path).text
        assert "<i>" not in page
        found += re.findall(r'<a href="/operator/editions/(daily-[^"/]+)">', page)
        path = next(iter(re.findall(r'href="([^"]+)" rel="next"', page)), "")
    assert len(found) == len(set(found)) == 24
    assert found == sorted(found, reverse=True)
    assert "no older editions" in operated.client.get("/operator/editions?page=9").text
