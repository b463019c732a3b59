"""The studio in a real browser: selecting, switching views, live reload, accessibility."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from newsletter.files.site import Site
from newsletter.rendering.colours import all_inverted, partly_inverted
from newsletter.web.http.server import listen
from newsletter.web.studio.app import make_studio_server
from tests.browser.conftest import EVIL, TIMEOUT_MS, violations_of

TOKEN = "a-token-of-tests"  # noqa: S105 - of these tests only


@pytest.fixture
def site(pulled: Path, tmp_path: Path) -> Site:
    """A site after its first pull."""
    shutil.copytree(pulled, tmp_path, dirs_exist_ok=True)
    return Site(tmp_path)


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """Serve a site's studio on a real socket; give its URL."""
    server, listening = make_studio_server(site, token=TOKEN), listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture(scope="module")
def studio_url(pulled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the studio of a site that no test changes."""
    folder = tmp_path_factory.mktemp("studio") / "site"
    shutil.copytree(pulled, folder)
    with serving(Site(folder)) as url:
        yield url


@pytest.fixture(scope="module")
def tab(chromium: Browser) -> Iterator[Page]:
    """A page for the tests of this module, since a new one starts a process and compiles everything again."""
    # An emulated scheme would override the one that the studio sets on the frame.
    opened = chromium.new_page(color_scheme="null")
    opened.set_default_timeout(TIMEOUT_MS)
    yield opened
    opened.close()


def choose(page: Page, name: str, value: str) -> None:
    """Click the label of a choice, once it stays where it is; the button itself is hidden behind it."""
    page.locator("label", has=page.locator(f"[name={name}][value={value}]")).click()


@contextmanager
def studio(tab: Page, url: str) -> Iterator[Page]:
    """The studio as a browser shows it that was never there; an error in a script fails the test."""
    errors: list[str] = []

    def note(error: Error) -> None:
        errors.append(str(error))

    tab.context.clear_cookies()
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.emulate_media(color_scheme="null")
    tab.on("pageerror", note)
    tab.goto(f"{url}/?token={TOKEN}&subscriber=ada@example.org")
    expect(tab.locator("#subject")).not_to_be_empty()
    yield tab
    tab.evaluate("localStorage.clear()")
    tab.goto("about:blank")
    tab.remove_listener("pageerror", note)
    assert errors == []


@pytest.fixture
def page(studio_url: str, tab: Page) -> Iterator[Page]:
    """The studio of a site that no test changes."""
    with studio(tab, studio_url) as shown:
        yield shown


@pytest.fixture
def own_page(site: Site, tab: Page) -> Iterator[Page]:
    """The studio of a site of the test's own, at an address of its own."""
    with serving(site) as url, studio(tab, url) as shown:
        yield shown


def test_a_selection_changes_the_message_and_the_url(page: Page) -> None:
    message = page.frame_locator("#message")
    expect(message.locator(".card").first).to_be_visible()
    page.select_option("[name=style]", "compact")
    expect(message.locator(".row").first).to_be_visible()
    page.select_option("[name=language]", "de")
    expect(message.locator(".site")).to_contain_text("Deine erste Ausgabe")
    assert "style=compact" in page.url

    page.reload()

    expect(message.locator(".row").first).to_be_visible()
    page.fill("[name=topics]", "robot*")
    page.keyboard.press("Enter")
    expect(message.locator("h2").first).to_contain_text("robot")


def test_a_topic_that_is_typed_is_tried_at_once(page: Page) -> None:
    page.locator("[name=topics]").press_sequentially('robot*; "in-context learning"')
    expect(page.locator("#topic-help")).to_contain_text(" papers matched, ")
    expect(page.locator("#topic-help li mark").first).to_have_text("In-context learning", ignore_case=True)
    page.fill("[name=topics]", "(")
    expect(page.locator("#topic-help")).to_contain_text("A word or a phrase is missing")
    assert violations_of(page) == []
    page.fill("[name=topics]", "")
    expect(page.locator("#topic-help")).to_be_hidden()


def test_width_and_scheme_apply_to_the_message(page: Page) -> None:
    message = page.frame_locator("#message")
    expect(message.locator(".card").first).to_be_visible()
    choose(page, "width", "phone")
    choose(page, "scheme", "dark")

    expect(message.locator(".card").first).to_have_css("background-color", "rgb(32, 30, 27)")
    width = message.locator("html").evaluate("element => element.ownerDocument.defaultView.innerWidth")
    assert width == 390


def test_each_tab_shows_its_panel(page: Page) -> None:
    for tab, text in {
        "text": "arXiv:", "source": "List-Unsubscribe", "papers": "popularity", "checks": "contrast", "inbox": "outbox",
    }.items():  # fmt: skip
        page.click(f"#tab-{tab}")
        expect(page.locator(f"#panel-{tab}")).to_contain_text(text, ignore_case=True)
        assert violations_of(page, iframes=False) == [], tab


def test_edits_show_by_themselves(own_page: Page, site: Site) -> None:
    message = own_page.frame_locator("#message")
    expect(message.locator(".card").first).to_be_visible()
    card = site.templates / "email" / "card.html"
    card.parent.mkdir(parents=True)
    card.write_text("<h3 class='mine'>OURS: {{ card.title }}</h3>", encoding="utf-8")
    expect(message.locator(".mine").first).to_contain_text("OURS: ")

    card.write_text("{{ card.titel }}", encoding="utf-8")
    expect(own_page.locator("#error")).to_contain_text("card.html, line 1")

    card.unlink()
    expect(own_page.locator("#error")).to_be_hidden()
    expect(message.locator(".card").first).to_be_visible()
    profile = site.subscribers / "ada.toml"
    text = profile.read_text(encoding="utf-8").replace('language = "en" ', 'language = "fr" ')
    profile.write_text(text, encoding="utf-8")
    expect(message.locator(".site")).to_contain_text("Votre première édition")
    expect(own_page.locator("#error")).to_be_hidden()


def test_the_studio_is_accessible(page: Page, tmp_path: Path) -> None:
    for scheme, width in product(("light", "dark"), (390, 1280)):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.screenshot(path=tmp_path / "studio.png")

        assert violations_of(page, iframes=False) == [], f"{scheme}, {width} pixels"


def test_a_broken_template_loses_neither_scroll_position_nor_selection(own_page: Page, site: Site) -> None:
    message = own_page.frame_locator("#message")
    expect(message.locator(".card").first).to_be_visible()
    message.locator("html").evaluate("element => element.scrollTo(0, 700)")
    card = site.templates / "email" / "card.html"
    card.parent.mkdir(parents=True)
    card.write_text("{{ card.titel }}", encoding="utf-8")
    expect(message.locator("h1")).to_contain_text("card.html, line 1")
    card.unlink()

    expect(message.locator(".card").first).to_be_visible()
    own_page.wait_for_function("document.getElementById('message').contentDocument.scrollingElement.scrollTop === 700")
    assert own_page.input_value("[name=subscriber]") == "ada@example.org"


def test_an_edited_note_shows_by_itself(own_page: Page, site: Site) -> None:
    site.notes.mkdir()
    for days in (-1, 0, 1):  # the subscriber's day may be another than UTC's, and end meanwhile
        day = (datetime.now(UTC) + timedelta(days=days)).date()
        (site.notes / f"{day}.md").write_text("Mind the **kettle**.", encoding="utf-8")

    expect(own_page.frame_locator("#message").locator(".note b, .note strong")).to_have_text("kettle")


def test_images_can_be_switched_off(page: Page) -> None:
    expect(page.frame_locator("#message").locator(".card").first).to_be_visible()
    with page.expect_response(lambda response: "images=off" in response.url) as received:
        choose(page, "images", "off")

    assert "img-src 'none'" in received.value.headers["content-security-policy"]
    assert "images=off" in page.url


def test_links_that_act_for_the_subscriber_are_not_followed(page: Page) -> None:
    message = page.frame_locator("#message")
    message.locator(".contents a[href^='#']").last.click()
    page.wait_for_function("document.getElementById('message').contentDocument.scrollingElement.scrollTop > 1000")
    message.locator("a", has_text="Unsubscribe").click()

    expect(page.locator("#link-target")).to_contain_text("it would act for the subscriber")
    assert len(page.context.pages) == 1
    expect(message.locator(".card").first).to_be_visible()


def test_tabs_are_reached_by_keyboard(page: Page) -> None:
    page.focus("#tab-html")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#panel-text")).to_be_visible()
    page.keyboard.press("End")

    expect(page.locator("#tab-inbox")).to_be_focused()
    expect(page.locator("#panel-inbox")).to_contain_text("No messages in")
    assert "tab=inbox" in page.url


def test_a_message_of_the_outbox_is_opened_and_kept_open(own_page: Page, site: Site) -> None:
    content = b"To: ada@example.org\nSubject: <b>Hi</b>\nContent-Type: text/html\n\n<h1 onclick=x>Hello</h1>"
    (site.root / "outbox" / "new").mkdir(parents=True)
    (site.root / "outbox" / "new" / "one").write_bytes(content)
    own_page.click("#tab-inbox")
    own_page.click(".messages button")
    expect(own_page.frame_locator(".opened iframe").locator("h1")).to_have_text("Hello")

    own_page.reload()

    expect(own_page.locator(".opened h3")).to_have_text("<b>Hi</b>")
    expect(own_page.frame_locator(".opened iframe").locator("h1")).to_have_text("Hello")


def test_the_outbox_is_searched_and_walked_by_keyboard(own_page: Page, site: Site) -> None:
    (site.root / "outbox" / "new").mkdir(parents=True)
    for number in range(12):
        content = f"To: ada@example.org\nSubject: Kettle {number}\nContent-Type: text/html\n\n<h1>No. {number}</h1>"
        (site.root / "outbox" / "new" / str(number)).write_text(content, encoding="utf-8")
    own_page.click("#tab-inbox")
    expect(own_page.locator(".messages button")).to_have_count(12)
    own_page.get_by_role("searchbox").press_sequentially("kettle 1")
    expect(own_page.locator(".messages button")).to_have_count(3)
    expect(own_page.locator("#inbox-status")).to_contain_text("Found: 3 of 12")
    own_page.keyboard.press("ArrowDown")
    own_page.keyboard.press("ArrowDown")
    own_page.keyboard.press("Enter")
    shown = own_page.locator(".messages button").nth(1).locator(".subject").inner_text()
    expect(own_page.locator(".opened h3")).to_have_text(shown)
    expect(own_page.locator(".messages button").nth(1)).to_be_focused()
    assert violations_of(own_page, iframes=False) == []

    own_page.reload()

    expect(own_page.locator(".messages button")).to_have_count(3)
    expect(own_page.locator(".opened h3")).to_have_text(shown)


def test_two_styles_stand_side_by_side(page: Page) -> None:
    page.select_option("[name=style]", "cards")
    choose(page, "width", "phone")
    page.select_option("[name=compare]", "compact")
    expect(page.frame_locator("#message").locator(".card").first).to_be_visible()
    expect(page.frame_locator("#compared").locator(".row").first).to_be_visible()
    expect(page.locator("figcaption")).to_have_text(["Cards", "Compact"])
    boxes = "elements => elements.slice(0, 2).map(one => one.getBoundingClientRect().toJSON())"
    left, right = page.locator(".device").evaluate_all(boxes)
    assert (left["y"], left["width"]) == (right["y"], right["width"])
    assert left["right"] < right["x"]
    assert "compare=compact" in page.url
    assert violations_of(page, iframes=False) == []
    page.select_option("[name=compare]", "")
    expect(page.locator("#compared")).to_be_hidden()


def test_programs_that_invert_colors_are_simulated_as_the_checks_do(page: Page) -> None:
    message = page.frame_locator("#message")
    card = message.locator(".card").first
    expect(card).to_be_visible()

    def colors() -> tuple[str, str]:
        """Return the colors of a heading and of the background of a card."""
        heading = message.locator("h1, h2").first.evaluate("element => getComputedStyle(element).color")
        background = card.evaluate("element => getComputedStyle(element).backgroundColor")
        return to_hex(heading), to_hex(background)

    before = colors()
    for scheme, shades in (("gmail", all_inverted), ("outlook", partly_inverted)):
        choose(page, "scheme", scheme)
        assert colors() == shades(*before), scheme
        expect(page.locator("#contrast")).to_contain_text("Lowest contrast of a text here: ")
    choose(page, "scheme", "light")
    assert colors() == before


def to_hex(color: str) -> str:
    return "#" + "".join(f"{int(number):02x}" for number in re.findall(r"\d+", color)[:3])


def test_dns_rebinding_shows_nothing(studio_url: str, chromium: Browser) -> None:
    """A site whose name leads to 127.0.0.1 is refused, even if it knows the token; as is what its page requests."""
    evil = f"http://{EVIL}:{studio_url.rpartition(':')[2]}"
    fetch = """async addresses => {
        const results = [];
        for (const address of addresses)
            for (const mode of ["cors", "no-cors"])
                try { results.push(await (await fetch(address, {mode, credentials: "include"})).text()); }
                catch (error) { results.push(String(error)); }
        return results;
    }"""
    view = chromium.new_page()
    try:
        view.set_default_timeout(TIMEOUT_MS)
        view.goto(f"{studio_url}/?token={TOKEN}")  # the user of this browser has the studio open
        expect(view.locator("#subject")).not_to_be_empty()
        for path in ("/inbox", f"/digest.json?token={TOKEN}", f"/?token={TOKEN}", "/"):
            response = view.goto(f"{evil}{path}")
            assert response is not None
            assert (response.status, "ada@" in response.text()) == (421, False)
        # From a page of the evil site's own origin, here the refusal.
        requested = [f"{evil}/digest.json", f"{evil}/inbox?token={TOKEN}", f"{studio_url}/digest.json", studio_url]
        fetched = view.evaluate(fetch, requested)
    finally:
        view.context.close()
    assert len(fetched) == 8
    assert any("Unknown host" in text for text in fetched)
    assert not [text for text in fetched if "example.org" in text or '"messages"' in text]
