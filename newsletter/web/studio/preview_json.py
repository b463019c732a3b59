"""A preview as JSON: everything that the studio shows besides the message itself."""

from __future__ import annotations

from dataclasses import asdict
from email import message_from_bytes
from email.policy import default
from typing import Any

from newsletter.models import Item, Message
from newsletter.models.findings import Finding, Level
from newsletter.pipeline.explain import Placement, ScoreBreakdown
from newsletter.pipeline.explanation_text import part_name, part_text, section_text, topic_text
from newsletter.rendering.checks import check, check_name, level_name
from newsletter.rendering.labels import reason_label
from newsletter.rendering.language import Language
from newsletter.rendering.links import paper_url
from newsletter.rendering.spam_score import find_scorer
from newsletter.web.studio.preview import Preview, size

#: Gmail clips longer messages.
GMAIL_CLIP_B = 102 * 1024


def preview_json(preview: Preview, language: Language) -> dict[str, Any]:
    """Return a preview's headers, sizes, sections, papers, checks and warnings as JSON values; sizes are in bytes.

    What the studio itself says, the reasons and the warnings, is in its language.
    """
    message, digest, subscriber = preview.message, preview.digest, preview.subscriber
    return {
        "subscriber": {
            "id": subscriber.id,
            "email": subscriber.email,
            "name": subscriber.name,
            "status": str(subscriber.status),
            "origin": subscriber.origin,
        },
        "style": str(subscriber.profile.style),
        "language": subscriber.profile.language,
        "edition": {
            "key": digest.edition.key,
            "day": digest.edition.day.isoformat(),
            "since": digest.edition.since.isoformat(),
            "considered": digest.considered,
        },
        **_headers(message),
        "sizes": {
            "html": size(message.html) if message.html is not None else None,
            "text": size(message.text),
            "whole": len(message.content),
            "limit": GMAIL_CLIP_B,
        },
        "sections": [
            {
                "title": section.title,
                "papers": section.papers,
                "matched": section.matched,
                "html": section.html_b,
                "text": section.text_b,
            }
            for section in preview.section_sizes
        ],
        "papers": [
            _paper(number, item, breakdown, language, left_out=item.paper.id in preview.left_out)
            for number, (item, breakdown) in enumerate(
                zip(digest.items, preview.score_breakdowns, strict=True), start=1
            )
        ],
        "checks": checks_of(message, language, is_quick=True),
        "warnings": _warnings(preview, language),
    }


def checks_of(message: Message, language: Language, *, is_quick: bool = False) -> list[dict[str, Any]]:
    """Return the checks of a message before sending, with names and texts in a language.

    If `is_quick`, they lack the spam score, which takes seconds and is computed when the checks are opened.
    """
    scorer = find_scorer()
    findings = check(message, None if is_quick else scorer, language)
    if is_quick and scorer:
        pending = language.gettext("SpamAssassin scores the message when this tab is opened")
        findings = (*(one for one in findings if one.about != "spam"), Finding(Level.UNKNOWN, "spam", pending))
    names = ({"name": check_name(one.about, language), "is": level_name(one.level, language)} for one in findings)
    return [asdict(one) | named for one, named in zip(findings, names, strict=True)]


def _headers(message: Message) -> dict[str, str]:
    parsed = message_from_bytes(message.content, policy=default)
    return {
        "subject": message.subject,
        "from": str(parsed["From"]),
        "to": str(parsed["To"]),
        "date": str(parsed["Date"]),
    }


def _paper(number: int, item: Item, breakdown: ScoreBreakdown, language: Language, *, left_out: bool) -> dict[str, Any]:
    placement = breakdown.placement
    assert isinstance(placement, Placement)  # noqa: S101 - it is an item of the digest
    return {
        "rank": number,
        "section": section_text(placement, language),
        "position": placement.position,
        "title": item.paper.title,
        "url": paper_url(item.paper),
        "score": item.score,
        "total": round(breakdown.total, 4),
        "parts": [
            {
                "name": one.part,
                "label": part_name(one.part, language),
                "value": round(one.value, 4),
                "detail": part_text(one.part, breakdown.facts, language),
            }
            for one in breakdown.parts
        ],
        "topics": [
            {"name": language.topic(match.topic), "found": topic_text(match, language)} for match in breakdown.topics
        ],
        "reasons": [reason_label(reason, item.paper, language) for reason in item.reasons],
        "also": [language.topic(topic) for topic in item.also],
        "left_out": left_out,
    }


def _warnings(preview: Preview, language: Language) -> list[str]:
    """Return what the operator should know but cannot see in the message."""
    subscriber, digest, _ = preview.subscriber, preview.digest, language.gettext
    warnings = []
    if preview.is_sample:
        warnings.append(_("The store has no papers yet: these are samples. Run newsletter pull to get real ones."))
    if not digest.items and digest.considered:
        warnings.append(
            language.ngettext(
                "Nothing to show: %(number)s new paper, which is not on these topics. Try the last 30 days.",
                "Nothing to show: %(number)s new papers, none on these topics. Try the last 30 days.",
                digest.considered,
            )
        )
    elif not digest.items:
        warnings.append(_("Nothing to show: no new papers. Try the last 30 days."))
    if subscriber.status != "active":
        warnings.append(_("%(email)s gets no emails: the subscription is not active.", email=subscriber.email))
    if preview.left_out:
        warnings.append(
            language.ngettext(
                "%(number)s paper left out: Gmail clips longer messages.",
                "%(number)s papers left out: Gmail clips longer messages.",
                len(preview.left_out),
            )
        )
    return warnings
