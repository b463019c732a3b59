"""The operator's note: Markdown → HTML that a mail may carry."""

from __future__ import annotations

import re

# Images stay out, since many readers' mail shows none.
_TAGS = {"p", "br", "em", "strong", "code", "pre", "a", "ul", "ol", "li", "blockquote", "h2", "hr", "del"} | {
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_SCHEMES = {"https", "http", "mailto"}
_HEADING = re.compile(r"<(/?)h[1-6]>")


def note_html(markdown: str) -> str:
    """Convert a note, letting through only harmless markup and http(s) or mail links."""
    if not markdown.strip():
        return ""
    import nh3  # noqa: PLC0415 - editions without a note need neither
    from markdown import markdown as convert  # noqa: PLC0415

    html = convert(markdown, extensions=["tables", "fenced_code", "sane_lists"], output_format="html")
    html = _HEADING.sub(r"<\1h2>", html)  # a note stands right below the digest's h1
    return nh3.clean(
        html, tags=_TAGS, attributes={"a": {"href"}}, attribute_filter=_whole_address, url_schemes=_SCHEMES
    )


def _whole_address(_tag: str, attribute: str, value: str) -> str | None:
    """Let an address through unless it is relative: in a mail there is nothing for it to be relative to."""
    whole = value.lower().startswith(tuple(f"{scheme}:" for scheme in _SCHEMES))
    return value if whole or attribute != "href" else None
