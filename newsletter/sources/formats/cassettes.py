"""Recorded HTTP responses in files, to be pulled again, used in tests, or attached to a bug report.

There are two formats: one response as a JSON object with "url", "status_code" and "body", and the cassettes of vcrpy
(https://vcrpy.readthedocs.io), YAML or JSON, with any number of responses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from newsletter.errors import SourceError
from newsletter.errors.installation import install_command
from newsletter.models import Refusal
from newsletter.sources.documents import Document

_HEAD = re.compile(rb'\s*\{\s*"(?:url|status_code|body|interactions)"\s*:')
_YAML = (".yaml", ".yml")


def responses_in(document: Document) -> Iterator[Document | Refusal]:
    """Yield the recorded responses in a file, with a refusal for each error status; or yield any other file itself.

    Raises:
        SourceError: The file is YAML but not a cassette.
    """
    recording = _recording(document)
    if recording is None:
        yield document
        return
    interactions = recording.get("interactions")
    if isinstance(interactions, list):
        responses = [one.get("response") for one in interactions if isinstance(one, dict)]
        for number, response in enumerate(responses, start=1):
            yield from _response(response, f"{document.place}, response {number}", document)
    else:
        yield from _response(recording, document.place, document)


def _recording(document: Document) -> dict[str, Any] | None:
    """Return the content of a recording, or None for any other file."""
    if document.place.endswith(_YAML):
        recording = _load_yaml(document)
        if not isinstance(recording, dict) or "interactions" not in recording:
            raise SourceError(f"{document.place}: not a recording of HTTP responses: no interactions")
        return recording
    if isinstance(document.body, bytes) or not document.place.endswith((".json", ".json.gz")):
        return None
    with document.open() as stream:
        if not _HEAD.match(stream.peek(200)):
            return None
    try:
        recording = json.loads(document.content)
    except (ValueError, RecursionError):
        return None  # invalid JSON, or JSON lines: left to the source
    is_one = isinstance(recording, dict) and (
        "interactions" in recording or recording.keys() >= {"status_code", "body"}
    )
    return recording if is_one else None


def _response(response: Any, place: str, document: Document) -> Iterator[Document | Refusal]:
    """Yield one response; nothing for a redirect, whose target is the next response."""
    if not isinstance(response, dict):
        yield Refusal(place, "not a recorded HTTP response")
        return
    status = response.get("status_code", response.get("status"))
    status = status.get("code") if isinstance(status, dict) else status
    if not isinstance(status, int):
        yield Refusal(place, "recorded HTTP response has no status")
    elif not 200 <= status < 300:
        if not 300 <= status < 400:
            yield Refusal(place, f"HTTP {status} {_reason(status)}".rstrip())
    else:
        body = response.get("body", response.get("content"))
        yield Document(place, _bytes(body.get("string") if isinstance(body, dict) else body), document.day)


def _bytes(body: Any) -> bytes:
    """Return the bytes of a body; text may be UTF-8 that was read as Latin-1."""
    if isinstance(body, bytes):
        return body
    text = body if isinstance(body, str) else ""
    try:
        content = text.encode("latin-1")
        content.decode("utf-8")
    except UnicodeError:
        return text.encode("utf-8", errors="replace")
    return content


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _load_yaml(document: Document) -> Any:
    try:
        import yaml  # noqa: PLC0415 - only cassettes need it
    except ModuleNotFoundError as error:
        hint = install_command("cassettes")
        raise SourceError(f"{document.place}: YAML needs pyyaml", hint=hint) from error
    try:
        return yaml.load(document.content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both loaders are safe
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise SourceError(f"{document.place}: invalid YAML ({reason})") from error
