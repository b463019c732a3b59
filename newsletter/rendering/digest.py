"""A digest's two bodies: HTML with its style inlined, and text."""

from __future__ import annotations

import logging

from jinja2 import Environment

from newsletter.rendering.context import DigestContext
from newsletter.rendering.environment import render


def render_html(environment: Environment, context: DigestContext) -> str:
    """Render the HTML body; mail programs that drop `<style>` still find every rule on its element."""
    from premailer import Premailer  # noqa: PLC0415 - brings lxml, and takes 100 ms to import

    return str(
        Premailer(
            render(environment, "email/digest.html", digest=context),
            keep_style_tags=True,  # for @media: narrow screens and dark mode
            strip_important=False,  # what @media says must win over the inlined rules
            remove_classes=False,
            allow_network=False,
            allow_loading_external_files=False,
            disable_validation=True,
            cssutils_logging_level=logging.CRITICAL,
        ).transform()
    )


def render_text(environment: Environment, context: DigestContext) -> str:
    """Render the text body: 72 columns, written for reading."""
    return render(environment, "email/digest.txt", digest=context)
