"""Checks of a message before it is sent: size, headers, text, links, images, contrast, markup, clients, spam score.

What they find is told in the language of whoever looks at it.
"""

from __future__ import annotations

import subprocess
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

from newsletter.models import Message
from newsletter.models.findings import Finding, Level
from newsletter.models.languages import translatable
from newsletter.rendering.client_support import load_support, missing_support
from newsletter.rendering.colours import all_inverted, as_written, partly_inverted
from newsletter.rendering.contrast import MIN_RATIO, low_contrasts
from newsletter.rendering.language import Language, language
from newsletter.rendering.spam_score import Scorer
from newsletter.rendering.word import ignored_by_word, word_page
from newsletter.text import shorten

_BUDGET_KB, _CLIPPED_KB = 80, 102
_VAGUE = frozenset({"here", "click here", "link", "this", "read more", "more"})
_FORBIDDEN = ("script", "form", "iframe", "object", "embed", "input", "link", "base")
_HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe")
_LINE = 78
#: SpamAssassin's default threshold, and the score from which a warning is due.
_SPAM, _SUSPICIOUS = 5.0, 2.0
_ENGLISH = language("en")


def check(message: Message, scorer: Scorer | None = None, spoken: Language = _ENGLISH) -> tuple[Finding, ...]:
    """Check a message; malformed HTML and a failing scorer are findings, not errors."""
    from lxml import html  # noqa: PLC0415 - takes a while to import

    mail = message_from_bytes(message.content, policy=default)
    page = message.html
    checks = [_size(message, page, spoken), _headers(mail, spoken), _text(message.text, spoken)]
    if page and page.strip():

        def parse(text: str) -> Any:
            return html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8"))

        tree = parse(page)
        on_tree = (_links, _images, _contrast, _headings, _active_content, _clients)
        checks += [one(tree, spoken) for one in on_tree]
        checks.append(_word(parse(word_page(page)), spoken))
    return (*checks, _spam(message, scorer, spoken))


def check_name(about: str, spoken: Language) -> str:
    """Return what a check is called: the `about` of its finding, in a language."""
    pgettext = spoken.pgettext
    return {
        "size": pgettext("check", "size"), "headers": pgettext("check", "headers"),
        "text part": pgettext("check", "text part"), "links": pgettext("check", "links"),
        "images": pgettext("check", "images"), "contrast": pgettext("check", "contrast"),
        "headings": pgettext("check", "headings"), "safety": pgettext("check", "safety"),
        "clients": pgettext("check", "clients"), "spam": pgettext("check", "spam"),
    }.get(about, about)  # fmt: skip


def level_name(level: Level, spoken: Language) -> str:
    """Return what a level is called in a language."""
    pgettext = spoken.pgettext
    return {
        Level.OK: pgettext("level", "ok"), Level.WARNING: pgettext("level", "warning"),
        Level.WRONG: pgettext("level", "wrong"), Level.UNKNOWN: pgettext("level", "unknown"),
    }[level]  # fmt: skip


def _size(message: Message, page: str | None, spoken: Language) -> Finding:
    page_kb = len((page or "").encode()) / 1024
    sizes = {"html": spoken.number(round(page_kb)), "total": spoken.number(round(len(message.content) / 1024))}
    if page_kb > _CLIPPED_KB:
        text = spoken.gettext(
            "%(html)s KB of HTML, %(total)s KB in total: Gmail clips messages at %(limit)s KB",
            limit=_CLIPPED_KB, **sizes,
        )  # fmt: skip
        return Finding(Level.WRONG, "size", text)
    if page_kb > _BUDGET_KB:
        text = spoken.gettext(
            "%(html)s KB of HTML, %(total)s KB in total: more than the budget of %(limit)s KB",
            limit=_BUDGET_KB, **sizes,
        )  # fmt: skip
        return Finding(Level.WARNING, "size", text)
    return Finding(Level.OK, "size", spoken.gettext("%(html)s KB of HTML, %(total)s KB in total", **sizes))


