"""Form posts: a request body of limited size, parsed as application/x-www-form-urlencoded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from newsletter.limits import FORM_BYTES, FORM_FIELDS

#: Seconds for all of a body.
BODY_S = 20.0


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, each with all its values in order."""

    fields: Mapping[str, tuple[str, ...]]

    def one(self, name: str) -> str:
        """Return a field's first value, stripped; "" if there is none."""
        return self.fields.get(name, ("",))[0].strip()

    def all(self, name: str) -> tuple[str, ...]:
        """Return a field's values that are not blank, stripped."""
        return tuple(value.strip() for value in self.fields.get(name, ()) if value.strip())


def form_endpoint(handler: Callable[[Request, Form], Response]) -> Callable[[Request], object]:
    """Wrap a plain function that handles a posted form; it runs in a thread.

    Answers 413 to a body that is too large and 400 to one that is not a form.
    """

    async def endpoint(request: Request) -> Response:
        try:
            body = await limited_body(request, FORM_BYTES)
        except ClientDisconnect:
            return PlainTextResponse("", 400, {"Connection": "close"})
        if body is None:
            raise HTTPException(413)
        form = parse_form(body)
        if form is None:
            raise HTTPException(400)
        return await run_in_threadpool(handler, request, form)

    return endpoint


def parse_form(body: bytes) -> Form | None:
    """Parse application/x-www-form-urlencoded data; return None if it is malformed or has too many fields."""
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=FORM_FIELDS)
    except ValueError:
        return None
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value)
    return Form(fields)


def parse_query(request: Request) -> Form:
    """Parse the query string as a form.

    Raises:
        HTTPException: It has too many fields (400).
    """
    form = parse_form(request.scope["query_string"])
    if form is None:
        raise HTTPException(400)
    return form


async def limited_body(request: Request, max_bytes: int) -> bytes | None:
    """Return a request's body, or None as soon as more than `max_bytes` have been received.

    Raises:
        ClientDisconnect: The client closed the connection, or did not send all of the body within `BODY_S` seconds.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > max_bytes:
                    return None
    except TimeoutError as error:
        raise ClientDisconnect from error
    return bytes(body)
