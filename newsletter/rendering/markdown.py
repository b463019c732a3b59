"""The operator's note: Markdown → HTML that a mail may carry."""

from __future__ import annotations

import re
from functools import lru_cache

_TAGS = {"img", "p", "br", "em", "strong", "code", "pre", "a", "ul", "ol", "li", "blockquote", "h2", "hr", "del"} | {
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}}
#: Of a note's inside, in pixels: Outlook for Windows knows no "at most as wide".
_WIDTH = 556
_NO_PICTURE = re.compile(r"<img(?![^>]* src=)[^>]*>")
_SCHEMES = {"https", "http", "mailto"}
_HEADING = re.compile(r"<(/?)h[1-6]>")


@lru_cache(maxsize=64)
def note_html(markdown: str) -> str:
    """Convert a note, letting through only harmless markup and http(s) or mail links."""
    if not markdown.strip():
        return ""
    import nh3  # noqa: PLC0415 - editions without a note need neither
    from markdown import markdown as convert  # noqa: PLC0415

    html = convert(markdown, extensions=["tables", "fenced_code", "sane_lists"], output_format="html")
    html = _HEADING.sub(r"<\1h2>", html)  # a note stands right below the digest's h1
    clean = nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=_whole_address, url_schemes=_SCHEMES)
    return _NO_PICTURE.sub("", clean).replace("<img ", f'<img width="{_WIDTH}" ')


def _whole_address(_tag: str, attribute: str, value: str) -> str | None:
    """Let an address through unless it is relative: in a mail there is nothing for it to be relative to."""
    if attribute == "src":
        return value if value.lower().startswith("https://") else None
    whole = value.lower().startswith(tuple(f"{scheme}:" for scheme in _SCHEMES))
    return value if whole or attribute != "href" else None
