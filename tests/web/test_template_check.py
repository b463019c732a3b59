"""Every template of pages is rendered by the check, and each mistake is found with its file and line."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from newsletter.cli.templates import replaceable_templates
from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.rendering.environment import make_environment
from newsletter.web.template_check import broken_templates
from tests.factories import NOW


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The folder of a site's own templates of pages."""
    (tmp_path / "newsletter.toml").touch()
    folder = tmp_path / "templates" / "web"
    folder.mkdir(parents=True)
    return folder


def test_every_template_of_pages_is_rendered(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a new page, add its address to `template_check`."""
    rendered: set[str] = set()
    load = jinja2.Environment._load_template

    def recorded(environment: jinja2.Environment, name: str, values: dict[str, object] | None) -> jinja2.Template:
        rendered.add(name)
        return load(environment, name, values)

    monkeypatch.setattr(jinja2.Environment, "_load_template", recorded)
    assert broken_templates(load_config(Site(own.parent.parent), environ={}), make_environment(), [], NOW) == []
    assert {name for name in replaceable_templates() if name.startswith("web/")} - rendered == set()


def test_all_mistakes_are_found_with_file_and_line(own: Path) -> None:
    mistakes = {
        "calendar.html": ('{% extends "default:web/calendar.html" %}\n{% block main %}{{ nope }}{% endblock %}', 2),
        "pages.css": ("a {}\n\n{% if %}", 3),
        "embed.html": ("{{ url.nope.nope }}", 1),
        "subscribe.js": ("{{ 1 / 0 }}", 1),
    }
    for name, (text, _) in mistakes.items():
        (own / name).write_text(text, encoding="utf-8")
    config = load_config(Site(own.parent.parent), environ={})
    found = broken_templates(config, make_environment(own.parent), [f"web/{name}" for name in mistakes], NOW)
    for name, (_, line) in mistakes.items():
        assert [one for one in found if one.startswith(f"{own / name}, line {line}: ")], (name, found)
    assert len(found) == len(mistakes)
