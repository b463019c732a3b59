"""The session of a subscriber who opened their preferences by a link: a cookie, for an hour and these pages only."""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from newsletter.models import Subscriber
from newsletter.models.languages import translatable
from newsletter.store import Store
from newsletter.subscribers.preferences_access import LASTS, subscriber_of_session
from newsletter.web.http.page_language import speak
from newsletter.web.site_pages import SitePages

_COOKIE = "preferences"
_EXPIRED = translatable("Your preferences were open for an hour and are closed now. Please request a new link.")


def begin(pages: SitePages, response: Response, token: str) -> None:
    """Set the cookie; other sites' requests come without it (SameSite=Strict), and no script can read it."""
    response.set_cookie(
        _COOKIE,
        token,
        max_age=int(LASTS.total_seconds()),
        path=f"{pages.prefix}/preferences",
        secure=(pages.config.site_url or "").startswith("https:"),
        httponly=True,
        samesite="strict",
    )


def end(pages: SitePages, response: Response) -> None:
    """Delete the cookie."""
    response.delete_cookie(_COOKIE, path=f"{pages.prefix}/preferences", httponly=True, samesite="strict")


def subscriber(store: Store, request: Request, now: datetime) -> Subscriber | None:
    """Return whose preferences the browser may see, or None; the page is in their language."""
    found = subscriber_of_session(store, request.cookies.get(_COOKIE, ""), now)
    if found is not None:
        speak(found.profile.language)
    return found


def expired(pages: SitePages, text: str = _EXPIRED) -> Response:
    """Return the page for requests outside of a session, which offers a new link; `text`, a message, says why."""
    return pages.show("link.html", 403, error=pages.language.gettext(text))
