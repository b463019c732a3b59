"""One paper of a digest as a template's `card`."""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.models import Item, Paper, Reason, ReasonKind
from newsletter.rendering.context import CardContext, LinkContext, PieceContext, SiteContext
from newsletter.rendering.extractive import one_line
from newsletter.rendering.labels import count_labels, link_label, reason_label
from newsletter.rendering.language import Language
from newsletter.rendering.links import FeedbackLinks, paper_links, paper_url
from newsletter.text import whole_sentences
from newsletter.topics.highlight import highlight
from newsletter.topics.query import Term

#: In characters; an abstract is cut after a whole sentence.
_ABSTRACT_LENGTH = 420
_ABSTRACT_LENGTH_BELOW_SUMMARY = 260
_NAMED_AUTHORS = 3
#: The reasons whose terms are highlighted in the abstract.
_TEXT_REASONS = (ReasonKind.TITLE, ReasonKind.KEYWORDS, ReasonKind.ABSTRACT)


def card_context(
    item: Item, number: str, *, site: SiteContext, language: Language, feedback: FeedbackLinks | None, made: str = ""
) -> CardContext:
    """Return the context of a paper's card.

    Args:
        item: The paper and the reasons for it.
        number: Its place in the digest, right-aligned in three columns.
        site: The site's context.
        language: The subscriber's language.
        feedback: The subscriber's feedback links, or None where feedback is not offered.
        made: A summary in this language by a language model, or "".
    """
    paper = item.paper
    is_summary = bool(made or paper.summary)
    abstract = whole_sentences(paper.abstract, _ABSTRACT_LENGTH_BELOW_SUMMARY if is_summary else _ABSTRACT_LENGTH)
    return CardContext(
        number=number,
        title=paper.title,
        url=paper_url(paper),
        byline=byline(paper, language),
        venue=paper.venue or "",
        date=language.day(paper.published) if paper.published else "",
        one_line=one_line(paper, made),
        is_summary=is_summary,
        abstract=tuple(PieceContext(*piece) for piece in highlight(abstract, _matched_terms(item.reasons))),
        counts=count_labels(paper, language),
        reasons=tuple(reason_label(reason, paper, language) for reason in item.reasons),
        also=item.also,
        links=tuple(LinkContext(link_label(label, language), url) for label, url in paper_links(paper)),
        more_url=feedback.more(paper.id) if feedback else "",
        less_url=feedback.less(paper.id) if feedback else "",
        thumbnail_url=(paper.thumbnail_url or "") if site.thumbnails else "",
    )


def byline(paper: Paper, language: Language) -> str:
    """Return the first authors and the number of the others, else the organization, else the number of authors."""
    names = list(paper.authors)
    organization = paper.organization or ""
    if not names:
        number = paper.author_count
        return organization or (language.ngettext("%(number)s author", "%(number)s authors", number) if number else "")
    named = ", ".join(names[:_NAMED_AUTHORS])
    more = max(len(names), paper.author_count or 0) - len(names[:_NAMED_AUTHORS])
    if more > 0:
        named = language.ngettext("%(names)s and %(number)s more", "%(names)s and %(number)s more", more, names=named)
    return f"{named} ({organization})" if organization else named


def _matched_terms(reasons: Sequence[Reason]) -> list[Term]:
    details = (reason.detail for reason in reasons if reason.kind in _TEXT_REASONS)
    # Words near each other where there is no such phrase; a phrase has only itself.
    return [Term(detail.removesuffix("*"), is_prefix=detail.endswith("*"), is_near=" " in detail) for detail in details]
