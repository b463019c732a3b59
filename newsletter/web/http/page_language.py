"""The language of a page: the subscriber's whom its link names, else the browser's best one, else the site's.

A request's language is kept beside it, in a context variable, so that what renders a page need not be handed it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from newsletter.limits import ACCEPT_LANGUAGE

#: A language range with its weight (RFC 9110, 12.4.2 and 12.5.4); only the primary subtag matters.
_RANGE = re.compile(
    r"[ \t]*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9]{1,8})*[ \t]*(?:;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*)?",
    re.ASCII,
)


@dataclass(slots=True)
class _PageLanguage:
    """The language of the response to one request."""

    code: str
    #: The tags of all languages by their codes (BCP 47).
    tags: Mapping[str, str]
    #: Whether it was chosen by what the browser says.
    is_negotiated: bool = True


_present: ContextVar[_PageLanguage | None] = ContextVar("page_language", default=None)


def best_language(header: str, known: Sequence[str], default: str) -> str:
    """Return the one of the `known` languages that an Accept-Language header wants most, or the default.

    Languages are compared by their first subtag: "de-AT" wants German, and "zh-TW" the simplified Chinese that there
    is, which is nearer to the traditional one than English is (CLDR's language matching says the same). Malformed parts
    are ignored, and so is what is beyond the limit of a header's length. Takes linear time.
    """
    weights: dict[str, float] = {}
    for part in header[:ACCEPT_LANGUAGE].split(","):
        if found := _RANGE.fullmatch(part):
            code, weight = found[1].lower(), float(found[2] or 1)
            weights[code] = max(weight, weights.get(code, 0.0))  # "de-AT;q=1, de;q=0.5" wants German
    others = weights.pop("*", 0.0)
    wanted = {code: weight for code, weight in weights.items() if code in known and weight}
    best = max(wanted, key=lambda code: wanted[code], default=None)  # the first of several
    if others and (best is None or others > wanted[best]):
        return next((code for code in (default, *known) if code not in weights), best or default)
    return best or default


def speak(code: str) -> None:
    """Let this request be answered in the language of the subscriber whom its link names."""
    present = _present.get()
    if present and code in present.tags:
        present.code, present.is_negotiated = code, False


def spoken() -> str | None:
    """Return the code of the language that this request is answered in; None where there is no request."""
    present = _present.get()
    return present.code if present else None


def language_headers() -> Mapping[str, str]:
    """Return the headers that say which language a page is in, and whether another browser may get another one."""
    present = _present.get()
    if present is None:
        return {}
    headers = {"Content-Language": present.tags[present.code]}
    return headers | {"Vary": "Accept-Language"} if present.is_negotiated else headers


class PageLanguages:
    """ASGI middleware that chooses the language of each page."""

    def __init__(self, app: ASGIApp, tags: Mapping[str, str], default: str) -> None:
        self.app = app
        self.tags = tags
        self.default = default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        accepted = ",".join(Headers(scope=scope).getlist("accept-language"))
        token = _present.set(_PageLanguage(best_language(accepted, list(self.tags), self.default), self.tags))
        await self.app(scope, receive, send)
        _present.reset(token)  # not after an error, whose page is made by the server's own middleware
