"""The operator's note: Markdown → HTML that a mail may carry."""

from __future__ import annotations

# Headings below the digest's own h1 keep the order; images stay out, since many readers' mail shows none.
_TAGS = {"p", "br", "em", "strong", "code", "pre", "a", "ul", "ol", "li", "blockquote", "h3", "h4", "hr", "del"} | {
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
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
    return nh3.clean(html, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"https", "http", "mailto"})
