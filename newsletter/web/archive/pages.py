"""The archive: papers by day, week, month, topic and edition; each on a page; what is trending; search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from newsletter.errors import QueryError
from newsletter.models import Edition, Paper, Topic
from newsletter.store import Store
from newsletter.store.search import MOST_COUNTED, Found, Limits
from newsletter.topics.query import parse
from newsletter.web.archive.cards import card_of, path_of
from newsletter.web.archive.periods import Period, after, before, day_of, month_of, read_period, week_of
from newsletter.web.http.caching import PageCache, cached
from newsletter.web.site_pages import Pages

#: Papers on one page.
A_PAGE = 30
_LAST_PAGE = 1 + MOST_COUNTED // A_PAGE
#: For so long a page may be kept by whoever asked for it.
_KEPT_S = 300
_FILTERS = ("source", "since", "until", "order")
PERIODS = {"day": 1, "week": 7, "month": 30}


class Archive:
    """Answers who looks through all papers."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages

    def routes(self) -> list[Route]:
        """Return what is answered."""
        answers = {
            "/": self.front,
            "/archive/{period}": self.period,
            "/archive/{period}/page/{page:int}": self.period,
            "/calendar/{month}": self.calendar,
            "/trending/{period}": self.trending,
            "/topics": self.topics,
            "/topics/{name:path}/page/{page:int}": self.topic,
            "/topics/{name:path}": self.topic,
            "/editions": self.editions,
            "/editions/{key}": self.edition,
            "/editions/{key}/page/{page:int}": self.edition,
            "/papers/{key:path}": self.paper,
            "/search": self.search,
        }
        kept = PageCache(_KEPT_S)
        return [Route(path, kept(answer)) for path, answer in answers.items()]

    # -- by time --------------------------------------------------------------------------------------

    def front(self, request: Request) -> Response:
        """Show the papers of the last day that has any."""
        with self.pages.store() as store:
            span = store.archive.span()
            return self._period(request, store, day_of(span[1] if span else self._today()), is_front=True)

    def period(self, request: Request) -> Response:
        """Show the papers of a day, a week or a month."""
        period = read_period(str(request.path_params["period"]))
        if period is None:
            return self._missing("There is no such day.")
        with self.pages.store() as store:
            return self._period(request, store, period)

    def _period(self, request: Request, store: Store, period: Period, *, is_front: bool = False) -> Response:
        page = _page_of(request)
        papers = store.archive.between(period.first, period.last, A_PAGE + 1, (page - 1) * A_PAGE)
        span = store.archive.span()
        has = (span is not None and span[0] < period.first, span is not None and span[1] > period.last)
        return self._shown(
            request,
            "period.html",
            title=f"Papers of {period.words}",
            period=period,
            week=week_of(period.first),
            month=month_of(period.first),
            earlier=before(period) if has[0] else None,
            later=after(period) if has[1] else None,
            is_front=is_front and page == 1,
            **_paged(papers, page, lambda number: f"{self.pages.prefix}{period.path}/page/{number}"),
        )

    def calendar(self, request: Request) -> Response:
        """Show a month, and how many papers each of its days has."""
        period = read_period(str(request.path_params["month"]))
        if period is None or period.first.day != 1 or "W" in period.name:
            return self._missing("There is no such month.")
        period = month_of(period.first)
        with self.pages.store() as store:
            counts, span = store.archive.days(period.first, period.last), store.archive.span()
        first = week_of(period.first).first
        number = ((period.last - first).days // 7 + 1) * 7
        days = [first + timedelta(days=at) for at in range(number)]
        return self._shown(
            request,
            "calendar.html",
            title=f"Calendar of {period.words}",
            period=period,
            weeks=[days[at : at + 7] for at in range(0, len(days), 7)],
            counts=counts,
            earlier=before(period) if span and span[0] < period.first else None,
            later=after(period) if span and span[1] > period.last else None,
        )

    def trending(self, request: Request) -> Response:
        """Show the most liked papers of the last day, week or month."""
        days = PERIODS.get(str(request.path_params["period"]))
        if days is None:
            return self._missing("There are the most liked papers of a day, a week and a month.")
        with self.pages.store() as store:
            span = store.archive.span()
            today = min(self._today(), span[1]) if span else self._today()
            papers = store.papers.trending(today - timedelta(days=days - 1), today, A_PAGE)
        name = str(request.path_params["period"])
        return self._shown(
            request, "list.html", title=f"Trending this {name}", about="", here=f"/trending/{name}",
            others=[(one, f"/trending/{one}") for one in PERIODS], **_paged(papers, 1, lambda _number: ""),
        )  # fmt: skip

    # -- by topic and edition -------------------------------------------------------------------------

    def topics(self, request: Request) -> Response:
        """Show the topics of the catalogue."""
        with self.pages.store() as store:
            counts = self.pages.topic_counts.counts(store.topics.catalogue())
        return self._shown(request, "topics.html", title="Topics", counts=counts, path_of=topic_path)

    def topic(self, request: Request) -> Response:
        """Show the newest papers of a topic."""
        with self.pages.store() as store:
            topic = store.topics.find(str(request.path_params["name"]))
            if topic is None:
                return self._missing("There is no such topic.")
            page = _page_of(request)
            found = store.archive.search(
                parse(topic.query), limit=A_PAGE + 1, offset=(page - 1) * A_PAGE, newest=True
            )  # fmt: skip
        here = f"{self.pages.prefix}{topic_path(topic)}"
        return self._shown(
            request, "list.html", title=topic.name, about=topic.query, here=topic_path(topic), others=[],
            feed=f"?topic={quote(topic.name)}",
            **_paged([hit.paper for hit in found.hits], page, lambda number: f"{here}/page/{number}"),
        )  # fmt: skip

    def editions(self, request: Request) -> Response:
        """Show all editions, the latest first."""
        with self.pages.store() as store:
            editions = store.editions.latest(1000)
        return self._shown(request, "editions.html", title="Editions", editions=editions)

    def edition(self, request: Request) -> Response:
        """Show what an edition had to choose from; what each reader got of it is theirs alone."""
        with self.pages.store() as store:
            edition = store.editions.find(str(request.path_params["key"]))
            if edition is None:
                return self._missing("There is no such edition.")
            papers = _papers_of(store, edition)
        page = _page_of(request)
        shown = papers[(page - 1) * A_PAGE : page * A_PAGE + 1]
        return self._shown(
            request, "edition.html", title=f"Edition of {_edition_words(edition)}", edition=edition, number=len(papers),
            **_paged(shown, page, lambda number: f"{self.pages.prefix}/editions/{edition.key}/page/{number}"),
        )  # fmt: skip

    def paper(self, request: Request) -> Response:
        """Show one paper, and where it was told of and sent."""
        key = str(request.path_params["key"])
        with self.pages.store() as store:
            paper = store.archive.find(key)
            if paper is None:
                known = store.papers.find(key)  # another of its names
                if known is not None and known.key != key:
                    return RedirectResponse(f"{self.pages.prefix}{path_of(known.key)}", 301)
                return self._missing("There is no such paper.")
            mentions, editions = store.papers.mentions(paper.id), store.archive.editions_of(paper.id)
        return self._shown(
            request, "paper.html", title=paper.title, paper=paper, card=card_of(paper), mentions=mentions,
            editions=editions,
        )  # fmt: skip

    # -- by words -------------------------------------------------------------------------------------

    def search(self, request: Request) -> Response:
        """Show what the words of the address find."""
        asked = request.query_params
        text, source, order = (asked.get(name, "").strip() for name in ("q", "source", "order"))
        since, until = (_day(asked.get(name, "")) for name in ("since", "until"))
        page, found, error = _page_of(request), Found((), 0), None
        with self.pages.store() as store:
            sources = store.archive.sources()
            try:
                if text:
                    limits = Limits(source=source, since=since, until=until)
                    found = store.archive.search(
                        parse(text), limits, limit=A_PAGE + 1, offset=(page - 1) * A_PAGE, newest=order == "new"
                    )  # fmt: skip
            except QueryError as wrong:
                error = wrong
        kept = {name: value for name, value in asked.items() if name != "page" and value}

        def there(number: int) -> str:
            return f"{self.pages.prefix}/search?{urlencode(kept | {'page': number})}"

        filters = {name: asked.get(name, "") for name in _FILTERS}
        cards = [card_of(hit.paper, hit.snippet) for hit in found.hits[:A_PAGE]]
        return self._shown(
            request, "search.html", status=422 if error else 200, title=f"“{text}”" if text else "Search", text=text,
            asked=filters, sources=sources, error=error, total=found.total, most=MOST_COUNTED, cards=cards,
            feed=f"?{urlencode({'q': text})}" if text and not error else None,
            **_turned(len(found.hits) > A_PAGE, page, there),
        )  # fmt: skip

    # -- answers --------------------------------------------------------------------------------------

    def _shown(self, request: Request, name: str, *, status: int = 200, **values: Any) -> Response:
        """Answer with a page that everybody may keep for a while."""
        address = f"{self.pages.config.site_url or ''}{request.url.path.removeprefix(self.pages.prefix)}"
        content = self.pages.rendered(f"web/{name}", address=address, **{"feed": None, **values})
        if status != 200:
            return HTMLResponse(content, status)
        return cached(request, content.encode(), "text/html", _KEPT_S)

    def _missing(self, words: str) -> Response:
        return self.pages.tell("Not here", words, 404, to="/search", label="Search all papers")

    def _today(self) -> date:
        return self.pages.clock().date()


def topic_path(topic: Topic) -> str:
    """Return where the papers of a topic are."""
    return f"/topics/{quote(topic.name, safe='')}"


def _papers_of(store: Store, edition: Edition) -> list[Paper]:
    papers = [one for one in store.papers.new_since(edition.since) if one.seen_at <= edition.created_at]
    return sorted(papers, key=lambda paper: (-(paper.upvotes or 0) - (paper.comments or 0), paper.key))


def _edition_words(edition: Edition) -> str:
    words = {"weekly": "the week to ", "monthly": "the month to "}.get(edition.cadence.value, "")
    return f"{words}{day_of(edition.day).words}"


def _page_of(request: Request) -> int:
    """Return the number of the page that is asked for: a part of its path, but where a form asks."""
    if "page" in request.path_params:
        return min(max(int(request.path_params["page"]), 1), _LAST_PAGE)
    text = request.query_params.get("page", "1")
    is_number = text.isascii() and text.isdecimal() and len(text) < 5
    return min(max(int(text), 1), _LAST_PAGE) if is_number else 1


def _paged(papers: Sequence[Paper], page: int, there: Callable[[int], str]) -> dict[str, Any]:
    """Return a page of papers, and where the others are; one paper more than fits says that there is another page."""
    return {"cards": list(map(card_of, papers[:A_PAGE])), **_turned(len(papers) > A_PAGE, page, there)}


def _turned(has_more: bool, page: int, there: Callable[[int], str]) -> dict[str, Any]:
    more = there(page + 1) if has_more and page < _LAST_PAGE else ""
    return {"page": page, "back": there(page - 1) if page > 1 else "", "more": more}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
