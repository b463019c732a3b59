from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment
from markupsafe import Markup

from newsletter.errors import TemplateError
from newsletter.rendering.environment import find_template, make_environment, render
from tests.rendering.conftest import Write


def put(site: Path, name: str, text: str) -> Path:
    path = site / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_sites_template_overrides_the_default_one(write: Write, tmp_path: Path) -> None:
    put(tmp_path, "email/card.txt", "PAPER {{ card.title }}\n")

    text = write().text

    assert "PAPER Pears in Winter" in text
    assert "Fruit\n-----" in text


def test_a_site_may_override_one_block_of_a_default_template(write: Write, tmp_path: Path) -> None:
    put(
        tmp_path,
        "email/digest.html",
        '{% extends "default:email/digest.html" %}{% block footer %}{{ super() }}<p>Ours.</p>{% endblock %}',
    )

    html = write().html

    assert html is not None
    assert "<p>Ours.</p>" in html
    assert "Unsubscribe from Daily Papers" in html


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("email/card.html", "fine\n{% if %}\n", "card.html, line 2: Expected an expression"),
        ("email/card.html", "fine\n\n{{ card.titel }}\n", "card.html, line 3: .*titel"),
        ("email/digest.html", "{{ nothing }}", "digest.html, line 1: 'nothing' is undefined"),
        ("email/digest.html", "\n{{ 1 / 0 }}", "digest.html, line 2: division by zero"),
        ("email/digest.txt", "{% include 'email/gone.txt' %}", "email/gone.txt: not found"),
        ("email/digest.txt", "{{ digest.summary|shout }}", "digest.txt, line 1: No filter named 'shout'"),
    ],
)
def test_an_error_in_a_template_names_file_line_and_reason(
    write: Write, tmp_path: Path, name: str, text: str, complaint: str
) -> None:
    put(tmp_path, name, text)

    with pytest.raises(TemplateError, match=complaint):
        write()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{% extends "email/digest.html" %}', "digest.html, line 1: maximum recursion depth exceeded"),
        ("", "email/digest.html: does not make an HTML page"),
        ("<!-- later -->", "email/digest.html: does not make an HTML page"),
        ('<?xml version="1.0" encoding="utf-8"?><p>x</p>', "email/digest.html: does not make an HTML page"),
    ],
)
def test_a_template_that_is_not_an_html_page_is_named(write: Write, tmp_path: Path, text: str, complaint: str) -> None:
    put(tmp_path, "email/digest.html", text)

    with pytest.raises(TemplateError, match=complaint):
        write()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("one\n\n{% include 'email/gone.txt' %}", 3),
        ("{% extends 'email/gone.txt' %}", 1),
        ("one\n{% from 'email/gone.txt' import x %}", 2),
    ],
)
def test_a_missing_template_is_named_with_the_place_that_uses_it(
    write: Write, tmp_path: Path, text: str, line: int
) -> None:
    path = put(tmp_path, "email/digest.txt", text)

    with pytest.raises(TemplateError) as caught:
        write()

    assert caught.value.message == f"{path}, line {line}: template email/gone.txt: not found"


def test_a_missing_template_of_the_program_is_named() -> None:
    with pytest.raises(TemplateError) as caught:
        find_template(make_environment(), ["email/cards/gone.txt", "email/gone.txt"])

    assert caught.value.message == "template email/gone.txt: not found"


def test_html_is_escaped_and_text_is_not(tmp_path: Path) -> None:
    for name in ("a.html", "a.txt"):
        put(tmp_path, name, "{{ text }}")
    environment = make_environment(tmp_path / "templates")

    assert render(environment.get_template("a.html"), text="<b>&") == "&lt;b&gt;&amp;"
    assert render(environment.get_template("a.txt"), text="<b>&") == "<b>&"


class Html:
    """What says itself how it is written."""

    def __html__(self) -> str:
        return "<i>&</i>"


@pytest.mark.parametrize("value", ["<b>&\"'", "", Markup("<b>"), 7, 1.5, None, ["<"], Html()])
def test_what_is_written_is_escaped_as_jinja_does(value: object) -> None:
    text = """
{% macro named(x) %}<p title="{{ x }}">{{ x }}{{ caller() }}</p>{% endmacro %}
{% set kept %}{{ value }}{% endset %}
{% call named(value) %}{{ kept ~ value }}{% endcall %}
{{ kept }}{{ value }}{{ value|string|upper }}{{ [value, "<"]|join(", ") }}{{ value|e }}{{ value|safe }}"""
    loader = DictLoader({"a.html": text, "a.txt": text})
    ours = make_environment().overlay(loader=loader)
    plain = make_environment().overlay(loader=loader)
    plain.code_generator_class = Environment.code_generator_class
    plain.bytecode_cache = None
    for name in ("a.html", "a.txt"):
        assert ours.get_template(name).render(value=value) == plain.get_template(name).render(value=value)
