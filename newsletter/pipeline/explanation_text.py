"""Score breakdowns in English, for the command line and the studio."""

from __future__ import annotations

from newsletter.models import Section
from newsletter.pipeline.explain import Absence, Part, Placement, ScoreBreakdown, ScoreFacts, TopicMatch
from newsletter.rendering.labels import section_title
from newsletter.rendering.language import language
from newsletter.text import counted

_ABSENCES = {
    Absence.WITHDRAWN: "it was withdrawn",
    Absence.SENT_BEFORE: "it was sent before",
    Absence.RANKED_LOWER: "other papers rank higher",
    Absence.NO_MATCH: "no topic matches",
}


def placement_text(breakdown: ScoreBreakdown) -> str:
    """Say where a paper is in the digest, or why it is not there."""
    match breakdown.placement:
        case Placement() as place:
            return f"number {place.position} of {place.papers} in {place.edition}, under {section_text(place)}"
        case Absence.TOO_OLD:
            seen_at = f"{breakdown.paper.seen_at:%Y-%m-%d %H:%M} UTC"
            return f"not in the digest: first seen at {seen_at}, before the edition's window"
        case absence:
            return f"not in the digest: {_ABSENCES[absence]}"


def section_text(placement: Placement) -> str:
    """Return the title of the section that holds a paper."""
    return section_title(Section(placement.topic, (), 0, placement.section), language("en"))


def part_text(part: Part, facts: ScoreFacts) -> str:
    """Say what a part of a score comes from."""
    match part:
        case Part.MATCH:
            return f"matches {facts.topic}" if facts.topic is not None else "no topic matches"
        case Part.POPULARITY:
            return f"{counted(facts.upvotes, 'upvote')}, {counted(facts.comments, 'comment')}"
        case Part.FRESHNESS:
            return f"published {facts.published}, edition of {facts.edition_day}"
        case Part.FOLLOWED:
            return "an author is followed" if facts.is_followed else "no author is followed"
        case Part.TASTE:
            return "learned from feedback"


def topic_text(match: TopicMatch) -> str:
    """Say which terms of a topic a paper contains, in which field, and what each adds; "" for none."""
    hits = ", ".join(f"{hit.field}: {hit.term} {hit.value:.2f}" for hit in match.hits)
    if not match.is_excluded:
        return hits
    return f"excluded by the topic; contains {hits}" if hits else "excluded by the topic"
