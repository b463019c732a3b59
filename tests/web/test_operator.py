"""The operator's overview: who may see it, and that it shows what `newsletter status` prints."""

from __future__ import annotations

import json
import re

from click.testing import CliRunner

from newsletter.cli import main
from newsletter.models import PullReport
from newsletter.operations.status import read_status
from newsletter.sources.settings import label_of
from tests.factories import NOW
from tests.sending.bounces.webhook_calls import basic
from tests.web.live_site import LiveSite

PATHS = ("", "/editions", "/subscribers", "/sources", "/topics", "/test-email")


def test_without_a_password_in_the_settings_there_is_no_such_page(live: LiveSite) -> None:
    for path in PATHS:
        assert live.client.get(f"/operator{path}", headers=basic("", "")).status_code == 404


def test_every_page_is_plain_html_behind_the_password_that_no_search_engine_lists(operated: LiveSite) -> None:
    for path in PATHS:
        response = operated.client.get(f"/operator{path}")
        assert (response.status_code, response.headers["X-Robots-Tag"]) == (200, "noindex, nofollow")
        assert "<script" not in response.text
        assert "style=" not in response.text
        assert len(re.findall(r'aria-current="page"', response.text)) == 1
    operated.client.headers.pop("Authorization")
    for path in (*PATHS, "/editions/x", "/editions/x/cancel", "/subscribers/3", "/subscribers/3/erase"):
        response = operated.client.get(f"/operator{path}")
        assert (response.status_code, response.headers["location"]) == (303, "/operator/login")


def test_it_shows_the_numbers_of_the_command(operated: LiveSite) -> None:
    page = operated.client.get("/operator").text
    with operated.store() as store:
        status = read_status(store, operated.config, operated.now)
    (edition,) = status.editions
    assert f"{edition.done} of {edition.planned} sent" in page
    assert "<strong>1</strong> active" in page
    assert "<strong>1</strong> unsubscribed" in page
    for problem in status.problems:
        assert problem in page
    printed = CliRunner().invoke(main, ["--site", str(operated.config.site.root), "status", "--json"])
    (reported,) = json.loads(printed.stdout)["editions"]
    assert reported["deliveries"] == dict(edition.deliveries)
    assert (reported["bounced"], reported["per_minute"]) == (edition.bounced, edition.per_minute)
    assert re.search(r'<polyline points="0\.0,', page)


def test_problems_come_first(operated: LiveSite) -> None:
    (source, *_) = operated.config.sources
    report = PullReport(source=label_of(source), fetched=0, new=0, updated=0, refusals=(), error="HTTP 500 <b>")
    with operated.store() as store:
        store.pulls.record(report, NOW, NOW.date())
    page = operated.client.get("/operator").text
    assert page.index("HTTP 500 &lt;b&gt;") < page.index("Active subscribers")
    assert "failing" in operated.client.get("/operator/sources").text


def test_topics_lead_to_their_subscribers(operated: LiveSite) -> None:
    page = operated.client.get("/operator/topics").text
    (path, *_) = re.findall(r'href="(/operator/subscribers\?topic=[^"]+)"', page)
    assert operated.client.get(path).status_code == 200
    with operated.store() as store:
        assert len(re.findall("<li>", page)) == len(store.topics.catalogue())


def test_it_speaks_the_language_of_the_browser(operated: LiveSite) -> None:
    page = operated.client.get("/operator", headers={"Accept-Language": "de"})
    assert page.headers["Content-Language"] == "de"
    assert "08.05.2026, " in page.text
