"""Notes of the operator: Markdown → sanitized HTML for email."""

from __future__ import annotations

import re
from functools import lru_cache

_TAGS = {"img", "p", "br", "em", "strong", "code", "pre", "a", "ul", "ol", "li", "blockquote", "h2", "hr", "del"} | {
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}}
#: Inner width of a note in pixels; Outlook for Windows ignores max-width.
_WIDTH = 556
_IMAGE_WITHOUT_SRC = re.compile(r"<img(?![^>]* src=)[^>]*>")
_SCHEMES = {"https", "http", "mailto"}
_HEADING = re.compile(r"<(/?)h[1-6]>")


@lru_cache(maxsize=64)
def note_html(markdown: str) -> str:
    """Convert a note to HTML, keeping only safe markup and absolute http(s) and mailto links."""
    if not markdown.strip():
        return ""
    import nh3  # noqa: PLC0415 - most editions have no note
    from markdown import markdown as convert  # noqa: PLC0415

    html = convert(markdown, extensions=["tables", "fenced_code", "sane_lists"], output_format="html")
    html = _HEADING.sub(r"<\1h2>", html)  # the level below the digest's h1
    clean = nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=_absolute_url, url_schemes=_SCHEMES)
    return _IMAGE_WITHOUT_SRC.sub("", clean).replace("<img ", f'<img width="{_WIDTH}" ')


def _absolute_url(_tag: str, attribute: str, value: str) -> str | None:
    """Drop relative URLs, for which an email has no base, and images that are not https."""
    if attribute == "src":
        return value if value.lower().startswith("https://") else None
    is_absolute = value.lower().startswith(tuple(f"{scheme}:" for scheme in _SCHEMES))
    return value if is_absolute or attribute != "href" else None
