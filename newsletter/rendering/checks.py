"""What an operator should know of a message before it goes: size, links, pictures, contrast, headers, spam rules."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from newsletter.models import Message
from newsletter.rendering.colours import contrast, is_colour
from newsletter.text import counted, shorten


class Verdict(StrEnum):
    """How much a finding matters."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    detail: str


#: Returns the points that a message gets as spam, and the rules that it hit.
Scorer = Callable[[bytes], tuple[float, str]]

_BUDGET_KB, _CLIPPED_KB = 80, 102
_VAGUE = frozenset({"here", "click here", "link", "this", "read more", "more"})
_FORBIDDEN = ("script", "form", "iframe", "object", "embed", "input", "link", "base")
_HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe")
_LINE = 78


def check(message: Message, scorer: Scorer | None = None) -> tuple[Check, ...]:
    """Look at one message. Never raises, whatever is in it."""
    from lxml import html  # noqa: PLC0415 - takes a while to import

    mail = message_from_bytes(message.content, policy=default)
    page = message.html
    checks = [_size(message, page), _headers(mail), _text(message.text)]
    if page and page.strip():
        tree = html.document_fromstring(page.encode(), parser=html.HTMLParser(encoding="utf-8"))
        checks += [_links(tree), _pictures(tree), _contrasts(tree), _headings(tree), _inert(tree)]
    return (*checks, _spam(message, scorer))


def _size(message: Message, page: str | None) -> Check:
    page_kb = len((page or "").encode()) / 1024
    detail = f"{page_kb:.0f} KB of HTML, {len(message.content) / 1024:.0f} KB in all"
    if page_kb > _CLIPPED_KB:
        return Check("size", Verdict.BAD, f"{detail}: Gmail cuts a page off at {_CLIPPED_KB} KB")
    if page_kb > _BUDGET_KB:
        return Check("size", Verdict.WARNING, f"{detail}: more than the budget of {_BUDGET_KB} KB")
    return Check("size", Verdict.GOOD, detail)


def _headers(mail: EmailMessage) -> Check:
    if missing := [name for name in _HEADERS if not mail[name]]:
        return Check("headers", Verdict.BAD, f"missing: {', '.join(missing)}")
    subject = str(mail["Subject"])
    if "https://" in str(mail["List-Unsubscribe"]) and not mail["List-Unsubscribe-Post"]:
        return Check("headers", Verdict.BAD, "one click leaves, but List-Unsubscribe-Post does not say so")
    if len(subject) > _LINE or (subject.isupper() and len(subject) > 10):
        return Check("headers", Verdict.WARNING, "the subject is too long, or shouts")
    return Check("headers", Verdict.GOOD, subject)


def _text(text: str) -> Check:
    if not text.strip():
        return Check("text part", Verdict.BAD, "it is empty")
    long = [line for line in text.splitlines() if len(line) > _LINE and "://" not in line and "mailto:" not in line]
    if long:
        return Check("text part", Verdict.WARNING, f"a line of {len(long[0])} characters: {shorten(long[0], 60)}")
    return Check("text part", Verdict.GOOD, f"{counted(len(text.splitlines()), 'line')} of {_LINE} columns at most")


def _links(tree: Any) -> Check:
    named = {element.get("id") for element in tree.iter() if element.get("id")}
    bad, vague, hosts = [], [], set()
    links = list(tree.iter("a"))
    for link in links:
        href, words = (link.get("href") or "").strip(), " ".join(link.text_content().split())
        if href.startswith("#"):
            bad += [] if href[1:] in named else [href]
        elif not href.lower().startswith(("https://", "http://", "mailto:")):
            bad.append(href or words or "an empty link")
        else:
            hosts.add(_host(href))
        shown = _host(words) if "://" in words else ""
        if (words.lower() in _VAGUE and not link.get("aria-label")) or (shown and shown != _host(href)):
            vague.append(words)
    if bad:
        return Check("links", Verdict.BAD, f"leads nowhere: {shorten(', '.join(bad), 120)}")
    if vague:
        return Check("links", Verdict.WARNING, f"does not say where it leads: {shorten(', '.join(vague), 120)}")
    return Check("links", Verdict.GOOD, f"{counted(len(links), 'link')} to {counted(len(hosts - {''}), 'host')}")


def _pictures(tree: Any) -> Check:
    pictures = list(tree.iter("img"))
    if bare := [picture for picture in pictures if picture.get("alt") is None]:
        return Check("pictures", Verdict.BAD, f"{counted(len(bare), 'picture')} without words in its place (alt)")
    return Check("pictures", Verdict.GOOD, counted(len(pictures), "picture") if pictures else "none is needed")


