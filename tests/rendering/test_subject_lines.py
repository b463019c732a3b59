"""Subjects and preview texts that are shared or filled equal those that are rendered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from newsletter.models import Digest, Item, Section, Style
from newsletter.rendering import subject_lines
from newsletter.rendering.digest import Look
from newsletter.rendering.digest_context import subject_context
from newsletter.rendering.environment import make_environment
from newsletter.rendering.language import language
from newsletter.rendering.subject_lines import SubjectLines
from tests.factories import make_paper
from tests.rendering.conftest import SITE, make_digest

TITLES = ["Pears", "Kettles & Kin | <b>", "  A title. " + "of many words " * 9, "é漢" * 40, "%s {{ x }}", "Plums"]


def look_of(folder: Path, code: str = "en", **templates: str) -> Look:
    """A look with templates of the site's own: `subject="…"`."""
    (folder / "email").mkdir(exist_ok=True)
    for name, source in templates.items():
        (folder / "email" / f"{name}.txt").write_text(source, encoding="utf-8")
    return Look(make_environment(folder), SITE, Style.CARDS, language(code))


def digest_of(*titles: str) -> Digest:
    """A digest of papers with these titles, the best one first."""
    items = tuple(Item(make_paper(id=n, title=title), 9.0 - n) for n, title in enumerate(titles))
    return make_digest(sections=(Section("Fruit", items, len(items)),) if items else ())


def corpus() -> list[Digest]:
    """Digests of no papers to five."""
    return [digest_of(*TITLES[first:last]) for first in range(len(TITLES)) for last in range(first, len(TITLES))]


@pytest.mark.parametrize("code", ["en", "fr", "zh"])
@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("subject", None),
        ("subject", "{{ mail.top }} and {{ mail.next|join(', ') }} on {{ mail.day }}"),
        ("subject", "{% if mail.papers > 2 %}{{ mail.top|upper }}{% else %}{{ mail.day }}{% endif %}"),
        ("subject", "{{ mail }}"),
        ("preheader", "{{ mail.next|length }} {{ mail.next|first|default('-') }}"),
        ("preheader", "{% for title in mail.next %}{{ title|shorten(9)|unbroken }}{% endfor %} {{ mail.papers }}"),
    ],
)
def test_lines_equal_those_rendered_one_by_one(tmp_path: Path, code: str, name: str, source: str | None) -> None:
    look = look_of(tmp_path, code, **({name: source} if source else {}))
    lines = SubjectLines(look)
    for digest in corpus() * 2:  # the second time with what is known
        mail = subject_context(digest, look.language)
        assert lines.of(digest) == (look.subject(mail), look.preheader(mail))


def count_renderings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count what is rendered from here on."""
    rendered, render = list[str](), Look.render

    def counted(look: Look, name: str, **values: Any) -> str:
        rendered.append(name)
        return render(look, name, **values)

    monkeypatch.setattr(Look, "render", counted)
    return rendered


def test_what_differs_in_titles_that_are_only_printed_is_rendered_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, rendered = SubjectLines(look_of(tmp_path)), count_renderings(monkeypatch)
    for number in range(9):
        lines.of(digest_of("Pears", f"Plums {number}", "Quinces"))
    assert sorted(rendered) == ["preheader.txt", "preheader.txt", "subject.txt"]  # the second one to compare with


def test_lines_that_are_kept_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject_lines, "_MAX_LINES", 3)
    lines = SubjectLines(look_of(tmp_path))
    for number in range(9):
        digest = digest_of(f"Pears {number}")
        assert lines.of(replace(digest, considered=number))[0] == f"1 paper: Pears {number}"
    assert len(lines._subject._lines) == 3
