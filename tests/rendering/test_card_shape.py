"""Where the texts of a card are in a shape, and how they are written there."""

from __future__ import annotations

from binascii import a2b_qp
from collections.abc import Hashable

import pytest

from newsletter.rendering.card_shape import NoShapeError, PaperValues, Texts, fill_shape, parse_shape, quotes
from newsletter.rendering.context import PieceContext
from newsletter.rendering.fragments import CARD, placeholder, slot
from newsletter.rendering.fragments import Slot as FragmentSlot
from newsletter.rendering.wrapping import shorten_to, unbroken, wrap


def card(name: str) -> str:
    """The slot of a card's text."""
    return slot(f"{CARD}{name}")


PIECES = "".join(card(f"finding.{n}") for n in range(3))


DATED = f"<p>{unbroken(card('date') + ' | ' + card('lead'))}</p>"


def filled(skeleton: str, texts: Texts, *, is_html: bool = True) -> str | None:
    encoded = fill_shape(parse_shape(skeleton, is_html=is_html), texts)
    return None if encoded is None else a2b_qp(encoded).decode()


@pytest.mark.parametrize(
    ("skeleton", "texts", "expected"),
    [
        (f"<p>{card('title')}</p>", {"title": "a <b> & 'c' \"d\""}, "<p>a &lt;b&gt; &amp; 'c' \"d\"</p>"),
        (f'<p title="{card("title")}">', {"title": "a 'b'"}, "<p title=\"a 'b'\">"),
        (f"<p title='{card('title' + chr(34))}'>", {"title": 'a "b"'}, "<p title='a \"b\"'>"),
        (f'<p title="{card("title&quot;")}">', {"title": "a \"b\" 'c'"}, "<p title=\"a &quot;b&quot; 'c'\">"),
        (f'<a href="{card("url")}">', {"url": "https://x.example/é ?a&b"}, '<a href="https://x.example/%C3%A9%20?a&amp;b">'),
        (f"<p>{unbroken(card('date'))}</p>", {"date": "6 May"}, "<p>6\u00a0May</p>"),
        (DATED, {"date": "6 M", "lead": "V"}, "<p>6\u00a0M\u00a0|\u00a0V</p>"),
    ],
    ids=range(7),  # the delimiters of slots are random
)  # fmt: skip
def test_a_text_is_written_as_lxml_does(skeleton: str, texts: Texts, expected: str) -> None:
    assert filled(skeleton, texts) == expected


@pytest.mark.parametrize(
    ("skeleton", "texts"),
    [
        (f"<p title='{shorten_to(card('title' + chr(34)), 6)}'>", {"title": 'Pears "b"'}),
        (f'<a href="{card("url")}">', {"url": "https://x.example/|"}),
        (f'<a href="{card("url%22")}">', {"url": 'https://x.example/"'}),
        (f"<p>{card('title')}</p>", {"title": "a\x01b"}),
        (f"<p>{card('title')}</p>", {"title": " a"}),
    ],
    ids=range(5),  # the delimiters of slots are random
)
def test_a_text_that_lxml_may_write_otherwise_is_not_filled_in(skeleton: str, texts: Texts) -> None:
    assert filled(skeleton, texts) is None


@pytest.mark.parametrize(
    "skeleton",
    [
        f'<p class="{card("venue")}">',
        f"<!-- {card('title')} -->",
        f"<style>{card('title')}</style>",
        f"<p {card('title')}>",
        f"<p>{card('more_url')}</p>",
        f'<p title="{PIECES}">',
        f"<p>{card('finding.0')}</p>",
        f"<p>{card('finding.0')}{card('finding.1')}</p>",
    ],
    ids=range(8),  # the delimiters of slots are random
)
def test_a_place_where_no_text_can_be_filled_in(skeleton: str) -> None:
    with pytest.raises(NoShapeError):
        parse_shape(skeleton, is_html=True)


def test_pieces_that_match_have_the_marks_of_the_template() -> None:
    skeleton = f"<p>{card('finding.0')}<b>{card('finding.1')}</b>{card('finding.2')}</p>"
    pieces = tuple(PieceContext(text, is_hit) for text, is_hit in (("A&B", True), (" and ", False), ("C", True)))
    assert filled(skeleton, {"finding": pieces}) == "<p><b>A&amp;B</b> and <b>C</b></p>"
    assert filled(skeleton, {"finding": ()}) == "<p></p>"


def test_joined_texts_are_wrapped_together() -> None:
    skeleton = wrap(f"Why: {card('reasons.0')}; {PIECES}", 5)
    pieces = (PieceContext("word " * 14 + "end", False),)
    text = filled(skeleton, {"reasons.0": "title: pears", "finding": pieces}, is_html=False)
    assert text is not None
    assert text.replace("\r\n", "\n") == wrap("Why: title: pears; " + "word " * 14 + "end", 5)


def test_a_card_that_is_filled_in_two_steps_is_the_same() -> None:
    marked = f"{card('finding.0')}<b>{card('finding.1')}</b>{card('finding.2')}"
    numbers: dict[Hashable, int] = {}
    shape, other = (
        parse_shape(skeleton, is_html=True, own={"finding", "reasons", "lead"}, numbers=numbers)
        for skeleton in (f"<p>{card('title')}</p>{marked}{DATED}{card('reasons.0')}", f"<i>{card('title')}</i>")
    )
    paper: Texts = {"title": "A&B", "date": "6 M", "lead": "V"}
    own: Texts = {"finding": (PieceContext("C", True), PieceContext("d", False)), "reasons.0": "title: pears"}
    values = PaperValues(())

    assert values.fill(shape, {**own, "lead": "V"}) is None  # nothing was added
    assert values.add(shape, {**paper, **own})
    assert (len(values.values), values.beside) == (1, {"date": "6 M"})
    assert values.fill(shape, {**own, "lead": "V"}) == fill_shape(shape, {**paper, **own})
    assert values.fill(other, {}) == fill_shape(other, paper)  # the same text is written in the same way
    assert not PaperValues(()).add(shape, {**paper, **own, "title": "a\x1fb"})


def test_numbers_and_tokens_stay_open() -> None:
    skeleton = f'<a href="{card("more_url")}">{slot("number")}</a>'
    texts = {"more_url": f"https://papers.example.org/feedback/m1.{slot('token')}"}
    encoded = fill_shape(parse_shape(skeleton, is_html=True), texts)
    assert encoded is not None
    assert placeholder(FragmentSlot("token", ("attribute",))) in encoded
    assert placeholder(FragmentSlot("number")) in encoded


def test_quotes_decide_on_those_of_attributes() -> None:
    assert [quotes(text) for text in ("", "a'b", 'a"b', "a\"b'")] == ["", "-", '"', "\"'"]