def _headings(tree: Any) -> Check:
    levels = [int(element.tag[1]) for element in tree.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    skipped = [below for above, below in zip([0, *levels], levels, strict=False) if below > above + 1]
    if levels.count(1) != 1 or skipped:
        return Check("headings", Verdict.WARNING, "there is not one first heading, or a level is skipped")
    if not tree.get("lang"):
        return Check("headings", Verdict.WARNING, "the page does not say its language (lang)")
    return Check("headings", Verdict.GOOD, f"{len(levels)} in order, in {tree.get('lang')}")


def _inert(tree: Any) -> Check:
    found = {str(element.tag) for element in tree.iter(*_FORBIDDEN)}
    found |= {name for element in tree.iter() for name in element.attrib if name.lower().startswith("on")}
    if found:
        return Check("safety", Verdict.BAD, f"mail programs take out: {', '.join(sorted(found))}")
    return Check("safety", Verdict.GOOD, "no script, no form, nothing fetched but pictures")


# -- contrast -----------------------------------------------------------------------------------------

_ENOUGH, _ENOUGH_IF_LARGE = 4.5, 3.0


def _contrasts(tree: Any) -> Check:
    """Compare colours as they are on the elements, by day; WCAG 2.2, 1.4.3."""
    poor = [f"{ratio:.1f}: {shorten(words, 40)}" for ratio, words in _poor(tree, "#000000", "#ffffff", 16.0)]
    if poor:
        return Check("contrast", Verdict.BAD, f"hard to read: {'; '.join(poor[:3])}")
    return Check("contrast", Verdict.GOOD, f"at least {_ENOUGH} to 1 everywhere")


def _poor(element: Any, colour: str, ground: str, size: float) -> Iterator[tuple[float, str]]:
    """Yield the texts below an element that are hard to read, with their contrast."""
    style = _style(element)
    if style.get("display") == "none" or not isinstance(element.tag, str) or element.tag in ("head", "style"):
        return
    colour = _colour(style.get("color")) or colour
    ground = _colour(style.get("background-color")) or _colour(element.get("bgcolor")) or ground
    if match := re.fullmatch(r"([\d.]+)px", style.get("font-size", "")):
        size = float(match[1])
    children = list(element)
    words = " ".join(" ".join([element.text or "", *(child.tail or "" for child in children)]).split())
    ratio = contrast(colour, ground)
    if words and ratio < (_ENOUGH_IF_LARGE if size >= 24 else _ENOUGH):
        yield ratio, words
    for child in children:
        yield from _poor(child, colour, ground, size)


def _style(element: Any) -> dict[str, str]:
    pairs = (rule.partition(":") for rule in (element.get("style") or "").split(";"))
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs if value}


def _colour(text: str | None) -> str | None:
    """Return a colour as "#rrggbb", or None if it is written in another way."""
    text = (text or "").strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", text):
        text = "#" + "".join(digit * 2 for digit in text[1:])
    return text if is_colour(text) else None


# -- spam ---------------------------------------------------------------------------------------------

_SPAM, _SUSPICIOUS = 5.0, 2.0
_TOTAL = re.compile(r"\((-?[\d.]+) points")
_RULE = re.compile(r"^ *(-?\d+\.\d) ([A-Z0-9_]+) ", re.MULTILINE)


def find_scorer() -> Scorer | None:
    """Return what scores mail on this machine: SpamAssassin, asked without its network tests, or None."""
    program = shutil.which("spamassassin")
    return (lambda content: _ask_spamassassin(program, content)) if program else None


def _ask_spamassassin(program: str, content: bytes) -> tuple[float, str]:
    asked = subprocess.run([program, "-L", "-t"], input=content, capture_output=True, timeout=60, check=False)  # noqa: S603
    said = asked.stdout.decode("utf-8", "replace")
    total = _TOTAL.search(said)
    rules = [f"{rule} {points}" for points, rule in _RULE.findall(said) if float(points) > 0]
    return float(total[1]) if total else 0.0, ", ".join(rules)


def _spam(message: Message, scorer: Scorer | None) -> Check:
    if scorer is None:
        return Check("spam", Verdict.GOOD, "not scored: SpamAssassin is not installed here")
    try:
        points, rules = scorer(message.content)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return Check("spam", Verdict.WARNING, f"could not be scored: {error}")
    verdict = Verdict.BAD if points >= _SPAM else Verdict.WARNING if points >= _SUSPICIOUS else Verdict.GOOD
    return Check("spam", verdict, f"{points:.1f} points of {_SPAM:.0f}" + (f": {rules}" if rules else ""))


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
