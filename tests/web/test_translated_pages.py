"""Every page in German and in English: what a visitor sees in both alike is listed here, with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from lxml import html

from tests.factories import NOW
from tests.web.live_site import ADA, LiveSite, paths_in

ARCHIVE = (
    "/", "/archive/2026-05-08", "/archive/2026-05", "/calendar/2026-05", "/trending/day", "/trending/month", "/topics",
    "/topics/Robotics", "/editions", "/editions/{edition}", "/search", "/search?q=in-context+learning", "/search?q=(",
    "/search?q=zzzzzz", "/papers/arxiv:2605.99001", "/trending/week?topic=Robotics&code=1",
)  # fmt: skip
SIGNUP = (
    "/subscribe", "/subscribe?topic=Robotics", "/subscribe/requested", "/subscribe/embed", "/preferences",
    "/preferences/rate", "/nothing", "/topics/nothing", "/editions/nothing", "/trending/year", "/confirm/1.2.3",
    "/unsubscribe/1", "/preferences/1", "/saved/1",
)  # fmt: skip
OPERATOR = (
    "/operator/login", "/operator", "/operator/editions", "/operator/editions/{edition}",
    "/operator/editions/{edition}/cancel", "/operator/subscribers", "/operator/subscribers?topic=Robotics",
    "/operator/subscribers/1", "/operator/subscribers/2", "/operator/subscribers/1/erase",
    "/operator/subscribers/1/suppress", "/operator/sources", "/operator/topics", "/operator/test-email",
    "/operator/editions/nothing",
)  # fmt: skip
FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/subscribe", {"email": "ada", "own_query": "(", "max_papers": "x", "hour": "99"}),
    ("/subscribe/check", {"own_query": "in-context learnning"}),
    ("/preferences", {"email": "ada"}),
    ("/operator/pause", {"csrf_token": "old"}),
)
#: Attributes that are shown or read out.
ATTRIBUTES = ("aria-label", "alt", "title", "placeholder")
#: What is no text of ours: code, scripts, names; and, as their attributes say, texts and names of papers and people.
FOREIGN = ("code", "pre", "script", "style", "bdi")
#: Texts that are the same in both languages, as patterns, with the reason.
ALIKE = {
    r"arXiv(: .*)?|PDF(: .*)?|Bluesky|LinkedIn|huggingface": "names of sites and formats, with the title of a paper",
    r"Atom|BibTeX|RIS|CSV|JSON": "names of formats",
    r"English|Deutsch|Español|Français|日本語|Português \(Brasil\)|简体中文": "languages call themselves so",
    r"\S+/\S+|\S+@\S+|(daily|weekly)-\d\S+( · Daily Papers)?": "time zones, addresses, keys of editions",
    r"Daily Papers|.* · Daily Papers": "the name of the site, after the title of a paper",
    r"UTC": "a time zone",
    r".* \u200c.*": "the preview text of an email: titles of papers",
    r"Abstract|Status|Rate|Code( ★.*)?": "German has the same words",
}


@pytest.mark.parametrize("paths", [ARCHIVE, SIGNUP, OPERATOR], ids=["archive", "sign-up", "operator"])
def test_no_text_of_a_page_is_english_in_german(operated: LiveSite, paths: tuple[str, ...]) -> None:
    for path in paths:
        check(operated, path.format(edition=edition_of(operated)))


def test_no_text_of_a_form_s_answer_is_english_in_german(operated: LiveSite) -> None:
    for path, form in FORMS:
        check(operated, path, form)


def test_no_text_of_a_page_that_an_email_leads_to_is_english_in_german(operated: LiveSite) -> None:
    paths = dict.fromkeys(re.sub(r"\d+(?=/?$)", "1", path) for path in paths_in(operated.messages()[-1]))
    assert len(paths) > 5
    for path in paths:
        check(operated, path)


def edition_of(site: LiveSite) -> str:
    with site.store() as store:
        return store.editions.latest(1)[0].key


def check(site: LiveSite, path: str, form: dict[str, str] | None = None) -> None:
    """Fail if the page has a visible text that is the same in both languages and is not in the list."""
    german, english = (visible(page(site, path, form, code)) for code in ("de", "en"))
    assert german, path
    assert alike(german, english) == [], path


def alike(german: set[str], english: set[str]) -> list[str]:
    """Return the texts with words that are the same in both languages, and are not in the list."""
    known = re.compile("|".join(f"(?:{pattern})" for pattern in ALIKE))
    return [text for text in german & english if re.search(r"[^\W\d_]{2}", text) and not known.fullmatch(text)]


def page(site: LiveSite, path: str, form: dict[str, str] | None, code: str) -> str:
    with site.store() as store, store.transaction():
        ada = store.subscribers.get(ADA)
        store.subscribers.update_profile(ada.id, ada.name, replace(ada.profile, language=code), "web", NOW)
    headers = {"Accept-Language": code}
    response = site.client.post(path, data=form, headers=headers) if form else site.client.get(path, headers=headers)
    assert response.headers["content-type"].startswith("text/html"), (path, response.status_code)
    return response.text


def visible(page: str) -> set[str]:
    return set(texts_in(html.document_fromstring(page.encode(), parser=html.HTMLParser(encoding="utf-8"))))


def texts_in(element: html.HtmlElement) -> Iterator[str]:
    if not isinstance(element.tag, str) or element.tag in FOREIGN or element.get("dir") == "auto":
        return
    if "names" in element.classes or element.get("id") == "time_zone":
        return
    shown = (element.text, *(element.get(name) for name in ATTRIBUTES), *(child.tail for child in element))
    yield from (" ".join(text.split()) for text in shown if text and text.strip())
    for child in element:
        yield from texts_in(child)


def test_no_text_of_an_email_is_english_in_german(live: LiveSite) -> None:
    addresses = {"de": "adele@reader.example", "en": "adam@reader.example"}
    topics = {"topic": ["Robotics", "LLM agents", "In-context learning"], "style": "cards", "queries": ""}
    for code, email in addresses.items():
        live.subscribe(email=email, language=code, **topics)
    live.send()
    pairs = list(zip(*(live.messages(email) for email in addresses.values()), strict=True))
    assert len(pairs) == 2  # the confirmation and the digest
    for pair in pairs:
        german, english = (visible(str(message.get_body(("html",)).get_content())) for message in pair)
        assert alike(german, english) == []
