"""The fragments of papers: made once for all that a template reads, and kept up to a limit."""

from __future__ import annotations

from binascii import a2b_qp
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from newsletter.models import Item, Reason, ReasonKind, Section, Style
from newsletter.rendering.assembly import Assembler
from newsletter.rendering.cards import Cards, Part, Shown, numbered, ranked
from newsletter.rendering.digest import Look
from newsletter.rendering.environment import make_environment
from newsletter.rendering.language import language
from tests.factories import make_paper
from tests.rendering.conftest import ENGLISH, SITE, make_digest, make_edition


def cards_of(folder: Path, style: Style = Style.CARDS, **templates: str) -> Cards:
    """The cards of a look; `card="…"` is a card.html of the site."""
    (folder / "email").mkdir(exist_ok=True)
    for name, source in templates.items():
        (folder / "email" / f"{name}.html").write_text(source, encoding="utf-8")
    return Assembler(Look(make_environment(folder), SITE, style, ENGLISH), make_edition()).cards


def written(part: Part) -> bytes:
    """A part without a number in it."""
    assert isinstance(part, tuple)
    return b"".join(part)


def shown(number: int, *details: str, is_full: bool = False) -> Shown:
    """A paper with these reasons."""
    reasons = tuple(Reason(ReasonKind.KEYWORDS, detail) for detail in details)
    return Shown(Item(make_paper(id=number, title=f"Pears {number}"), 1.0, reasons), "Fruit", is_full)


def test_a_row_is_one_for_all_subscribers_and_a_card_is_not(tmp_path: Path) -> None:
    cards = cards_of(tmp_path)
    for is_full in (False, True):
        some = [shown(1, f"word {n}", is_full=is_full) for n in range(5)]
        found = cards.find(some)
        assert len({parts.html for parts in found}) == (5 if is_full else 1)
        assert len({parts.text for parts in found}) == (5 if is_full else 1)
        assert len({(parts.glance, parts.text_glance) for parts in found}) == 1


def test_looks_share_the_plain_text_of_papers(tmp_path: Path) -> None:
    cards, rows = cards_of(tmp_path), cards_of(tmp_path, Style.COMPACT)
    rows.of_text = cards
    some = [shown(number, f"word {number}", is_full=number < 2) for number in range(4)]
    for one, other in zip(cards.find(some), rows.find(some), strict=True):
        assert one.text is other.text
        assert one.text_glance is other.text_glance


def test_looks_share_rows_and_titles_and_not_cards(tmp_path: Path) -> None:
    cards, rows = cards_of(tmp_path), cards_of(tmp_path, Style.COMPACT)
    rows.of_rows = cards
    some = [shown(number, f"word {number}", is_full=number < 2) for number in range(4)]
    for one, other in zip(cards.find(some), rows.find(some), strict=True):
        assert one.glance is other.glance
    assert [one.html is other.html for one, other in zip(cards.find(some), rows.find(some), strict=True)] == [
        False, False, True, True,
    ]  # fmt: skip


def test_rows_are_shared_if_they_have_the_same_templates_and_language(tmp_path: Path) -> None:
    environment = make_environment(tmp_path)

    def keys() -> list[Any]:
        return [Look(environment, SITE, style, ENGLISH).row_key() for style in (Style.CARDS, Style.COMPACT)]

    assert len(set(keys())) == 1
    assert Look(environment, SITE, Style.CARDS, language("de")).row_key() not in keys()
    (tmp_path / "email" / "compact").mkdir(parents=True)
    for name in ("digest.html", "line.html", "card.html"):
        path = tmp_path / "email" / "compact" / name
        path.write_text(f"{{% include 'email/{name.replace('card', 'row')}' %}}", encoding="utf-8")
        environment = make_environment(tmp_path)
        assert len(set(keys())) == 2, name
        path.unlink()


def test_the_compact_style_has_the_rows_of_the_style_cards(tmp_path: Path) -> None:
    """Which its template includes, and which is rendered in its place."""
    some = [shown(1, is_full=True), shown(2)]
    rows = [parts.html for parts in cards_of(tmp_path, Style.COMPACT).find(some)]
    (tmp_path / "email" / "compact").mkdir()
    default = "{% include 'default:email/compact/card.html' %}"
    (tmp_path / "email" / "compact" / "card.html").write_text(default, encoding="utf-8")
    assert [parts.html for parts in cards_of(tmp_path, Style.COMPACT).find(some)] == rows


