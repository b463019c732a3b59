"""Render a digest's two bodies as a whole: HTML with inlined styles, and plain text.

This is the reference rendering, against which `rendering.assembly` checks its faster one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, Template
from markupsafe import Markup

from newsletter.errors import TemplateError
from newsletter.files.site import default_templates
from newsletter.models import Style
from newsletter.rendering.context import CardContext, DigestContext, SectionContext, SiteContext, SubjectContext
from newsletter.rendering.environment import find_template, render
from newsletter.rendering.language import Language
from newsletter.text import squeeze

#: How many style sheets are remembered: those of two styles, and of as many edits in the studio.
_MAX_STYLE_SHEETS = 16

#: The templates of a paper's plain text.
CARD_TEXTS = ("card.txt", "line.txt")

Sections = Sequence[tuple[SectionContext, Sequence[CardContext]]]


@dataclass(frozen=True, slots=True)
class Look:
    """The templates and contexts of a site's digests in one style and one language."""

    environment: Environment
    site: SiteContext
    style: Style
    language: Language
    _found: dict[str, Template] = field(default_factory=dict)
    #: What all templates are rendered with.
    _common: dict[str, object] = field(default_factory=dict)

    def render(self, name: str, **values: object) -> str:
        """Render a template of this style, or the one shared by all styles.

        Raises:
            TemplateError: The template is missing or broken.
        """
        if not self._common:
            self._common.update(self.language.text_functions(), site=self.site)
        return render(self.template(name), **self._common, **values)

    def template(self, name: str) -> Template:
        """Return a template of this style, or the one shared by all styles.

        Raises:
            TemplateError: It is missing, or has a syntax error.
        """
        if name not in self._found:
            self._found[name] = find_template(self.environment, [f"email/{self.style}/{name}", f"email/{name}"])
        return self._found[name]

    def card_template(self, *, is_full: bool) -> str:
        """Return the template of a paper in HTML: a full card, or a row below these.

        Raises:
            TemplateError: A template is missing, or has a syntax error.
        """
        if self.style is Style.COMPACT and self.template("card.html").filename == str(_compact_card()):
            return "row.html"  # which is all that it includes
        return "card.html" if is_full or self.style is not Style.CARDS else "row.html"

    def row_key(self) -> Hashable:
        """Return what is equal for looks in which the row and the title of a paper in HTML are the same.

        Raises:
            TemplateError: A template is missing, or has a syntax error.
        """
        templates = ("digest.html", self.card_template(is_full=False), "line.html")
        return self.language.code, *map(self.template, templates)

    def text_key(self) -> Hashable:
        """Return what is equal for looks in which the plain text of a paper is the same.

        Raises:
            TemplateError: A template is missing, or has a syntax error.
        """
        return self.language.code, *map(self.template, CARD_TEXTS)

    def subject(self, mail: SubjectContext) -> str:
        """Render the subject as one line."""
        return squeeze(self.render("subject.txt", mail=mail))

    def preheader(self, mail: SubjectContext) -> str:
        """Render the preheader, the preview text in a mailbox's list, as one line."""
        return squeeze(self.render("preheader.txt", mail=mail))


@cache
def _compact_card() -> Path:
    return default_templates() / "email" / "compact" / "card.html"


def render_html(look: Look, digest: DigestContext, sections: Sections) -> str:
    """Render the HTML body with inlined styles, for mail clients that drop `<style>`.

    Raises:
        TemplateError: A template is missing or broken.
    """

    def filled(name: str, content: str, card_templates: Callable[[CardContext], str]) -> Markup:
        return _joined(
            look.render(
                name,
                section=section,
                **{content: _joined(look.render(card_templates(card), card=card) for card in cards)},
            )
            for section, cards in sections
        )

    glance = filled("glance.html", "lines", lambda _card: "line.html")
    content = filled("section.html", "cards", lambda card: look.card_template(is_full=card.is_full))
    return inline(look.render("digest.html", digest=digest, glance=glance, sections=content))


def _joined(rendered: Iterable[str]) -> Markup:
    return Markup("".join(rendered))  # noqa: S704 - templates escape what they print


def render_text(look: Look, digest: DigestContext, sections: Sections) -> str:
    """Render the plain text body, of 72 columns.

    Raises:
        TemplateError: A template is missing or broken.
    """

    def filled(name: str, content: str, template: str) -> str:
        return "".join(
            look.render(name, section=section, **{content: "".join(look.render(template, card=card) for card in cards)})
            for section, cards in sections
        )

    glance, content = filled("glance.txt", "lines", "line.txt"), filled("section.txt", "cards", "card.txt")
    return look.render("digest.txt", digest=digest, glance=glance, sections=content)


@cache
def _inliner() -> Callable[[str], Any]:
    """Return what makes a Premailer, all of which share the rules of each style sheet.

    The pages of a run have the same few style sheets, and writing their rules as text would take most of the time.
    """
    from premailer import Premailer  # noqa: PLC0415 - takes 100 ms to import, with lxml

    options = {
        "remove_classes": False,  # screens.css needs them
        # Templates write the attributes that they need; premailer adds some that are invalid in HTML.
        "disable_basic_attributes": ["bgcolor", "height", "width"],
        "allow_network": False,
        "allow_loading_external_files": False,
        "disable_validation": True,
        "cssutils_logging_level": logging.CRITICAL,
    }

    class Inliner(Premailer):  # type: ignore[misc]
        _parse_style_rules = staticmethod(
            lru_cache(_MAX_STYLE_SHEETS)(Premailer("", **options)._parse_style_rules)  # noqa: SLF001 - no public way
        )

    return partial(Inliner, **options)


def inline(page: str) -> str:
    """Inline a page's styles into the elements' `style` attributes.

    Raises:
        TemplateError: The text is not an HTML page.
    """
    try:
        inlined = str(_inliner()(page).transform()).rstrip() + "\n"
    except (AttributeError, ValueError) as error:  # an empty page; a page with an XML declaration
        raise TemplateError("template email/digest.html: does not make an HTML page") from error
    # Premailer drops the doctype, without which clients render in quirks mode.
    return inlined if inlined.lower().startswith("<!doctype") else f"<!doctype html>\n{inlined}"
