"""A random token in the address of the studio, so that only the user who started it sees messages.

Any account of a machine can connect to its 127.0.0.1. The address that is printed has the token; following it sets a
cookie and leads on to the address without it, which is then in the history and the address bar (as in Jupyter).
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import parse_qsl, urlencode

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

_BYTES = 32
_PARAMETER = "token"
_REFUSAL = "Open the address that `newsletter preview` printed: this page is for the user who started it.\n"


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(_BYTES)


class AccessToken:
    """ASGI middleware that lets only requests pass that have the token, in a cookie or once in the query."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self.token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        await (self._response(scope) or self.app)(scope, receive, send)

    def _response(self, scope: Scope) -> Response | None:
        if scope["type"] != "http":
            return None
        connection = HTTPConnection(scope)
        given = connection.query_params.get(_PARAMETER, "")
        if not self._is_token(given):
            is_known = self._is_token(connection.cookies.get(_cookie(scope), ""))
            return None if is_known else PlainTextResponse(_REFUSAL, 403)
        query = parse_qsl(connection.url.query, keep_blank_values=True)
        rest = urlencode([(name, value) for name, value in query if name != _PARAMETER])
        response = RedirectResponse(f"{connection.url.path}{f'?{rest}' if rest else ''}", 303)
        # Lax, not Strict: a browser that is told the address by another program counts it as a cross-site link.
        response.set_cookie(_cookie(scope), given, httponly=True, samesite="lax")
        return response

    def _is_token(self, given: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(given.encode(errors="replace"), self.token)


def _cookie(scope: Scope) -> str:
    """Return the name of the cookie. Browsers share cookies between ports, and each port may have another studio."""
    return f"studio-{(scope.get('server') or ('', 0))[1]}"
