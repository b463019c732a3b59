from __future__ import annotations

from html.parser import HTMLParser

import pytest

from newsletter.models import Cadence, Digest, Format, Message
from tests.factories import make_profile, make_subscriber
from tests.rendering.conftest import Write, make_digest, make_edition

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """What a page is made of; raises where tags do not pair."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def page_of(letter: Message) -> Page:
    assert letter.html is not None
    return Page(letter.html)


def test_the_page_is_well_formed_and_says_its_language(write: Write) -> None:
    letter = write()

    page = page_of(letter)
    assert letter.html is not None
    assert letter.html.startswith("<!doctype html>")
    assert set(page.values("lang")) == {"en"}
    assert not {"img", "script", "link", "form", "iframe", "svg"} & set(page.tags)


def test_headings_are_in_order(write: Write) -> None:
    levels = [int(tag[1]) for tag in page_of(write()).tags if tag in ("h1", "h2", "h3", "h4")]

    assert levels == [1, 2, 3, 3, 2, 3]


def test_layout_tables_say_that_they_are_none(write: Write) -> None:
    page = page_of(write())

    assert page.tags.count("table") == page.values("role").count("presentation")


def test_every_link_leads_somewhere(write: Write) -> None:
    page = page_of(write())

    targets = {f"#{name}" for name in page.values("id")}
    assert all(href.startswith(("https://", "mailto:")) or href in targets for href in page.values("href"))
    assert "https://arxiv.org/abs/2605.00001" in page.values("href")
    assert "https://huggingface.co/papers?q=Kettles+%26+Kin" in page.values("href")


def test_style_is_on_the_elements_and_what_depends_on_the_screen_in_the_head(write: Write) -> None:
    letter = write()

    assert letter.html is not None
    style = letter.html[letter.html.index("<style>") : letter.html.index("</style>")]
    assert "prefers-color-scheme: dark" in style
    assert "!important" in style
    assert ".masthead { padding: 36px" not in letter.html
    assert 'class="card-body" style="padding:20px 22px' in letter.html


def test_both_parts_hold_the_same_papers_in_the_same_order(write: Write) -> None:
    letter = write()

    for text in (page_of(letter).text, letter.text):
        places = [text.index(title) for title in ("Pears in Winter", "Robots in Spring", "Kettles & Kin")]
        assert places == sorted(places)


def test_the_text_is_72_columns_wide_but_for_addresses(write: Write) -> None:
    lines = write().text.splitlines()

    assert [line for line in lines if len(line) > 72 and "://" not in line and "mailto:" not in line] == []


def test_the_text_reads_like_a_letter(write: Write) -> None:
    text = write().text

    assert text.startswith("Daily Papers · Daily edition\nFriday, 8 May 2026\n==================\n")
    assert "3 papers for you, out of 40 new." in text
    assert "1. Pears in Winter\n   Ada Example, Ben Sample · 6 May 2026 · 12 upvotes\n" in text
    assert "   Why: title: pear; also on Winter\n   arXiv: https://arxiv.org/abs/2605.00001\n" in text
    assert "5 more matched; the highest ranked are shown." in text
    assert "3. Kettles & Kin\n   4 authors · 12 upvotes\n" in text
    assert "\n-- \nYou get this daily digest at ada@example.org" in text


def test_the_foot_says_why_and_how_to_leave(write: Write) -> None:
    letter = write()

    (leave,) = [href for href in page_of(letter).values("href") if "/leave/" in href]
    assert leave.startswith("https://papers.example.org/leave/1.")
    assert leave in letter.text
    assert "for: In-context learning" in letter.text.replace("\n", " ")


@pytest.mark.parametrize("cadence", list(Cadence))
@pytest.mark.parametrize("format_", list(Format))
@pytest.mark.parametrize("digest", [make_digest(), make_digest(sections=())])
def test_every_kind_of_letter_renders(write: Write, cadence: Cadence, format_: Format, digest: Digest) -> None:
    profile = make_profile(cadence=cadence, format=format_, topics=())
    digest = make_digest(sections=digest.sections, edition=make_edition(cadence, note="Hello"))

    letter = write(digest, make_subscriber(profile=profile))

    assert (letter.html is None) == (format_ is Format.TEXT)
    assert f"{cadence.value} digest" in letter.text


@pytest.mark.parametrize(
    ("cadence", "subject"),
    [
        (Cadence.DAILY, "8 May: Pears in Winter (+2 more)"),
        (Cadence.WEEKLY, "Week to 8 May: Pears in Winter (+2 more)"),
        (Cadence.MONTHLY, "Month to 8 May: Pears in Winter (+2 more)"),
    ],
)
def test_the_subject_names_the_day_and_the_top_paper(write: Write, cadence: Cadence, subject: str) -> None:
    letter = write(make_digest(edition=make_edition(cadence)))

    assert letter.subject == subject
    assert letter.html is not None
    assert f"<title>{subject}</title>" in letter.html


def test_the_preheader_names_the_next_ones(write: Write) -> None:
    html = write().html

    assert html is not None
    assert ">Robots in Spring · Kettles &amp; Kin</div>" in html
