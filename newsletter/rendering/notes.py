"""The operator's note: Markdown → HTML that a mail may carry."""

from __future__ import annotations

# Headings below the digest's own h1 keep the order; images stay out, since many readers' mail shows none.
_TAGS = {"p", "br", "em", "strong", "code", "pre", "a", "ul", "ol", "li", "blockquote", "h3", "h4", "hr", "del"} | {
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_SCHEMES = {"https", "http", "mailto"}
_DEMOTED = {"h1": "h3", "h2": "h3"}


def note_html(markdown: str) -> str:
    """Convert a note, letting through only harmless markup and http(s) or mail links."""
    if not markdown.strip():
        return ""
    import nh3  # noqa: PLC0415 - editions without a note need neither
    from markdown import markdown as convert  # noqa: PLC0415

    html = convert(markdown, extensions=["tables", "fenced_code", "sane_lists"], output_format="html")
    for heading, demoted in _DEMOTED.items():
        html = html.replace(f"<{heading}>", f"<{demoted}>").replace(f"</{heading}>", f"</{demoted}>")
    return nh3.clean(
        html, tags=_TAGS, attributes={"a": {"href"}}, attribute_filter=_whole_address, url_schemes=_SCHEMES
    )


def _whole_address(_tag: str, attribute: str, value: str) -> str | None:
    """Let an address through unless it is relative: in a mail there is nothing for it to be relative to."""
    whole = value.lower().startswith(tuple(f"{scheme}:" for scheme in _SCHEMES))
    return value if whole or attribute != "href" else None
