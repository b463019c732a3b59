"""One paper of a digest as a template's `card`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

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
_SENTENCE_ENDS = tuple(".!?…。！？")
#: The papers of which sentences are kept.
_MAX_PAPERS = 2048
#: The reasons whose terms are highlighted in the abstract, and those that name an author; a class is slower to ask.
_TEXT_REASONS = (ReasonKind.TITLE, ReasonKind.KEYWORDS, ReasonKind.ABSTRACT)
_AUTHOR = ReasonKind.AUTHOR


class PaperCard:
    """A `CardContext` whose texts are made when a template reads them: `reads` says which these were.

    Args:
        item: The paper and the reasons for it.
        number: Its place in the digest, right-aligned in three columns.
        site: The site's context.
        language: The subscriber's language.
        feedback: The subscriber's feedback links, or None where feedback is not offered.
        made: A summary in this language by a language model, or "".
        heading: The topic that it is shown under, or "".
        is_full: Whether it is a full card.
        has_matches: Whether what matches is highlighted; without, each text is one piece.
        made_texts: The texts that were made of the same paper for another template, to which those made now are
            added: all but those of `OWN` and whether it is a full card.
    """

    def __init__(
        self,
        item: Item,
        number: str,
        *,
        site: SiteContext,
        language: Language,
        feedback: FeedbackLinks | None,
        made: str = "",
        heading: str = "",
        is_full: bool = True,
        has_matches: bool = True,
        made_texts: dict[str, Any] | None = None,
    ) -> None:
        self.item, self.site, self.language = item, site, language
        self.feedback, self.made, self.heading = feedback, made, heading
        self.number, self.shows_all = number, is_full
        self.has_matches = has_matches
        self.details = matched_details(item) if has_matches else ()
        self.made_texts = {} if made_texts is None else made_texts

    def __getattr__(self, name: str) -> Any:
        make = _TEXTS.get(name)
        if make is None:
            raise AttributeError(name)
        if name in _OF_ONE_CARD:
            made = make(self, self.item.paper)
        elif (made := self.made_texts.get(name)) is None:
            made = self.made_texts[name] = make(self, self.item.paper)
        self.__dict__[name] = made
        return made

    @property
    def paper_key(self) -> tuple[object, ...]:
        """What all texts depend on but those of `OWN`, in one look."""
        return self.item.paper.id, self.made, sought_authors(self.item)

    @property
    def reads(self) -> frozenset[str]:
        """The names of the texts that were made so far."""
        return FIELDS & self.__dict__.keys()

    def context(self) -> CardContext:
        """Return all texts."""
        return CardContext(**{name: getattr(self, name) for name in FIELDS})


#: The texts that depend on the matched terms, the reasons and the topics of a subscriber.
OWN = frozenset({"finding", "abstract", "reasons", "also"})
_OF_ONE_CARD = OWN | {"is_full"}
FIELDS = frozenset(field.name for field in fields(CardContext))


@lru_cache(maxsize=_MAX_PAPERS)
def _beginning(abstract: str, line: str) -> str:
    """Return an abstract's beginning without the sentence that is shown above it; "" if it adds little to this."""
    if len(line) > _ENOUGH:
        return ""
    shown = line.rstrip("….").casefold()
    rest = (sentence for sentence in sentences(abstract) if shown not in sentence.casefold())
    text = whole_sentences(" ".join(rest), _ABSTRACT_LENGTH)
    return text if len(set(words(text)) - set(words(line))) >= _MIN_NEW_WORDS else ""


@lru_cache(maxsize=4096)
def _highlighted(text: str, details: tuple[str, ...]) -> tuple[PieceContext, ...]:
    return tuple(PieceContext(*piece) for piece in highlight(text, map(_matched_term, details)))


_TEXTS: dict[str, Callable[[PaperCard, Paper], object]] = {
    "title": lambda _, paper: paper.title,
    "url": lambda _, paper: paper_url(paper),
    "byline": lambda card, paper: byline(paper, card.language, card.item.reasons),
    "lead": lambda card, paper: byline(paper, card.language, card.item.reasons, named=1),
    "venue": lambda _, paper: paper.venue or "",
    "date": lambda card, paper: card.language.day(paper.published) if paper.published else "",
    "is_full": lambda card, _: card.shows_all,
    "one_line": lambda card, paper: one_line(paper, card.made),
    "is_sentence": lambda card, _: card.one_line.endswith(_SENTENCE_ENDS),
    "is_summary": lambda card, paper: bool(card.made or paper.summary),
    "finding": lambda card, _: _highlighted(card.one_line, card.details),
    "abstract": lambda card, paper: _highlighted(_beginning(paper.abstract, card.one_line), card.details),
    "counts": lambda card, paper: count_labels(paper, card.language),
    "upvotes": lambda card, paper: upvotes_mark(paper, card.language),
    "marks": lambda card, paper: tuple(
        filter(None, (upvotes_mark(paper, card.language), stars_mark(paper, card.language)))
    ),
    "reasons": lambda card, paper: tuple(
        reason_label(reason, paper, card.language) for reason in informative_reasons(card.item, card.heading)
    ),
    "also": lambda card, _: tuple(map(card.language.topic, card.item.also)),
    "links": lambda card, paper: _links(paper, card.language),
    "more_url": lambda card, paper: card.feedback.more(paper.id) if card.feedback else "",
    "less_url": lambda card, paper: card.feedback.less(paper.id) if card.feedback else "",
    "thumbnail_url": lambda card, paper: (paper.thumbnail_url or "") if card.site.thumbnails else "",
}


def card_context(item: Item, number: str, **options: Any) -> CardContext:
    """Return the context of a paper's card; the arguments are those of `PaperCard`."""
    return PaperCard(item, number, **options).context()


def _links(paper: Paper, language: Language) -> tuple[LinkContext, ...]:
    stars = stars_mark(paper, language)
    return tuple(
        LinkContext(" ".join(filter(None, (link_label(label, language), stars if label == "Code" else ""))), url)
        for label, url in paper_links(paper)
    )


def matched_details(item: Item) -> tuple[str, ...]:
    """Return what is highlighted in a paper's texts."""
    return tuple([reason.detail for reason in item.reasons if reason.kind in _TEXT_REASONS])


def sought_authors(item: Item) -> tuple[str, ...]:
    """Return the names for which authors have a check mark."""
    return tuple([reason.detail for reason in item.reasons if reason.kind is _AUTHOR])


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
    return _words(detail) <= _words(text)


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(words(text))


@lru_cache(maxsize=4096)
def _matched_term(detail: str) -> Term:
    # Words near each other where there is no such phrase; a phrase has only itself.
    return Term(detail.removesuffix("*"), is_prefix=detail.endswith("*"), is_near=" " in detail)
