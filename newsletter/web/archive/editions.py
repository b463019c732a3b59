"""Editions: what each was chosen from, by topic, without anybody's preferences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.models import Cadence, Edition, Paper, Topic
from newsletter.pipeline.paper_topics import MOST_EXAMINED
from newsletter.rendering.date_ranges import usual_first_day
from newsletter.rendering.language import Language
from newsletter.store import Store
from newsletter.store.filters import Limits, Order
from newsletter.store.search import Found, Hit
from newsletter.web.archive.cards import Card
from newsletter.web.archive.choices import Choice, page_of, read_choice
from newsletter.web.archive.lists import Lists
from newsletter.web.archive.pages import cached_routes, papers_of, topic_path
from newsletter.web.site_pages import SitePages

#: Number of editions on a page.
_SIZE = 20
#: An edition's page shows so many papers as cards, and of each topic so many in a line each.
_TOP, _OF_TOPIC = 3, 5
_ORDERS = (Order.UPVOTED, Order.NEWEST, Order.STARRED)


@dataclass(frozen=True, slots=True)
class Issue:
    """An edition as a page names it."""

    edition: Edition
    #: "Daily edition no. 12".
    kind: str
    days: str
    #: How many papers were new, up to `MOST_COUNTED` + 1.
    papers: int
    #: The most upvoted of them.
    top: tuple[Paper, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The papers of one topic in an edition; "" for those of none."""

    title: str
    #: Of the topic's page in the archive, without the site's prefix.
    path: str
    cards: tuple[Card, ...]
    #: How many papers of the edition are on the topic, and where; 0 if more were not examined.
    total: int
    url: str


