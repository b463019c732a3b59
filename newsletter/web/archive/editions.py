"""Editions: what each was chosen from, by topic, without anybody's preferences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from newsletter.store.search import MOST_COUNTED, Found, Hit
from newsletter.web.archive.cards import Card
from newsletter.web.archive.choices import Choice, page_of, read_choice
from newsletter.web.archive.lists import Lists
from newsletter.web.archive.pages import cached_routes, papers_of, topic_path
from newsletter.web.site_pages import SitePages

#: Number of editions on a page.
_SIZE = 20
#: An edition's page shows so many papers as cards, and of each topic so many in a line each.
_TOP, _OF_TOPIC = 3, 5
#: For the list of editions, what each was chosen from is looked up again after this time, and when papers have come.
_KNOWN_FOR = timedelta(minutes=5)
_MOST_KNOWN = 1000
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


@dataclass(frozen=True, slots=True)
class _Part:
    """Some papers of an edition: those of one topic, or of none."""

    topic: Topic | None
    #: The first of them, which are shown.
    ids: tuple[int, ...]
    #: How many papers of the edition are on the topic.
    total: int


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What an edition was chosen from, as it was at a moment."""

    at: datetime
    #: When the newest paper of all had come.
    last_seen_at: datetime | None
    #: How many papers there were, and the most upvoted.
    total: int
    top: tuple[int, ...]


class Editions:
    """Serves the pages of editions."""

    def __init__(self, pages: SitePages, lists: Lists) -> None:
        self.pages = pages
        self.lists = lists
        self._chosen: dict[str, _Chosen] = {}

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
            issues = self._issues(store, editions[:_SIZE])
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
            ids = store.archive.listed(_limits(edition), Order.UPVOTED, MOST_COUNTED + 1)
            topics = self.lists.topics.of(store, ids[:MOST_EXAMINED])
            parts = _parts(ids[_TOP:MOST_EXAMINED], topics)
            shown = [*ids[:_TOP], *(number for part in parts for number in part.ids)]
            papers = {paper.id: paper for paper in store.archive.papers(shown)}
            top = [papers[number] for number in ids[:_TOP] if number in papers]
            issue = self._issue(store, edition, Found(tuple(map(Hit, top)), len(ids)))
            earlier, later = store.editions.beside(edition)
        is_whole = len(ids) <= MOST_EXAMINED
        return self.lists.show(
            request, "edition.html", title=self._title(issue), issue=issue, note=edition.note, choice=choice,
            top=self.lists.cards(list(map(Hit, top))),
            groups=[self._group(choice, part, papers, is_whole=is_whole) for part in parts],
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

    def _issues(self, store: Store, editions: Sequence[Edition]) -> list[Issue]:
        """Return editions as a list names them."""
        last_seen_at = store.papers.last_seen_at()
        chosen = [self._chosen_from(store, edition, last_seen_at) for edition in editions]
        papers = {paper.id: paper for paper in store.archive.papers([number for one in chosen for number in one.top])}
        return [
            self._issue(store, edition, Found(tuple(Hit(papers[at]) for at in one.top if at in papers), one.total))
            for edition, one in zip(editions, chosen, strict=True)
        ]

    def _chosen_from(self, store: Store, edition: Edition, last_seen_at: datetime | None) -> _Chosen:
        now, known = self.pages.clock(), self._chosen.get(edition.key)
        is_valid = known is not None and known.last_seen_at == last_seen_at
        if known is None or not is_valid or not timedelta() <= now - known.at < _KNOWN_FOR:
            ids = store.archive.listed(_limits(edition), Order.UPVOTED, MOST_COUNTED + 1)
            known = _Chosen(now, last_seen_at, len(ids), tuple(ids[:_TOP]))
            if len(self._chosen) >= _MOST_KNOWN:
                self._chosen.clear()
            self._chosen[edition.key] = known
        return known

    def _title(self, issue: Issue) -> str:
        return self.pages.language.gettext("%(edition)s, %(days)s", edition=issue.kind, days=issue.days)

    def _named(self, edition: Edition) -> dict[str, Any]:
        return {"path": f"/editions/{edition.key}", "label": _days(edition, self.pages.language)}

    def _group(self, choice: Choice, part: _Part, papers: Mapping[int, Paper], *, is_whole: bool) -> Group:
        hits = [Hit(papers[number]) for number in part.ids if number in papers]
        topic = part.topic
        return Group(
            title=self.pages.language.topic(topic.name) if topic else "",
            path=topic_path(topic) if topic else "",
            cards=tuple(self.lists.cards(hits, is_dense=True)),
            total=part.total if is_whole else 0,
            url=choice.with_filter("topic", topic.name).address if topic else "",
        )

    def _no_such_edition(self) -> Response:
        return self.lists.not_found(self.pages.language.gettext("There is no such edition."))


def _parts(ids: Sequence[int], topics: Mapping[int, tuple[Topic, ...]]) -> list[_Part]:
    """Group papers by topic, each under the narrowest of its topics; those without one come last."""
    sizes = Counter(topic.name for found in topics.values() for topic in found)
    known = {topic.name: topic for found in topics.values() for topic in found}
    grouped: dict[str, list[int]] = {}
    for number in ids:
        names = [topic.name for topic in topics.get(number, ())]
        grouped.setdefault(min(names, key=lambda name: (sizes[name], name), default=""), []).append(number)
    ordered = sorted(grouped, key=lambda name: (not name, -len(grouped[name]), name))
    return [_Part(known.get(name), tuple(grouped[name][:_OF_TOPIC]), sizes[name]) for name in ordered]


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
