"""The shipped templates and the documented contexts fit each other: what is documented is used, and nothing else."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from jinja2 import nodes

from newsletter.places import default_templates
from newsletter.rendering.context import CardContext, DigestContext, LinkContext, SectionContext
from newsletter.rendering.environment import make_environment

CONTEXTS = {"digest": DigestContext, "section": SectionContext, "card": CardContext, "link": LinkContext}
TEMPLATES = sorted(path for path in (default_templates() / "email").iterdir() if path.suffix in (".html", ".txt"))


def names_in(template: Path) -> dict[str, set[str]]:
    """What a template asks of each context."""
    tree = make_environment().parse(template.read_text(encoding="utf-8"))
    asked: dict[str, set[str]] = {name: set() for name in CONTEXTS}
    for node in tree.find_all(nodes.Getattr):
        if isinstance(node.node, nodes.Name) and node.node.name in asked:
            asked[node.node.name].add(node.attr)
    return asked


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_asks_only_for_what_is_documented(template: Path) -> None:
    for name, asked in names_in(template).items():
        assert asked <= {field.name for field in fields(CONTEXTS[name])}


@pytest.mark.parametrize("ending", [".html", ".txt"])
@pytest.mark.parametrize("name", CONTEXTS)
def test_all_that_is_documented_is_in_both_parts(name: str, ending: str) -> None:
    used = set().union(*(names_in(template)[name] for template in TEMPLATES if template.suffix == ending))
    documented = {field.name for field in fields(CONTEXTS[name])}
    # The subject and what a mailbox shows beside it are headers; a name is for those who write their own templates.
    elsewhere = {"site_url", "reader_name", "reader_email"}
    elsewhere |= {"subject", "preheader", "note_html", "number"} if ending == ".txt" else {"note_text", "number"}

    assert documented - used <= elsewhere
    assert documented - elsewhere <= used
