"""The subscribers on the operator's pages: search, paging, one subscriber, and what may be done about one."""

from __future__ import annotations

import re
from dataclasses import replace

from newsletter.models import Status
from newsletter.store.bounces import Bounce
from newsletter.subscribers.subscriptions import catalogue
from tests.factories import NOW, make_profile
from tests.web.live_site import ADA, BOB, LiveSite, paths_in

LIST = "/operator/subscribers"
#: The first two ids were of examples that the fixture erases.
ADA_ID, BOB_ID = 3, 4
ADAS = f"{LIST}/{ADA_ID}"


def addresses(page: str) -> list[str]:
    return re.findall(r'<a href="/operator/subscribers/\d+">([^<]+)</a>', page)


def test_they_are_searched(operated: LiveSite) -> None:
    with operated.store() as store, store.transaction():
        store.tags.add([(ADA_ID, "lab")])
        profile = make_profile(topics=(catalogue(store)["llm agents"],))
        store.subscribers.update_profile(BOB_ID, "", profile, "web", NOW)
    rows: list[tuple[dict[str, str], list[str]]] = [
        ({}, [ADA, BOB]),
        ({"q": "ADA"}, [ADA]),
        ({"q": "reader.example"}, [ADA, BOB]),
        ({"q": "%"}, []),
        ({"q": "_"}, []),
        ({"q": "' OR 1 --"}, []),
        ({"status": "unsubscribed"}, [BOB]),
        ({"status": "none"}, [ADA, BOB]),
        ({"q": "b", "status": "unsubscribed"}, [BOB]),
        ({"tag": "lab"}, [ADA]),
        ({"topic": "LLM Agents"}, [BOB]),
    ]
    for query, found in rows:
        page = operated.client.get(LIST, params=query).text
        assert addresses(page) == found, query
        assert f"{len(found)} subscriber{'' if len(found) == 1 else 's'}</span>" in page


def test_a_long_list_is_paged_both_ways(operated: LiveSite) -> None:
    with operated.store() as store, store.transaction():
        for number in range(120):
            store.subscribers.add(f"m0{number:03}@reader.example", "", make_profile(), "cli", NOW)
    path, pages = f"{LIST}?q=m0", list[list[str]]()
    while path:
        page = operated.client.get(path).text
        pages.append(addresses(page))
        path = next(iter(re.findall(r'href="([^"]+)" rel="next"', page)), "").replace("&amp;", "&")
    assert [len(one) for one in pages] == [50, 50, 20]
    shown = [one for page in pages for one in page]
    assert shown == sorted(shown)
    (path,) = re.findall(r'href="([^"]+)" rel="prev"', page)
    page = operated.client.get(path.replace("&amp;", "&")).text
    assert addresses(page) == pages[1]
    (path,) = re.findall(r'href="([^"]+)" rel="prev"', page)
    page = operated.client.get(path.replace("&amp;", "&")).text
    assert (addresses(page), 'rel="prev"' in page) == (pages[0], False)


def test_one_subscriber_is_shown_whole(operated: LiveSite) -> None:
    with operated.store() as store:
        (delivery,) = store.deliveries.of_subscriber(ADA_ID)
        store.bounces.put(
            Bounce(
                fingerprint="1", email_key=ADA, subscriber_id=ADA_ID, delivery_id=delivery.id, kind="soft",
                code="4.2.2", response="mailbox <full>", origin="dsn", reported_at=NOW,
            )
        )  # fmt: skip
        store.tags.add([(ADA_ID, "lab")])
    page = operated.client.get(ADAS).text
    for text in (
        ADA,
        "Ada",
        "lab",
        delivery.edition_key,
        "soft bounce",
        "mailbox &lt;full&gt;",
        "How often",
        "if there are",
    ):
        assert text in page, text


