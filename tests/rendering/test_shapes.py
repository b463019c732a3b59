"""Cards that are filled into shapes equal cards that are rendered and inlined as a whole."""

from __future__ import annotations

from binascii import a2b_qp
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from newsletter.models import Item, Reason, ReasonKind, Style
from newsletter.models.languages import LANGUAGES
from newsletter.rendering.assembly import Assembler
from newsletter.rendering.card_context import PaperCard
from newsletter.rendering.digest import Look
from newsletter.rendering.environment import make_environment
from newsletter.rendering.fragments import slot, split_html
from newsletter.rendering.language import language
from newsletter.rendering.links import FeedbackLinks
from newsletter.rendering.shapes import Shapes
from tests.examples import examples
from tests.factories import make_paper
from tests.rendering.conftest import SITE, make_edition
from tests.rendering.test_assembly import items

FEEDBACK = FeedbackLinks("https://papers.example.org/feedback/", slot("token"))
PRINTED = "<p>{{ card.title }}: <a href='{{ card.url }}' title=\"{{ card.title }}\">{{ card.venue|unbroken }}</a></p>"


def shapes_of(folder: Path, style: Style = Style.CARDS, code: str = "en", **templates: str) -> Shapes:
    """The shapes of a look; `card="…"` is a card.html of the site."""
    (folder / "email").mkdir(exist_ok=True)
    for name, source in templates.items():
        (folder / "email" / f"{name}.html").write_text(source, encoding="utf-8")
    look = Look(make_environment(folder), replace(SITE, url="https://papers.example.org"), style, language(code))
    return Assembler(look, make_edition()).cards.shapes


def card_of(item: Item, code: str = "en", *, is_full: bool = True) -> PaperCard:
    options: dict[str, Any] = {"site": SITE, "language": language(code), "feedback": FEEDBACK, "is_full": is_full}
    return PaperCard(item, slot("number"), **options)


def whole(shapes: Shapes, name: str, card: PaperCard) -> bytes:
    """The card without a shape."""
    source = shapes.look.render(name, card=card)
    return decoded(split_html(*shapes.inline([source])).pieces if name.endswith(".html") else [source.encode()])


def decoded(pieces: Iterable[bytes]) -> bytes:
    return a2b_qp(b"".join(pieces))


def shaped(shapes: Shapes, name: str, card: PaperCard) -> bytes:
    """The card by a shape, without its placeholders."""
    return decoded(shapes.render([(name, card)])[0].split(b"\0")[::2])


def counting(shapes: Shapes) -> list[int]:
    """Count the fragments of each call that inlines some."""
    calls, inline = list[int](), shapes.inline

    def counted(sources: Sequence[str]) -> list[str]:
        if sources:
            calls.append(len(sources))
        return inline(sources)

    shapes.inline = counted
    return calls


@given(st.sampled_from(["en", "zh"]), st.lists(items, min_size=4, max_size=4))
@settings(examples(0.2), suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_a_filled_card_equals_the_whole(tmp_path_factory: pytest.TempPathFactory, code: str, some: list[Item]) -> None:
    assert code in LANGUAGES
    shapes = shapes_of(tmp_path_factory.mktemp("site"), code=code)
    for number, one in enumerate(some):
        item = replace(one, paper=replace(one.paper, id=number))
        for name in ("card.html", "row.html", "line.html"):
            card = card_of(item, code, is_full=name == "card.html")
            assert shaped(shapes, name, card) == whole(shapes, name, card)


def paper(number: int, **changes: Any) -> Item:
    """A paper of the same shape as others."""
    return Item(
        make_paper(id=number, title=f"Pears {number}", **changes), 1.0, (Reason(ReasonKind.KEYWORDS, f"w{number}"),)
    )


def test_cards_of_one_shape_are_inlined_once(tmp_path: Path) -> None:
    shapes = shapes_of(tmp_path)
    calls = counting(shapes)
    for number in range(5):
        shaped(shapes, "card.html", card_of(paper(number)))
    assert calls == [2]  # the shape, and the card that it is compared with
    shaped(shapes, "card.html", card_of(paper(9, venue="Orchard")))
    assert calls == [2, 2]


@pytest.mark.parametrize(
    "title", ['"Pears"', 'Pears\' "own"', "Pears' own", "<b>&amp;", "\u00a0", "a\x1fb", "é漢", "q" * 300]
)
def test_texts_that_lxml_quotes_in_other_ways(tmp_path: Path, title: str) -> None:
    shapes = shapes_of(tmp_path, card=PRINTED)
    for number, one in enumerate((title, "Pears", title, f"x {title} y")):
        item = Item(
            make_paper(id=number, title=one, arxiv_id=None, doi=None, url=f"https://x.example/é {number}|"), 1.0
        )
        assert shaped(shapes, "card.html", card_of(item)) == whole(shapes, "card.html", card_of(item))


@pytest.mark.parametrize(
    ("source", "is_shaped"),
    [
        (PRINTED, True),
        ("<p>{{ card.title|upper }}</p>", False),
        ("<p class='{{ card.venue }}'>{{ card.title }}</p>", False),
        ("<!-- {{ card.title }} --><p>{{ card.title }}</p>", False),
        ("<p>{{ card.more_url }}</p>", False),
        ("<p>{% for piece in card.finding %}[{{ piece.text }}]{% endfor %}</p>", True),
        ("<p title='{{ card.finding|map(attribute=\"text\")|join }}'>{{ card.title }}</p>", False),
        ("<p>{{ card.finding|map(attribute='text')|join(', ') }}</p>", False),
        ("{% extends 'default:email/card.html' %}", True),
    ],
)
def test_a_template_of_a_site_is_shaped_if_it_prints(tmp_path: Path, source: str, is_shaped: bool) -> None:
    shapes = shapes_of(tmp_path, card=source)
    calls = counting(shapes)
    for number in range(4):
        card = card_of(paper(number, venue="Orchard 'n' \"Co\""))
        assert shaped(shapes, "card.html", card) == whole(shapes, "card.html", card_of(paper(number, venue=card.venue)))
    assert (len(calls) < 8) == is_shaped  # four are of the comparisons


def test_a_style_sheet_that_depends_on_attributes_has_no_shapes(tmp_path: Path) -> None:
    shapes = shapes_of(tmp_path, card=PRINTED)
    (tmp_path / "email" / "style.css").write_text('a[href*="arxiv"] { color: red; }', encoding="utf-8")
    calls = counting(shapes)
    for number in range(3):
        card = card_of(paper(number))
        assert shaped(shapes, "card.html", card) == whole(shapes, "card.html", card)
    assert calls == [1] * 6


def test_what_is_kept_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"_MAX_SHAPES": 3, "_MAX_PAPERS": 4}
    for name, limit in limits.items():
        monkeypatch.setattr(f"newsletter.rendering.shapes.{name}", limit)
    shapes = shapes_of(tmp_path)
    for number in range(12):
        links = {"code_url": "https://code.example/" if number % 2 else None, "venue": "V" if number % 3 else None}
        shaped(shapes, "card.html", card_of(paper(number, **links)))
    assert (len(shapes._shapes), len(shapes._papers)) == (3, 4)
