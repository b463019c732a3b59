"""Assembled messages equal the reference rendering, for arbitrary papers, subscribers and looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.models import (
    Cadence,
    Digest,
    Item,
    Message,
    Profile,
    Reason,
    ReasonKind,
    Section,
    SectionKind,
    Style,
    Subscriber,
    Topic,
)
from newsletter.models.languages import LANGUAGES
from newsletter.pipeline.messages import MessageRenderer
from newsletter.rendering.assembly import MAX_HTML_B, shortened
from newsletter.rendering.environment import make_environment
from newsletter.text import squeeze
from tests.examples import examples
from tests.factories import NOW, make_paper, make_profile, make_subscriber
from tests.rendering.conftest import make_digest, make_edition
from tests.rendering.test_hostile import PAYLOADS

SITES = {
    "with pages": '[site]\nname = "Papers"\nurl = "https://papers.example.org"\n[design]\nthumbnails = "yes"\n',
    "without": '[sender]\nname = "Ünïcode & <Co>"\npostal_address = "1 Example Street"\n',
}


def renderer_of(root: Path, site: str = "with pages") -> MessageRenderer:
    (root / "newsletter.toml").write_text(SITES[site], encoding="utf-8")
    return MessageRenderer(load_config(Site(root), environ={}), make_environment(root / "templates"), b"secret")


def both_renderings(messages: MessageRenderer, digest: Digest, subscriber: Subscriber) -> tuple[Message, Message]:
    message_id = "<daily-2026-05-08.abc@newsletter.example>"
    return messages.write(digest, subscriber, message_id, NOW), messages.write_plain(
        digest, subscriber, message_id, NOW
    )


def parts(message: Message) -> dict[str, Any]:
    mail = message_from_bytes(message.content, policy=default)
    assert isinstance(mail, EmailMessage)
    found = {part.get_content_type(): part for part in mail.walk() if not part.is_multipart()}
    assert [defect for part in mail.walk() for defect in part.defects] == []
    return {kind: part.get_content().rstrip("\r\n") for kind, part in found.items()} | {
        name.lower(): str(value) for name, value in mail.items() if name != "Content-Type"
    }


def is_assembled(messages: MessageRenderer) -> bool:
    return not any(assembler.fallback_reason for assembler in messages._assemblers.values())


texts = st.one_of(
    st.sampled_from(PAYLOADS), st.text(max_size=60), st.text("ab é漢<&'\"{}%.=\n", max_size=300), st.just("word " * 400)
).map(squeeze)  # fmt: skip
papers = st.builds(
    make_paper,
    title=texts.filter(bool),
    abstract=texts,
    authors=st.lists(texts, max_size=4).map(tuple),
    organization=st.none() | texts,
    venue=st.none() | texts,
    summary=st.none() | texts,
    arxiv_id=st.none() | st.just("2605.00001"),
    upvotes=st.none() | st.integers(0, 99_999),
    published=st.none() | st.dates(),
    url=st.none() | st.just("https://x.example/?a=1&b=%22"),
    thumbnail_url=st.none() | st.just("https://x.example/p.png"),
)
reasons = st.builds(Reason, st.sampled_from(ReasonKind), texts.filter(bool))
items = st.builds(
    Item, papers, st.floats(0, 9), st.lists(reasons, max_size=3).map(tuple), st.lists(texts, max_size=2).map(tuple)
)
sections = st.builds(
    Section,
    texts.filter(bool),
    st.lists(items, min_size=1, max_size=3).map(tuple),
    st.integers(3, 9),
    st.sampled_from(SectionKind),
)
digests = st.builds(
    make_digest,
    edition=st.builds(make_edition, st.sampled_from(Cadence), st.sampled_from(["", "Hello *you*.", ". dot\n\n..dots"])),
    sections=st.lists(sections, max_size=4).map(tuple),
    considered=st.integers(0, 2000),
)
subscribers = st.builds(
    make_subscriber,
    name=texts,
    profile=st.builds(
        Profile,
        topics=st.lists(st.builds(Topic, texts.filter(bool), st.just("x")), max_size=3).map(tuple),
        style=st.sampled_from(Style),
        language=st.sampled_from(LANGUAGES),
    ),
)


def numbered(digest: Digest, numbers: Iterator[int]) -> Digest:
    """Give every paper an id of its own, as a store does."""

    def item(one: Item) -> Item:
        return replace(one, paper=replace(one.paper, id=next(numbers)))

    return replace(digest, sections=tuple(replace(s, items=tuple(map(item, s.items))) for s in digest.sections))


# Three digests in each example; failures are not shrunk, which would take long.
@given(st.sampled_from(sorted(SITES)), st.lists(st.tuples(digests, subscribers), min_size=3, max_size=3))
@settings(
    examples(0.5),
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
def test_an_assembled_message_equals_the_reference(
    tmp_path_factory: pytest.TempPathFactory, site: str, corpus: list[tuple[Digest, Subscriber]]
) -> None:
    messages = renderer_of(tmp_path_factory.mktemp("site"), site)
    edition, numbers = corpus[0][0].edition, count(1)
    for digest, subscriber in corpus:  # of one edition, so that the later ones reuse fragments of the first
        assembled, reference = both_renderings(
            messages, numbered(replace(digest, edition=edition), numbers), subscriber
        )

        assert parts(assembled) == parts(reference)
        assert assembled.content.count(b"\n") == assembled.content.count(b"\r\n")
        body = assembled.content.partition(b"\r\n\r\n")[2].split(b"\r\n")
        assert max(map(len, body)) <= 78  # a boundary may have 72
        assert not any(line.startswith(b".") for line in body)
        assert assembled.is_clean
    assert is_assembled(messages)


def big(papers: int, words: int = 60) -> Digest:
    many = [
        make_paper(id=number, arxiv_id=f"2605.{number:05}", title=f"Pears {number}", abstract="A long word. " * words)
        for number in range(papers)
    ]
    half = tuple(Item(paper, 1.0) for paper in many[: papers // 2])
    rest = tuple(Item(paper, 1.0) for paper in many[papers // 2 :])
    return make_digest(sections=(Section("Fruit", half, matched=60), Section("More", rest, matched=len(rest))))


def test_a_digest_that_exceeds_the_maximum_size_is_shortened_evenly(tmp_path: Path) -> None:
    assembled, reference = both_renderings(renderer_of(tmp_path), big(80), make_subscriber())

    assert assembled.html is not None
    assert assembled.html == reference.html
    assert MAX_HTML_B * 0.9 < len(assembled.html.encode()) <= MAX_HTML_B
    assert assembled.papers == reference.papers == assembled.html.count("</a></h3>")
    shown = [assembled.html.count(f">Pears {number}</a></h3>") for number in range(80)]
    assert (sum(shown[:40]), sum(shown[40:])) in {(n, n + d) for n in range(10, 40) for d in (-1, 0, 1)}
    assert f"{60 - sum(shown[:40])} more on the web" in assembled.html
    assert "Unsubscribe from" in assembled.html
    assert [f"Pears {number}\n" in assembled.text for number in range(80)] == [bool(count) for count in shown]


def test_shortening_drops_from_the_longest_section_and_leaves_none_empty() -> None:
    digest = big(5)
    for _ in range(4):
        digest = shortened(digest)
    assert [len(section.items) for section in digest.sections] == [1]


def test_shortening_may_drop_one_of_the_best_papers(tmp_path: Path) -> None:
    (section, *_) = big(80).sections
    last = replace(section.items[-1], score=99.0)
    digest = replace(big(80), sections=(replace(section, items=(*section.items[:-1], last)),), considered=80)
    huge = replace(digest, edition=replace(digest.edition, note="A long word. " * 6000))
    assembled, reference = both_renderings(renderer_of(tmp_path), huge, make_subscriber())

    assert assembled.html == reference.html
    assert 0 < assembled.papers == reference.papers < len(section.items)


def test_an_ordinary_digest_is_not_shortened(tmp_path: Path) -> None:
    message = renderer_of(tmp_path).write(big(20), make_subscriber(), "<a@b.example>", NOW)
    assert message.html is not None
    assert message.html.count("<h3") == 20


@pytest.mark.parametrize(
    ("name", "template"),
    [
        (
            "digest.html",
            '{% extends "default:email/digest.html" %}{% block footer %}{{ digest.why|upper }}{% endblock %}',
        ),
        ("card.html", "<p>{{ card.number|int * 2 }} {{ card.title }}</p>"),
        ("section.html", "<h2>{{ section.title|length }}</h2>{{ cards }}"),
        ("digest.txt", "{{ digest.summary|length }}\n{{ sections }}{{ glance }}"),
    ],
)
def test_messages_of_a_template_that_computes_with_slots_are_rendered_one_by_one(
    tmp_path: Path, name: str, template: str
) -> None:
    path = tmp_path / "templates" / "email" / name
    path.parent.mkdir(parents=True)
    path.write_text(template, encoding="utf-8")
    messages = renderer_of(tmp_path)

    assembled, reference = both_renderings(messages, make_digest(), make_subscriber())

    assert not is_assembled(messages)
    assert parts(assembled) == parts(reference)


def test_inlining_fragments_equals_inlining_the_page(tmp_path: Path) -> None:
    """No selector depends on siblings or parents, and media queries keep their !important."""
    assembled, reference = both_renderings(
        renderer_of(tmp_path), big(9), make_subscriber(profile=make_profile(style=Style.COMPACT))
    )

    assert assembled.html == reference.html
    styles = Path(__file__).parent.parent.parent / "templates" / "email"
    for sheet in styles.rglob("*.css"):
        selectors = [line.partition("{")[0] for line in sheet.read_text(encoding="utf-8").splitlines() if "{" in line]
        assert not [one for one in selectors if any(sign in one for sign in (":first", ":last", ":nth", "+", "~", ">"))]
    assert assembled.html is not None
    assert "color: #ece7de !important" in assembled.html


def test_the_best_papers_are_cards_and_the_others_rows(tmp_path: Path) -> None:
    digest = make_digest()
    for style, cards, expected in ((Style.CARDS, 2, (2, 1)), (Style.CARDS, 0, (0, 3)), (Style.COMPACT, 2, (0, 3))):
        assembled, reference = both_renderings(
            renderer_of(tmp_path), digest, make_subscriber(profile=make_profile(style=style, cards=cards))
        )

        assert assembled.html == reference.html
        assert assembled.html is not None
        assert (assembled.html.count('class="card"'), assembled.html.count('class="row"')) == expected


def test_forty_papers_stay_within_the_maximum_size(tmp_path: Path) -> None:
    papers = [
        make_paper(
            id=number, arxiv_id=f"2605.{number:05}", title=f"Pears {number}: {'Of the Fruit in Winter ' * 4}",
            summary="The pears of a winter keep for longer than those of a summer. " * 4,
            abstract="A long word of another kind, that says nothing at all about them. " * 20,
            code_url=f"https://code.example/pears/{number}", code_stars=1200,
        )
        for number in range(40)
    ]  # fmt: skip
    section = Section("Fruit", tuple(Item(paper, 1.0, (), ("Winter",)) for paper in papers), matched=40)
    for style, cards in ((Style.CARDS, 4), (Style.CARDS, 100), (Style.COMPACT, 4)):
        subscriber = make_subscriber(profile=make_profile(style=style, cards=cards))
        message, reference = both_renderings(renderer_of(tmp_path), make_digest(sections=(section,)), subscriber)
        assert (message.text, message.html) == (reference.text, reference.html)
        assert message.html is not None
        assert len(message.html.encode()) <= MAX_HTML_B
        assert message.html.count('class="line"') == 40


def test_a_digest_is_rendered_once_for_all_its_subscribers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = renderer_of(tmp_path)
    digest = make_digest()
    messages.write(digest, make_subscriber(), "<a@b.example>", NOW)
    monkeypatch.setattr("newsletter.rendering.digest.Look.render", None)

    other = messages.write(digest, make_subscriber(id=2, email="ben@example.org", name="Ben"), "<b@b.example>", NOW)

    assert "ben@example.org" in other.text
    assert "Pears in Winter" in (other.html or "")
