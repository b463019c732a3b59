"""What the operator's pages share: login, CSRF token, and the frame of a page."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from newsletter.errors import NewsletterError, StoreError
from newsletter.limits import PAGE_DIGITS
from newsletter.rendering.labels import status_label
from newsletter.store import Store
from newsletter.web.http.forms import Form
from newsletter.web.http.login_limit import LoginLimit
from newsletter.web.operator_login import OperatorLogin
from newsletter.web.operator_moments import Moments
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers.outgoing import Outgoing


@dataclass(frozen=True, slots=True)
class Done:
    """What an action did, and the page that says so."""

    #: The path behind /operator.
    path: str
    #: A key of the texts in operator_layout.html.
    done: str


#: Shows a page.
View = Callable[[Store, Request], Response]
#: Changes something.
Action = Callable[[Store, Request, Form], Done]


class OperatorPages:
    """Serves pages and actions to whoever is logged in."""

    def __init__(self, pages: SitePages, outgoing: Outgoing, limit: LoginLimit | None = None) -> None:
        self.pages = pages
        self.outgoing = outgoing
        self.login = OperatorLogin(pages, limit)

    def view(self, view: View) -> Callable[[Request], Response]:
        """Return the endpoint of a page."""

        def endpoint(request: Request) -> Response:
            refusal = self.login.refusal(request)
            if refusal is not None:
                return refusal
            with self.pages.store() as store:
                return view(store, request)

        return endpoint

    def action(self, action: Action) -> Callable[[Request, Form], Response]:
        """Return the endpoint of a form: it leads to the page that says what was done, or says why it was not."""

        def endpoint(request: Request, form: Form) -> Response:
            refusal = self.login.refusal(request)
            if refusal is not None:
                return refusal
            with self.pages.store() as store:
                refusal = self.csrf_refusal(store, request, form)
                if refusal is not None:
                    return refusal
                try:
                    done = action(store, request, form)
                except StoreError:
                    raise
                except NewsletterError as error:
                    return self.show(store, request, "operator_refused.html", 422, error=error.message)
            self.outgoing.wake()
            return RedirectResponse(f"{self.pages.prefix}/operator{done.path}?done={done.done}", 303)

        return endpoint

    def log_out(self, request: Request, form: Form) -> Response:
        """End the session."""
        refusal = self.login.refusal(request)
        if refusal is not None:
            return refusal
        with self.pages.store() as store:
            return self.csrf_refusal(store, request, form) or self.login.log_out(store, request)

    def csrf_refusal(self, store: Store, request: Request, form: Form) -> Response | None:
        """Refuse a form that holds neither today's CSRF token nor that of the day before, as one open at midnight."""
        today = self.pages.clock().date()
        given = form.one("csrf_token").encode()
        known = [self._csrf_token(store, day).encode() for day in (today, today - timedelta(days=1))]
        if any(hmac.compare_digest(given, token) for token in known):
            return None
        text = self.pages.language.gettext("This form is too old. Please open the page again and send it once more.")
        return self.show(store, request, "operator_refused.html", 403, error=text)

    def _csrf_token(self, store: Store, day: date) -> str:
        """Return a day's CSRF token: browsers send the password with forms of other sites, which cannot know it."""
        return hmac.digest(store.secret(), f"operator|{day.isoformat()}".encode(), hashlib.sha256).hex()[:32]

    def not_found(self, store: Store, request: Request, text: str) -> Response:
        """Say that there is no such thing."""
        return self.show(store, request, "operator_refused.html", 404, error=text)

    def show(self, store: Store, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        """Return a page with what all of the operator's pages have."""
        moments = Moments(self.pages.language.locale, ZoneInfo(self.pages.config.time_zone))
        shared: dict[str, Any] = {
            "done": request.query_params.get("done", ""),
            "error": "",
            "csrf_token": self._csrf_token(store, self.pages.clock().date()),
            "zone": moments.zone.key,
            "moment": moments.element,
            "text": moments.text,
            "span": moments.span,
            "local": moments.local_element,
            "local_text": moments.local_text,
            "decimal": moments.decimal,
            "status_label": partial(status_label, language=self.pages.language),
        }
        return self.pages.show(name, status, **shared | values)


def page_number(request: Request) -> int:
    """Return the number of the page of a list that is asked for, from 1 on."""
    text = request.query_params.get("page", "")
    is_number = text.isascii() and text.isdecimal() and len(text) <= PAGE_DIGITS
    return max(1, int(text)) if is_number else 1
