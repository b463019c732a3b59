"""The operator's page: who may see it, what it shows, and what its buttons do."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.models import Status
from tests.factories import NOW, make_profile
from tests.sending.bounces.webhook_calls import basic
from tests.silent_server import Hang, silent_server
from tests.web.live_site import ADA, BOB, SITE_URL, LiveSite

OPERATOR = "me@operator.example"


@pytest.fixture
def operated(live: LiveSite) -> LiveSite:
    """A site with a password, a subscriber, an unsubscribed one, and an edition; the client knows the password."""
    with live.store() as store, store.transaction():
        store.subscribers.add(ADA, "Ada", make_profile(hour=0), "web", NOW)
        unsubscribed = store.subscribers.add(BOB, "", make_profile(), "web", NOW - timedelta(days=5))
        store.subscribers.set_status(unsubscribed.id, Status.UNSUBSCRIBED, NOW)
    site = LiveSite(replace(live.config, web_password="sesame"), live.server)
    site.send()
    site.client.headers.update(basic("anybody", "sesame"))
    return site


def csrf_token(site: LiveSite) -> str:
    return str(re.findall(r'name="csrf_token" value="([^"]+)"', site.client.get("/operator").text)[0])


def test_without_a_password_in_the_settings_there_is_no_such_page(live: LiveSite) -> None:
    assert live.client.get("/operator", headers=basic("", "")).status_code == 404


def test_it_shows_the_status(operated: LiveSite) -> None:
    page = operated.client.get("/operator").text
    assert "<strong>1</strong> active" in page
    assert "1 sent" in page
    assert re.search(r'<polyline points="0\.0,', page)
    assert "style=" not in page


def test_editions_are_paused_and_resumed(operated: LiveSite) -> None:
    with operated.store() as store:
        (edition,) = store.editions.latest(5)
    for name, states in (("pause", {edition.key: "paused"}), ("resume", {})):
        form = {"csrf_token": csrf_token(operated), "edition": edition.key}
        assert operated.client.post(f"/operator/{name}", data=form).status_code == 303
        with operated.store() as store:
            assert store.editions.states() == states
    unknown = {"csrf_token": csrf_token(operated), "edition": "x"}
    assert operated.client.post("/operator/pause", data=unknown).status_code == 422


def test_a_test_email_is_sent(operated: LiveSite) -> None:
    form = {"csrf_token": csrf_token(operated), "email": OPERATOR}
    assert operated.client.post("/operator/test-email", data=form).status_code == 303
    (message,) = operated.messages(OPERATOR)
    assert message["Subject"]
    assert f"Test email to {OPERATOR} sent" in operated.client.get("/operator").text
    assert operated.client.post("/operator/test-email", data=form | {"email": "x"}).status_code == 422


def test_a_test_email_that_the_server_refuses_is_reported(operated: LiveSite) -> None:
    operated.server.on_rcpt = lambda _address, _seen: "550 5.1.1 no such user"
    form = {"csrf_token": csrf_token(operated), "email": OPERATOR}
    assert operated.client.post("/operator/test-email", data=form).status_code == 303
    assert operated.messages(OPERATOR) == []
    page = operated.client.get("/operator").text
    assert f"Test email to {OPERATOR} not sent" in page
    assert "no such user" in page


def test_no_page_waits_for_a_test_email(operated: LiveSite) -> None:
    with silent_server(Hang.SILENT) as silent:
        operated.server.port = silent.port
        form = {"csrf_token": csrf_token(operated), "email": OPERATOR}
        assert operated.client.post("/operator/test-email", data=form).status_code == 303
        assert "not sent yet" in operated.client.get("/operator").text
        assert operated.client.post("/operator/test-email", data=form).status_code == 422
        operated.outgoing.close()
        assert operated.outgoing.wait_until_idle(10)


def test_no_other_site_can_press_its_buttons(operated: LiveSite) -> None:
    for token in ("", "0" * 32, "é"):
        form = {"csrf_token": token, "email": OPERATOR}
        assert operated.client.post("/operator/test-email", data=form).status_code == 403
    form = {"csrf_token": csrf_token(operated), "email": OPERATOR}
    foreign = {"Origin": "https://evil.example"}
    assert operated.client.post("/operator/test-email", data=form, headers=foreign).status_code == 403
    operated.client.headers.pop("Authorization")
    own = {"Origin": SITE_URL}
    assert operated.client.post("/operator/test-email", data=form, headers=own).status_code == 403
    assert operated.messages(OPERATOR) == []
