"""The studio's endpoints: formats of a message, errors, the inbox, and shutdown."""

from __future__ import annotations

import socket

import httpx
import pytest
from starlette.testclient import TestClient

from newsletter.errors import NewsletterError
from newsletter.files.site import Site
from newsletter.store import open_store
from newsletter.web.studio.app import serve_studio
from newsletter.web.studio.live_reload import version
from tests.factories import NOW, make_entry
from tests.web.studio.client import ADA, HOSTILE, PATHS, TOKEN, get_preview


def test_a_message_in_all_its_formats(studio: TestClient) -> None:
    page = studio.get("/digest.html", params=ADA)
    text = studio.get("/digest.txt", params=ADA)
    source = studio.get("/digest.eml", params=ADA)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "In-context learning" in page.text
    assert text.headers["content-type"] == source.headers["content-type"] == "text/plain; charset=utf-8"
    assert "In-context learning\n----" in text.text
    assert "List-Unsubscribe: <" in source.text
    assert source.text.count("\r\nTo: Ada Example <ada@example.org>\r\n") == 1


def test_a_message_without_html_is_shown_as_text(studio: TestClient) -> None:
    page = studio.get("/digest.html", params=ADA | {"style": "plain"})

    assert "No HTML part" in page.text
    assert get_preview(studio, **ADA, style="plain")["sizes"]["html"] is None


def test_previewing_changes_nothing(studio: TestClient, sent: Site) -> None:
    get_preview(studio, **ADA)
    before = version(sent)
    for path in PATHS:
        studio.get(path, params=ADA)

    assert version(sent) == before


def test_help_while_a_topic_is_typed(studio: TestClient) -> None:
    shown = studio.get("/topic.json", params={"q": '"in-context learning"'}).json()
    assert shown["matched"] >= len(shown["papers"]) > 0
    marked = [text for paper in shown["papers"] for text, is_match in paper["title"] + paper["excerpt"] if is_match]
    assert {text.lower() for text in marked} == {"in-context learning"}
    assert studio.get("/topic.json", params={"q": "LLM agents"}).json()["of"] == shown["of"]
    misspelt = studio.get("/topic.json", params={"q": "in-context learnning"}).json()
    assert any("learnning" in warning for warning in misspelt["warnings"])
    malformed = studio.get("/topic.json", params={"q": "("})
    assert (malformed.status_code, malformed.json()["error"][:6]) == (422, "column")


# -- edits --------------------------------------------------------------------------------------------


def test_an_edited_template_shows(studio: TestClient, site: Site) -> None:
    card = site.templates / "email" / "card.html"
    card.parent.mkdir(parents=True)
    card.write_text("<p>Mine: {{ card.title }}</p>", encoding="utf-8")

    assert "<p>Mine: " in studio.get("/digest.html", params=ADA).text


def test_a_broken_template_is_reported_with_file_line_and_reason(studio: TestClient, site: Site) -> None:
    card = site.templates / "email" / "card.html"
    card.parent.mkdir(parents=True)
    card.write_text("<p>\n{{ card.nothing }}</p>", encoding="utf-8")
    error = get_preview(studio, **ADA)["error"]
    page, text = (studio.get(f"/digest.{kind}", params=ADA) for kind in ("html", "txt"))

    assert error["kind"] == "TemplateError"
    assert f"{card}, line 2: " in error["message"]
    assert "nothing" in error["message"]
    assert page.status_code == text.status_code == 422
    assert "line 2" in page.text
    assert "Traceback" not in page.text + text.text
    assert studio.get("/", params=ADA).status_code == 200


# -- errors -------------------------------------------------------------------------------------------


def test_invalid_settings_and_an_unreadable_store_are_reported(studio: TestClient, site: Site) -> None:
    site.config.write_text("[site]\nnaem = 'x'\n", encoding="utf-8")
    assert "naem" in get_preview(studio)["error"]["message"]
    assert studio.get("/").status_code == 200
    assert studio.get("/inbox").status_code == 422
    site.config.write_text("", encoding="utf-8")
    site.store.write_bytes(b"not a database" * 1000)

    assert "newsletter.db" in get_preview(studio)["error"]["message"]
    assert studio.get("/").status_code == 200


def test_a_bug_is_reported_without_its_traceback(studio: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("newsletter.web.studio.preview.preview_digest", broken)
    response = studio.get("/digest.html", params=ADA)

    assert response.status_code == 500
    assert "ZeroDivisionError: by zero" in response.text
    assert "internal error (bug)" in response.text
    assert "Traceback" not in response.text
    assert "sandbox" in response.headers["content-security-policy"]


def test_hostile_text_stays_text(studio: TestClient, site: Site) -> None:
    with open_store(site.store) as store:
        store.papers.add(make_entry(title=f"In-context learning {HOSTILE}", arxiv_id=None, doi="10.1/x"), NOW)
    topics = {"topics": f'in-context; "{HOSTILE}', "edition": f'x"><script>{HOSTILE}'}
    message = studio.get("/digest.html", params={"topics": "in-context learning", "edition": "last-7-days"})
    pages = [studio.get("/", params=topics), studio.get("/digest.html", params=topics), message]

    assert message.status_code == 200
    for page in pages:
        assert "<script>" not in page.text
        assert "<img src=x" not in page.text


# -- serving ------------------------------------------------------------------------------------------


def test_a_port_in_use_is_reported(site: Site) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(NewsletterError, match=r"127\.0\.0\.1 port \d+"):
            serve_studio(site, taken.getsockname()[1])


def test_shutdown_ends_open_streams(studio_url: str) -> None:
    """The fixture fails if the server is still running some seconds after it was told to exit."""
    with (
        httpx.Client(base_url=studio_url, params={"token": TOKEN}, follow_redirects=True) as client,
        client.stream("GET", "/changes", timeout=30) as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert next(stream.iter_lines()) == "retry: 1000"


# -- the inbox ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("sent")
def test_the_inbox_lists_and_shows_the_outbox(studio: TestClient) -> None:
    messages = studio.get("/inbox").json()["messages"]
    assert studio.get("/inbox?q=no+such+words").json() | {"folder": ""} == {"folder": "", "messages": [], "total": 2}
    name = messages[0]["name"]

    assert {message["to"] for message in messages} == {
        "Ada Example <ada@example.org>", "Grace Example <grace@example.org>"
    }  # fmt: skip
    assert [message["date"] for message in messages] == sorted((one["date"] for one in messages), reverse=True)
    assert messages[0]["subject"] in studio.get(f"/inbox/{name}.html").text
    assert "sandbox" in studio.get(f"/inbox/{name}.html").headers["content-security-policy"]
    assert "Unsubscribe" in studio.get(f"/inbox/{name}.txt").text
    assert studio.get(f"/inbox/{name}.eml").text.startswith("From: Daily Papers")
    assert studio.get(f"/inbox/{name}.exe").status_code == 404


@pytest.mark.parametrize(
    "name",
    ["../../newsletter.toml", "..%2F..%2Fnewsletter.toml", "%2e%2e/newsletter.toml", "/etc/passwd", "..", "new", "*"],
)
@pytest.mark.usefixtures("sent")
def test_only_messages_of_the_outbox_can_be_read(studio: TestClient, name: str) -> None:
    for kind in ("html", "txt", "eml"):
        response = studio.get(f"/inbox/{name}.{kind}")

        assert response.status_code in (404, 422)
        assert "[site]" not in response.text
        assert "root:" not in response.text
