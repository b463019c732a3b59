"""Answers in JSON, as most APIs give."""

from __future__ import annotations

import json
from typing import Any

from newsletter.errors import SourceError
from newsletter.sources.documents import Document
from newsletter.text import shorten, squeeze


def read_json(document: Document) -> Any:
    """Return what a document holds.

    Raises:
        SourceError: It is not JSON.
    """
    content = document.content
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        words = squeeze(content[:200].decode("utf-8", "replace"))
        is_a_sentence = len(content) < 200 and not words.startswith(("<", "{", "["))
        said = f"{shorten(words, 100)!r}" if words and is_a_sentence else str(error)
        raise SourceError(f"{document.place}: not JSON ({said})") from error


def read_object(document: Document, of: str) -> dict[str, Any]:
    """Return the object that a document holds; `of` says whose answer it should be.

    Raises:
        SourceError: It is none.
    """
    response = read_json(document)
    if not isinstance(response, dict):
        raise SourceError(
            f"{document.place}: not an answer of {of}: {type(response).__name__} where an object is expected"
        )
    return response
