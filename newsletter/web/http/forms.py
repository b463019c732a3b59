"""What browsers post: a bounded body, read as a form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

#: No form of ours comes near.
MOST_BYTES = 64_000
_MOST_FIELDS = 300


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form."""

    fields: Mapping[str, tuple[str, ...]]

    def one(self, name: str) -> str:
        """Return a field's first value, without the spaces around it; "" where there is none."""
        return self.fields.get(name, ("",))[0].strip()

    def all(self, name: str) -> tuple[str, ...]:
        """Return all values of a field that are not empty."""
        return tuple(value.strip() for value in self.fields.get(name, ()) if value.strip())


def posting(answer: Callable[[Request, Form], Response]) -> Callable[[Request], object]:
    """Make an endpoint of a plain function that takes a form; it runs in a thread."""

    async def endpoint(request: Request) -> Response:
        try:
            body = await limited_body(request, MOST_BYTES)
        except ClientDisconnect:
            return PlainTextResponse("", 400)
        if body is None:
            return PlainTextResponse("Too large.\n", 413)
        form = read_form(body)
        if form is None:
            return PlainTextResponse("This is no form.\n", 400)
        return await run_in_threadpool(answer, request, form)

    return endpoint


def read_form(body: bytes) -> Form | None:
    """Read what a form makes (application/x-www-form-urlencoded), or return None if it is none."""
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value)
    return Form(fields)


async def limited_body(request: Request, most: int) -> bytes | None:
    """Return a request's body, or None as soon as it is longer than so many bytes.

    Raises:
        ClientDisconnect: Who asked is gone.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)
