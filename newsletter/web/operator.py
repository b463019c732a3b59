"""The operator's pages, behind the password `web.password`: the overview, sources and topics, and the routes of all.

    operator_login → operator_pages (login, CSRF, frame) → operator (overview), operator_editions, operator_subscribers,
    operator_test_email

They show what `newsletter status`, `newsletter deliveries` and the other commands print, by the same functions.
"""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from newsletter.operations.disk import in_words
from newsletter.operations.job_names import job_label
from newsletter.operations.source_health import source_statuses
from newsletter.operations.status import SiteStatus, problems_of, read_status
from newsletter.pipeline.next_delivery import next_by_zone
from newsletter.rendering.language import Language
from newsletter.store import Store
from newsletter.web.http.forms import form_endpoint
from newsletter.web.http.login_limit import LoginLimit
from newsletter.web.operator_chart import DAYS, read_chart
from newsletter.web.operator_editions import OperatorEditions
from newsletter.web.operator_pages import OperatorPages
from newsletter.web.operator_subscribers import OperatorSubscribers
from newsletter.web.operator_test_email import OperatorTestEmail
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers.outgoing import Outgoing

#: Maximum number of rows shown; topics on the overview, and on their own page.
_ERRORS, _TOPICS, _ALL_TOPICS = 10, 8, 300
#: Times at which subscribers are mailed next.
_WAVES = 6
#: As `leadership` names the process that schedules.
_PROCESS = re.compile(r"process (\d+) on (.+)")


class Operator:
    """Serves the operator's pages and their actions."""

    def __init__(self, pages: SitePages, outgoing: Outgoing, limit: LoginLimit | None = None) -> None:
        self.pages = pages
        self.shared = OperatorPages(pages, outgoing, limit)
        self.editions = OperatorEditions(self.shared)
        self.subscribers = OperatorSubscribers(self.shared)
        self.test_email = OperatorTestEmail(self.shared)

    def routes(self) -> list[BaseRoute]:
        """Return the routes; none unless a password is set."""
        if not self.pages.config.web_password:
            return []
        view, action = self.shared.view, self.shared.action
        return [
            *self.shared.login.routes(),
            Route("/operator", view(self.overview), methods=["GET"]),
            Route("/operator/sources", view(self.sources), methods=["GET"]),
            Route("/operator/topics", view(self.topics), methods=["GET"]),
            Route("/operator/test-email", view(self.test_email.page), methods=["GET"]),
            Route("/operator/test-email", form_endpoint(action(self.test_email.send)), methods=["POST"]),
            Route("/operator/logout", form_endpoint(self.shared.log_out), methods=["POST"]),
            *self.editions.routes(),
            *self.subscribers.routes(),
        ]

    def overview(self, store: Store, request: Request) -> Response:
        """Show whether everything is all right, what comes next, and the latest editions and errors."""
        now, spoken = self.pages.clock(), self.pages.language
        status = read_status(store, self.pages.config, now)
        failures = status.mail.failures
        subscribers = store.subscribers.get_many(one.subscriber_id for one in failures)
        return self.shared.show(
            store,
            request,
            "operator.html",
            found=status,
            rows=self.editions.rows(store, store.editions.latest(len(status.editions)), status.editions),
            coming=[
                (at, job_label(name, spoken))
                for at, name in sorted((one.next_at, one.name) for one in status.runs.jobs if one.next_at is not None)
            ][:_WAVES],
            waves=list(_waves(store, now).items())[:_WAVES],
            chart=read_chart(store, status.subscribers, now.date()),
            days=DAYS,
            topics=_topics(store)[:_TOPICS],
            failures=[(one, subscribers.get(one.subscriber_id)) for one in failures],
            pulls=store.pulls.errors(_ERRORS),
            problems=list(problems_of(status, spoken)),
            scheduler=_scheduler(status, spoken),
            free=in_words(status.disk.free, spoken),
            seconds=_seconds(status),
        )

    def sources(self, store: Store, request: Request) -> Response:
        """Show the sources: their health, and what the last pull brought."""
        sources = source_statuses(store, self.pages.config, self.pages.clock())
        papers = store.papers.count()
        return self.shared.show(store, request, "operator_sources.html", sources=sources, papers=papers)

    def topics(self, store: Store, request: Request) -> Response:
        """Show the topics of the catalogue by their number of subscribers."""
        return self.shared.show(store, request, "operator_topics.html", topics=_topics(store)[:_ALL_TOPICS])


def _topics(store: Store) -> list[tuple[str, int]]:
    return sorted(store.topics.subscribers().items(), key=lambda one: (-one[1], one[0].casefold()))


def _scheduler(status: SiteStatus, spoken: Language) -> str:
    """Return which process schedules, or ""."""
    holder = status.runs.scheduler or ""
    if found := _PROCESS.fullmatch(holder):
        return spoken.gettext("process %(number)s on %(host)s", number=found[1], host=found[2])
    return holder


def _waves(store: Store, now: datetime) -> dict[str, tuple[datetime, int]]:
    """Return when it is next the hour of subscribers, by their time zone, by its own clock; and how many they are."""
    return {zone: (at.astimezone(ZoneInfo(zone)), number) for zone, (at, number) in next_by_zone(store, now).items()}


def _seconds(status: SiteStatus) -> int | None:
    """Return how long the last run took."""
    last = status.runs.last
    return round((last.finished_at - last.began_at).total_seconds()) if last and last.finished_at else None
