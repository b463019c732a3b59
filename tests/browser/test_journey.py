"""One subscriber's way from sign-up to unsubscribing, on a phone, in German: by keyboard alone, and without scripts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from newsletter.models import Status
from newsletter.models.profile import PROFILE_FIELDS, Group, ProfileField
from newsletter.models.value_types import Boolean
from newsletter.rendering.language import language
from newsletter.subscribers.profiles import make_profile
from newsletter.web.subscribers.profile_form import ONLY_AT_SIGNUP
from tests.browser.conftest import Open, link_in, one_more_message
from tests.web.live_site import ADA, LiveSite

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "locale": "de-DE"}
#: More than one page has.
_TABS = 600
_ = language("de").gettext


@dataclass
class Hands:
    """Somebody who uses a page by keyboard alone, or by mouse."""

    page: Page
    has_mouse: bool

    def reach(self, selector: str) -> None:
        for _number in range(_TABS):
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"{selector} cannot be reached")

    def press(self, selector: str) -> None:
        if self.has_mouse:
            self.page.click(selector)
        else:
            self.reach(selector)
            self.page.keyboard.press("Enter")

    def fill(self, selector: str, text: str) -> None:
        if self.has_mouse:
            self.page.fill(selector, text)
        else:
            self.reach(selector)
            self.page.keyboard.press("Control+A")
            self.page.keyboard.type(text)

    def tick(self, selector: str, *, on: bool = True) -> None:
        if self.page.locator(selector).is_checked() == on:
            return
        if self.has_mouse:
            self.page.set_checked(selector, on)
        else:
            self.reach(selector)
            self.page.keyboard.press("Space")

    def choose(self, selector: str, value: str) -> None:
        if self.has_mouse:
            self.page.select_option(selector, value)
        else:
            self.reach(selector)
            self.page.keyboard.type(self.page.locator(f"{selector} option[value='{value}']").inner_text())

    def sees(self, heading: str) -> None:
        """Check the page that is open now: its heading, its language, and that nothing is wider than the phone."""
        expect(self.page.locator("h1")).to_have_text(heading)
        assert self.page.get_attribute("html", "lang") == "de"
        assert self.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("has_scripts", [True, False], ids=["keyboard", "no scripts"])
def test_from_sign_up_to_unsubscribing(live: LiveSite, browser: Open, has_scripts: bool) -> None:
    hands = Hands(browser("/subscribe", java_script_enabled=has_scripts, **PHONE), has_mouse=not has_scripts)
    sign_up(live, hands)
    hands.page.goto(f"{live.config.site_url}{link_in(live, 'confirm')}")
    hands.sees(_("Confirm your subscription"))
    hands.press("main button")
    hands.sees(_("Confirmed"))
    assert live.send().counts["sent"] == 1  # at once, long before the hour
    digest = live.messages()[-1]

    hands.page.goto(f"{live.config.site_url}/preferences")
    hands.sees(_("Your preferences"))
    change_everything(live, hands, has_scripts=has_scripts)
    save_a_similar_paper(live, hands)

    unsubscribe = re.search(r"<http[^>]+(/unsubscribe/[^>]+)>", str(digest["List-Unsubscribe"]))
    assert unsubscribe is not None
    hands.page.goto(f"{live.config.site_url}{unsubscribe[1]}")
    hands.press("main form button")
    hands.sees(_("You’re unsubscribed"))
    assert live.subscriber().status is Status.UNSUBSCRIBED


def sign_up(live: LiveSite, hands: Hands) -> None:
    hands.sees(_("Papers on your topics, by email"))
    hands.fill("[name=email]", ADA)
    hands.fill("[name=own_name]", "Küchengeräte")
    hands.fill("[name=own_query]", "retrieval")
    hands.tick("[type=checkbox][value='LLM agents']")
    hands.choose("[name=hour]", "23")
    expect(hands.page.locator("[name=first_at_once][type=checkbox]")).to_be_checked()
    with one_more_message(live):
        hands.press(".save button")
        hands.sees(_("Check your inbox"))


def change_everything(live: LiveSite, hands: Hands, *, has_scripts: bool) -> None:
    """Give every field of a profile its example, look at the preview, and save."""
    hands.fill("[name=name]", "Ada")
    hands.fill(".row:last-child [name=own_name]", "Neu")
    hands.fill(".row:last-child [name=own_query]", '"in-context learning"')
    expected: dict[str, Any] = {}
    for group in Group:
        for field in (one for one in PROFILE_FIELDS.values() if one.group is group and one.group is not Group.TOPICS):
            if field.name in ONLY_AT_SIGNUP or (has_scripts and field.name == "month_day"):  # hidden for weekly emails
                continue
            expected[field.name] = field.example
            value = getattr(make_profile({field.name: field.example}, {}), field.name)
            change(hands, field, field.type.write(value))
    if not has_scripts:
        hands.press(".preview button")
    frame = hands.page.frame_locator(".preview iframe:not([data-waiting])")
    expect(frame.locator("body")).to_contain_text("Neu")
    before = live.subscriber().profile
    assert "Neu" not in {topic.name for topic in before.topics}  # looking saves nothing
    hands.press(".save button")
    expect(hands.page.locator("[role=status]")).to_have_text(
        _("Your preferences are saved, and apply from the next email on.")
    )
    changed = live.subscriber().profile
    wanted = make_profile(expected, {}, before)
    for name in expected:
        assert getattr(changed, name) == getattr(wanted, name), name
    assert {topic.name for topic in changed.topics} == {"Küchengeräte", "LLM agents", "Neu"}


def change(hands: Hands, field: ProfileField, text: str) -> None:
    selector = f"#{field.name}"
    if isinstance(field.type, Boolean):
        hands.tick(selector, on=text == "true")
    elif hands.page.locator(f"select{selector}").count():
        hands.choose(selector, text)
    else:
        hands.fill(selector, text)


def save_a_similar_paper(live: LiveSite, hands: Hands) -> None:
    with live.store() as store:
        paper = store.papers.get_many([1])[1]
    hands.page.goto(f"{live.config.site_url}/papers/{paper.key}")
    hands.sees(paper.title)
    hands.press("section[aria-labelledby=similar] a[href*='/papers/']")
    expect(hands.page.locator("h1")).not_to_have_text(paper.title)
    title = hands.page.locator("h1").inner_text()
    hands.press("a[href*='/preferences/saved']")
    hands.sees(title)
    hands.press("button[value=save]")
    hands.sees(_("Saved papers"))
    with live.store() as store:
        assert [saved.title for saved, _saved_at in store.saved.of(live.subscriber().id)] == [title]
