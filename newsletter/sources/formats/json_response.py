"""JSON responses of APIs."""

from __future__ import annotations

import json
from typing import Any

from newsletter.errors import SourceError
from newsletter.sources.documents import Document
from newsletter.text import shorten, squeeze


def read_json(document: Document) -> Any:
    """Return the JSON value of a document.

    Raises:
        SourceError: The document is not valid JSON.
    """
    content = document.content
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        text = squeeze(content[:200].decode("utf-8", "replace"))
        is_message = len(content) < 200 and not text.startswith(("<", "{", "["))
        reason = f"{shorten(text, 100)!r}" if text and is_message else str(error)
        if text.lower().startswith(("<!doctype html", "<html")):  # of a proxy, or one that tests for a browser
            hint = "the server may be busy, or refuse programs; try again later"
            raise SourceError(f"{document.place}: invalid JSON: a web page", hint=hint) from error
        raise SourceError(f"{document.place}: invalid JSON ({reason})") from error


def read_object(document: Document, api: str) -> dict[str, Any]:
    """Return the JSON object of a document; `api` is the name of the API, for messages.

    Raises:
        SourceError: The document is not a JSON object.
    """
    response = read_json(document)
    if not isinstance(response, dict):
        raise SourceError(
            f"{document.place}: unexpected response from {api}: expected an object, not {type(response).__name__}"
        )
    return response
