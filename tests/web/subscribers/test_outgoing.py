"""Confirmation emails are sent after the response, or later."""

from __future__ import annotations

from threading import Thread

from newsletter.rendering.environment import make_environment
from newsletter.subscribers.double_opt_in import request_subscription
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers.outgoing import Outgoing
from tests.web.live_site import BOB, SIGNUP_FORM, LiveSite


def test_emails_that_cannot_be_sent_now_are_sent_later(live: LiveSite) -> None:
    port, live.server.port = live.server.port, 1
    assert live.client.post("/subscribe", data=SIGNUP_FORM).status_code == 303
    live.server.port = port
    assert live.messages() == []
    live.client.post("/subscribe", data=SIGNUP_FORM | {"email": BOB})
    assert len(live.messages()) == 1


def test_each_email_is_sent_once_by_many_requests_at_once(live: LiveSite) -> None:
    outgoing = Outgoing(SitePages(live.config, make_environment(), lambda: live.now), live.transport)
    addresses = [f"reader-{number}@reader.example" for number in range(5)]
    with live.store() as store:
        for address in addresses:
            request_subscription(store, address, "", {}, live.now)
    threads = [Thread(target=outgoing.send_waiting) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(live.messages(address)) for address in addresses] == [1] * len(addresses)
