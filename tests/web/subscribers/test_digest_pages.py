"""This digest in a browser, and the papers that its sections had no place for."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

from newsletter.models import Digest, tokens
from newsletter.rendering.labels import section_title
from newsletter.rendering.language import language
from tests.factories import NOW, make_entry
from tests.web.live_site import ADA, LiveSite, paths_in


def digest_paths(live: LiveSite) -> list[str]:
    return [path for path in paths_in(live.messages()[-1]) if path.startswith("/digests/")]


def sent_digest(live: LiveSite) -> Digest:
    with live.store() as store:
        return store.editions.get_digest(store.deliveries.of_subscriber(live.subscriber().id)[0].digest_id)


def headings(page: str) -> list[str]:
    return [unescape(re.sub("<[^>]+>", "", found)).strip() for found in re.findall(r"<h3.*?</h3>|<h2.*?</h2>", page)]


def test_a_digest_in_a_browser_has_its_sections_and_papers_and_nothing_personal(live: LiveSite) -> None:
    live.subscribe(language="en")
    live.send()
    live.client.cookies.clear()
    page = live.client.get(digest_paths(live)[0])

    assert page.status_code == 200
    assert headings(page.text) == [
        text for section in sent_digest(live).sections
        for text in (section_title(section, language("en")), *(item.paper.title for item in section.items))
    ]  # fmt: skip
    assert "Your first edition" in page.text
    assert ADA not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]


def test_more_leads_to_exactly_those_that_matched_and_had_no_place(live: LiveSite) -> None:
    query = "model OR models OR learning OR language OR data"
    live.subscribe(language="en", topic=[], queries=query, max_per_section="3")
    live.send()
    section = sent_digest(live).sections[0]
    left = section.matched - len(section.items)
    assert left > 1
    _, path, *_ = digest_paths(live)
    email = live.messages()[-1].get_body(("plain",))
    assert email is not None
    assert f"https://papers.example{path}" in str(email.get_content())
    page = live.client.get(path)

    assert path.endswith("/more/1?after=3")
    assert f"{left} more papers matched" in page.text
    listed = headings(page.text)
    assert len(listed) == len(set(listed)) == left
    assert not set(listed) & {item.paper.title for item in section.items}
    live.now += timedelta(days=1)  # a later edition sends some of them, and changes nothing here
    live.send()
    assert headings(live.client.get(path).text) == listed


def test_more_leads_to_papers_that_were_cut_for_the_size_of_the_email_too(live: LiveSite) -> None:
    with live.store() as store:
        for number in range(60):
            title = f"Models of {' '.join(f'thing{number}x{word} and others' for word in range(12))}"
            entry = make_entry(title=title, abstract=f"We show {title}. " * 3, arxiv_id=f"2605.1{number:04}")
            store.papers.add(entry, NOW)
    query = "model OR models OR learning OR language OR data"
    live.subscribe(language="en", topic=[], queries=query, max_per_section="60", max_papers="60", style="cards")
    live.send()
    section = sent_digest(live).sections[0]
    email = unescape(str(live.messages()[-1].get_body(("html",)).get_content()))  # type: ignore[union-attr]
    (path,) = [path for path in digest_paths(live) if "/more/1" in path]
    page = live.client.get(path).text

    shown = int(path.rpartition("=")[2])
    titles = [item.paper.title for item in section.items]
    assert [title in email for title in titles] == [True] * shown + [False] * (len(titles) - shown)
    assert shown < len(titles)
    left = section.matched - shown
    assert f"{left} more on the web" in email
    listed = headings(page)
    assert len(listed) == left
    assert listed[: len(titles) - shown] == titles[shown:]
    for wrong in ("?after=x", "?after=-1", "?after=99999", ""):
        assert len(headings(live.client.get(path.split("?")[0] + wrong).text)) == section.matched - len(section.items)


def test_a_link_opens_one_digest_only_and_ends_with_its_subscriber(live: LiveSite) -> None:
    live.subscribe(language="en")
    live.send()
    path = digest_paths(live)[0]
    key, token = path.split("/")[2:4]
    for wrong in (f"{path}x", path.replace(key, "daily-2026-01-01"), path.replace(token, f"9{token}")):
        assert live.client.get(wrong).status_code == 404
        assert live.client.get(f"{wrong}/more/1").status_code == 404
    assert [live.client.get(f"{path}/more/{number}").status_code for number in (0, 99, "x", "9" * 99)] == [404] * 4
    (number, *_) = [n for n, one in enumerate(sent_digest(live).sections, 1) if one.matched == len(one.items)]
    assert "has all papers that matched" in live.client.get(f"{path}/more/{number}").text
    with live.store() as store, store.transaction():
        test_email = tokens.sign(store.secret(), tokens.digest_purpose(key), 0)
        store.subscribers.erase(live.subscriber())
    for gone in (path, f"/digests/{key}/{test_email}"):
        assert live.client.get(gone).headers["location"] == f"/editions/{key}"