def test_plain_text_is_shared_if_it_has_the_same_templates_and_language(tmp_path: Path) -> None:
    (tmp_path / "email" / "plain").mkdir(parents=True)
    (tmp_path / "email" / "plain" / "line.txt").write_text("{{ card.title }}\n", encoding="utf-8")
    environment = make_environment(tmp_path)
    keys = [Look(environment, SITE, style, ENGLISH).text_key() for style in (Style.CARDS, Style.COMPACT, Style.PLAIN)]

    assert keys[0] == keys[1] != keys[2]
    assert Look(environment, SITE, Style.CARDS, language("de")).text_key() != keys[0]


def test_what_a_template_reads_of_some_papers_only_is_not_mixed_up(tmp_path: Path) -> None:
    source = "<p>{{ card.title }}{% if card.venue %} {{ listed(card.also) }}{% endif %}</p>"
    cards = cards_of(tmp_path, row=source)
    plain, venue = shown(1), replace_paper(shown(2), venue="Orchard")
    papers = [replace_also(one, also) for one in (plain, venue) for also in ("a", "b")]
    found = [parts.html for parts in cards.find(papers)] + [cards.find([one])[0].html for one in papers]
    assert [len(set(found[:2])), len(set(found[2:4]))] == [1, 2]
    assert found[:4] == found[4:]


def replace_paper(one: Shown, **changes: Any) -> Shown:
    return one._replace(item=replace(one.item, paper=replace(one.item.paper, **changes)))


def replace_also(one: Shown, also: str) -> Shown:
    return one._replace(item=replace(one.item, also=(also,)))


def test_what_is_kept_does_not_grow_with_subscribers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.rendering.cards._MAX_SHARED", 6)
    monkeypatch.setattr("newsletter.rendering.cards._MAX_PERSONAL", 4)
    monkeypatch.setattr("newsletter.rendering.cards._MAX_ROWS", 5)
    monkeypatch.setattr("newsletter.rendering.cards._MAX_OWN", 8)
    cards = cards_of(tmp_path)
    for n in range(12):
        assert len(cards.find([shown(n % 7, f"word {n}", is_full=is_full) for is_full in (False, True)])) == 2
    sizes = {template: len(kept.fragments) for template, kept in cards._kept.items()}
    assert sizes == {
        ("card.html", True): 4, ("card.txt", True): 4, ("row.html", None): 6, ("card.txt", False): 6,
        ("line.html", None): 6, ("line.txt", None): 6,
    }  # fmt: skip
    assert (len(cards._rows), len(cards._own)) == (5, 8)


def test_more_papers_than_are_kept_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.rendering.cards._MAX_SHARED", 2)
    found = cards_of(tmp_path).find([shown(n) for n in range(5)])
    assert [f"Pears {n}".encode() in written(parts.html) for n, parts in enumerate(found)] == [True] * 5


def test_a_number_may_be_written_in_any_way(tmp_path: Path) -> None:
    source = "{{ card.number }}/{{ card.number|unbroken }}: {{ card.title }}\n"
    (tmp_path / "email").mkdir()
    (tmp_path / "email" / "card.txt").write_text(source, encoding="utf-8")
    text, titles, *_ = numbered(cards_of(tmp_path, Style.PLAIN).find([shown(1), shown(2)]))
    assert [a2b_qp(one).decode() for one in text] == [f"  {n}/\u00a0\u00a0{n}: Pears {n}\r\n" for n in (1, 2)]
    assert [f"{n}. Pears {n}".encode() in a2b_qp(one) for n, one in enumerate(titles, start=1)] == [True, True]


def test_summaries_are_asked_once_for_a_paper(tmp_path: Path) -> None:
    asked = list[set[int]]()

    def summaries(ids: Iterable[int]) -> dict[int, str]:
        asked.append(set(ids))
        return {1: "They keep."}

    cards = replace(cards_of(tmp_path), summaries=summaries)
    for details in ("a", "b"):
        rows = cards.find([shown(1, details), shown(2, details)])
        assert [b"They keep." in written(row.html) for row in rows] == [True, False]
    assert asked == [{1, 2}]


def test_the_best_papers_are_full_cards() -> None:
    items = tuple(Item(make_paper(id=n), float(n)) for n in range(4))
    digest = make_digest(sections=(Section("Fruit", items[:2], 2), Section("More", items[2:], 2)))
    assert [[one.is_full for one in section] for section in ranked(digest, 3)] == [[False, True], [True, True]]


def test_the_plain_style_has_no_html(tmp_path: Path) -> None:
    (parts,) = cards_of(tmp_path, Style.PLAIN).find([shown(1)])
    assert parts.html == parts.glance == (b"",)
    text, *_ = numbered([parts] * 7)
    assert text[6].startswith(b"\r\n  7=\r\n=2E =\r\nPears 1")
