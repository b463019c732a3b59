"""A preview as JSON: everything that the studio shows besides the message itself."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import Any

from newsletter.models import Message
from newsletter.pipeline.explain import ScoreBreakdown
from newsletter.rendering.checks import check, find_scorer
from newsletter.rendering.links import paper_url
from newsletter.text import counted
from newsletter.web.studio.preview import Preview, size

#: Placeholder for the spam score, which takes seconds and is computed when the checks are opened.
_PENDING = {"name": "spam", "verdict": "waiting", "detail": "SpamAssassin scores the message when this tab is opened"}
#: The text of `explain` for a topic that matches nothing in a paper.
_NOTHING = "nothing of it"
#: Gmail clips longer messages.
GMAIL_CLIP_B = 102 * 1024


def preview_json(preview: Preview) -> dict[str, Any]:
    """Return a preview's headers, sizes, sections, papers, checks and warnings as JSON values; sizes are in bytes."""
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
            _paper(number, breakdown, left_out=breakdown.item.paper.id in preview.left_out)
            for number, breakdown in enumerate(preview.score_breakdowns, start=1)
        ],
        "checks": checks_of(message, is_quick=True),
        "warnings": list(_warnings(preview)),
    }


def checks_of(message: Message, *, is_quick: bool = False) -> list[dict[str, str]]:
    """Return the checks of a message before sending; if `is_quick`, without the spam score, which takes seconds."""
    scorer = find_scorer()
    checks = [
        {"name": one.name, "verdict": str(one.verdict), "detail": one.detail}
        for one in check(message, None if is_quick else scorer)
    ]
    if is_quick and scorer:
        return [one for one in checks if one["name"] != "spam"] + [_PENDING]
    return checks


def _headers(message: Message) -> dict[str, str]:
    parsed = message_from_bytes(message.content, policy=default)
    return {
        "subject": message.subject,
        "from": str(parsed["From"]),
        "to": str(parsed["To"]),
        "date": str(parsed["Date"]),
    }


def _paper(number: int, breakdown: ScoreBreakdown, *, left_out: bool) -> dict[str, Any]:
    item = breakdown.item
    return {
        "rank": number,
        "section": breakdown.section,
        "position": breakdown.position,
        "title": item.paper.title,
        "url": paper_url(item.paper),
        "score": item.score,
        "total": round(breakdown.total, 4),
        "parts": [
            {"name": name, "value": round(value, 4), "detail": detail} for name, value, detail in breakdown.parts
        ],
        "topics": [{"name": name, "found": "" if found == _NOTHING else found} for name, found in breakdown.topics],
        "reasons": [str(reason) for reason in item.reasons],
        "also": list(item.also),
        "left_out": left_out,
    }


def _warnings(preview: Preview) -> list[str]:
    """Return what the operator should know but cannot see in the message."""
    subscriber, digest = preview.subscriber, preview.digest
    warnings = []
    if preview.is_sample:
        warnings.append("The store has no papers yet: these are samples. Run newsletter pull to get real ones.")
    if not digest.items:
        reason = f"{digest.considered} new papers, none on these topics" if digest.considered else "no new papers"
        warnings.append(f"Nothing to show: {reason}. Try the last 30 days.")
    if subscriber.status != "active":
        warnings.append(f"{subscriber.email} is {subscriber.status}, and gets no emails.")
    if preview.left_out:
        left_out = counted(len(preview.left_out), "paper")
        warnings.append(f"{left_out} left out: Gmail clips longer messages.")
    return warnings
