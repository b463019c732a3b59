"""Score breakdowns in English, for the command line and the studio."""

from __future__ import annotations

from newsletter.errors.installation import has_scikit_learn, install_command
from newsletter.models import Section
from newsletter.pipeline.explain import Absence, Part, Placement, ScoreBreakdown, ScoreFacts, TermHit, TopicMatch
from newsletter.rendering.labels import section_title
from newsletter.rendering.language import language
from newsletter.text import counted
from newsletter.topics.uncounted import Uncounted, Why

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
        case Part.CLOSENESS | Part.DOUBT:
            text = _learned_text(part, facts)
        case Part.MATCH:
            text = f"matches {facts.topic}" if facts.topic is not None else "no topic matches"
        case Part.OUTRIGHT:
            text = ("not " if facts.topic is None or facts.is_in_passing else "") + "in title or keywords"
        case Part.POPULARITY:
            limit = ", less in passing" if facts.is_in_passing else ""
            text = f"{counted(facts.upvotes, 'upvote')}, {counted(facts.comments, 'comment')}{limit}"
        case Part.FRESHNESS:
            text = f"published {facts.published}, edition of {facts.edition_day}"
        case Part.FOLLOWED:
            text = "an author is followed" if facts.is_followed else "no author is followed"
        case _:
            text = "learned from feedback"
    return text


def _learned_text(part: Part, facts: ScoreFacts) -> str:
    if facts.judged_by is None and not has_scikit_learn():
        return f"models of topics need scikit-learn: {install_command('taste')}"
    if facts.judged_by is None:
        return "no topic's model judges it"
    if part is Part.CLOSENESS:
        return f"how close it is to papers on {facts.judged_by}, by their titles"
    return "subtracted if a topic is only mentioned in passing"


def topic_text(match: TopicMatch) -> str:
    """Say which terms of a topic a paper contains, in which field, and what each adds; "" for none.

    For each it says how often, and in how many of the latest papers, and which words of the title do not count.
    """
    hits = ", ".join(map(_hit_text, match.hits))
    if match.is_excluded:
        hits = f"excluded by the topic; contains {hits}" if hits else "excluded by the topic"
    return "; ".join([*([hits] if hits else []), *map(uncounted_text, match.uncounted)])


def _hit_text(hit: TermHit) -> str:
    times = sum(hit.times.values())
    often = f"{times:g} times, " if times > 1 else ""
    share = f"{hit.share:.0%}" if hit.share >= 0.01 or not hit.share else "under 1%"
    return f"{hit.field}: {hit.term} {hit.value:.2f} ({often}in {share} of papers)"


def uncounted_text(one: Uncounted) -> str:
    """Say why a word of the title does not count for a term of a topic."""
    match one.why:
        case Why.CAPITALS:
            why = f"{one.term} stands for capitals only"
        case Why.WITHOUT:
            why = f"{one.term} needs {' and '.join(one.missing)}, too"
        case Why.ORDER:
            why = f'only "{one.term}" counts, in this order'
        case Why.FIELD:
            why = f"{one.term} is looked for in {one.field} only"
        case Why.PART:
            why = "the topic wants more beside it"
    return f'"{one.word}" of the title does not count: {why}'
