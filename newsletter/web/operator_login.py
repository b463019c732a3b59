"""Who may see the operator's page: a login by the password `web.password`, then a session of eight hours.

A session is a signed cookie that no script can read and that other sites' requests do not carry. It ends with the
password that opened it. Scripts may send the password with each request instead (HTTP Basic, RFC 7617; any user name).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import secrets
import time
from datetime import timedelta
from threading import Lock

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from newsletter.config.passwords import is_correct
from newsletter.models import tokens
from newsletter.store import Store
from newsletter.web.http.forms import Form, form_endpoint
from newsletter.web.http.login_limit import LoginLimit, own_login_limit
from newsletter.web.site_pages import SitePages

_LASTS = timedelta(hours=8)
_COOKIE = "operator"
#: Longer ones are not hashed.
_MAX_PASSWORD = 1000


class OperatorLogin:
    """Serves the login, and knows who is logged in."""

    def __init__(self, pages: SitePages, limit: LoginLimit | None = None) -> None:
        self.pages = pages
        self.limit = limit or (LoginLimit(pages.counts) if pages.shared_limits else own_login_limit(time.monotonic))
        self._password = pages.config.web_password or ""
        #: Part of what sessions are signed for, so that they end with the password.
        self._purpose = f"operator|{hashlib.sha256(self._password.encode()).hexdigest()[:32]}"
        self._checking = Lock()

    def routes(self) -> list[Route]:
        """Return the routes of the login."""
        return [
            Route("/operator/login", self.page, methods=["GET"]),
            Route("/operator/login", form_endpoint(self.log_in), methods=["POST"]),
        ]

    def page(self, _request: Request) -> Response:
        """Ask for the password."""
        return self.pages.show("login.html", error="")

    def log_in(self, request: Request, form: Form) -> Response:
        """Begin a session."""
        wait_s = self._wait_s(request, form.fields.get("password", ("",))[0])
        if wait_s:
            text = self.pages.language.ngettext(
                "Too many failed logins. Please try again in %(number)s second.",
                "Too many failed logins. Please try again in %(number)s seconds.",
                math.ceil(wait_s),
            )
            response: Response = self.pages.show("login.html", 429, error=text)
            response.headers["Retry-After"] = str(math.ceil(wait_s))
            return response
        if wait_s is None:
            return self.pages.show(
                "login.html", 403, error=self.pages.language.gettext("This password is not correct.")
            )
        response = RedirectResponse(f"{self.pages.prefix}/operator", 303)
        with self.pages.store() as store:
            until = self.pages.clock() + _LASTS
            token = tokens.sign_until_minute(store.secret(), self._purpose, secrets.randbits(53), until)
        response.set_cookie(
            _COOKIE, token, max_age=int(_LASTS.total_seconds()), path=self._path, httponly=True, samesite="strict",
            secure=(self.pages.config.site_url or "").startswith("https:"),
        )  # fmt: skip
        return response

    def log_out(self, store: Store, request: Request) -> Response:
        """End the session: the cookie is deleted, and no process accepts a copy of it."""
        number = self._session(store, request)
        if number is not None:
            now = self.pages.clock()
            store.ended_sessions.add(number, now + _LASTS, now)
        response = RedirectResponse(f"{self._path}/login", 303)
        response.delete_cookie(_COOKIE, path=self._path, httponly=True, samesite="strict")
        return response

    def refusal(self, request: Request) -> Response | None:
        """Return None if the request has a session or the password, else a refusal."""
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.casefold() == "basic":
            return self._refuse_basic(request, credentials)
        with self.pages.store() as store:
            if self._session(store, request) is not None:
                return None
        if request.method == "GET":
            return RedirectResponse(f"{self._path}/login", 303)
        _ = self.pages.language.gettext
        text = _("Your session has ended. Please log in again.")
        return self.pages.show_message(_("Please log in"), text, 403, to="/operator/login", label=_("Log in"))

    @property
    def _path(self) -> str:
        return f"{self.pages.prefix}/operator"

    def _refuse_basic(self, request: Request, credentials: str) -> Response | None:
        try:
            decoded = base64.b64decode(credentials, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            decoded = ""
        wait_s = self._wait_s(request, decoded.partition(":")[2])
        if wait_s == 0:
            return None
        if wait_s is None:
            challenge = {"WWW-Authenticate": 'Basic realm="operator", charset="UTF-8"'}
            return PlainTextResponse("Password required.\n", 401, challenge)
        retry = {"Retry-After": str(math.ceil(wait_s))}
        return PlainTextResponse("Too many failed logins. Please try again later.\n", 429, retry)

    def _wait_s(self, request: Request, password: str) -> float | None:
        """Return 0 if the password is right, None if it is wrong, else the seconds before it will be looked at."""
        host = request.client.host if request.client else ""
        wait_s = self.limit.begin(host)
        if wait_s:
            return wait_s
        with self._checking:  # each check takes memory
            if len(password) > _MAX_PASSWORD or not is_correct(password, self._password):
                return None
        self.limit.succeed(host)
        return 0.0

    def _session(self, store: Store, request: Request) -> int | None:
        """Return the number of the session of a request, or None."""
        now = self.pages.clock()
        token = request.cookies.get(_COOKIE, "")
        number = tokens.read_until_minute(store.accepted_keys(now), self._purpose, token, now)
        return None if number is None or store.ended_sessions.has(number) else number
