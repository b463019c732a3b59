"""The frames of sections: rendered once for each look, and filled for what they depend on."""

from __future__ import annotations

from binascii import a2b_qp
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.models import Item, Section, SectionKind, Style
from newsletter.rendering import section_frames
from newsletter.rendering.digest import Look
from newsletter.rendering.environment import make_environment
from newsletter.rendering.section_frames import AroundPapers, SectionFrames
from tests.factories import make_paper
from tests.rendering.conftest import ENGLISH, SITE


def make_section(topic: str = "Fruit", shown: int = 2, matched: int = 2) -> Section:
    items = tuple(Item(make_paper(id=number), 1.0, ()) for number in range(1, shown + 1))
    return Section(topic, items, matched)


class Inlined:
    """Leaves HTML as it is, and counts what it was asked for."""

    def __init__(self) -> None:
        self.pages = 0

    def __call__(self, pages: Sequence[str]) -> list[str]:
        self.pages += len(pages)
        return list(pages)


def make_frames(style: Style = Style.CARDS, templates: Path | None = None) -> tuple[SectionFrames, Inlined]:
    inlined = Inlined()
    site = replace(SITE, url="https://papers.example.org")
    return SectionFrames(Look(make_environment(templates), site, style, ENGLISH), inlined), inlined


def joined(around: AroundPapers) -> bytes:
    """A frame with "here" for the papers."""
    return b"here".join(around)


def test_papers_stand_between_the_heading_and_the_line_of_more() -> None:
    frames, _ = make_frames()
    filled = frames.of(make_section("Pears & <Co>", shown=2, matched=7), 3)
    assert [len(pieces) for pieces in filled] == [2, 2, 2, 2]
    page, text = joined(filled.html), joined(filled.text)
    assert page.index(b"Pears &amp; &lt;Co&gt;") < page.index(b"here")
    assert text.index(b"Pears & <Co>") < text.index(b"here")
    others = frames.of(make_section("Pears & <Co>"), 3)
    assert b"5 more" in page + joined(filled.glance)
    assert b"more" not in joined(others.html) + joined(others.glance)


def test_frames_are_rendered_once_for_a_look() -> None:
    frames, inlined = make_frames()
    for number in range(1, 20):
        frames.of(make_section(f"Topic {number}", shown=number, matched=number), number)
    assert inlined.pages == 2
    frames.of(make_section(matched=5), 1)
    assert inlined.pages == 4


@pytest.mark.parametrize(
    ("other", "number"),
    [
        (make_section("Robots"), 1),
        (make_section(matched=3), 1),
        (make_section(shown=1), 1),
        (make_section(), 2),
        (replace(make_section(), kind=SectionKind.TRENDING), 1),
    ],
)
def test_a_frame_says_what_its_section_has(other: Section, number: int) -> None:
    frames, _ = make_frames()
    filled = frames.of(make_section(), 1)
    assert frames.of(other, number) != filled  # whatever was encoded for another section
    assert frames.of(make_section(), 1) == filled
    assert frames.of(other, number) == make_frames()[0].of(other, number)


def test_percent_signs_are_texts(tmp_path: Path) -> None:
    (tmp_path / "email").mkdir()
    (tmp_path / "email" / "section.txt").write_text(
        "100 % of {{ section.title }} %(title0)b\n{{ cards }}%%\n", encoding="utf-8"
    )
    frames, _ = make_frames(templates=tmp_path)
    filled = frames.of(make_section("50 %d"), 1)
    assert a2b_qp(joined(filled.text)) == b"100 % of 50 %d %(title0)b\r\nhere%%\r\n"


def test_a_stated_number_of_texts_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(section_frames, "_MAX_TEXTS", 5)
    frames, _ = make_frames()
    first = frames.of(make_section("Topic 0"), 1)
    for number in range(1, 9):
        frames.of(make_section(f"Topic {number}"), 1)
    assert frames._values.cache_info().currsize == 5
    assert frames.of(make_section("Topic 0"), 1) == first


def test_plain_text_has_no_html() -> None:
    frames, inlined = make_frames(Style.PLAIN)
    filled = frames.of(make_section(), 1)
    assert (filled.html, filled.glance, inlined.pages) == ((b"",), (b"",), 0)