def _headers(mail: EmailMessage, spoken: Language) -> Finding:
    _ = spoken.gettext
    if missing := [name for name in _HEADERS if not mail[name]]:
        return Finding(Level.WRONG, "headers", _("missing: %(names)s", names=", ".join(missing)))
    subject = str(mail["Subject"])
    if "https://" in str(mail["List-Unsubscribe"]) and not mail["List-Unsubscribe-Post"]:
        return Finding(Level.WRONG, "headers", _("one-click unsubscribe needs List-Unsubscribe-Post (RFC 8058)"))
    if len(subject) > _LINE or (subject.isupper() and len(subject) > 10):
        return Finding(Level.WARNING, "headers", _("the subject is too long or in all capitals"))
    return Finding(Level.OK, "headers", subject)


def _text(text: str, spoken: Language) -> Finding:
    if not text.strip():
        return Finding(Level.WRONG, "text part", spoken.gettext("it is empty"))
    lines = text.splitlines()
    long = [line for line in lines if len(line) > _LINE and "://" not in line and "mailto:" not in line]
    if long:
        found = spoken.ngettext(
            "a line of %(number)s character: %(text)s", "a line of %(number)s characters: %(text)s",
            len(long[0]), text=shorten(long[0], 60),
        )  # fmt: skip
        return Finding(Level.WARNING, "text part", found)
    found = spoken.ngettext(
        "%(number)s line of at most %(columns)s columns", "%(number)s lines of at most %(columns)s columns",
        len(lines), columns=_LINE,
    )  # fmt: skip
    return Finding(Level.OK, "text part", found)


def _links(tree: Any, spoken: Language) -> Finding:
    anchors = {element.get("id") for element in tree.iter() if element.get("id")}
    broken, vague, hosts = [], [], set()
    links = list(tree.iter("a"))
    for link in links:
        href, text = (link.get("href") or "").strip(), " ".join(link.text_content().split())
        if href.startswith("#"):
            broken += [] if href[1:] in anchors else [href]
        elif not href.lower().startswith(("https://", "http://", "mailto:")):
            broken.append(href or text or spoken.gettext("an empty link"))
        else:
            hosts.add(_host(href))
        shown_host = _host(text) if "://" in text else ""
        if (text.lower() in _VAGUE and not link.get("aria-label")) or (shown_host and shown_host != _host(href)):
            vague.append(text)
    if broken:
        found = spoken.gettext("broken: %(links)s", links=shorten(spoken.listed(broken), 120))
        return Finding(Level.WRONG, "links", found)
    if vague:
        found = spoken.gettext("unclear or misleading text: %(texts)s", texts=shorten(spoken.listed(vague), 120))
        return Finding(Level.WARNING, "links", found)
    # L10N: %(hosts)s is the number of servers that the links lead to.
    found = spoken.ngettext(
        "%(number)s link (servers: %(hosts)s)", "%(number)s links (servers: %(hosts)s)",
        len(links), hosts=spoken.number(len(hosts - {""})),
    )  # fmt: skip
    return Finding(Level.OK, "links", found)


def _images(tree: Any, spoken: Language) -> Finding:
    images = list(tree.iter("img"))
    if missing := [image for image in images if image.get("alt") is None]:
        found = spoken.ngettext(
            "%(number)s image without alternative text (alt)", "%(number)s images without alternative text (alt)",
            len(missing),
        )  # fmt: skip
        return Finding(Level.WRONG, "images", found)
    if not images:
        return Finding(Level.OK, "images", spoken.gettext("no images"))
    return Finding(Level.OK, "images", spoken.ngettext("%(number)s image", "%(number)s images", len(images)))


