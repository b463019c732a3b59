"""What a page shows while somebody types a topic: its papers with the words marked, what it misses, and mistakes."""

from __future__ import annotations

from typing import TypedDict

from starlette.responses import JSONResponse, Response

from newsletter.errors import QueryError
from newsletter.models import Paper
from newsletter.pipeline.topic_counts import TopicCounts
from newsletter.pipeline.topic_warnings import warning_text
from newsletter.rendering.language import Language
from newsletter.rendering.links import paper_url
from newsletter.topics.evaluation import terms_held
from newsletter.topics.highlight import excerpt, highlight
from newsletter.topics.query import Term, parse
from newsletter.web.subscribers.query_problems import query_refusal


class MarkedPaper(TypedDict):
    """A paper that matches; texts are in pieces, each with whether it matches."""

    title: list[tuple[str, bool]]
    #: The part of the abstract that matches, if the title does not.
    excerpt: list[tuple[str, bool]]
    url: str


class Help(TypedDict):
    """What a query matched in the last week, of how many papers, and what it misses."""

    matched: int
    of: int
    per_day: float
    papers: list[MarkedPaper]
    also: tuple[str, ...]
    #: Sentences on what it matched, and on what is probably a mistake.
    summary: str
    warnings: tuple[str, ...]
    #: Words that matching papers have and the query lacks, in a sentence; "" if there are none.
    related: str


def help_with(counts: TopicCounts, query: str, spoken: Language) -> Help:
    """Return what a query matches and misses, with sentences in a language.

    Raises:
        QueryError: The query is malformed.
    """
    check = counts.check(query)
    node = parse(query)
    return Help(
        matched=check.matched,
        of=check.papers,
        per_day=round(check.per_day, 1),
        papers=[_marked(paper, terms_held(node, paper)) for paper in check.best],
        also=check.also,
        summary=spoken.gettext(
            "%(matched)s of %(all)s papers matched, %(daily)s a day.",
            matched=spoken.number(check.matched), all=spoken.number(check.papers),
            daily=spoken.number(round(check.per_day, 1)),
        ),
        warnings=tuple(warning_text(one, spoken) for one in check.warnings),
        related=spoken.gettext("Related words: %(words)s.", words=spoken.listed(check.also)) if check.also else "",
    )  # fmt: skip


def _marked(paper: Paper, terms: list[Term]) -> MarkedPaper:
    title = list(highlight(paper.title, terms, is_title=True))
    is_in_title = any(is_match for _, is_match in title)
    return MarkedPaper(
        title=title, excerpt=[] if is_in_title else list(excerpt(paper.abstract, terms)), url=paper_url(paper)
    )


def topic_help(counts: TopicCounts, query: str, spoken: Language) -> Response:
    """Return what a query matches and misses as JSON, or what is wrong with it, with sentences in a language."""
    try:
        return JSONResponse(help_with(counts, query, spoken))
    except QueryError as error:
        return query_refusal(error, spoken)