class Editions:
    """Serves the pages of editions."""

    def __init__(self, pages: SitePages, lists: Lists) -> None:
        self.pages = pages
        self.lists = lists

    def routes(self) -> list[Route]:
        """Return the routes."""
        handlers = {
            "/editions": self.all,
            "/editions/page/{page:digits}": self.all,
            "/editions/{key}": self.edition,
            "/editions/{key}/all": self.papers,
            "/editions/{key}/all/page/{page:digits}": self.papers,
            "/editions/{key}/page/{page:digits}": self.papers,  # the address before 0.2
        }
        return [Route("/editions/{key}/all/papers.{suffix:format}", self.file), *cached_routes(handlers)]

    def all(self, request: Request) -> Response:
        """Show all editions, the latest first, each with its most upvoted papers."""
        page = page_of(request)
        with self.pages.reading() as store:
            editions = store.editions.latest_digests(_SIZE + 1, (page - 1) * _SIZE)
            issues = [self._issue(store, edition) for edition in editions[:_SIZE]]
        here = f"{self.pages.prefix}/editions"
        return self.lists.show(
            request, "editions.html", title=self.pages.language.gettext("Editions"), issues=issues, page=page,
            previous=("" if page == 1 else f"{here}/page/{page - 1}" if page > 2 else here),
            next=f"{here}/page/{page + 1}" if len(editions) > _SIZE else "",
        )  # fmt: skip

    def edition(self, request: Request) -> Response:
        """Show the papers that an edition was chosen from, by topic; what each subscriber got is private."""
        with self.pages.reading() as store:
            edition = self._find(store, request)
            if edition is None:
                return self._no_such_edition()
            choice = self._choice(request, edition)
            found = store.archive.search(None, _limits(edition), limit=MOST_EXAMINED, order=Order.UPVOTED)
            topics = self.lists.topics.of(store, [hit.paper.id for hit in found.hits])
            issue = self._issue(store, edition, found)
            earlier, later = store.editions.beside(edition)
        top, rest = found.hits[:_TOP], found.hits[_TOP:]
        return self.lists.show(
            request, "edition.html", title=self._title(issue), issue=issue, note=edition.note, choice=choice,
            top=self.lists.cards(top), groups=self._groups(choice, rest, topics, is_whole=found.total <= MOST_EXAMINED),
            earlier=earlier and self._named(earlier), later=later and self._named(later), cards=(),
        )  # fmt: skip

    def papers(self, request: Request) -> Response:
        """Show all papers that an edition was chosen from, as a list."""
        with self.pages.reading() as store:
            edition = self._find(store, request)
            if edition is None:
                return self._no_such_edition()
            choice, issue = self._choice(request, edition), self._issue(store, edition)
            context = self.lists.context(store, choice, self.lists.find(store, choice, base=_limits(edition)))
        return self.lists.show(request, "edition_papers.html", title=self._title(issue), issue=issue, **context)

    def file(self, request: Request) -> Response:
        """Return the papers of an edition as a file."""
        with self.pages.reading() as store:
            edition = self._find(store, request)
        if edition is None:
            return self._no_such_edition()
        choice = self._choice(request, edition)
        return self.lists.download(
            request, edition.key, lambda store: papers_of(store, choice, base=_limits(edition))
        )  # fmt: skip

    # -- parts ----------------------------------------------------------------------------------------

    def _find(self, store: Store, request: Request) -> Edition | None:
        edition = store.editions.find(str(request.path_params["key"]))
        return None if edition is None or edition.is_special else edition

    def _choice(self, request: Request, edition: Edition) -> Choice:
        return read_choice(request, f"{self.pages.prefix}/editions/{edition.key}/all", _ORDERS)

    def _issue(self, store: Store, edition: Edition, found: Found | None = None) -> Issue:
        """Return an edition as a page names it; `found` are its papers, the most upvoted first, if they are known."""
        found = found or store.archive.search(None, _limits(edition), limit=_TOP, order=Order.UPVOTED)
        number, spoken = store.editions.number_of(edition), self.pages.language
        top = tuple(hit.paper for hit in found.hits[:_TOP])
        return Issue(edition, _kind(edition, number, spoken), _days(edition, spoken), found.total, top)

    def _title(self, issue: Issue) -> str:
        return self.pages.language.gettext("%(edition)s, %(days)s", edition=issue.kind, days=issue.days)

    def _named(self, edition: Edition) -> dict[str, Any]:
        return {"path": f"/editions/{edition.key}", "label": _days(edition, self.pages.language)}

    def _groups(
        self, choice: Choice, hits: Sequence[Hit], topics: Mapping[int, tuple[Topic, ...]], *, is_whole: bool
    ) -> list[Group]:
        """Group papers by topic, each under the narrowest of its topics; those without one come last."""
        sizes = Counter(topic.name for found in topics.values() for topic in found)
        known = {topic.name: topic for found in topics.values() for topic in found}
        grouped: dict[str, list[Hit]] = {}
        for hit in hits:
            names = [topic.name for topic in topics.get(hit.paper.id, ())]
            grouped.setdefault(min(names, key=lambda name: (sizes[name], name), default=""), []).append(hit)
        ordered = sorted(grouped, key=lambda name: (not name, -len(grouped[name]), name))
        return [self._group(choice, known.get(name), grouped[name], sizes[name] if is_whole else 0) for name in ordered]

    def _group(self, choice: Choice, topic: Topic | None, hits: Sequence[Hit], total: int) -> Group:
        return Group(
            title=self.pages.language.topic(topic.name) if topic else "",
            path=topic_path(topic) if topic else "",
            cards=tuple(self.lists.cards(hits[:_OF_TOPIC], is_dense=True)),
            total=total,
            url=choice.with_filter("topic", topic.name).address if topic else "",
        )

    def _no_such_edition(self) -> Response:
        return self.lists.not_found(self.pages.language.gettext("There is no such edition."))


def _limits(edition: Edition) -> Limits:
    return Limits(window=(edition.since, edition.created_at))


def _kind(edition: Edition, number: int, language: Language) -> str:
    message = {
        Cadence.WEEKDAYS: language.gettext("Weekday edition no. %(number)s", number=language.number(number)),
        Cadence.WEEKLY: language.gettext("Weekly edition no. %(number)s", number=language.number(number)),
        Cadence.MONTHLY: language.gettext("Monthly edition no. %(number)s", number=language.number(number)),
    }
    return message.get(
        edition.cadence, language.gettext("Daily edition no. %(number)s", number=language.number(number))
    )


def _days(edition: Edition, language: Language) -> str:
    """Return the days of an edition; those of one subscriber's digest may be others."""
    first = usual_first_day(edition.cadence, edition.day)
    return language.day(first) if first == edition.day else language.days(first, edition.day)
