"""The archive's pages by time and topic: days, weeks, months, the calendar, trending papers, topics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.models import Paper, Topic
from newsletter.store import Store
from newsletter.store.filters import Limits, Order
from newsletter.store.search import MOST_COUNTED
from newsletter.topics.query import Node, parse
from newsletter.web.archive.choices import Choice, read_choice
from newsletter.web.archive.lists import MAX_AGE_S, Lists
from newsletter.web.archive.periods import Period, alike, day_of, month_of, parse_period, week_of
from newsletter.web.http.caching import PageCache
from newsletter.web.site_pages import SitePages

#: Days of each trending page.
TRENDING_DAYS = {"day": 1, "week": 7, "month": 30}
#: Shades of the calendar.
_SHADES = 5
_BY_UPVOTES = (Order.UPVOTED, Order.STARRED)
_BY_TIME = (Order.NEWEST, Order.UPVOTED, Order.STARRED)


class Archive:
    """Serves the pages."""

    def __init__(self, pages: SitePages, lists: Lists) -> None:
        self.pages = pages
        self.lists = lists

    def routes(self) -> list[Route]:
        """Return the routes, all behind one page cache but for files."""
        handlers = {
            "/": self.front,
            "/archive/{period}": self.period,
            "/archive/{period}/page/{page:digits}": self.period,
            "/calendar/{month}": self.calendar,
            "/trending/{period}": self.trending,
            "/trending/{period}/page/{page:digits}": self.trending,
            "/topics": self.topics,
            "/topics/{name:path}/page/{page:digits}": self.topic,
            "/topics/{name:path}": self.topic,
        }
        files = {
            "/archive/{period}/papers.{suffix:format}": self.period_file,
            "/trending/{period}/papers.{suffix:format}": self.trending_file,
            "/topics/{name:path}/papers.{suffix:format}": self.topic_file,
        }
        return [*(Route(path, handler) for path, handler in files.items()), *cached_routes(handlers)]

    # -- by time --------------------------------------------------------------------------------------

    def front(self, request: Request) -> Response:
        """Show the papers of the latest day that has any."""
        with self.pages.reading() as store:
            day = store.archive.day_before(date.max)
            return self._period(request, store, day_of(day or self._today()), is_front=True)

    def period(self, request: Request) -> Response:
        """Show the papers of a day, a week or a month."""
        period = parse_period(str(request.path_params["period"]))
        if period is None:
            return self.lists.not_found(self.pages.language.gettext("There is no such day, week or month."))
        with self.pages.reading() as store:
            return self._period(request, store, period)

    def _period(self, request: Request, store: Store, period: Period, *, is_front: bool = False) -> Response:
        choice = self._of_period(request, period)
        found = self.lists.find(store, choice, base=_limits(period))
        label = period.label(self.pages.language)
        return self.lists.show(
            request,
            "period.html",
            title=self.pages.language.gettext("Papers for %(days)s", days=label),
            period=period,
            week=week_of(period.first),
            month=month_of(period.first),
            is_front=is_front and choice.page == 1 and not choice.is_narrowed,
            **self._neighbours(store, period),
            **self.lists.context(store, choice, found),
        )

    def period_file(self, request: Request) -> Response:
        """Return the papers of a day, a week or a month as a file."""
        period = parse_period(str(request.path_params["period"]))
        if period is None:
            return self.lists.not_found(self.pages.language.gettext("There is no such day, week or month."))
        choice = self._of_period(request, period)
        return self.lists.download(
            request, period.name, lambda store: papers_of(store, choice, base=_limits(period))
        )  # fmt: skip

    def _of_period(self, request: Request, period: Period) -> Choice:
        orders = _BY_UPVOTES if period.is_day else (Order.UPVOTED, Order.NEWEST, Order.STARRED)
        return read_choice(request, f"{self.pages.prefix}{period.path}", orders)

    def _neighbours(self, store: Store, period: Period) -> dict[str, Any]:
        """Return the nearest periods with papers before and after one."""
        before, after = store.archive.day_before(period.first), store.archive.day_after(period.last)
        return {
            "earlier": None if before is None else alike(period, before),
            "later": None if after is None else alike(period, after),
        }

    def calendar(self, request: Request) -> Response:
        """Show a month's calendar, in which days with more papers are darker."""
        period = parse_period(str(request.path_params["month"]))
        if period is None or period.first.day != 1 or "W" in period.name:
            return self.lists.not_found(self.pages.language.gettext("There is no such month."))
        period = month_of(period.first)
        with self.pages.reading() as store:
            counts, neighbours = store.archive.days(period.first, period.last), self._neighbours(store, period)
        first = week_of(period.first).first
        number = ((period.last - first).days // 7 + 1) * 7
        days = [first + timedelta(days=at) for at in range(number)]
        most = max(counts.values(), default=1)
        return self.lists.show(
            request,
            "calendar.html",
            title=self.pages.language.gettext("Calendar of %(month)s", month=period.label(self.pages.language)),
            period=period,
            total=sum(counts.values()),
            weeks=[days[at : at + 7] for at in range(0, len(days), 7)],
            counts=counts,
            shades={day: -(-count * _SHADES // most) for day, count in counts.items()},
            shade_count=_SHADES,
            **neighbours,
        )

    def trending(self, request: Request) -> Response:
        """Show the most upvoted papers of the last day, week or month."""
        if str(request.path_params["period"]) not in TRENDING_DAYS:
            return self._no_such_trend()
        name, choice = self._of_trend(request)
        _ = self.pages.language.gettext
        titles = {"day": _("Trending today"), "week": _("Trending this week"), "month": _("Trending this month")}
        labels = {"day": _("Day"), "week": _("Week"), "month": _("Month")}
        with self.pages.reading() as store:
            found = self.lists.find(store, choice, base=self._trend(store, name))
            context = self.lists.context(store, choice, found)
        others = [(labels[one], f"/trending/{one}{choice.query}", one == name) for one in TRENDING_DAYS]
        return self.lists.show(request, "list.html", title=titles[name], topic=None, others=others, **context)

    def trending_file(self, request: Request) -> Response:
        """Return the most upvoted papers as a file."""
        if str(request.path_params["period"]) not in TRENDING_DAYS:
            return self._no_such_trend()
        name, choice = self._of_trend(request)
        return self.lists.download(
            request, f"trending-{name}", lambda store: papers_of(store, choice, base=self._trend(store, name))
        )  # fmt: skip

    def _of_trend(self, request: Request) -> tuple[str, Choice]:
        name = str(request.path_params["period"])
        return name, read_choice(request, f"{self.pages.prefix}/trending/{name}", _BY_UPVOTES)

    def _trend(self, store: Store, name: str) -> Limits:
        today = store.archive.day_before(self._today() + timedelta(days=1)) or self._today()
        return Limits(since=today - timedelta(days=TRENDING_DAYS[name] - 1), until=today, is_discussed=True)

    def _no_such_trend(self) -> Response:
        _ = self.pages.language.gettext
        return self.lists.not_found(_("Trending papers are those of a day, a week or a month."))

    # -- by topic -------------------------------------------------------------------------------------

    def topics(self, request: Request) -> Response:
        """Show the topics of the catalogue with their numbers of papers."""
        with self.pages.reading() as store:
            counts = self.pages.topic_counts.counts(store.topics.catalogue())
        areas: dict[str, dict[Topic, int]] = {}
        for topic, count in counts.items():
            areas.setdefault(topic.area, {})[topic] = count
        title = self.pages.language.gettext("Topics")
        return self.lists.show(request, "topics.html", title=title, areas=areas, path_of=topic_path)

    def topic(self, request: Request) -> Response:
        """Show the newest papers of a topic."""
        with self.pages.reading() as store:
            topic = store.topics.find(str(request.path_params["name"]))
            if topic is None:
                return self._no_such_topic()
            choice = self._of_topic(request, topic)
            found = self.lists.find(store, choice, parse(topic.query), self._limits_of(store, topic))
            context = self.lists.context(store, choice, found)
        return self.lists.show(
            request, "list.html", title=self.pages.language.topic(topic.name), topic=topic, others=[],
            feed=f"?topic={quote(topic.name)}", **context,
        )  # fmt: skip

    def topic_file(self, request: Request) -> Response:
        """Return the papers of a topic as a file."""
        with self.pages.reading() as store:
            topic = store.topics.find(str(request.path_params["name"]))
        if topic is None:
            return self._no_such_topic()
        choice, node = self._of_topic(request, topic), parse(topic.query)
        return self.lists.download(
            request, "topic", lambda store: papers_of(store, choice, node, self._limits_of(store, topic))
        )  # fmt: skip

    def _of_topic(self, request: Request, topic: Topic) -> Choice:
        return read_choice(request, f"{self.pages.prefix}{topic_path(topic)}", _BY_TIME)

    def _limits_of(self, store: Store, topic: Topic) -> Limits:
        return Limits(examined_topic=self.lists.topics.place_of(store, topic))

    def _no_such_topic(self) -> Response:
        return self.lists.not_found(self.pages.language.gettext("There is no such topic."))

    def _today(self) -> date:
        return self.pages.clock().date()


def topic_path(topic: Topic) -> str:
    """Return the path of a topic's page, without the site's prefix."""
    return f"/topics/{quote(topic.name, safe='')}"


def papers_of(store: Store, choice: Choice, query: Node | None = None, base: Limits | None = None) -> list[Paper]:
    """Return the first `MOST_COUNTED` papers of a list."""
    limits = choice.limits(store, base or Limits())
    found = store.archive.search(query, limits, limit=MOST_COUNTED, order=choice.order, with_excerpts=False)
    return [hit.paper for hit in found.hits]


def cached_routes(handlers: Mapping[str, Callable[[Request], Response]]) -> list[Route]:
    """Return the routes of pages, behind one cache."""
    cache = PageCache(MAX_AGE_S)
    return [Route(path, cache(handler)) for path, handler in handlers.items()]


def _limits(period: Period) -> Limits:
    return Limits(since=period.first, until=period.last)
