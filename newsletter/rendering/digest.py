"""A digest's two bodies: HTML with its style inlined, and text."""

from __future__ import annotations

import logging

from jinja2 import Environment

from newsletter.errors import TemplateError
from newsletter.rendering.context import DigestContext
from newsletter.rendering.environment import render


def render_html(environment: Environment, context: DigestContext) -> str:
    """Render the HTML body; mail programs that drop `<style>` still find every rule on its element.

    Raises:
        TemplateError: A template is missing or broken.
    """
    from premailer import Premailer  # noqa: PLC0415 - brings lxml, and takes 100 ms to import

    page = Premailer(
        render(environment, "email/digest.html", digest=context),
        remove_classes=False,  # screens.css needs them
        disable_basic_attributes=["width"],  # some programs know no max-width: theirs is the attribute
        allow_network=False,
        allow_loading_external_files=False,
        disable_validation=True,
        cssutils_logging_level=logging.CRITICAL,
    )
    try:
        inlined = str(page.transform())
    except (AttributeError, ValueError) as error:  # what it makes of an empty page, and of an XML declaration
        raise TemplateError("template email/digest.html: does not make an HTML page") from error
    # Premailer loses the doctype, and without one mail is laid out by the rules of 1998.
    return inlined if inlined.lower().startswith("<!doctype") else f"<!doctype html>\n{inlined}"


def render_text(environment: Environment, context: DigestContext) -> str:
    """Render the text body: 72 columns, written for reading."""
    return render(environment, "email/digest.txt", digest=context)
