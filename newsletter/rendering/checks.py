"""Checks of a message before it is sent: size, headers, text, links, images, contrast, markup, clients, spam score."""

from __future__ import annotations

import subprocess
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

from newsletter.models import Message
from newsletter.models.findings import Finding, Level
from newsletter.rendering.client_support import load_support, missing_support
from newsletter.rendering.colours import all_inverted, as_written, partly_inverted
from newsletter.rendering.contrast import MIN_RATIO, low_contrasts
from newsletter.rendering.spam_score import Scorer
from newsletter.rendering.word import ignored_by_word, word_page
from newsletter.text import counted, shorten

_BUDGET_KB, _CLIPPED_KB = 80, 102
_VAGUE = frozenset({"here", "click here", "link", "this", "read more", "more"})
_FORBIDDEN = ("script", "form", "iframe", "object", "embed", "input", "link", "base")
_HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe")
_LINE = 78
#: SpamAssassin's default threshold, and the score from which a warning is due.
_SPAM, _SUSPICIOUS = 5.0, 2.0


def check(message: Message, scorer: Scorer | None = None) -> tuple[Finding, ...]:
    """Check a message; malformed HTML and a failing scorer are findings, not errors."""
    from lxml import html  # noqa: PLC0415 - takes a while to import

    mail = message_from_bytes(message.content, policy=default)
    page = message.html
    checks = [_size(message, page), _headers(mail), _text(message.text)]
    if page and page.strip():

        def parse(text: str) -> Any:
            return html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8"))

        tree = parse(page)
        checks += [_links(tree), _images(tree), _contrast(tree), _headings(tree), _active_content(tree)]
        checks += [_clients(tree), _word(parse(word_page(page)))]
    return (*checks, _spam(message, scorer))


def _size(message: Message, page: str | None) -> Finding:
    page_kb = len((page or "").encode()) / 1024
    detail = f"{page_kb:.0f} KB of HTML, {len(message.content) / 1024:.0f} KB in total"
    if page_kb > _CLIPPED_KB:
        return Finding(Level.WRONG, "size", f"{detail}: Gmail clips messages at {_CLIPPED_KB} KB")
    if page_kb > _BUDGET_KB:
        return Finding(Level.WARNING, "size", f"{detail}: more than the budget of {_BUDGET_KB} KB")
    return Finding(Level.OK, "size", detail)


def _headers(mail: EmailMessage) -> Finding:
    if missing := [name for name in _HEADERS if not mail[name]]:
        return Finding(Level.WRONG, "headers", f"missing: {', '.join(missing)}")
    subject = str(mail["Subject"])
    if "https://" in str(mail["List-Unsubscribe"]) and not mail["List-Unsubscribe-Post"]:
        return Finding(Level.WRONG, "headers", "one-click unsubscribe needs List-Unsubscribe-Post (RFC 8058)")
    if len(subject) > _LINE or (subject.isupper() and len(subject) > 10):
        return Finding(Level.WARNING, "headers", "the subject is too long or in all capitals")
    return Finding(Level.OK, "headers", subject)


def _text(text: str) -> Finding:
    if not text.strip():
        return Finding(Level.WRONG, "text part", "it is empty")
    long = [line for line in text.splitlines() if len(line) > _LINE and "://" not in line and "mailto:" not in line]
    if long:
        return Finding(Level.WARNING, "text part", f"a line of {len(long[0])} characters: {shorten(long[0], 60)}")
    return Finding(Level.OK, "text part", f"{counted(len(text.splitlines()), 'line')} of at most {_LINE} columns")