def _contrast(tree: Any, spoken: Language) -> Finding:
    _ = spoken.gettext
    modes = {
        as_written: translatable("too low: %(texts)s"),
        all_inverted: translatable("too low where a client inverts colours: %(texts)s"),
        partly_inverted: translatable("too low where a client inverts some colours: %(texts)s"),
    }
    for shades, message in modes.items():
        low = [
            f"{spoken.number(round(ratio, 1))}:1: {shorten(text, 40)}"
            for ratio, text in low_contrasts(tree, shades=shades)
        ]
        if low:
            level = Level.WRONG if shades is as_written else Level.WARNING
            return Finding(level, "contrast", _(message, texts=spoken.listed(low[:3], with_commas=True)))
    ratio = f"{spoken.number(MIN_RATIO)}:1"
    found = _("at least %(ratio)s everywhere, even where a client inverts colours", ratio=ratio)
    return Finding(Level.OK, "contrast", found)


def _headings(tree: Any, spoken: Language) -> Finding:
    _ = spoken.gettext
    levels = [int(element.tag[1]) for element in tree.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    skipped = [below for above, below in zip([0, *levels], levels, strict=False) if below > above + 1]
    if levels.count(1) != 1 or skipped:
        return Finding(Level.WARNING, "headings", _("expected one h1 and no skipped levels"))
    if not tree.get("lang"):
        return Finding(Level.WARNING, "headings", _("the page does not declare its language (lang)"))
    found = spoken.ngettext(
        "%(number)s heading in order; language: %(tag)s", "%(number)s headings in order; language: %(tag)s",
        len(levels), tag=tree.get("lang"),
    )  # fmt: skip
    return Finding(Level.OK, "headings", found)


def _active_content(tree: Any, spoken: Language) -> Finding:
    found = {str(element.tag) for element in tree.iter(*_FORBIDDEN)}
    found |= {name for element in tree.iter() for name in element.attrib if name.lower().startswith("on")}
    if found:
        removed = spoken.gettext("mail clients remove: %(names)s", names=", ".join(sorted(found)))
        return Finding(Level.WRONG, "safety", removed)
    return Finding(Level.OK, "safety", spoken.gettext("no scripts, forms or external resources except images"))


def _clients(tree: Any, spoken: Language) -> Finding:
    missing = [f"{use.example} ({', '.join(clients[:3])})" for use, clients in missing_support(tree)]
    if missing:
        found = spoken.gettext("not supported: %(features)s", features=shorten("; ".join(missing), 160))
        return Finding(Level.WARNING, "clients", found)
    day = spoken.day(date.fromisoformat(load_support().day))
    # L10N: %(day)s is the day of the data.
    found = spoken.gettext(
        "Gmail, Outlook, Apple Mail, Samsung Email and Yahoo support what matters (caniemail.com, %(day)s)", day=day
    )
    return Finding(Level.OK, "clients", found)


def _word(tree: Any, spoken: Language) -> Finding:
    ignored = list(ignored_by_word(tree))
    if ignored:
        found = spoken.gettext(
            "ignored by Word, its layout engine: %(features)s", features=shorten(", ".join(ignored), 120)
        )
        return Finding(Level.WARNING, "Outlook", found)
    return Finding(
        Level.OK, "Outlook", spoken.gettext("its layout engine, Word, supports everything that the layout needs")
    )


def _spam(message: Message, scorer: Scorer | None, spoken: Language) -> Finding:
    _ = spoken.gettext
    if scorer is None:
        return Finding(Level.OK, "spam", _("not scored: SpamAssassin is not installed"))
    try:
        points, rules = scorer(message.content)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return Finding(Level.WARNING, "spam", _("scoring failed: %(error)s", error=error))
    level = Level.WRONG if points >= _SPAM else Level.WARNING if points >= _SUSPICIOUS else Level.OK
    score = {"points": spoken.decimal(points), "limit": spoken.number(_SPAM)}
    found = _("%(points)s points of %(limit)s", **score)
    if rules:
        found = _("%(points)s points of %(limit)s: %(rules)s", rules=rules, **score)
    return Finding(level, "spam", found)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
