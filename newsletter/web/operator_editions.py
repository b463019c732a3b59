"""The editions: how far each is and what became of its messages; pause, resume, cancel, and requeue what failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from newsletter.errors import NewsletterError, RequestError, StoreError
from newsletter.models import Delivery, DeliveryStatus, Edition, Style
from newsletter.operations.edition_status import EditionStatus, edition_statuses
from newsletter.pipeline.edition_state import Action, change_state, queue_again
from newsletter.pipeline.messages import site_context
from newsletter.rendering.digest import Look
from newsletter.rendering.digest_context import subject_context
from newsletter.store import Store
from newsletter.web.http.forms import Form, form_endpoint
from newsletter.web.operator_pages import Done, OperatorPages, page_number

#: Editions of a page: the numbers of each are counted from its deliveries, of which there may be ten thousand.
_EDITIONS = 10
#: Deliveries that were not sent, of one edition.
_NOT_SENT = 50
_DONE = {Action.PAUSE: "paused", Action.RESUME: "resumed", Action.CANCEL: "cancelled"}


@dataclass(frozen=True, slots=True)
class EditionRow:
    """An edition in a table."""

    edition: Edition
    status: EditionStatus
    #: As its first subscriber got it; "" if its deliveries were pruned.
    subject: str


class OperatorEditions:
    """Serves the list of editions, the page of each, and what may be done about it."""

    def __init__(self, operator: OperatorPages) -> None:
        self.operator = operator

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        view, action = self.operator.view, self.operator.action
        return [
            Route("/operator/editions", view(self.index), methods=["GET"]),
            Route("/operator/editions/{key}", view(self.page), methods=["GET"]),
            Route("/operator/editions/{key}/cancel", view(self.ask_to_cancel), methods=["GET"]),
            *(Route(f"/operator/{one}", form_endpoint(action(self._change(one))), methods=["POST"]) for one in Action),
            Route("/operator/retry", form_endpoint(action(self.retry)), methods=["POST"]),
        ]

    def index(self, store: Store, request: Request) -> Response:
        """Show the editions, the newest first."""
        page = page_number(request)
        editions = store.editions.latest(_EDITIONS + 1, (page - 1) * _EDITIONS)
        rows = self.rows(store, editions[:_EDITIONS])
        return self.operator.show(
            store, request, "operator_editions.html", rows=rows, page=page, has_more=len(editions) > _EDITIONS
        )

    def page(self, store: Store, request: Request) -> Response:
        """Show one edition, and the deliveries of it that were not sent."""
        return self._show(store, request, "operator_edition.html")

    def ask_to_cancel(self, store: Store, request: Request) -> Response:
        """Ask before an edition is cancelled."""
        return self._show(store, request, "operator_cancel.html")

    def rows(
        self, store: Store, editions: Sequence[Edition], known: Sequence[EditionStatus] = ()
    ) -> Sequence[EditionRow]:
        """Return editions as rows of a table; `known` is how far they are, if that was read already."""
        statuses = known or edition_statuses(store, editions)
        return [
            EditionRow(one, status, self._subject(store, one)) for one, status in zip(editions, statuses, strict=True)
        ]

    def retry(self, store: Store, _request: Request, form: Form) -> Done:
        """Requeue the failed deliveries of an edition."""
        key, hours = form.one("edition"), self.operator.pages.config.delivery.max_age_hours
        now = self.operator.pages.clock()
        found = queue_again(store, DeliveryStatus.FAILED, key, now, timedelta(hours=hours))
        return Done(f"/editions/{key}", "requeued" if found.queued else "not-requeued")

    def _change(self, action: Action) -> Callable[[Store, Request, Form], Done]:
        def change(store: Store, _request: Request, form: Form) -> Done:
            key, _ = form.one("edition"), self.operator.pages.language.gettext
            if store.editions.find(key) is None:
                raise RequestError(_("There is no such edition."))
            try:
                change_state(store, key, action, self.operator.pages.clock())
            except StoreError:
                raise
            except NewsletterError:
                raise RequestError(_("This edition was cancelled. What had not been sent stays unsent.")) from None
            return Done(f"/editions/{key}", _DONE[action])

        return change

    def _show(self, store: Store, request: Request, template: str) -> Response:
        edition = store.editions.find(str(request.path_params["key"]))
        if edition is None:
            return self.operator.not_found(
                store, request, self.operator.pages.language.gettext("There is no such edition.")
            )
        (row,) = self.rows(store, [edition])
        not_sent = _not_sent(store, edition.key)
        subscribers = store.subscribers.get_many(one.subscriber_id for one in not_sent)
        named = [(one, subscribers.get(one.subscriber_id)) for one in not_sent]
        return self.operator.show(store, request, template, row=row, not_sent=named, most=_NOT_SENT)

    def _subject(self, store: Store, edition: Edition) -> str:
        if edition.subject:
            return edition.subject
        number = store.edition_numbers.typical_digest(edition.key)
        if number is None:
            return ""
        pages = self.operator.pages
        look = Look(pages.environment, site_context(pages.config), Style.CARDS, pages.language)
        try:
            return look.subject(subject_context(store.editions.get_digest(number), pages.language))
        except NewsletterError:  # a damaged digest or a broken template: the numbers are shown all the same
            return ""


def _not_sent(store: Store, key: str) -> Sequence[Delivery]:
    statuses = [DeliveryStatus.FAILED, DeliveryStatus.HELD, DeliveryStatus.DEFERRED]
    return store.deliveries.with_status(statuses, key, _NOT_SENT)