def _links(tree: Any) -> Finding:
    anchors = {element.get("id") for element in tree.iter() if element.get("id")}
    broken, vague, hosts = [], [], set()
    links = list(tree.iter("a"))
    for link in links:
        href, text = (link.get("href") or "").strip(), " ".join(link.text_content().split())
        if href.startswith("#"):
            broken += [] if href[1:] in anchors else [href]
        elif not href.lower().startswith(("https://", "http://", "mailto:")):
            broken.append(href or text or "an empty link")
        else:
            hosts.add(_host(href))
        shown_host = _host(text) if "://" in text else ""
        if (text.lower() in _VAGUE and not link.get("aria-label")) or (shown_host and shown_host != _host(href)):
            vague.append(text)
    if broken:
        return Finding(Level.WRONG, "links", f"broken: {shorten(', '.join(broken), 120)}")
    if vague:
        return Finding(Level.WARNING, "links", f"unclear or misleading text: {shorten(', '.join(vague), 120)}")
    return Finding(Level.OK, "links", f"{counted(len(links), 'link')} to {counted(len(hosts - {''}), 'host')}")


def _images(tree: Any) -> Finding:
    images = list(tree.iter("img"))
    if missing := [image for image in images if image.get("alt") is None]:
        return Finding(Level.WRONG, "images", f"{counted(len(missing), 'image')} without alternative text (alt)")
    return Finding(Level.OK, "images", counted(len(images), "image") if images else "no images")


def _contrast(tree: Any) -> Finding:
    modes = {"": as_written, " where a client inverts colours": all_inverted, " where it inverts some": partly_inverted}
    for mode, shades in modes.items():
        low = [f"{ratio:.1f}:1: {shorten(text, 40)}" for ratio, text in low_contrasts(tree, shades=shades)]
        if low:
            level = Level.WARNING if mode else Level.WRONG
            return Finding(level, "contrast", f"too low{mode}: {'; '.join(low[:3])}")
    return Finding(Level.OK, "contrast", f"at least {MIN_RATIO}:1 everywhere, also where a client inverts colours")


def _headings(tree: Any) -> Finding:
    levels = [int(element.tag[1]) for element in tree.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    skipped = [below for above, below in zip([0, *levels], levels, strict=False) if below > above + 1]
    if levels.count(1) != 1 or skipped:
        return Finding(Level.WARNING, "headings", "expected one h1 and no skipped levels")
    if not tree.get("lang"):
        return Finding(Level.WARNING, "headings", "the page does not declare its language (lang)")
    return Finding(Level.OK, "headings", f"{len(levels)} in order, language {tree.get('lang')}")


def _active_content(tree: Any) -> Finding:
    found = {str(element.tag) for element in tree.iter(*_FORBIDDEN)}
    found |= {name for element in tree.iter() for name in element.attrib if name.lower().startswith("on")}
    if found:
        return Finding(Level.WRONG, "safety", f"mail clients remove: {', '.join(sorted(found))}")
    return Finding(Level.OK, "safety", "no scripts, forms or external resources except images")


def _clients(tree: Any) -> Finding:
    missing = [f"{use.example} ({', '.join(clients[:3])})" for use, clients in missing_support(tree)]
    if missing:
        return Finding(Level.WARNING, "clients", f"not supported: {shorten('; '.join(missing), 160)}")
    known = f"Gmail, Outlook, Apple Mail, Samsung Email and Yahoo (caniemail.com, {load_support().day})"
    return Finding(Level.OK, "clients", f"what matters is supported by {known}")


def _word(tree: Any) -> Finding:
    ignored = list(ignored_by_word(tree))
    if ignored:
        return Finding(
            Level.WARNING, "Outlook", f"ignored by Word, its layout engine: {shorten(', '.join(ignored), 120)}"
        )
    return Finding(Level.OK, "Outlook", "its layout engine, Word, knows all that the layout needs")


def _spam(message: Message, scorer: Scorer | None) -> Finding:
    if scorer is None:
        return Finding(Level.OK, "spam", "not scored: SpamAssassin is not installed")
    try:
        points, rules = scorer(message.content)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return Finding(Level.WARNING, "spam", f"scoring failed: {error}")
    level = Level.WRONG if points >= _SPAM else Level.WARNING if points >= _SUSPICIOUS else Level.OK
    return Finding(level, "spam", f"{points:.1f} points of {_SPAM:.0f}" + (f": {rules}" if rules else ""))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
