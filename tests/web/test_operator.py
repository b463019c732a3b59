"""The operator's page: who may see it, what it shows, and what its buttons do."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.models import Status
from tests.factories import NOW, make_profile
from tests.sending.bounces.webhook_calls import basic
from tests.web.site import ADA, SITE_URL, Asked

ME = "me@operator.example"


@pytest.fixture
def run_by(asked: Asked) -> Asked:
    """A site with a password, a reader, one who left, and an edition."""
    with asked.store() as store, store.transaction():
        store.subscribers.add(ADA, "Ada", make_profile(hour=0), "web", NOW)
        left = store.subscribers.add("bob@reader.example", "", make_profile(), "web", NOW - timedelta(days=5))
        store.subscribers.set_status(left.id, Status.UNSUBSCRIBED, NOW)
    made = Asked(replace(asked.config, web_password="sesame"), asked.server)
    made.send()
    made.client.headers.update(basic("anybody", "sesame"))
    return made


def mark(asked: Asked) -> str:
    return str(re.findall(r'name="form" value="([^"]+)"', asked.client.get("/operator").text)[0])


def test_without_a_password_in_the_settings_there_is_no_such_page(asked: Asked) -> None:
    assert asked.client.get("/operator", headers=basic("", "")).status_code == 404


def test_only_the_password_opens_it_and_guessing_takes_long(run_by: Asked) -> None:
    assert run_by.client.get("/operator").status_code == 200
    run_by.client.headers.pop("Authorization")
    asks = run_by.client.get("/operator")
    assert (asks.status_code, "Basic" in asks.headers["www-authenticate"]) == (401, True)
    wrong = [run_by.client.get("/operator", headers=basic("x", f"guess{at}")).status_code for at in range(15)]
    assert set(wrong) == {401, 429}
    assert run_by.client.get("/operator", headers={"Authorization": "Basic !"}).status_code in (401, 429)
    assert run_by.client.get("/operator", headers=basic("x", "sesame")).status_code == 200


def test_it_shows_how_things_stand(run_by: Asked) -> None:
    page = run_by.client.get("/operator").text
    assert "<strong>1</strong> active" in page
    assert "1 sent" in page
    assert re.search(r'<polyline points="0\.0,', page)
    assert "style=" not in page


def test_editions_are_paused_and_go_on(run_by: Asked) -> None:
    with run_by.store() as store:
        (edition,) = store.editions.latest(5)
    for name, states in (("pause", {edition.key: "paused"}), ("resume", {})):
        answer = run_by.client.post(f"/operator/{name}", data={"form": mark(run_by), "edition": edition.key})
        assert answer.status_code == 303
        with run_by.store() as store:
            assert store.editions.states() == states
    assert run_by.client.post("/operator/pause", data={"form": mark(run_by), "edition": "x"}).status_code == 422


def test_a_trial_is_sent(run_by: Asked) -> None:
    assert run_by.client.post("/operator/trial", data={"form": mark(run_by), "email": ME}).status_code == 303
    (mail,) = run_by.mails(ME)
    assert mail["Subject"]
    assert run_by.client.post("/operator/trial", data={"form": mark(run_by), "email": "x"}).status_code == 422


def test_no_other_page_can_press_its_buttons(run_by: Asked) -> None:
    for form in ("", "0" * 32, "é"):
        assert run_by.client.post("/operator/trial", data={"form": form, "email": ME}).status_code == 403
    foreign = {"Origin": "https://evil.example"}
    good = {"form": mark(run_by), "email": ME}
    assert run_by.client.post("/operator/trial", data=good, headers=foreign).status_code == 403
    run_by.client.headers.pop("Authorization")
    own = {"Origin": SITE_URL}
    assert run_by.client.post("/operator/trial", data=good, headers=own).status_code == 401
    assert run_by.mails(ME) == []
