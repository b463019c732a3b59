"""Feeds of the newest papers (Atom, RFC 4287; JSON Feed 1.1), by topic or query; sitemap.xml and robots.txt."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.errors import QueryError, QueryProblem
from newsletter.models import Paper
from newsletter.pipeline.paper_topics import PaperTopics
from newsletter.rendering.language import Language, language
from newsletter.rendering.links import paper_url
from newsletter.store.filters import Limits, Order
from newsletter.topics.query import parse
from newsletter.web.archive.cards import path_of
from newsletter.web.archive.pages import topic_path
from newsletter.web.http.caching import cached
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers.query_problems import query_problem, query_refusal

#: Number of papers in a feed.
_FEED_SIZE = 50
_MAX_AGE_S = 900
#: Maximum number of URLs in one sitemap (sitemaps.org/protocol.html).
_MAX_SITEMAP_URLS = 50_000
_PART_DIGITS = 6
_XML = "<?xml version='1.0' encoding='utf-8'?>\n"
_ATOM = "http://www.w3.org/2005/Atom"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
#: Characters that XML 1.0 does not allow (section 2.2).
_NOT_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535))


class Feeds:
    """Serves feeds, the sitemap and robots.txt."""

    def __init__(self, pages: SitePages, topics: PaperTopics) -> None:
        self.pages = pages
        self.topics = topics

    @property
    def _language(self) -> Language:
        """The language of the site: who reads a feed asks for none, and papers stay as they are."""
        return language(self.pages.config.site_language)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/feed.atom", self.atom_feed),
            Route("/feed.json", self.json_feed),
            Route("/sitemap.xml", self.sitemap),
            Route("/sitemap-{part:digits}.xml", self.part_of_sitemap),
            Route("/robots.txt", self.robots),
        ]

    def atom_feed(self, request: Request) -> Response:
        """Return an Atom feed; 422 if the query is malformed."""
        try:
            title, papers = self._requested(request)
        except QueryError as error:
            return PlainTextResponse(f"{query_problem(error, self.pages.language)}\n{error}\n", 422)
        ET.register_namespace("", _ATOM)
        feed = ET.Element(f"{{{_ATOM}}}feed", {_LANG: self._language.tag})
        url = self._url(request)
        for name, text in (("id", url), ("title", title), ("updated", _updated(papers))):
            _add(feed, name, text)
        ET.SubElement(feed, f"{{{_ATOM}}}link", rel="self", href=url)
        ET.SubElement(feed, f"{{{_ATOM}}}link", href=self._page_url("/"))
        for paper in papers:
            self._entry(feed, paper)
        return cached(request, ET.tostring(feed, "utf-8", xml_declaration=True), "application/atom+xml", _MAX_AGE_S)

    def json_feed(self, request: Request) -> Response:
        """Return a JSON feed; 422 if the query is malformed."""
        try:
            title, papers = self._requested(request)
        except QueryError as error:
            return query_refusal(error, self.pages.language)
        feed: dict[str, Any] = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": title,
            "language": self._language.tag,
            "home_page_url": self._page_url("/"),
            "feed_url": self._url(request),
            "items": [
                {
                    "id": self._page_url(path_of(paper.key)),
                    "url": self._page_url(path_of(paper.key)),
                    "external_url": paper_url(paper),
                    "title": paper.title,
                    "content_text": paper.abstract or paper.summary or paper.title,
                    "date_published": _timestamp(paper),
                    "authors": [{"name": name} for name in paper.authors],
                    "tags": list(paper.categories),
                }
                for paper in papers
            ],
        }
        return cached(request, json.dumps(feed, ensure_ascii=False).encode(), "application/feed+json", _MAX_AGE_S)

    def sitemap(self, request: Request) -> Response:
        """Return the URLs of all pages that search engines should index, or where they are if these are many."""
        with self.pages.reading() as store:
            paths = ["/", "/topics", "/editions", *(["/subscribe"] if self.pages.is_live else [])]
            paths += [topic_path(topic) for topic in store.topics.catalogue()]
            paths += [f"/editions/{edition.key}" for edition in store.editions.latest_digests(1000)]
            last = store.papers.last_id()
            is_whole = last <= _MAX_SITEMAP_URLS - len(paths)
            paths += map(path_of, store.archive.keys()) if is_whole else ()
        if is_whole or request.path_params.get("part") == "0":
            return self._sitemap(request, "urlset", "url", paths)
        parts = range(-(-last // _MAX_SITEMAP_URLS) + 1)
        return self._sitemap(request, "sitemapindex", "sitemap", [f"/sitemap-{part}.xml" for part in parts])

    def part_of_sitemap(self, request: Request) -> Response:
        """Return the URLs of pages beside papers (part 0), or of so many papers, in the order of their ids."""
        number = int(str(request.path_params["part"])[:_PART_DIGITS])
        if number == 0:
            return self.sitemap(request)
        with self.pages.reading() as store:
            first = (number - 1) * _MAX_SITEMAP_URLS
            if first >= store.papers.last_id():
                raise HTTPException(404)
            paths = list(map(path_of, store.archive.keys(first, first + _MAX_SITEMAP_URLS)))
        return self._sitemap(request, "urlset", "url", paths)

    def _sitemap(self, request: Request, root_name: str, name: str, paths: Iterable[str]) -> Response:
        urls = (f"<{name}><loc>{escape(self._page_url(path))}</loc></{name}>" for path in paths)
        content = f'{_XML}<{root_name} xmlns="{_SITEMAP}">{"".join(urls)}</{root_name}>'
        return cached(request, content.encode(), "application/xml", _MAX_AGE_S)

    def robots(self, request: Request) -> Response:
        """Keep crawlers away from subscribers' pages and from search results (RFC 9309)."""
        prefix = self.pages.prefix
        names = ("unsubscribe", "leave", "preferences", "confirm", "feedback", "digests", "save", "saved", "api")
        private = [f"Disallow: {prefix}/{name}/" for name in names]
        lines = ["User-agent: *", *private, f"Disallow: {prefix}/search", f"Sitemap: {self._page_url('/sitemap.xml')}"]
        return cached(request, "\n".join([*lines, ""]).encode(), "text/plain", _MAX_AGE_S)

    # -- parts ----------------------------------------------------------------------------------------

    def _requested(self, request: Request) -> tuple[str, list[Paper]]:
        """Return the title and papers of the feed that ?topic= or ?q= asks for.

        Raises:
            QueryError: The query is malformed, or there is no such topic.
        """
        name, text = request.query_params.get("topic", ""), request.query_params.get("q", "").strip()
        site = self.pages.config.site_name
        with self.pages.reading() as store:
            topic = store.topics.find(name) if name else None
            if name and topic is None:
                raise QueryError(f"unknown topic: {name!r}", problem=QueryProblem.UNKNOWN_TOPIC)
            query = topic.query if topic else text
            if not query:
                return site, [paper for paper in store.papers.newest(_FEED_SIZE) if not paper.withdrawn]
            limits = Limits(examined_topic=self.topics.place_of(store, topic) if topic else None)
            found = store.archive.search(
                parse(query), limits, limit=_FEED_SIZE, order=Order.NEWEST, with_excerpts=False
            )  # fmt: skip
        return f"{site}: {self._language.topic(topic.name) if topic else text}", [one.paper for one in found.hits]

    def _entry(self, feed: ET.Element, paper: Paper) -> None:
        entry, url = ET.SubElement(feed, f"{{{_ATOM}}}entry"), self._page_url(path_of(paper.key))
        for name, text in (("id", url), ("title", paper.title), ("updated", _timestamp(paper))):
            _add(entry, name, text)
        for author in paper.authors or (paper.organization or self.pages.config.site_name,):
            _add(ET.SubElement(entry, f"{{{_ATOM}}}author"), "name", author)
        ET.SubElement(entry, f"{{{_ATOM}}}link", href=url)
        ET.SubElement(entry, f"{{{_ATOM}}}link", rel="related", href=paper_url(paper))
        _add(entry, "summary", paper.abstract or paper.summary or paper.title)

    def _url(self, request: Request) -> str:
        query = f"?{request.url.query}" if request.url.query else ""
        return self._page_url(request.url.path.removeprefix(self.pages.prefix)) + query

    def _page_url(self, path: str) -> str:
        return f"{self.pages.config.site_url or ''}{path}"


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{_ATOM}}}{name}").text = text.translate(_NOT_XML)


def _timestamp(paper: Paper) -> str:
    return datetime.combine(paper.day, time(), UTC).isoformat()


def _updated(papers: list[Paper]) -> str:
    newest = max((paper.seen_at for paper in papers), default=datetime(2000, 1, 1, tzinfo=UTC))
    return newest.isoformat()
