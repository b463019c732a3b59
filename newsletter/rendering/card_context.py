"""One paper of a digest as a template's `card`."""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.models import Item, Paper, Reason, ReasonKind
from newsletter.rendering.context import CardContext, LinkContext, PieceContext, SiteContext
from newsletter.rendering.extractive import one_line
from newsletter.rendering.labels import count_labels, link_label, reason_label, stars_mark, upvotes_mark
from newsletter.rendering.language import Language
from newsletter.rendering.links import FeedbackLinks, paper_links, paper_url
from newsletter.rendering.typography import isolated
from newsletter.text import sentences, whole_sentences
from newsletter.text.tokenizer import words
from newsletter.topics.highlight import highlight
from newsletter.topics.query import Term

#: In characters; an abstract is cut after a whole sentence.
_ABSTRACT_LENGTH = 180
#: The abstract's beginning is left out if it has fewer words that the line above does not have, or if that line, in
#: characters, says enough by itself.
_MIN_NEW_WORDS = 8
_ENOUGH = 180
_NAMED_AUTHORS = 3
#: The reasons whose terms are highlighted in the abstract.
_TEXT_REASONS = (ReasonKind.TITLE, ReasonKind.KEYWORDS, ReasonKind.ABSTRACT)


def card_context(
    item: Item,
    number: str,
    *,
    site: SiteContext,
    language: Language,
    feedback: FeedbackLinks | None,
    made: str = "",
    reasons: tuple[Reason, ...] | None = None,
    is_full: bool = True,
) -> CardContext:
    """Return the context of a paper's card.

    Args:
        item: The paper and the reasons for it.
        number: Its place in the digest, right-aligned in three columns.
        site: The site's context.
        language: The subscriber's language.
        feedback: The subscriber's feedback links, or None where feedback is not offered.
        made: A summary in this language by a language model, or "".
        reasons: Those of the reasons that are shown; by default the informative ones without a heading.
        is_full: Whether it is a full card.
    """
    paper = item.paper
    line = one_line(paper, made)
    abstract = _beginning(paper.abstract, line)
    finding, beginning = (_highlighted(text, item.reasons) for text in (line, abstract))
    shown = informative_reasons(item, "") if reasons is None else reasons
    upvotes, stars = upvotes_mark(paper, language), stars_mark(paper, language)
    return CardContext(
        number=number,
        title=paper.title,
        url=paper_url(paper),
        byline=byline(paper, language, item.reasons),
        lead=byline(paper, language, item.reasons, named=1),
        venue=paper.venue or "",
        date=language.day(paper.published) if paper.published else "",
        one_line=line,
        is_full=is_full,
        is_summary=bool(made or paper.summary),
        finding=finding,
        abstract=beginning,
        counts=count_labels(paper, language),
        upvotes=upvotes,
        marks=tuple(filter(None, (upvotes, stars))),
        reasons=tuple(reason_label(reason, paper, language) for reason in shown),
        also=tuple(map(language.topic, item.also)),
        links=tuple(
            LinkContext(" ".join(filter(None, (link_label(label, language), stars if label == "Code" else ""))), url)
            for label, url in paper_links(paper)
        ),
        more_url=feedback.more(paper.id) if feedback else "",
        less_url=feedback.less(paper.id) if feedback else "",
        thumbnail_url=(paper.thumbnail_url or "") if site.thumbnails else "",
    )


def byline(paper: Paper, language: Language, reasons: Sequence[Reason] = (), named: int = _NAMED_AUTHORS) -> str:
    """Return some authors and the number of the others, else the organization, else the number of authors.

    They are the first ones, and in any case those whom a reason names, with a check mark.
    """
    names = list(paper.authors)
    organization = isolated(paper.organization or "")
    if not names:
        number = paper.author_count
        return organization or (language.ngettext("%(number)s author", "%(number)s authors", number) if number else "")
    sought = [reason.detail for reason in reasons if reason.kind is ReasonKind.AUTHOR]
    marked = {place for place, name in enumerate(names) if any(_names(detail, name) for detail in sought)}
    places = sorted(sorted(range(len(names)), key=lambda place: place not in marked)[:named])
    shown = {place: isolated(names[place]) for place in places}
    line = ", ".join(f"{name}\u00a0✓" if place in marked else name for place, name in shown.items())
    more = max(len(names), paper.author_count or 0) - len(places)
    if more > 0 and named == 1:
        line = f"{line}\u00a0+{more}"
    elif more > 0:
        line = language.ngettext("%(names)s and %(number)s more", "%(names)s and %(number)s more", more, names=line)
    return f"{line} ({organization})" if organization and named > 1 else line


def informative_reasons(item: Item, heading: str) -> tuple[Reason, ...]:
    """Return the reasons that say more than heading, title and byline do."""
    return tuple(reason for reason in item.reasons if _is_informative(reason, item.paper, heading))


def _is_informative(reason: Reason, paper: Paper, heading: str) -> bool:
    match reason.kind:
        case ReasonKind.POPULARITY | ReasonKind.TITLE:
            return False
        case ReasonKind.AUTHOR:
            return not any(_names(reason.detail, name) for name in paper.authors)
        case ReasonKind.ORGANIZATION:
            return not _names(reason.detail, paper.organization or "")
    return not _names(reason.detail, heading)


def _names(detail: str, text: str) -> bool:
    """Return whether all words of a reason's detail are in a text."""
    return set(words(detail)) <= set(words(text))


def _beginning(abstract: str, line: str) -> str:
    """Return an abstract's beginning without the sentence that is shown above it; "" if it adds little to this."""
    if len(line) > _ENOUGH:
        return ""
    shown = line.rstrip("….").casefold()
    rest = (sentence for sentence in sentences(abstract) if shown not in sentence.casefold())
    text = whole_sentences(" ".join(rest), _ABSTRACT_LENGTH)
    return text if len(set(words(text)) - set(words(line))) >= _MIN_NEW_WORDS else ""


def _highlighted(text: str, reasons: Sequence[Reason]) -> tuple[PieceContext, ...]:
    return tuple(PieceContext(*piece) for piece in highlight(text, _matched_terms(reasons)))


def _matched_terms(reasons: Sequence[Reason]) -> list[Term]:
    details = (reason.detail for reason in reasons if reason.kind in _TEXT_REASONS)
    # Words near each other where there is no such phrase; a phrase has only itself.
    return [Term(detail.removesuffix("*"), is_prefix=detail.endswith("*"), is_near=" " in detail) for detail in details]
