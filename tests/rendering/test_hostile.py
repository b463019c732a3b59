"""Injection: hostile text from sources, subscribers and operators is rendered as text."""

# ruff: noqa: E501 - long payloads

from __future__ import annotations

import json
import re
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from functools import cache
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Digest, Entry, Item, Message, Reason, ReasonKind, Section
from newsletter.papers.merge import begin
from newsletter.sources import Document, find_source
from newsletter.text import squeeze
from tests.factories import NOW, make_profile, make_subscriber, make_topic
from tests.rendering.conftest import Write, make_digest, make_edition, writer_of
from tests.rendering.test_digest import page_of as read_page

#: Each message is read once.
page_of = cache(read_page)
#: Each paper is another one.
NUMBERS = count(1)

PAYLOADS = [
    "<script>alert(1)</script>", "<SCRIPT SRC=//evil.example/x.js></SCRIPT>", "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>", "<IMG SRC=javascript:alert(1)>", "<img src='https://evil.example/pixel.gif'>",
    "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<body onload=alert(1)>", "<iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>", "<a href='data:text/html,<script>alert(1)</script>'>x</a>", "<a href=//evil.example>x</a>",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html;base64,PHNjcmlwdD4=", "vbscript:msgbox(1)",
    "https://x.example/\"onmouseover=\"alert(1)", "https://x.example/'><script>alert(1)</script>", "https://x.example/\r\nBcc: a@b.c",
    "\" onmouseover=\"alert(1)", "' onmouseover='alert(1)", "\"><script>alert(1)</script>", "'><img src=x onerror=alert(1)>",
    "</title><script>alert(1)</script>", "</style><script>alert(1)</script>", "</td></tr></table><h1>owned</h1>", "</div></body></html>",
    "<style>*{display:none}</style>", "<link rel=stylesheet href=//evil.example/x.css>", "<meta http-equiv=refresh content='0;url=//evil'>",
    "<form action=//evil.example><input name=password>", "<base href=//evil.example>", "<object data=x>", "<embed src=x>",
    "<!-- comment -->", "<!--[if mso]><script>alert(1)</script><![endif]-->", "<![CDATA[<script>alert(1)</script>]]>", "<?php echo 1 ?>",
    "{{ 7*7 }}", "{{ digest.unsubscribe_url }}", "{% raw %}{{ 7*7 }}{% endraw %}", "{% include '/etc/passwd' %}", "{# comment #}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "\\$(id)", "`id`",
    "x\r\nBcc: victim@example.org", "x\nX-Injected: yes", "x\r\n\r\nbody", "x\u2028Bcc: victim@example.org", "x\x85Bcc: a@b.c",
    "\x00NUL", "\x1b[31mred", "\u202egnp.exe", "\u2066isolated\u2069", "a\u200bb\ufeffc", "\ud800", "&lt;script&gt;", "&#x3C;script&#x3E;",
    "expression(alert(1))", "background:url(javascript:alert(1))", "=?utf-8?q?=0D=0ABcc:_a@b.c?=", "%0d%0aBcc: a@b.c",
    "$\\href{javascript:alert(1)}{x}$", "\\textit{<script>alert(1)</script>}", "$x<script>alert(1)</script>y$", "A" * 5000,
]  # fmt: skip


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Render messages of one run for all tests, so that each payload is rendered once, and what they share too."""
    return writer_of(tmp_path_factory.mktemp("hostile"), is_one_run=True)


@cache
def message_with(write: Write, payload: str) -> Message:
    """Render a message with `payload` in every text from a source, a subscriber and a topic."""
    paper = {
        "id": "2605.00001", "title": f"Pears {payload}", "summary": f"Of {payload}. More {payload}.",
        "authors": [{"name": payload}, {"name": "Ada"}], "ai_summary": payload, "ai_keywords": [payload],
        "githubRepo": payload, "projectPage": f"https://x.example/{payload}", "organization": {"fullname": payload},
        "publishedAt": payload,
    }  # fmt: skip
    document = Document("x.json", json.dumps([{"paper": paper, "thumbnail": payload}]).encode())
    (entry,) = find_source("huggingface")().parse(document, NOW.date())
    assert isinstance(entry, Entry)
    named = squeeze(payload)  # as profiles do with all text from subscribers and operators
    # Parsing removes markup; rendering must not rely on it.
    entry = replace(
        entry, title=f"Pears {named}", abstract=f"Of {named}. More {named}.", authors=(named, "Ada"), summary=named,
        organization=named, venue=named,
    )  # fmt: skip
    subscriber = make_subscriber(name=payload, profile=make_profile(topics=(make_topic(named),)))
    item = Item(begin(entry, next(NUMBERS), NOW), 1.0, (Reason(ReasonKind.TITLE, named),), (named,))
    return write(
        Digest(edition=make_edition(), considered=1, sections=(Section(named, (item,), matched=2),)), subscriber
    )  # fmt: skip


def skeleton(message: Message) -> tuple[list[str], set[tuple[str, str]]]:
    """Return the tags in order, and the attributes by tag."""
    page = page_of(message)
    return page.tags, {(tag, name) for tag, name, _ in page.attributes}


def test_there_are_many_payloads() -> None:
    assert len(set(PAYLOADS)) >= 60


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_adds_no_element_attribute_link_or_header(write: Write, payload: str) -> None:
    harmless = message_with(write, "harmless")
    hostile = message_with(write, payload)

    tags, attributes = skeleton(hostile)
    expected_tags, expected_attributes = skeleton(harmless)
    # Most payloads are no valid link to code, so that its element is missing.
    assert set(tags) | {"b"} == set(expected_tags) | {"b"}  # terms that match are highlighted
    assert attributes <= expected_attributes | {("b", "class"), ("b", "style")}
    hrefs = page_of(hostile).values("href")
    assert all(href.startswith(("https://", "mailto:", "#section-")) for href in hrefs)
    mail = message_from_bytes(hostile.content, policy=default)
    assert mail.keys() == message_from_bytes(harmless.content, policy=default).keys()
    assert mail.defects == []
    assert len(mail.get_all("To", [])) == 1
    assert mail["To"].addresses[0].addr_spec == "ada@example.org"


@pytest.mark.parametrize("payload", ["{{ 7*7 }}", "{% raw %}{{ 7*7 }}{% endraw %}", "{{ digest.unsubscribe_url }}"])
def test_template_syntax_from_outside_is_not_evaluated(write: Write, payload: str) -> None:
    message = message_with(write, payload)

    assert payload in page_of(message).text
    assert f"1. Pears {payload}" in message.text


@pytest.mark.parametrize("payload", ["\x00", "\x1b[31m", "\u202e", "\u2066", "\u200b", "\x85", "\u2028"])
def test_characters_that_hide_or_reorder_text_are_removed(write: Write, payload: str) -> None:
    message = message_with(write, f"a{payload}b")

    assert payload not in message.subject
    assert f"Pears a{payload}b" not in message.text


@given(title=st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_both_parts_show_an_arbitrary_title_verbatim(write: Write, title: str) -> None:
    message = message_with(write, title)

    shown = squeeze(f"Pears {title}")
    assert " ".join(shown.split()) in " ".join(page_of(message).text.split())
    assert "".join(shown.split()) in "".join(message.text.split())


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_adds_no_comment_and_stays_on_its_line(write: Write, payload: str) -> None:
    """Text from outside cannot add a comment to the page, or a heading, a footer or a paper to the text part."""
    message = message_with(write, payload)

    page, text = page_of(message), message.text
    assert (page.comments, page.declarations) == (page_of(message_with(write, "harmless")).comments, ["doctype html"])
    assert all(comment.startswith("[if mso]>") for comment in page.comments)  # the table for Outlook
    assert [line for line in text.splitlines() if re.match(r"(Bcc|X-Injected|body)\b", line)] == []
    assert (text.count("\n-- \n"), re.findall(r"^ *\d+\. ", text, re.MULTILINE)) == (1, ["  1. "] * 2)
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", text) == []


def test_hostile_text_adds_no_style(write: Write) -> None:
    harmless = page_of(message_with(write, "harmless"))

    together = page_of(message_with(write, " ".join(PAYLOADS)))

    assert set(together.values("style")) <= set(harmless.values("style"))
    assert set(together.values("class")) <= set(harmless.values("class"))


# Notes are read from UTF-8 files, which cannot hold surrogates.
@pytest.mark.parametrize("payload", [payload for payload in PAYLOADS if payload != "\ud800"])
def test_a_hostile_note_is_sanitized(write: Write, payload: str) -> None:
    message = write(make_digest(edition=make_edition(note=f"Hello {payload}\n\n{payload}"), sections=()))

    page = page_of(message)
    names = {name for _, name, _ in page.attributes}
    assert not {"script", "svg", "iframe", "form", "object", "embed", "base", "link", "input"} & set(page.tags)
    assert not {name for name in names if name.startswith("on")}
    assert all(src.startswith("https://") for src in page.values("src"))  # the operator's own image
    assert all(href.startswith(("https://", "http://", "mailto:", "#section-")) for href in page.values("href"))
    assert page.tags.count("h1") == page.tags.count("style") == page.tags.count("body") == 1


@pytest.mark.parametrize(
    "payload", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil.example", " "]
)
def test_only_http_urls_become_links(write: Write, payload: str) -> None:
    paper = {"id": "2605.00001", "title": "Pears", "githubRepo": payload, "projectPage": payload}
    document = Document("x.json", json.dumps([{"paper": paper}]).encode())
    (entry,) = find_source("huggingface")().parse(document, NOW.date())
    assert isinstance(entry, Entry)

    section = Section("Fruit", (Item(begin(entry, next(NUMBERS), NOW), 1.0),), matched=1)
    message = write(Digest(edition=make_edition(), considered=1, sections=(section,)))

    assert [href for href in page_of(message).values("href") if "papers.example.org" not in href] == [
        "#section-1",
        "https://arxiv.org/abs/2605.00001",
        "https://arxiv.org/abs/2605.00001",
        "https://arxiv.org/abs/2605.00001",
        "https://arxiv.org/pdf/2605.00001",
        "https://huggingface.co/papers/2605.00001",
    ]
