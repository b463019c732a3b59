"""Errors as pages: what is wrong and what to do, in the visitor's language; as JSON for those who asked for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import Scope

from newsletter.errors import NewsletterError
from newsletter.models.languages import translatable
from newsletter.web.http.page_language import language_headers
from newsletter.web.site_pages import NOINDEX, SitePages


class _Texts(NamedTuple):
    title: str
    text: str
    #: For the operator.
    hint: str = ""


_NOT_VALID = _Texts(
    translatable("This request is not valid"),
    translatable("The address or the form is incomplete or malformed. Please go back, check it and try again."),
)
_BROKEN = _Texts(
    translatable("Something went wrong"),
    translatable("Something went wrong on our side. Please try again later; we have a record of what happened."),
)
#: By status code (RFC 9110, section 15; 429 and 431 by RFC 6585).
_TEXTS: Mapping[int, _Texts] = {
    400: _NOT_VALID,
    401: _Texts(translatable("Please log in"), translatable("This page needs a password.")),
    403: _Texts(
        translatable("This form cannot be sent from here"),
        translatable(
            "For your protection, forms are only accepted from our own pages. Please open the page again and resend it."
        ),
    ),
    404: _Texts(
        translatable("Page not found"),
        translatable("There is no page at this address. Please check the address, or start from the home page."),
    ),
    405: _Texts(
        translatable("This does not work here"),
        translatable("This address cannot be opened directly. Please use the link or the form that leads to it."),
    ),
    413: _Texts(
        translatable("This is too much text"),
        translatable("The form holds more than we can accept. Please shorten it and send it again."),
    ),
    414: _Texts(
        translatable("This address is too long"),
        translatable("The address is longer than we can accept. Please shorten your search."),
    ),
    421: _Texts(
        translatable("This is not our address"),
        # L10N: %(url)s is the right address of the site.
        translatable("You will find this site at %(url)s."),
        translatable("If you run this site, set site.url, or let the proxy pass on the Host header."),
    ),
    429: _Texts(
        translatable("Too many requests"),
        translatable("Many requests have come from your network. Please wait a minute and try again."),
    ),
    431: _Texts(
        translatable("This request is too large"),
        translatable("Your browser sent too much data along. Please delete the cookies of this site and try again."),
    ),
    500: _BROKEN,
    503: _Texts(
        translatable("Temporarily unavailable"),
        translatable("Something went wrong on our side. Please try again in a minute."),
    ),
}
_SERVER_ERROR = 500
#: Addresses that only programs and scripts ask for.
_JSON = ("/api/", "/sample.json", "/feed.json")


class ErrorPages:
    """Makes the response to a request that is refused, or that failed.

    A page is rendered once in each language: whoever floods the site with requests does not make it render.
    """

    def __init__(self, pages: SitePages) -> None:
        self.pages = pages
        self._rendered: dict[tuple[int, str], str] = {}

    def __call__(self, scope: Scope, status: int, headers: Mapping[str, str] | None = None) -> Response:
        """Return the response with a status code: a page, JSON, or plain text where the templates are broken."""
        language = self.pages.language
        title, text, hint = _TEXTS.get(status, _BROKEN if status >= _SERVER_ERROR else _NOT_VALID)
        sentence = language.gettext(text, url=self.pages.config.site_url or "")
        hint = language.gettext(hint) if hint else ""
        if self._wants_json(scope):
            return JSONResponse({"error": sentence, "hint": hint or None}, status, headers)
        try:
            page = self._page(status, {"title": language.gettext(title), "text": sentence, "hint": hint})
        except NewsletterError:  # it may be the templates that are broken
            return PlainTextResponse(f"{sentence}\n", status, headers)
        return HTMLResponse(page, status, {**language_headers(), **NOINDEX, **(headers or {})})

    def _page(self, status: int, texts: Mapping[str, str]) -> str:
        code = self.pages.language.code
        page = self._rendered.get((status, code))
        if page is None:
            home = {"to": "/", "label": self.pages.language.gettext("Go to the home page")}
            shown = {} if status >= _SERVER_ERROR else home
            page = self.pages.render_template("web/message.html", **texts, **shown)
            self._rendered[status, code] = page
        return page

    def _wants_json(self, scope: Scope) -> bool:
        accepted = Headers(scope=scope).get("accept", "")
        asked = "json" in accepted and "text/html" not in accepted
        return asked or scope["path"].removeprefix(self.pages.prefix).startswith(_JSON)