def test_deliveries_are_paged(operated: LiveSite) -> None:
    with operated.store() as store, store.transaction():
        (first,) = store.deliveries.of_subscriber(ADA_ID)
        edition = store.editions.find(first.edition_key)
        assert edition
        for number in range(35):
            store.editions.put(replace(edition, key=f"special-{number}"))
            store.deliveries.queue(f"special-{number}", ADA_ID, first.digest_id, f"<{number}@x>", NOW)
    assert len(re.findall(r'scope="row"><a href="/operator/editions/', operated.client.get(ADAS).text)) == 30
    assert len(re.findall(r'scope="row"><a href="/operator/editions/', operated.client.get(f"{ADAS}?page=2").text)) == 6


def test_one_is_paused_and_resumed_where_that_applies(operated: LiveSite) -> None:
    assert "Resume" not in operated.client.get(ADAS).text
    assert operated.press("/subscribers/3/pause").headers["location"] == f"{ADAS}?done=subscriber-paused"
    page = operated.client.get(ADAS).text
    assert (operated.subscriber().status, ">Pause<" in page, ">Resume<" in page) == (Status.PAUSED, False, True)
    operated.press("/subscribers/3/resume")
    assert operated.subscriber().status is Status.ACTIVE
    assert operated.press("/subscribers/4/pause").status_code == 422


def test_it_asks_before_one_is_unsubscribed_suppressed_or_erased(operated: LiveSite) -> None:
    for action in ("unsubscribe", "suppress", "erase"):
        page = operated.client.get(f"{ADAS}/{action}").text
        assert ADA in page
        assert f'<form method="post" action="{ADAS}/{action}">' in page
    assert operated.subscriber().status is Status.ACTIVE


def test_one_is_unsubscribed(operated: LiveSite) -> None:
    assert operated.press("/subscribers/3/unsubscribe", reason="by phone").status_code == 303
    with operated.store() as store:
        assert store.subscribers.get(ADA).status is Status.UNSUBSCRIBED
        assert store.suppressions.why_suppressed(ADA) == "unsubscribed: by phone"


def test_one_is_suppressed_and_not_any_more(operated: LiveSite) -> None:
    operated.press("/subscribers/3/suppress", reason="their mailbox is full")
    assert "their mailbox is full" in operated.client.get(ADAS).text
    assert operated.press("/subscribers/3/suppress").headers["location"].endswith("suppressed-already")
    operated.press("/subscribers/3/unsuppress")
    with operated.store() as store:
        assert store.suppressions.why_suppressed(ADA) is None


def test_one_is_erased(operated: LiveSite) -> None:
    response = operated.press("/subscribers/3/erase")
    assert (response.status_code, response.headers["location"]) == (303, f"{LIST}?done=erased")
    with operated.store() as store:
        assert store.subscribers.find(ADA) is None
    assert addresses(operated.client.get(LIST).text) == [BOB]
    assert operated.client.get(ADAS).status_code == 404


def test_a_link_to_the_preferences_is_mailed_three_times_a_day_at_most(operated: LiveSite) -> None:
    before = len(operated.messages())
    for _ in range(3):
        assert operated.press("/subscribers/3/link").headers["location"] == f"{ADAS}?done=link-sent"
    assert operated.press("/subscribers/3/link").status_code == 422
    messages = operated.messages()[before:]
    assert len(messages) == 3
    (path,) = paths_in(messages[-1])
    assert operated.client.get(path).status_code == 200


def test_refusals_are_in_the_operators_language(operated: LiveSite) -> None:
    operated.client.headers["Accept-Language"] = "de"
    for path, fields, sentence in [
        ("/subscribers/4/pause", {}, "Das geht nicht: Es werden keine E-Mails mehr verschickt."),
        ("/subscribers/999/pause", {}, "Dieses Abonnement gibt es nicht."),
        ("/test-email", {"email": "ada"}, "Das ist keine vollständige E-Mail-Adresse."),
    ]:
        response = operated.press(path, **fields)
        assert response.status_code == 422
        assert sentence in response.text
