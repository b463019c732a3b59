from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Cadence, Digest, Item, Message, Reason, ReasonKind, Section, Style
from newsletter.rendering.digest import inline
from newsletter.rendering.wrapping import columns
from newsletter.text import squeeze
from tests.factories import make_paper, make_profile, make_subscriber
from tests.rendering.conftest import Write, make_digest, make_edition

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """The elements of a page; parsing fails if tags are not balanced."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.comments: list[str] = []
        self.declarations: list[str] = []
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

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_decl(self, decl: str) -> None:
        self.declarations.append(decl)

    def unknown_decl(self, data: str) -> None:
        self.declarations.append(data)

    def handle_pi(self, data: str) -> None:
        self.declarations.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def page_of(message: Message) -> Page:
    assert message.html is not None
    return Page(message.html)


def test_the_page_is_well_formed_and_declares_its_language(write: Write) -> None:
    message = write()

    page = page_of(message)
    assert message.html is not None
    assert message.html.startswith("<!doctype html>")
    assert set(page.values("lang")) == {"en"}
    assert not {"img", "script", "link", "form", "iframe", "svg"} & set(page.tags)


def test_headings_are_in_order(write: Write) -> None:
    levels = [int(tag[1]) for tag in page_of(write()).tags if tag in ("h1", "h2", "h3", "h4")]

    assert levels == [1, 2, 3, 3, 2, 3]


def test_layout_tables_have_the_role_presentation(write: Write) -> None:
    page = page_of(write())

    assert page.tags.count("table") == page.values("role").count("presentation")


def test_every_link_is_absolute_or_an_anchor_of_the_page(write: Write) -> None:
    page = page_of(write())

    targets = {f"#{name}" for name in page.values("id")}
    assert all(href.startswith(("https://", "mailto:")) or href in targets for href in page.values("href"))
    assert "https://arxiv.org/abs/2605.00001" in page.values("href")
    assert "https://huggingface.co/papers?q=Kettles+%26+Kin" in page.values("href")


def test_each_page_gets_the_rules_of_its_own_style_sheet_however_often() -> None:
    page = "<html><head><style>p {{ color: {0} }} @media print {{ p {{ color: {0} }} }}</style></head><p>x</p></html>"

    first, second = ([inline(page.format(colour)) for colour in ("red", "blue")] for _ in range(2))

    assert first == second
    for inlined, colour in zip(first, ("red", "blue"), strict=True):
        assert f'<p style="color:{colour}">' in inlined
        assert re.search(rf"@media print.*color: {colour}\b", inlined, re.DOTALL)


def test_styles_are_inlined_and_media_queries_stay_in_the_head(write: Write) -> None:
    message = write()

    assert message.html is not None
    style = message.html[message.html.index("<style>") : message.html.index("</style>")]
    assert "prefers-color-scheme: dark" in style
    assert "!important" in style
    assert ".masthead { padding: 36px" not in message.html
    assert 'class="card-body" style="padding:7px 16px' in message.html


def test_both_parts_hold_the_same_papers_in_the_same_order(write: Write) -> None:
    message = write()

    for text in (page_of(message).text, message.text):
        places = [text.index(title) for title in ("Pears in Winter", "Robots in Spring", "Kettles & Kin")]
        assert places == sorted(places)


def test_the_text_is_72_columns_wide_except_for_urls(write: Write) -> None:
    lines = write().text.splitlines()

    assert [line for line in lines if len(line) > 72 and "://" not in line and "mailto:" not in line] == []


def test_the_text_part_has_masthead_papers_and_footer(write: Write) -> None:
    text = write().text

    assert text.startswith("Daily Papers · Daily edition\nFriday, 8 May 2026\n==================\n")
    assert "3 papers for you, out of 40 new." in text
    assert "  1. Pears in Winter\n     Ada Example, Ben Sample · 6 May 2026 · 12 upvotes\n" in text
    assert "     also in: Winter\n" in text
    assert "5 more on the web" in text
    assert "  3. Kettles & Kin\n     4 authors · 12 upvotes\n" in text
    assert "\n-- \nYou’re receiving this daily digest at ada@example.org because you" in text


def test_the_links_of_the_text_part_are_beside_their_papers(write: Write) -> None:
    text = write().text

    paper = text[text.index("\n\n  1. Pears in Winter\n") : text.index("\n\n  2. ", text.index("arXiv: "))]
    assert paper.endswith(
        "     arXiv: https://arxiv.org/abs/2605.00001\n"
        "     PDF: https://arxiv.org/pdf/2605.00001\n"
        "     Discussion: https://huggingface.co/papers/2605.00001\n"
        "     Project: https://pears.example.org/"
    )


def test_the_text_part_begins_with_all_titles_under_their_sections(write: Write) -> None:
    text = write().text

    assert re.findall(r"(?m)^ *(\d+)\. ", text) == ["1", "2", "3", "1", "2", "3"]
    assert "\n  1. Pears in Winter  ▲12\n" in text[: text.index("Ada Example")]


def test_the_footer_states_why_and_links_to_unsubscribe(write: Write) -> None:
    message = write()

    (unsubscribe,) = [href for href in page_of(message).values("href") if "/unsubscribe/" in href]
    assert unsubscribe.startswith("https://papers.example.org/unsubscribe/1.")
    assert unsubscribe in message.text
    assert "Your topics: In-context learning" in message.text.replace("\n", " ")


@pytest.mark.parametrize("cadence", list(Cadence))
@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("digest", [make_digest(), make_digest(sections=())])
def test_every_style_and_cadence_renders(write: Write, cadence: Cadence, style: Style, digest: Digest) -> None:
    profile = make_profile(cadence=cadence, style=style, topics=())
    digest = make_digest(sections=digest.sections, edition=make_edition(cadence, note="Hello"))

    message = write(digest, make_subscriber(profile=profile))

    assert (message.html is None) == (style is Style.PLAIN)
    assert "because you subscribed on" in " ".join(message.text.split())


@pytest.mark.parametrize("cadence", Cadence)
def test_the_subject_names_the_number_and_the_top_paper(write: Write, cadence: Cadence) -> None:
    message = write(make_digest(edition=make_edition(cadence)))
    subject = "3 papers: Pears in Winter"

    assert message.subject == subject
    assert message.html is not None
    assert f"<title>{subject}</title>" in message.html


def test_the_preheader_names_the_next_papers(write: Write) -> None:
    html = write().html

    assert html is not None
    assert ">Robots in Spring · Kettles &amp; Kin" in html


@pytest.mark.parametrize("sections", [make_digest().sections, ()])
@pytest.mark.parametrize("cadence", list(Cadence))
def test_every_page_has_headings_in_order_and_no_broken_anchors(
    write: Write, cadence: Cadence, sections: tuple[Section, ...]
) -> None:
    message = write(make_digest(edition=make_edition(cadence), sections=sections))

    page = page_of(message)
    levels = [int(tag[1]) for tag in page.tags if tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
    ids = page.values("id")
    assert levels.count(1) == 1
    assert [below for above, below in zip([0, *levels], levels, strict=False) if below > above + 1] == []
    assert len(ids) == len(set(ids))
    assert {href for href in page.values("href") if href.startswith("#")} <= {f"#{name}" for name in ids}
    assert page.declarations == ["doctype html"]


def test_a_page_without_images_loads_no_external_resources(write: Write) -> None:
    message = write(make_digest(edition=make_edition(note="A note")))

    assert message.html is not None
    assert {name for _, name, _ in page_of(message).attributes} & {"src", "srcset", "background", "poster"} == set()
    assert [word for word in ("url(", "@import", "@font-face") if word in message.html] == []


def test_every_rule_of_the_media_queries_is_important(write: Write) -> None:
    html = write().html

    assert html is not None
    (style,) = re.findall(r"<style[^>]*>(.*?)</style>", re.sub("<!--.*?-->", "", html), re.DOTALL)
    rules = re.findall(r"[\w-]+:[^;{}]+(?=[;}])", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
    assert "color: #ece7de !important" in rules
    assert [rule for rule in rules if not rule.endswith("!important")] == []


def test_notes_are_in_both_parts_before_and_after_the_papers(write: Write) -> None:
    edition = replace(make_edition(note="*Closed* on [Monday](https://x.example/)"), closing="See **you**")
    message = write(make_digest(edition=edition))

    page = page_of(message)
    places = [
        page.text.index(words) for words in ("Closed on Monday", "Ada Example, Ben Sample", "See you", "receiving")
    ]
    assert places == sorted(places)
    assert "https://x.example/" in page.values("href")
    texts = ("*Closed* on [Monday](https://x.example/)", "Ada Example, Ben Sample", "See **you**", "receiving this")
    assert [message.text.index(text) for text in texts] == sorted(message.text.index(text) for text in texts)


def test_an_empty_digest_is_stated_in_both_parts(write: Write) -> None:
    message = write(make_digest(sections=()))

    assert "No new papers for you this time." in page_of(message).text
    assert "No new papers for you this time." in message.text
    assert "Links" not in message.text
    assert message.subject == "No new papers for you"


texts = st.text("ab é漢-<&'\"{}%.", min_size=1, max_size=200).map(squeeze).filter(bool)
cards = st.tuples(texts, texts, texts, st.integers(0, 2000))


@given(st.lists(st.tuples(texts, st.lists(cards, min_size=1, max_size=3)), min_size=1, max_size=3))
def test_both_parts_hold_arbitrary_papers_in_the_same_order(
    write: Write, library: list[tuple[str, list[tuple[str, str, str, int]]]]
) -> None:
    sections: list[Section] = []
    ids: list[str] = []
    for topic, papers in library:
        items: list[Item] = []
        for title, abstract, author, upvotes in papers:
            ids.append(f"2605.{len(ids):05}")
            facts = {"title": title, "abstract": abstract, "authors": (author,), "upvotes": upvotes}
            items.append(
                Item(
                    make_paper(id=len(ids), arxiv_id=ids[-1], **facts),
                    1.0,
                    (Reason(ReasonKind.TITLE, topic),),
                    (topic,),
                )
            )
        sections.append(Section(topic, tuple(items), matched=9))

    message = write(make_digest(sections=tuple(sections)))

    abstract_url = re.compile(r"https://arxiv\.org/abs/([\d.]+)")
    linked = [href for href in page_of(message).values("href") if abstract_url.fullmatch(href)]
    assert list(dict.fromkeys(abstract_url.findall(" ".join(linked)))) == abstract_url.findall(message.text) == ids
    assert [
        line for line in message.text.splitlines() if len(line) > 72 and "://" not in line and len(line.split()) > 2
    ] == []


def test_titles_and_topics_at_the_top_fit_into_72_columns(write: Write) -> None:
    papers = make_paper(title="基于大型语言模型的代码审查" * 6), make_paper(id=2, title="Pears " * 30)
    section = Section("the keeping of " * 6 + "pears", tuple(Item(paper, 1.0) for paper in papers), matched=2)
    top = write(make_digest(sections=(section,))).text.partition("\n\n\n")[0]

    assert "…  ▲12" in top
    assert [line for line in top.splitlines() if columns(line) > 72] == []


def test_what_joins_label_and_title_is_of_the_language(write: Write) -> None:
    page = page_of(write(make_digest(), make_subscriber(profile=make_profile(language="fr"))))

    assert "arXiv\u00a0: Pears in Winter" in page.values("aria-label")
    assert "PDF\u00a0: Pears in Winter" in page.values("aria-label")
