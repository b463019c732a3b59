"""The default templates use the documented contexts completely, and nothing else."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from jinja2 import nodes

from newsletter.files.site import default_templates
from newsletter.rendering.context import (
    CardContext,
    DigestContext,
    LinkContext,
    PieceContext,
    SectionContext,
    SiteContext,
    SubjectContext,
)
from newsletter.rendering.environment import make_environment

CONTEXTS = {
    "site": SiteContext, "digest": DigestContext, "section": SectionContext, "card": CardContext, "link": LinkContext,
    "piece": PieceContext, "mail": SubjectContext,
}  # fmt: skip
TEMPLATES = sorted(path for path in (default_templates() / "email").rglob("*.*") if path.suffix in (".html", ".txt"))


def names_in(template: Path) -> dict[str, set[str]]:
    """Return the attributes that a template uses, by context."""
    tree = make_environment().parse(template.read_text(encoding="utf-8"))
    used: dict[str, set[str]] = {name: set() for name in CONTEXTS}
    for node in tree.find_all(nodes.Getattr):
        if isinstance(node.node, nodes.Name) and node.node.name in used:
            used[node.node.name].add(node.attr)
    return used


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_uses_only_documented_attributes(template: Path) -> None:
    for name, used in names_in(template).items():
        assert used <= {field.name for field in fields(CONTEXTS[name])}


def test_every_documented_attribute_is_used() -> None:
    used = [names_in(template) for template in TEMPLATES]
    styles = [names_in(path) for path in (default_templates() / "email").rglob("*.css")]

    assert {
        name: unused
        for name, context in CONTEXTS.items()
        if (
            unused := {field.name for field in fields(context)} - set().union(*(names[name] for names in used + styles))
        )
    } == {
        # For custom templates.
        "site": {"thumbnails"},
        "card": {"is_summary"},
        "digest": {"subscriber_email", "subscriber_name"},
        "mail": {"day"},
    }
