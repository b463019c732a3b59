"""A digest's two bodies, rendered whole: HTML with its style inlined, and text.

This is the plain way, and what the fast one (`rendering.assembly`) is held against.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from jinja2 import Environment, Template
from markupsafe import Markup

from newsletter.errors import TemplateError
from newsletter.models import Style
from newsletter.rendering.context import CardContext, DigestContext, SectionContext, SiteContext, SubjectContext
from newsletter.rendering.environment import find_template, render
from newsletter.rendering.language import Language
from newsletter.text import squeeze

Sections = Sequence[tuple[SectionContext, Sequence[CardContext]]]


@dataclass(frozen=True, slots=True)
class Look:
    """How the digests of one site look in one style and one language."""

    environment: Environment
    site: SiteContext
    style: Style
    language: Language
    _found: dict[str, Template] = field(default_factory=dict)

    def render(self, name: str, **values: object) -> str:
        """Render a template of this style, or the one that all styles share.

        Raises:
            TemplateError: It is missing or broken.
        """
        if name not in self._found:
            self._found[name] = find_template(self.environment, [f"email/{self.style}/{name}", f"email/{name}"])
        words = {"_": self.language.say, "count": self.language.count}
        return render(self._found[name], site=self.site, **words, **values)

    def subject(self, mail: SubjectContext) -> str:
        """Render the subject, on one line."""
        return squeeze(self.render("subject.txt", mail=mail))

    def preheader(self, mail: SubjectContext) -> str:
        """Render what a mailbox shows beside the subject, on one line."""
        return squeeze(self.render("preheader.txt", mail=mail))


def render_html(look: Look, digest: DigestContext, sections: Sections) -> str:
    """Render the HTML body; mail programs that drop `<style>` still find every rule on its element.

    Raises:
        TemplateError: A template is missing or broken.
    """
    rendered = [
        look.render(
            "section.html",
            section=section,
            cards=Markup("").join(Markup(look.render("card.html", card=card)) for card in cards),  # noqa: S704 - escaped
        )
        for section, cards in sections
    ]
    return inline(look.render("digest.html", digest=digest, sections=Markup("".join(rendered))))  # noqa: S704


def render_text(look: Look, digest: DigestContext, sections: Sections) -> str:
    """Render the text body: 72 columns, written for reading.

    Raises:
        TemplateError: A template is missing or broken.
    """
    rendered = [
        look.render("section.txt", section=section, cards="".join(look.render("card.txt", card=card) for card in cards))
        for section, cards in sections
    ]
    links = "".join(look.render("links.txt", card=card) for _, cards in sections for card in cards)
    return look.render("digest.txt", digest=digest, sections="".join(rendered), links=links)


def inline(page: str) -> str:
    """Put a page's style on its elements.

    Raises:
        TemplateError: It is not a page.
    """
    from premailer import Premailer  # noqa: PLC0415 - brings lxml, and takes 100 ms to import

    premailer = Premailer(
        page,
        remove_classes=False,  # screens.css needs them
        # Templates say themselves what needs an attribute; premailer writes some where HTML knows none.
        disable_basic_attributes=["bgcolor", "height", "width"],
        allow_network=False,
        allow_loading_external_files=False,
        disable_validation=True,
        cssutils_logging_level=logging.CRITICAL,
    )
    try:
        inlined = str(premailer.transform()).rstrip() + "\n"
    except (AttributeError, ValueError) as error:  # what it makes of an empty page, and of an XML declaration
        raise TemplateError("template email/digest.html: does not make an HTML page") from error
    # Premailer loses the doctype, and without one mail is laid out by the rules of 1998.
    return inlined if inlined.lower().startswith("<!doctype") else f"<!doctype html>\n{inlined}"
