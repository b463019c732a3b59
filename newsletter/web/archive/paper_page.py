"""The page of a paper: what is known of it, how to cite and share it, what is similar, and how its upvotes grew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.models import Paper
from newsletter.pipeline.archive_search import similar_papers
from newsletter.pipeline.archive_space import ArchiveSpace
from newsletter.rendering.citations import FORMATS, write_papers
from newsletter.rendering.labels import count_labels
from newsletter.rendering.language import Language
from newsletter.rendering.links import paper_url, pdf_url
from newsletter.store import Store
from newsletter.web.archive.cards import card_of, facts_of, links_of, path_of, source_name
from newsletter.web.archive.lists import Lists, file_of
from newsletter.web.archive.pages import cached_routes, topic_path
from newsletter.web.site_pages import SitePages

#: Units of the drawing of a history.
_WIDTH, _HEIGHT, _MARGIN = 240, 48, 3


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A history of upvotes as a line."""

    #: "x,y x,y …", for a `polyline` of SVG.
    points: str
    #: Where the line ends.
    end: tuple[float, float]
    width: int
    height: int
    first: tuple[date, int]
    last: tuple[date, int]


class PaperPage:
    """Serves the page."""

    def __init__(self, pages: SitePages, lists: Lists, space: ArchiveSpace) -> None:
        self.pages = pages
        self.lists = lists
        self.space = space

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/papers/{key:path}/cite.{suffix:format}", self.file),
            *cached_routes({"/papers/{key:path}": self.page}),
        ]

    def page(self, request: Request) -> Response:
        """Show one paper."""
        with self.pages.reading() as store:
            paper = self._find(store, request)
            if isinstance(paper, Response):
                return paper
            context = self._context(store, paper)
            mentions, editions = store.papers.mentions(paper.id), store.archive.editions_of(paper.id)
        listed = [(one.mentioned_at.date(), source_name(one.source)) for one in mentions]
        return self.lists.show(request, "paper.html", mentions=listed, editions=editions, **context)

    def _context(self, store: Store, paper: Paper) -> dict[str, Any]:
        spoken, shows_figure = self.pages.language, self.pages.config.design.thumbnails
        topics = self.lists.topics.of(store, [paper.id])[paper.id]
        similar = similar_papers(store, paper, self.space)
        page_url = f"{self.pages.config.site_url or ''}{path_of(paper.key)}"
        return {
            "title": paper.title,
            "paper": paper,
            "key": paper.key,
            "page_url": page_url,
            "facts": (*facts_of(paper, spoken), *count_labels(paper, spoken)),
            "card": card_of(paper, spoken, shows_figure=shows_figure),
            "links": links_of(paper, spoken),
            "similar": [card_of(other, spoken) for other in similar],
            "topics": [(spoken.topic(topic.name), topic_path(topic)) for topic in topics],
            "sparkline": sparkline(store.upvotes.of(paper.id)),
            "citation_meta": citation_meta(paper, page_url),
            "json_ld": json_ld(paper, page_url),
            "bibtex": write_papers([paper], "bib", lambda _paper: page_url),
            "formats": [(one.label, f"{path_of(paper.key)}/cite.{suffix}") for suffix, one in FORMATS.items()],
            "shares": shares(paper.title, page_url, spoken),
        }

    def file(self, request: Request) -> Response:
        """Return one paper as a file."""
        with self.pages.reading() as store:
            paper = self._find(store, request, f"/cite.{request.path_params['suffix']}")
        if isinstance(paper, Response):
            return paper
        return file_of([paper], "paper", str(request.path_params["suffix"]), self.pages)

    def _find(self, store: Store, request: Request, rest: str = "") -> Paper | Response:
        """Return the paper of the path, or the response that leads to it under its key."""
        key = str(request.path_params["key"])
        paper = store.archive.find(key)
        if paper is not None:
            return paper
        known = store.papers.find(key)  # by another identifier
        if known is not None and known.key != key:
            return RedirectResponse(f"{self.pages.prefix}{path_of(known.key)}{rest}", 301)
        return self.lists.not_found(self.pages.language.gettext("There is no such paper."))


def citation_meta(paper: Paper, page_url: str) -> list[tuple[str, str]]:
    """Return names and contents of the tags by which Google Scholar and Zotero know a paper (Highwire Press).

    Source: https://scholar.google.com/intl/en/scholar/inclusion.html
    """
    stated = (paper.published or paper.day).isoformat()
    tags = [
        ("citation_title", paper.title),
        *(("citation_author", name) for name in paper.authors),
        ("citation_publication_date", stated.replace("-", "/")),
        ("citation_journal_title", paper.venue or ""),
        ("citation_doi", paper.doi or ""),
        ("citation_arxiv_id", paper.arxiv_id or ""),
        ("citation_pdf_url", pdf_url(paper)),
        ("citation_abstract_html_url", page_url),
        ("citation_keywords", "; ".join(paper.keywords)),
    ]
    return [(name, content) for name, content in tags if content]


def json_ld(paper: Paper, page_url: str) -> dict[str, Any]:
    """Return a paper as a ScholarlyArticle (https://schema.org/ScholarlyArticle)."""
    identifiers = [("DOI", paper.doi), ("arXiv", paper.arxiv_id)]
    article = {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "headline": paper.title,
        "url": page_url,
        "sameAs": paper_url(paper),
        "abstract": paper.abstract or paper.summary or "",
        "datePublished": (paper.published or paper.day).isoformat(),
        "author": [{"@type": "Person", "name": name} for name in paper.authors],
        "sourceOrganization": paper.organization and {"@type": "Organization", "name": paper.organization},
        "isPartOf": paper.venue and {"@type": "Periodical", "name": paper.venue},
        "keywords": list(paper.keywords),
        "identifier": [
            {"@type": "PropertyValue", "propertyID": name, "value": value} for name, value in identifiers if value
        ],
    }
    return {name: value for name, value in article.items() if value}


def shares(title: str, page_url: str, spoken: Language) -> list[tuple[str, str]]:
    """Return label and address of the ways to share a page: links, which load nothing before they are followed."""
    text, url, line_end = quote(title), quote(page_url), "%0D%0A"
    return [
        (spoken.gettext("Email"), f"mailto:?subject={text}&body={text}{line_end}{url}"),
        ("Bluesky", f"https://bsky.app/intent/compose?text={text}%20{url}"),
        ("LinkedIn", f"https://www.linkedin.com/sharing/share-offsite/?url={url}"),
        ("X", f"https://x.com/intent/post?text={text}&url={url}"),
    ]


def sparkline(history: Sequence[tuple[date, int]]) -> Sparkline | None:
    """Return the line of a history, or None for less than two days; its lowest point is 0 upvotes."""
    if len(history) < 2:
        return None
    (start, _), (end, _), most = history[0], history[-1], max(upvotes for _, upvotes in history)
    days, height = (end - start).days, _HEIGHT - 2 * _MARGIN
    points = [
        (_MARGIN + (day - start).days / days * (_WIDTH - 2 * _MARGIN), _MARGIN + height * (1 - upvotes / max(1, most)))
        for day, upvotes in history
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    last = (round(points[-1][0], 1), round(points[-1][1], 1))
    return Sparkline(line, last, _WIDTH, _HEIGHT, history[0], history[-1])
