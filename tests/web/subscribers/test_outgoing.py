"""Confirmation emails are sent by one thread after the response, or later."""

from __future__ import annotations

import time
from threading import Thread, active_count

import pytest

from newsletter.rendering.environment import make_environment
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from newsletter.subscribers.double_opt_in import request_subscription
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers.outgoing import Outgoing
from tests.silent_server import Hang, silent_server
from tests.smtpd import Server
from tests.web.live_site import BOB, SIGNUP_FORM, LiveSite


def test_emails_that_cannot_be_sent_now_are_sent_later(live: LiveSite) -> None:
    port, live.server.port = live.server.port, 1
    assert live.client.post("/subscribe", data=SIGNUP_FORM).status_code == 303
    assert live.messages() == []
    live.server.port = port
    live.client.post("/subscribe", data=SIGNUP_FORM | {"email": BOB})
    assert len(live.messages()) == 1


def test_each_email_is_sent_once_by_many_requests_at_once(live: LiveSite) -> None:
    outgoing = Outgoing(SitePages(live.config, make_environment(), lambda: live.now), live.transport)
    addresses = [f"reader-{number}@reader.example" for number in range(5)]
    with live.store() as store:
        for address in addresses:
            request_subscription(store, address, "", {}, live.now)
    threads = [Thread(target=outgoing.wake) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outgoing.wait_until_idle(60)
    assert [len(live.messages(address)) for address in addresses] == [1] * len(addresses)


@pytest.mark.parametrize("hang", [Hang.SILENT, Hang.DRIP])
def test_pages_answer_while_the_mail_server_hangs(live: LiveSite, hang: Hang) -> None:
    with silent_server(hang) as silent:
        site = LiveSite(live.config, Server(port=silent.port))
        threads, began = active_count(), time.monotonic()
        for number in range(40):
            headers = {"X-Forwarded-For": f"198.51.{number}.1"}
            form = SIGNUP_FORM | {"email": f"reader-{number}@reader{number}.example"}
            assert site.client.post("/subscribe", data=form, headers=headers).status_code in (303, 429)
            assert site.client.get("/topics").status_code == 200
        assert time.monotonic() - began < 120  # one that waited would wait for ever, or for minutes
        assert active_count() - threads < 10
        site.outgoing.close()
    with live.store() as store:  # given up, and put back
        assert all(request.sent_at is None for request in store.confirmations.waiting(100))
        assert len(store.confirmations.waiting(100)) >= 20


def test_a_sender_that_is_closed_gives_up_at_once_and_loses_nothing(live: LiveSite) -> None:
    with silent_server(Hang.SILENT) as silent:
        settings = SmtpSettings("127.0.0.1", silent.port, security=Security.NONE)
        pages = SitePages(live.config, make_environment(), lambda: live.now)
        outgoing = Outgoing(pages, lambda: SmtpTransport(settings))
        with live.store() as store:
            request_subscription(store, BOB, "", {}, live.now)
        outgoing.wake()
        assert not outgoing.wait_until_idle(0.3)
        outgoing.close()
        assert outgoing.wait_until_idle(5)
    with live.store() as store:
        assert [request.email for request in store.confirmations.waiting(5)] == [BOB]
