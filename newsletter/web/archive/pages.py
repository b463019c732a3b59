"""The archive's pages: papers by day, week, month, topic and edition; trending papers; single papers; search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from newsletter.errors import QueryError
from newsletter.limits import PAGE_DIGITS
from newsletter.models import Edition, Paper, Topic
from newsletter.pipeline.archive_search import Results, search_archive, similar_papers
from newsletter.pipeline.archive_space import ArchiveSpace
from newsletter.rendering.date_ranges import usual_first_day
from newsletter.rendering.language import language
from newsletter.store import Store
from newsletter.store.search import MOST_COUNTED, Found, Limits
from newsletter.topics.query import parse
from newsletter.web.archive.cards import card_of, path_of
from newsletter.web.archive.periods import Period, day_of, month_of, next_period, parse_period, previous_period, week_of
from newsletter.web.http.caching import PageCache, cached
from newsletter.web.http.page_language import language_headers
from newsletter.web.site_pages import SitePages

_ENGLISH = language("en")
#: Number of papers on a page.
PAGE_SIZE = 30
_LAST_PAGE = 1 + MOST_COUNTED // PAGE_SIZE
#: Seconds for which clients may cache a page.
_MAX_AGE_S = 300
_FILTERS = ("source", "since", "until", "order")
#: Days of each trending page.
TRENDING_DAYS = {"day": 1, "week": 7, "month": 30}


class Archive:
    """Serves the archive."""

    def __init__(self, pages: SitePages) -> None:
        self.pages = pages
        self.space = ArchiveSpace()

    def routes(self) -> list[Route]:
        """Return the routes, all behind one page cache."""
        handlers = {
            "/": self.front,
            "/archive/{period}": self.period,
            "/archive/{period}/page/{page:digits}": self.period,
            "/calendar/{month}": self.calendar,
            "/trending/{period}": self.trending,
            "/topics": self.topics,
            "/topics/{name:path}/page/{page:digits}": self.topic,
            "/topics/{name:path}": self.topic,
            "/editions": self.editions,
            "/editions/{key}": self.edition,
            "/editions/{key}/page/{page:digits}": self.edition,
            "/papers/{key:path}": self.paper,
            "/search": self.search,
        }
        cache = PageCache(_MAX_AGE_S)
        return [Route(path, cache(handler)) for path, handler in handlers.items()]

    # -- by time --------------------------------------------------------------------------------------

    def front(self, request: Request) -> Response:
        """Show the papers of the latest day that has any."""
        with self.pages.store() as store:
            span = store.archive.span()
            return self._period(request, store, day_of(span[1] if span else self._today()), is_front=True)

    def period(self, request: Request) -> Response:
        """Show the papers of a day, a week or a month."""
        period = parse_period(str(request.path_params["period"]))
        if period is None:
            return self._not_found("There is no such day, week or month.")
        with self.pages.store() as store:
            return self._period(request, store, period)

    def _period(self, request: Request, store: Store, period: Period, *, is_front: bool = False) -> Response:
        page = _page_of(request)
        papers = store.archive.between(period.first, period.last, PAGE_SIZE + 1, (page - 1) * PAGE_SIZE)
        span = store.archive.span()
        return self._render_page(
            request,
            "period.html",
            title=f"Papers for {period.label}",
            period=period,
            week=week_of(period.first),
            month=month_of(period.first),
            earlier=previous_period(period) if span and span[0] < period.first else None,
            later=next_period(period) if span and span[1] > period.last else None,
            is_front=is_front and page == 1,
            **_paged(papers, page, lambda number: f"{self.pages.prefix}{period.path}/page/{number}"),
        )

    def calendar(self, request: Request) -> Response:
        """Show a month's calendar with the number of papers of each day."""
        period = parse_period(str(request.path_params["month"]))
        if period is None or period.first.day != 1 or "W" in period.name:
            return self._not_found("There is no such month.")
        period = month_of(period.first)
        with self.pages.store() as store:
            counts, span = store.archive.days(period.first, period.last), store.archive.span()
        first = week_of(period.first).first
        number = ((period.last - first).days // 7 + 1) * 7
        days = [first + timedelta(days=at) for at in range(number)]
        return self._render_page(
            request,
            "calendar.html",
            title=f"Calendar of {period.label}",
            period=period,
            weeks=[days[at : at + 7] for at in range(0, len(days), 7)],
            counts=counts,
            earlier=previous_period(period) if span and span[0] < period.first else None,
            later=next_period(period) if span and span[1] > period.last else None,
        )

    def trending(self, request: Request) -> Response:
        """Show the most upvoted papers of the last day, week or month."""
        days = TRENDING_DAYS.get(str(request.path_params["period"]))
        if days is None:
            return self._not_found("Trending papers are those of a day, a week or a month.")
        with self.pages.store() as store:
            span = store.archive.span()
            today = min(self._today(), span[1]) if span else self._today()
            papers = store.papers.trending(today - timedelta(days=days - 1), today, PAGE_SIZE)
        name = str(request.path_params["period"])
        return self._render_page(
            request, "list.html", title=f"Trending this {name}", about="", here=f"/trending/{name}",
            others=[(one, f"/trending/{one}") for one in TRENDING_DAYS], **_paged(papers, 1, lambda _number: ""),
        )  # fmt: skip

    # -- by topic and edition -------------------------------------------------------------------------

    def topics(self, request: Request) -> Response:
        """Show the topics of the catalogue with their numbers of papers."""
        with self.pages.store() as store:
            counts = self.pages.topic_counts.counts(store.topics.catalogue())
        areas: dict[str, dict[Topic, int]] = {}
        for topic, count in counts.items():
            areas.setdefault(topic.area, {})[topic] = count
        return self._render_page(request, "topics.html", title="Topics", areas=areas, path_of=topic_path)

    def topic(self, request: Request) -> Response:
        """Show the newest papers of a topic."""
        with self.pages.store() as store:
            topic = store.topics.find(str(request.path_params["name"]))
            if topic is None:
                return self._not_found("There is no such topic.")
            page = _page_of(request)
            found = store.archive.search(
                parse(topic.query), limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE, newest=True
            )  # fmt: skip
        here = f"{self.pages.prefix}{topic_path(topic)}"
        return self._render_page(
            request, "list.html", title=topic.name, about=topic.about or topic.query, here=topic_path(topic), others=[],
            feed=f"?topic={quote(topic.name)}",
            **_paged([hit.paper for hit in found.hits], page, lambda number: f"{here}/page/{number}"),
        )  # fmt: skip

    def editions(self, request: Request) -> Response:
        """Show all editions, the latest first."""
        with self.pages.store() as store:
            editions = store.editions.latest_digests(1000)
        return self._render_page(request, "editions.html", title="Editions", editions=editions, label=_edition_label)

    def edition(self, request: Request) -> Response:
        """Show the papers that an edition was chosen from; what each subscriber got is private."""
        with self.pages.store() as store:
            edition = store.editions.find(str(request.path_params["key"]))
            if edition is None or edition.is_special:
                return self._not_found("There is no such edition.")
            papers = _papers_of(store, edition)
        page = _page_of(request)
        shown = papers[(page - 1) * PAGE_SIZE : page * PAGE_SIZE + 1]
        return self._render_page(
            request, "edition.html", title=f"Edition of {_edition_label(edition)}", edition=edition, number=len(papers),
            **_paged(shown, page, lambda number: f"{self.pages.prefix}/editions/{edition.key}/page/{number}"),
        )  # fmt: skip

    def paper(self, request: Request) -> Response:
        """Show one paper, the sources that listed it, and the editions that it was in."""
        key = str(request.path_params["key"])
        with self.pages.store() as store:
            paper = store.archive.find(key)
            if paper is None:
                known = store.papers.find(key)  # by another identifier
                if known is not None and known.key != key:
                    return RedirectResponse(f"{self.pages.prefix}{path_of(known.key)}", 301)
                return self._not_found("There is no such paper.")
            mentions, editions = store.papers.mentions(paper.id), store.archive.editions_of(paper.id)
            similar = similar_papers(store, paper, self.space)
        return self._render_page(
            request, "paper.html", title=paper.title, paper=paper, card=card_of(paper), mentions=mentions,
            editions=editions, similar=list(map(card_of, similar)),
        )  # fmt: skip

    # -- search ---------------------------------------------------------------------------------------

    def search(self, request: Request) -> Response:
        """Show the papers that the query string asks for."""
        params = request.query_params
        text, source, order = (params.get(name, "").strip() for name in ("q", "source", "order"))
        since, until = (_parse_day(params.get(name, "")) for name in ("since", "until"))
        page, results, error = _page_of(request), Results(Found((), 0)), None
        with self.pages.store() as store:
            sources = store.archive.sources()
            try:
                if text:
                    limits = Limits(source=source, since=since, until=until)
                    results = search_archive(
                        store, text, limits, limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE, newest=order == "new",
                        space=self.space,
                    )  # fmt: skip
            except QueryError as query_error:
                error = query_error
        kept = {name: value for name, value in params.items() if name != "page" and value}

        def path_of_page(number: int) -> str:
            return f"{self.pages.prefix}/search?{urlencode(kept | {'page': number})}"

        filters = {name: params.get(name, "") for name in _FILTERS}
        found = results.found
        cards = [card_of(hit.paper, hit.snippet) for hit in found.hits[:PAGE_SIZE]]
        others = [card_of(hit.paper, hit.snippet) for hit in results.others[: PAGE_SIZE - len(cards)]]
        return self._render_page(
            request, "search.html", status=422 if error else 200, title=f"“{text}”" if text else "Search", text=text,
            filters=filters, sources=sources, error=error, total=found.total, most=MOST_COUNTED, cards=cards,
            others=others,
            feed=f"?{urlencode({'q': text})}" if text and not error else None,
            **_neighbours(len(found.hits) > PAGE_SIZE, page, path_of_page),
        )  # fmt: skip

    # -- responses ------------------------------------------------------------------------------------

    def _render_page(self, request: Request, name: str, *, status: int = 200, **values: Any) -> Response:
        """Return a page that any cache may store; errors are not cached."""
        address = f"{self.pages.config.site_url or ''}{request.url.path.removeprefix(self.pages.prefix)}"
        content = self.pages.render_template(f"web/{name}", address=address, **{"feed": None, **values})
        if status != 200:
            return HTMLResponse(content, status, language_headers())
        return cached(request, content.encode(), "text/html", _MAX_AGE_S)

    def _not_found(self, text: str) -> Response:
        return self.pages.show_message("Page not found", text, 404, to="/search", label="Search all papers")

    def _today(self) -> date:
        return self.pages.clock().date()


def topic_path(topic: Topic) -> str:
    """Return the path of a topic's page, without the site's prefix."""
    return f"/topics/{quote(topic.name, safe='')}"


def _papers_of(store: Store, edition: Edition) -> list[Paper]:
    papers = [one for one in store.papers.new_since(edition.since) if one.seen_at <= edition.created_at]
    return sorted(papers, key=lambda paper: (-(paper.upvotes or 0) - (paper.comments or 0), paper.key))


def _edition_label(edition: Edition) -> str:
    """Return the days of an edition; those of one subscriber's digest may be others."""
    first = usual_first_day(edition.cadence, edition.day)
    return day_of(first).label if first == edition.day else _ENGLISH.days(first, edition.day)


def _page_of(request: Request) -> int:
    """Return the number of the page requested, in its path or (for search) its query string; from 1.

    Raises:
        HTTPException: It has too many digits (400).
    """
    text = str(request.path_params.get("page") or request.query_params.get("page") or "1")
    if len(text) > PAGE_DIGITS:
        raise HTTPException(400)
    return min(max(int(text), 1), _LAST_PAGE) if text.isascii() and text.isdecimal() else 1


class _Digits(Convertor[str]):
    """A number in a path, as it is written: converting thousands of digits is an error (see `_page_of`)."""

    regex = "[0-9]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("digits", _Digits())


def _paged(papers: Sequence[Paper], page: int, path_of_page: Callable[[int], str]) -> dict[str, Any]:
    """Return the template's values for a page of papers; one paper more than fits means that there is a next page."""
    return {"cards": list(map(card_of, papers[:PAGE_SIZE])), **_neighbours(len(papers) > PAGE_SIZE, page, path_of_page)}


def _neighbours(has_more: bool, page: int, path_of_page: Callable[[int], str]) -> dict[str, Any]:
    following = path_of_page(page + 1) if has_more and page < _LAST_PAGE else ""
    return {"page": page, "previous": path_of_page(page - 1) if page > 1 else "", "next": following}


def _parse_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
