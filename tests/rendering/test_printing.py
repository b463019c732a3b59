"""Which templates only print."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.models import Style
from newsletter.rendering.digest import Look
from newsletter.rendering.environment import make_environment
from newsletter.rendering.printing import printed_names
from tests.rendering.conftest import ENGLISH, SITE


def names_of(folder: Path, source: str) -> frozenset[str]:
    """What a site's own card.html prints."""
    path = folder / "email" / "card.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return printed_names(Look(make_environment(folder), SITE, Style.CARDS, ENGLISH).template("card.html"))


@pytest.mark.parametrize("style", [Style.CARDS, Style.COMPACT])
def test_the_templates_of_papers_print(style: Style) -> None:
    look = Look(make_environment(), SITE, style, ENGLISH)
    assert "title" in printed_names(look.template("line.html"))
    row, card = (printed_names(look.template(name)) for name in ("row.html", "card.html"))
    assert "one_line" in row
    assert "reasons" not in row  # so that a row is one for all subscribers
    assert ("reasons" in card) == (style is Style.CARDS)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("{{ card.title }} {{ card.venue|unbroken }}", {"title", "venue"}),
        ("{% for link in card.links %}{{ link.url }}{% if not loop.last %}, {% endif %}{% endfor %}", {"links", "url"}),
        ("{% macro m(text) %}{{ text }}{% endmacro %}{{ m(card.lead) }}", {"lead"}),
        ('{% include "default:email/line.html" %}', {"url", "title", "marks"}),
        ('{{ _("also in: %(topics)s", topics=listed(card.also)) }}', {"also"}),
    ],
)
def test_a_template_that_prints(tmp_path: Path, source: str, names: set[str]) -> None:
    assert names_of(tmp_path, source) - {"last"} == names


@pytest.mark.parametrize(
    "source",
    [
        "{{ card.title|upper }}",
        "{{ card.title|replace('a', 'b') }}",
        "{{ card.one_line|urlize }}",
        "{{ card.title.upper() }}",
        "{{ card.title[:9] }}",
        "{{ card.title|length }}",
        "{% if card.venue == 'NeurIPS' %}x{% endif %}",
        "{% if card.venue in 'NeurIPS ICML' %}x{% endif %}",
        "{% if card.title is lower %}x{% endif %}",
        "{% for link in card.links if link.label %}{{ link.url }}{% endfor %}",
        "{% for link in card.links %}{{ loop.index }}{% endfor %}",
        "{% for piece in card.abstract %}{% if not loop.first %}, {% endif %}{{ piece.text }}{% endfor %}",
        "{% filter upper %}{{ card.title }}{% endfilter %}",
        "{% set name = 'email/line.html' %}{% include name %}",
        "{{ ngettext('one', 'many', card.links|length) }}",
        "{{ card.title % 3 }}",
        "{{ card.title|safe }}",
        "{% include 'email/row.html' %}{{ card.title|trim }}",
    ],
)
def test_a_template_that_computes(tmp_path: Path, source: str) -> None:
    assert names_of(tmp_path, source) == frozenset()
