"""The public pages in a real browser: from sign-up to unsubscribing; without scripts, by keyboard, on a dark phone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, link_in, one_more_message, violations_of
from tests.web.live_site import ADA, LiveSite


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"java_script_enabled": False},
        {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
    ],
    ids=["desktop", "no scripts", "dark phone"],
)
def test_from_sign_up_to_unsubscribing(live: LiveSite, browser: Open, options: dict[str, object]) -> None:
    page = browser("/subscribe", **options)
    page.fill("[name=email]", ADA)
    page.click("summary:text-is('Language models and agents')")
    page.check("[value='In-context learning']")
    page.select_option("[name=hour]", "0")
    with one_more_message(live):
        page.click(".save button")
        expect(page.locator("h1")).to_have_text("Check your inbox")

    page = browser(link_in(live, "confirm"), **options)
    page.click("button:text-is('Confirm subscription')")
    expect(page.locator("h1")).to_have_text("Confirmed")
    page.click("text=Your preferences")
    expect(page.locator("h1")).to_have_text("Your preferences")
    page.click("button:text-is('Close it now')")

    with one_more_message(live):
        page.goto(f"{live.config.site_url}{live.digest_path()}")
        page.click("button:text-is('Email me a fresh link')")
        expect(page.locator("[role=status]")).to_contain_text("on its way")
    page.goto(f"{live.config.site_url}{link_in(live, 'preferences/open')}")
    page.click("button:text-is('Open my preferences')")
    page.check("[value='LLM agents']")
    page.click(".save button")
    expect(page.locator("[role=status]")).to_contain_text("saved")
    assert {topic.name for topic in live.subscriber().profile.topics} == {"In-context learning", "LLM agents"}

    assert live.send().counts["sent"] == 1
    one_click = re.search(r"<(http[^>]+/unsubscribe/[^>]+)>", str(live.messages()[-1]["List-Unsubscribe"]))
    assert one_click is not None
    assert httpx.post(one_click[1], data={"List-Unsubscribe": "One-Click"}).status_code == 200
    live.now += timedelta(days=2)
    assert "sent" not in live.send().counts


def test_by_keyboard_alone(live: LiveSite, browser: Open) -> None:
    page = browser("/subscribe")

    def tab_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        pytest.fail(f"{selector} cannot be reached")

    tab_to("[name=email]")
    page.keyboard.type(ADA)
    tab_to("[value='LLM agents']")
    page.keyboard.press("Space")
    tab_to("[name=cadence]")
    page.keyboard.type("Once a w")
    tab_to("[name=weekday]")
    page.keyboard.type("Fri")
    with one_more_message(live):
        tab_to(".save button")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Check your inbox")
    page = browser(link_in(live, "confirm"))
    expect(page.locator("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Confirmed")
    profile = live.subscriber().profile
    assert (profile.cadence, profile.weekday, [one.name for one in profile.topics]) == ("weekly", 4, ["LLM agents"])


def test_the_form_preselects_the_time_zone_and_samples_a_query(browser: Open) -> None:
    page = browser("/subscribe", timezone_id="Asia/Tokyo")
    expect(page.locator("[name=time_zone]")).to_have_value("Asia/Tokyo")
    expect(page.locator("[name=weekday]")).to_be_hidden()
    page.select_option("[name=cadence]", "weekly")
    expect(page.locator("[name=weekday]")).to_be_visible()

    page.locator("[name=own_query]").press_sequentially('"in-context learning"')
    expect(page.locator("#sample")).to_contain_text(" matched ")
    expect(page.locator("#sample li mark").first).to_have_text("In-context learning", ignore_case=True)
    page.fill("[name=own_query]", "(")
    expect(page.locator("#sample")).to_contain_text("A word or a phrase is missing")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_all_pages_are_accessible(live: LiveSite, browser: Open, scheme: str, width: int) -> None:
    options: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    options["http_credentials"] = {"username": "operator", "password": "sesame"}
    with one_more_message(live):
        httpx.post(f"{live.config.site_url}/subscribe", data={"email": ADA, "topic": "LLM agents", "hour": "0"})
    confirm = link_in(live, "confirm")
    paths = ["/subscribe", "/subscribe/requested", "/subscribe/embed", "/preferences", "/nothing", confirm]
    paths += ["/subscribe?email=x&hour=99", "/confirm/1.2.3"]
    httpx.post(f"{live.config.site_url}{confirm}")
    with live.store() as store, store.transaction():
        store.feedback.put(live.subscriber().id, 1, liked=True, now=live.now)
    live.send()
    paths += [live.digest_path(), live.unsubscribe_path(), link_in(live, "unsubscribe")]
    with one_more_message(live):
        httpx.post(f"{live.config.site_url}{live.digest_path()}/link")
    opening = link_in(live, "preferences/open")
    paths.append(opening)
    paths += ["/", "/calendar/2026-05", "/trending/week", "/topics", "/topics/LLM%20agents", "/editions"]
    paths += ["/papers/arxiv:2605.99001", "/search?q=learning", "/search?q=(", "/operator"]
    page = browser("/", **options)
    for path in paths:
        page.goto(f"{live.config.site_url}{path}")
        assert violations_of(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(f"{live.config.site_url}{opening}")
    with page.expect_navigation():
        page.click("button:text-is('Open my preferences')")
    assert violations_of(page) == []
    page.goto(f"{live.config.site_url}{live.unsubscribe_path()}")
    with page.expect_navigation():
        page.click("button:text-is('Unsubscribe')")
    assert violations_of(page) == []
