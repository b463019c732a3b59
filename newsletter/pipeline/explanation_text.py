"""Score breakdowns as texts: for the command line in English, for the studio in the language of its page."""

from __future__ import annotations

from newsletter.errors.installation import has_scikit_learn, install_command
from newsletter.models import Section
from newsletter.pipeline.explain import Absence, Part, Placement, ScoreBreakdown, ScoreFacts, TermHit, TopicMatch
from newsletter.rendering.labels import section_title
from newsletter.rendering.language import Language, language
from newsletter.topics.uncounted import Uncounted, Why

ENGLISH = language("en")
_ABSENCES = {
    Absence.WITHDRAWN: "it was withdrawn",
    Absence.DISLIKED: "they want less like it",
    Absence.SENT_BEFORE: "it was sent before",
    Absence.LEFT_OUT: "it mentions the topic in passing, and is far from it",
    Absence.RANKED_LOWER: "other papers rank higher",
    Absence.NO_MATCH: "no topic matches",
}


def placement_text(breakdown: ScoreBreakdown) -> str:
    """Say where a paper is in the digest, or why it is not there, in English."""
    match breakdown.placement:
        case Placement() as place:
            title = section_text(place, ENGLISH)
            return f"number {place.position} of {place.papers} in {place.edition}, under {title}"
        case Absence.TOO_OLD:
            seen_at = f"{breakdown.paper.seen_at:%Y-%m-%d %H:%M} UTC"
            return f"not in the digest: first seen at {seen_at}, before the edition's window"
        case Absence.LEFT_OUT if not breakdown.facts.is_in_passing:
            return "not in the digest: it has words of the topic, and is far from what the topic is about"
        case absence:
            return f"not in the digest: {_ABSENCES[absence]}"


def section_text(placement: Placement, spoken: Language) -> str:
    """Return the title of the section that holds a paper."""
    return section_title(Section(placement.topic, (), 0, placement.section), spoken)


def part_name(part: Part, spoken: Language) -> str:
    """Return what a part of a score is called."""
    pgettext = spoken.pgettext
    # L10N: Each of these is a part of a paper's score, and labels a number.
    return {
        Part.MATCH: pgettext("score", "match"), Part.OUTRIGHT: pgettext("score", "outright"),
        Part.CLOSENESS: pgettext("score", "closeness"), Part.MARGINAL: pgettext("score", "marginal"),
        Part.POPULARITY: pgettext("score", "popularity"), Part.FRESHNESS: pgettext("score", "freshness"),
        Part.FOLLOWED: pgettext("score", "followed"), Part.TASTE: pgettext("score", "taste"),
    }[part]  # fmt: skip


def part_text(part: Part, facts: ScoreFacts, spoken: Language) -> str:
    """Say what a part of a score comes from."""
    gettext = spoken.gettext
    match part:
        case Part.CLOSENESS | Part.MARGINAL:
            text = _learned_text(part, facts, spoken)
        case Part.MATCH if facts.topic is None:
            text = gettext("no topic matches")
        case Part.MATCH:
            text = gettext("matches %(topic)s", topic=spoken.topic(facts.topic or ""))
        case Part.OUTRIGHT if facts.topic is None or facts.is_in_passing:
            text = gettext("not in title or keywords")
        case Part.OUTRIGHT:
            text = gettext("in title or keywords")
        case Part.POPULARITY:
            upvotes = spoken.ngettext("%(number)s upvote", "%(number)s upvotes", facts.upvotes)
            comments = spoken.ngettext("%(number)s comment", "%(number)s comments", facts.comments)
            text = spoken.listed([upvotes, comments, gettext("less in passing") if facts.is_in_passing else ""])
        case Part.FRESHNESS:
            published, day = spoken.day(facts.published), spoken.day(facts.edition_day)
            text = gettext("published %(published)s, edition of %(day)s", published=published, day=day)
        case Part.FOLLOWED:
            text = gettext("an author is followed") if facts.is_followed else gettext("no author is followed")
        case _:
            text = gettext("learned from feedback")
    return text


def _learned_text(part: Part, facts: ScoreFacts, spoken: Language) -> str:
    _ = spoken.gettext
    if facts.judged_by is None and not has_scikit_learn():
        return _("models of topics need scikit-learn: %(command)s", command=install_command("taste"))
    if facts.judged_by is None:
        return _("no model of a topic judges it")
    if part is Part.CLOSENESS:
        return _("how close it is to papers on %(topic)s, by their titles", topic=spoken.topic(facts.judged_by))
    return _("subtracted if a topic is only mentioned in passing")


def topic_text(match: TopicMatch, spoken: Language) -> str:
    """Say which terms of a topic a paper contains, in which field, and what each adds; "" for none.

    For each it says how often, and in how many of the latest papers, and which words of the title do not count.
    """
    hits = spoken.listed(_hit_text(hit, spoken) for hit in match.hits)
    if match.is_excluded:
        excluded = spoken.gettext("excluded by the topic")
        hits = spoken.gettext("excluded by the topic; contains %(terms)s", terms=hits) if hits else excluded
    return spoken.listed([hits, *(uncounted_text(one, spoken) for one in match.uncounted)], with_commas=True)


def _hit_text(hit: TermHit, spoken: Language) -> str:
    times = sum(hit.times.values())
    share = spoken.percent(hit.share) if hit.share >= 0.01 or not hit.share else f"< {spoken.percent(0.01)}"
    found = {"field": hit.field, "term": hit.term, "weight": spoken.decimal(hit.value, 2), "share": share}
    if times > 1:
        # L10N: %(field)s is "title" or another field of a query, and %(share)s is a share of all papers.
        return spoken.gettext(
            "%(field)s: %(term)s %(weight)s (%(times)s times, in %(share)s of papers)",
            times=spoken.number(times), **found,
        )  # fmt: skip
    return spoken.gettext("%(field)s: %(term)s %(weight)s (in %(share)s of papers)", **found)


def uncounted_text(one: Uncounted, spoken: Language) -> str:
    """Say why a word of the title does not count for a term of a topic."""
    _, word, term = spoken.gettext, one.word, one.term
    match one.why:
        case Why.CAPITALS:
            return _("“%(word)s” in the title does not count: %(term)s stands for capitals only", word=word, term=term)
        case Why.WITHOUT:
            missing = spoken.listed(one.missing)
            return _(
                "“%(word)s” in the title does not count: %(term)s also needs: %(missing)s",
                word=word, term=term, missing=missing,
            )  # fmt: skip
        case Why.ORDER:
            return _(
                "“%(word)s” in the title does not count: only “%(term)s” counts, in this order", word=word, term=term
            )
        case Why.FIELD:
            return _(
                "“%(word)s” in the title does not count: %(term)s is only looked for in the field “%(field)s”",
                word=word, term=term, field=one.field,
            )  # fmt: skip
        case Why.PART:
            return _("“%(word)s” in the title does not count: the topic needs other words beside it", word=word)
