"""The preview studio: what it answers, to whom, and that what is edited shows."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from newsletter.errors import NewsletterError
from newsletter.rendering.spam_score import Scorer
from newsletter.site import Site
from newsletter.store import open_store
from newsletter.web.studio import preview_json
from newsletter.web.studio.app import serve_studio
from newsletter.web.studio.live_reload import changes, version
from tests.factories import NOW, make_entry

ADA = {"subscriber": "ada@example.org"}
FORMS = ("/", "/digest.json", "/digest.html", "/digest.txt", "/digest.eml", "/inbox", "/version", "/studio.js")
HOSTILE = '<script>alert("x")</script> </pre> "quoted" & <img src=x onerror=alert(1)>'


def told(studio: TestClient, **choice: Any) -> Any:
    return studio.get("/digest.json", params=choice).json()


# -- the letter ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("sent")
def test_the_page_offers_what_may_be_chosen(studio: TestClient) -> None:
    page = studio.get("/", params=ADA | {"style": "compact"}).text

    assert '<option value="ada@example.org" selected>Ada Example &lt;ada@example.org&gt;</option>' in page
    assert '<option value="compact" selected>Compact</option>' in page
    assert '<option value="de">Deutsch</option>' in page
    assert '<option value="daily-2026-05-08">Fri 8 May 2026, daily</option>' in page
    assert '<option value="last-30-days">Last 30 days</option>' in page


def test_the_page_has_no_script_or_style_of_its_own(studio: TestClient) -> None:
    page = studio.get("/").text

    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page) == []


def test_one_letter_in_all_its_forms(studio: TestClient) -> None:
    page = studio.get("/digest.html", params=ADA)
    text = studio.get("/digest.txt", params=ADA)
    source = studio.get("/digest.eml", params=ADA)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Counting" in page.text or "In-context learning" in page.text
    assert text.headers["content-type"] == source.headers["content-type"] == "text/plain; charset=utf-8"
    assert "In-context learning\n----" in text.text
    assert "List-Unsubscribe: <" in source.text
    assert source.text.count("\r\nTo: Ada Example <ada@example.org>\r\n") == 1


def test_what_is_said_of_a_letter(studio: TestClient) -> None:
    facts = told(studio, **ADA)

    assert facts["error"] is None
    assert facts["to"] == "Ada Example <ada@example.org>"
    assert facts["edition"]["key"] == "daily-2026-05-10"
    assert facts["sizes"]["html"] == len(studio.get("/digest.html", params=ADA).content)
    assert facts["sizes"]["text"] == len(studio.get("/digest.txt", params=ADA).content)
    assert facts["sizes"]["whole"] == len(studio.get("/digest.eml", params=ADA).content)
    assert {check["name"] for check in facts["checks"]} >= {"size", "headers", "links"}
    assert facts["warnings"] == []


def test_every_paper_is_told_with_its_place_and_its_sum(studio: TestClient) -> None:
    papers = told(studio, **ADA)["papers"]

    assert [paper["rank"] for paper in papers] == list(range(1, len(papers) + 1))
    assert (papers[0]["section"], papers[0]["position"]) == ("In-context learning", 1)
    for paper in papers:
        assert [part["name"] for part in paper["parts"]] == ["match", "popularity", "freshness", "followed", "taste"]
        assert sum(part["value"] for part in paper["parts"]) == pytest.approx(paper["total"], abs=0.001)
        assert paper["total"] == pytest.approx(paper["score"], abs=0.001)


def test_sections_and_the_rest_weigh_what_the_letter_weighs(studio: TestClient) -> None:
    facts = told(studio, **ADA)
    weights = [section["html"] for section in facts["sections"]]

    assert len(weights) > 3
    assert all(weight > 1000 for weight in weights)
    assert 0.5 < sum(weights) / facts["sizes"]["html"] < 1


def test_style_and_language_take_the_place_of_the_readers_own(studio: TestClient) -> None:
    german = studio.get("/digest.html", params=ADA | {"language": "de", "style": "compact"}).text

    assert '<html lang="de"' in german
    assert 'class="row' in german
    assert 'class="card"' not in german


def test_a_letter_without_html_is_shown_as_text(studio: TestClient) -> None:
    page = studio.get("/digest.html", params=ADA | {"style": "plain"})

    assert "No HTML part" in page.text
    assert told(studio, **ADA, style="plain")["sizes"]["html"] is None


def test_topics_instead_of_a_reader(studio: TestClient) -> None:
    facts = told(studio, topics='robot*; "in-context learning" ;', edition="last-30-days")

    assert [section["title"] for section in facts["sections"]][:2] == ["robot*", '"in-context learning"']
    assert facts["subscriber"]["id"] == 0


@pytest.mark.usefixtures("sent")
def test_an_edition_of_the_past_is_the_one_that_was_sent(studio: TestClient) -> None:
    facts = told(studio, **ADA, edition="daily-2026-05-08")

    assert facts["edition"]["key"] == "daily-2026-05-08"
    assert ["daily-2026-05-08", "Fri 8 May 2026, daily"] in facts["editions"]
    assert told(studio, **ADA)["warnings"] == ["Nothing to show: no new papers. The last 30 days may have some."]


def test_invented_papers_stand_in_for_those_a_new_site_has_not(studio: TestClient, site: Site) -> None:
    site.store.unlink()
    facts = told(studio, subscriber="file:example")

    assert facts["papers"]
    assert "invented samples" in facts["warnings"][0]


def test_papers_that_the_letter_has_no_room_for_are_told(studio: TestClient, site: Site) -> None:
    with open_store(site.store) as store:
        for number in range(60):
            said = f"Kettles of kind {number} sing. " + "They hum about water and about steam. " * 12
            store.papers.add(make_entry(title=f"Kettle {number}", abstract=said, arxiv_id=f"2605.{number:05}"), NOW)
    (site.subscribers / "new.toml").write_text(
        'email = "new@example.org"\ntopics = ["kettle*"]\nmax_papers = 60\nmax_per_section = 60\n', encoding="utf-8"
    )
    told_of = told(studio, subscriber="file:new", edition="last-7-days")
    left_out = [paper["title"] for paper in told_of["papers"] if paper["left_out"]]
    message = studio.get("/digest.txt", params={"subscriber": "file:new", "edition": "last-7-days"}).text

    assert left_out
    assert not any(f". {title}\n" in message for title in left_out)
    assert told_of["warnings"] == [f"Gmail would cut the letter off: {len(left_out)} papers had no room in it."]
    assert sum(one["papers"] for one in told_of["sections"]) + len(left_out) == len(told_of["papers"])


def test_checks_that_take_long_are_made_for_who_looks(studio: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def scorer(content: bytes) -> tuple[float, str]:
        asked.append(content)
        return 0.5, "SOME_RULE"

    def find_one() -> Scorer:
        return scorer

    monkeypatch.setattr(preview_json, "find_scorer", find_one)
    quick = told(studio, **ADA)["checks"]
    assert not asked
    full = studio.get("/checks.json", params=ADA).json()

    assert len(asked) == 1
    assert [check["verdict"] for check in quick if check["name"] == "spam"] == ["waiting"]
    assert [check["detail"] for check in full if check["name"] == "spam"] == ["0.5 points of 5: SOME_RULE"]


# -- edits --------------------------------------------------------------------------------------------


def test_an_edited_template_shows(studio: TestClient, site: Site) -> None:
    card = site.templates / "email" / "card.html"
    card.parent.mkdir(parents=True)
    card.write_text("<p>Mine: {{ card.title }}</p>", encoding="utf-8")

    assert "<p>Mine: " in studio.get("/digest.html", params=ADA).text


def test_a_broken_template_is_told_with_file_line_and_reason(studio: TestClient, site: Site) -> None:
    card = site.templates / "email" / "card.html"
    card.parent.mkdir(parents=True)
    card.write_text("<p>\n{{ card.nothing }}</p>", encoding="utf-8")
    error = told(studio, **ADA)["error"]
    page, text = (studio.get(f"/digest.{form}", params=ADA) for form in ("html", "txt"))

    assert error["kind"] == "TemplateError"
    assert f"{card}, line 2: " in error["message"]
    assert "nothing" in error["message"]
    assert page.status_code == text.status_code == 422
    assert "line 2" in page.text
    assert "Traceback" not in page.text + text.text
    assert studio.get("/", params=ADA).status_code == 200


def test_an_edited_profile_shows_before_it_is_synced(studio: TestClient, site: Site) -> None:
    file = site.subscribers / "example.toml"
    assert told(studio, **ADA)["style"] == "cards"
    file.write_text('email = "ada@example.org"\nstyle = "compact"\ntopics = ["robot*"]\n', encoding="utf-8")

    assert told(studio, **ADA)["style"] == "compact"
    assert told(studio, **ADA)["sections"][0]["title"] == "robot*"


def test_a_new_profile_may_be_looked_at_before_it_is_synced(studio: TestClient, site: Site) -> None:
    (site.subscribers / "new.toml").write_text('email = "new@example.org"\ntopics = ["robot*"]\n', encoding="utf-8")

    assert "subscribers/new.toml, not synced yet" in studio.get("/").text
    assert told(studio, subscriber="file:new")["to"] == "new@example.org"


def test_a_wrong_profile_is_told(studio: TestClient, site: Site) -> None:
    (site.subscribers / "example.toml").write_text('email = "ada@example.org"\nstile = "x"\n', encoding="utf-8")
    error = told(studio, **ADA)["error"]

    assert "example.toml: stile: no such field" in error["message"]
    assert error["hint"] == "did you mean style?"


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"subscriber": "nobody@example.org"}, "no subscriber has the address"),
        ({"subscriber": "file:../newsletter"}, "there is no file"),
        ({"style": "baroque"}, "style: one of cards, compact, plain"),
        ({"language": "xx"}, "language: one of en, "),
        ({"edition": "daily-1999-01-01"}, "there is no edition"),
        ({"days": "0"}, "days: a whole number"),
        ({"edition": "last-9999-days"}, "days: a whole number"),
        ({"topics": '"unclosed'}, "topics: "),
    ],
)
def test_what_cannot_be_chosen_is_told_in_words(studio: TestClient, choice: dict[str, str], words: str) -> None:
    assert words in told(studio, **choice)["error"]["message"]
    assert studio.get("/digest.html", params=choice).status_code == 422


def test_a_store_that_is_none_and_settings_that_are_wrong_are_told(studio: TestClient, site: Site) -> None:
    site.config.write_text("[site]\nnaem = 'x'\n", encoding="utf-8")
    assert "no such setting" in told(studio)["error"]["message"]
    assert studio.get("/").status_code == 200
    assert studio.get("/inbox").status_code == 422
    site.config.write_text("", encoding="utf-8")
    site.store.write_bytes(b"not a database" * 1000)

    assert "newsletter.db" in told(studio)["error"]["message"]
    assert studio.get("/").status_code == 200


def test_a_mistake_of_ours_is_told_without_its_traceback(studio: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("newsletter.web.studio.preview.preview_digest", broken)
    answer = studio.get("/digest.html", params=ADA)

    assert answer.status_code == 500
    assert "ZeroDivisionError: by zero" in answer.text
    assert "Traceback" not in answer.text
    assert "sandbox" in answer.headers["content-security-policy"]


# -- changes ------------------------------------------------------------------------------------------


def test_the_version_changes_with_every_file_and_with_nothing_else(studio: TestClient, site: Site) -> None:
    site.notes.mkdir()
    site.templates.mkdir()
    seen = [version(site)]
    files = (
        site.config, site.templates / "card.html", site.notes / "2026-05-08.md", site.subscribers / "example.toml"
    )  # fmt: skip
    for path in files:
        with path.open("a", encoding="utf-8") as file:
            file.write("# more\n")
        seen.append(version(site))
    with open_store(site.store) as store:
        store.papers.add(replace(make_entry(), title="On Kettles"), NOW)
    seen.append(version(site))
    (site.templates / ".card.html.swp").write_text("x", encoding="utf-8")
    site.subscribers.joinpath("README.md").write_text("x", encoding="utf-8")

    assert len(set(seen)) == len(seen)
    assert studio.get("/version").json() == {"version": seen[-1]}


def test_looking_changes_nothing(studio: TestClient, sent: Site) -> None:
    told(studio, **ADA)
    before = version(sent)
    for path in FORMS:
        studio.get(path, params=ADA)

    assert version(sent) == before


def test_the_stream_tells_the_version_and_each_change(site: Site) -> None:
    async def listened() -> list[str]:
        events: list[str] = []

        async def is_over() -> bool:
            return len(events) > 3

        async for event in changes(site, is_over, pause_s=0.001):
            events.append(event)
            if len(events) == 2:
                os.utime(site.config, (1, 1))
                expected.append(version(site))
            elif len(events) == 3:
                os.utime(site.config, (2, 2))
                expected.append(version(site))
        return events

    expected = [version(site)]
    retry, *told_versions = asyncio.run(listened())

    assert retry == "retry: 1000\n\n"
    assert told_versions == [f"event: version\ndata: {one}\n\n" for one in expected]


# -- who may ask --------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost", "localhost:8400", "127.0.0.1:1", "[::1]:8400", "LOCALHOST"])
def test_this_machines_own_names_are_answered(studio: TestClient, host: str) -> None:
    assert studio.get("/version", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8400", "[::1].evil.example", "192.0.2.1", ""],
)
def test_other_names_are_turned_away(studio: TestClient, host: str) -> None:
    answers = [studio.get(path, headers={"host": host}) for path in FORMS]

    assert {answer.status_code for answer in answers} == {421}
    assert not any("ada" in answer.text for answer in answers)


def test_other_sites_may_not_ask_but_their_links_may_be_followed(studio: TestClient) -> None:
    for site_asking in ("cross-site", "same-site"):
        asked = {"sec-fetch-site": site_asking, "sec-fetch-mode": "no-cors"}
        assert studio.get("/digest.json", headers=asked).status_code == 403
        assert studio.get("/", headers=asked | {"sec-fetch-mode": "navigate"}).status_code == 200
    assert studio.get("/digest.json", headers={"sec-fetch-site": "same-origin"}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_but_reading_is_allowed(studio: TestClient, method: str) -> None:
    assert {studio.request(method, path).status_code for path in FORMS} == {405}


def test_every_answer_says_what_it_may_load(studio: TestClient) -> None:
    for path in (*FORMS, "/nothing", "/inbox/nothing.html"):
        headers = studio.get(path).headers
        policy = headers["content-security-policy"]

        assert policy.startswith(("default-src 'self'", "default-src 'none'"))
        assert "unsafe-eval" not in policy
        assert "script-src" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


def test_a_letter_may_load_pictures_at_most(studio: TestClient) -> None:
    policies = [
        studio.get("/digest.html", params=ADA | images).headers["content-security-policy"]
        for images in ({}, {"images": "off"})
    ]

    assert all(
        policy.startswith("default-src 'none'; style-src 'unsafe-inline'; ") and "sandbox" in policy
        for policy in policies
    )
    assert "img-src https: data:;" in policies[0]
    assert "img-src 'none';" in policies[1]


def test_hostile_words_stay_words(studio: TestClient, site: Site) -> None:
    with open_store(site.store) as store:
        store.papers.add(make_entry(title=f"In-context learning {HOSTILE}", arxiv_id=None, doi="10.1/x"), NOW)
    topics = {"topics": f'in-context; "{HOSTILE}', "edition": f'x"><script>{HOSTILE}'}
    message = studio.get("/digest.html", params={"topics": "in-context learning", "edition": "last-7-days"})
    pages = [studio.get("/", params=topics), studio.get("/digest.html", params=topics), message]

    assert message.status_code == 200
    for page in pages:
        assert "<script>" not in page.text
        assert "<img src=x" not in page.text


def test_a_taken_port_is_told_in_words(site: Site) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(NewsletterError, match=r"port \d+ of 127\.0\.0\.1"):
            serve_studio(site, taken.getsockname()[1])


# -- the outbox ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("sent")
def test_the_outbox_is_an_inbox(studio: TestClient) -> None:
    found = studio.get("/inbox").json()["messages"]
    name = found[0]["name"]

    assert {message["to"] for message in found} == {
        "Ada Example <ada@example.org>", "Grace Example <grace@example.org>"
    }  # fmt: skip
    assert [message["date"] for message in found] == sorted((message["date"] for message in found), reverse=True)
    assert found[0]["subject"] in studio.get(f"/inbox/{name}.html").text
    assert "sandbox" in studio.get(f"/inbox/{name}.html").headers["content-security-policy"]
    assert "Unsubscribe" in studio.get(f"/inbox/{name}.txt").text
    assert studio.get(f"/inbox/{name}.eml").text.startswith("From: Daily Papers")
    assert studio.get(f"/inbox/{name}.exe").status_code == 404


def test_letters_that_a_mail_program_has_read_are_still_there(studio: TestClient, sent: Site) -> None:
    outbox = sent.root / "outbox"
    (path, _) = (outbox / "new").iterdir()
    shutil.move(path, outbox / "cur" / f"{path.name}:2,S")

    assert path.name in {message["name"] for message in studio.get("/inbox").json()["messages"]}
    assert studio.get(f"/inbox/{path.name}.txt").status_code == 200


@pytest.mark.parametrize(
    "name",
    ["../../newsletter.toml", "..%2F..%2Fnewsletter.toml", "%2e%2e/newsletter.toml", "/etc/passwd", "..", "new", "*"],
)
@pytest.mark.usefixtures("sent")
def test_nothing_but_the_listed_letters_is_read(studio: TestClient, name: str) -> None:
    for form in ("html", "txt", "eml"):
        answer = studio.get(f"/inbox/{name}.{form}")

        assert answer.status_code in (404, 422)
        assert "[site]" not in answer.text
        assert "root:" not in answer.text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe",
        b"Subject: =?x-nothing?b?!!!?=\nDate: yesterday\nTo: <<>>,\n\nbody",
        b"Subject: " + HOSTILE.encode() + b"\nDate: Fri, 99 May 2026 99:99:99 +9999\n\nx",
        b"Content-Type: text/html; charset=x-nothing\n\n<script>alert(1)</script>",
        b"Content-Type: multipart/alternative\n\nno boundary",
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!!",
    ],
)
def test_broken_letters_are_listed_and_shown(studio: TestClient, site: Site, content: bytes) -> None:
    (site.root / "outbox" / "new").mkdir(parents=True)
    (site.root / "outbox" / "new" / "broken").write_bytes(content)
    (message,) = studio.get("/inbox").json()["messages"]
    answers = [studio.get(f"/inbox/{message['name']}.{form}") for form in ("html", "txt", "eml")]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert "script-src" not in answers[0].headers["content-security-policy"]
    assert "sandbox" in answers[0].headers["content-security-policy"]


def test_no_outbox_is_an_empty_one(studio: TestClient) -> None:
    assert studio.get("/inbox").json()["messages"] == []
