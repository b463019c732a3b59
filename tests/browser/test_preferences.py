"""The form in a real browser: topics are moved by keyboard, and the preview follows without leaving a trace."""

from __future__ import annotations

from itertools import pairwise

from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.conftest import Open, link_in, one_more_message, violations_of
from tests.web.live_site import ADA, LiveSite

START = "/subscribe?topic=LLM%20agents&topic=Robotics&queries=Mine%20%3D%20retrieval"


def preview(page: Page) -> FrameLocator:
    """Return the frame that is shown; a newer one takes its place when it is loaded."""
    return page.frame_locator(".preview iframe:not([data-waiting])")


def names(page: Page) -> list[str]:
    return [
        str(row.evaluate("row => row.querySelector('[name=topic], [name=own_name]').value"))
        for row in page.locator(".rows > .row").all()
    ]


def test_topics_are_moved_by_keyboard(browser: Open) -> None:
    page = browser(START)
    assert names(page) == ["LLM agents", "Robotics", "Mine", ""]
    page.focus(".row:nth-child(3) [data-move=up]")
    page.keyboard.press("Enter")
    assert names(page) == ["LLM agents", "Mine", "Robotics", ""]
    expect(page.locator("#moved")).to_have_text("Mine is now topic 2 of 4.")
    page.keyboard.press("Space")  # the focus moved with it
    assert names(page) == ["Mine", "LLM agents", "Robotics", ""]
    expect(page.locator(".row:first-child [data-move=down]")).to_be_focused()

    page.click("[data-move=add]")
    page.keyboard.type("Second")
    page.keyboard.press("Tab")
    page.keyboard.type("pears")
    page.focus(".row:nth-child(1) [data-move=remove]")
    page.keyboard.press("Enter")
    assert names(page) == ["LLM agents", "Robotics", "", "Second"]
    assert violations_of(page) == []


def test_topics_are_moved_without_scripts(browser: Open) -> None:
    page = browser(START, java_script_enabled=False)
    page.fill(".row:nth-child(3) [name=own_name]", "Größe")
    page.click(".row:nth-child(3) [data-move=up]")
    assert names_without_scripts(page) == ["LLM agents", "Größe", "Robotics", ""]
    page.uncheck("[type=checkbox][value=Robotics]")
    page.click(".row:nth-child(2) [data-move=up]")
    assert names_without_scripts(page) == ["Größe", "LLM agents", ""]
    page.click("[data-move=add]")
    assert names_without_scripts(page) == ["Größe", "LLM agents", "", ""]

    page.click(".preview button")
    expect(preview(page).locator("body")).to_contain_text("Subject:")
    expect(page.locator("h1")).to_have_text("Papers on your topics, by email")  # the page itself stays


def names_without_scripts(page: Page) -> list[str]:
    return [
        str(row.locator("[name=topic], [name=own_name]").first.input_value())
        for row in page.locator(".rows > .row").all()
    ]


def test_the_preview_follows_what_is_typed_and_leaves_no_history(live: LiveSite, browser: Open) -> None:
    page = browser("/subscribe", viewport={"width": 1280, "height": 900})
    expect(preview(page).locator("body")).to_contain_text("Subject:")
    before = page.evaluate("history.length")
    page.fill("[name=own_name]", "Kochtöpfe")
    page.fill("[name=own_query]", '"in-context learning"')
    expect(preview(page).locator("body")).to_contain_text("Kochtöpfe")
    page.fill("[name=own_query]", "(")
    expect(preview(page).locator("[role=note]")).to_contain_text("left out here")
    page.click("summary:has-text('More choices')")
    page.select_option("[name=style]", "plain")
    expect(preview(page).locator("pre")).to_be_visible()
    assert page.evaluate("history.length") == before
    link = page.locator(".preview iframe").get_attribute("sandbox")
    assert link is not None
    assert "scripts" not in link
    assert live.accepted == []


def test_a_mistake_is_marked_and_led_to(browser: Open) -> None:
    page = browser("/subscribe", viewport={"width": 390, "height": 844}, color_scheme="dark")
    page.fill("[name=email]", "ada@reader.example")
    page.fill("[name=own_query]", "agents OR (")
    page.click(".save button")
    page.click("[role=alert] a")
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    assert page.evaluate("location.hash") == "#row-1"
    expect(page.locator("[name=email]")).to_have_value("ada@reader.example")
    assert violations_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_which_button_is_of_which_rating_is_seen_on_a_phone(live: LiveSite, browser: Open) -> None:
    page = browser("/subscribe", viewport={"width": 390, "height": 844})
    page.fill("[name=email]", ADA)
    with one_more_message(live):
        page.click(".save button")
    page.goto(f"{live.config.site_url}{link_in(live, 'confirm')}")
    page.click("main button")
    page.goto(f"{live.config.site_url}/preferences/rate")
    boxes = [label.bounding_box() for label in page.locator("fieldset:first-of-type label").all()]

    assert len(boxes) == 3
    for box, following in pairwise(boxes):
        assert box is not None
        assert following is not None
        assert box["height"] >= 24  # what a finger hits: WCAG 2.2, 2.5.8
        beside = following["x"] - box["x"] - box["width"]
        assert beside >= 16 or following["y"] >= box["y"] + box["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations_of(page) == []


def test_what_is_typed_from_right_to_left_is_shown_so(browser: Open) -> None:
    page = browser(START)
    page.fill(".row:last-child [name=own_name]", "סוכנים")
    page.fill(".row:last-child [name=own_query]", '"סוכנים" OR agent')
    for field in ("own_name", "own_query"):
        direction = "input => getComputedStyle(input).direction"
        assert page.locator(f".row:last-child [name={field}]").evaluate(direction) == "rtl"
        assert page.locator(f".row:nth-child(3) [name={field}]").evaluate(direction) == "ltr"
    page.goto(page.url.split("/subscribe")[0] + "/search?q=%D7%A1%D7%95%D7%9B%D7%A0%D7%99%D7%9D")
    assert page.locator("[name=q]").evaluate("input => getComputedStyle(input).direction") == "rtl"
