"""Recorded HTTP answers, as files: so that what a server once said can be pulled again, tested and reported.

Two forms are known: one answer as a JSON object with "url", "status_code" and "body", and the cassettes of vcrpy
(https://vcrpy.readthedocs.io), YAML or JSON, with any number of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from newsletter.errors import SourceError, install_command
from newsletter.models import Refusal
from newsletter.sources.documents import Document

_HEAD = re.compile(rb'\s*\{\s*"(?:url|status_code|body|interactions)"\s*:')
_YAML = (".yaml", ".yml")


def responses_in(document: Document) -> Iterator[Document | Refusal]:
    """Yield the recorded answers in a file, with a refusal for each that is no success; any other file as it is.

    Raises:
        SourceError: It is YAML, as cassettes are, but none.
    """
    recording = _recording(document)
    if recording is None:
        yield document
        return
    interactions = recording.get("interactions")
    if isinstance(interactions, list):
        responses = [one.get("response") for one in interactions if isinstance(one, dict)]
        for number, response in enumerate(responses, start=1):
            yield from _response(response, f"{document.place}, answer {number}", document)
    else:
        yield from _response(recording, document.place, document)


def _recording(document: Document) -> dict[str, Any] | None:
    """Return what a file records, or None if it is no recording."""
    if document.place.endswith(_YAML):
        recording = _load_yaml(document)
        if not isinstance(recording, dict) or "interactions" not in recording:
            raise SourceError(f"{document.place}: not a recording of HTTP answers: no interactions in it")
        return recording
    if isinstance(document.body, bytes) or not document.place.endswith((".json", ".json.gz")):
        return None
    with document.open() as stream:
        if not _HEAD.match(stream.peek(200)):
            return None
    try:
        recording = json.loads(document.content)
    except (ValueError, RecursionError):
        return None  # not JSON, or JSON lines: what it is instead the source will say
    is_one = isinstance(recording, dict) and (
        "interactions" in recording or recording.keys() >= {"status_code", "body"}
    )
    return recording if is_one else None


def _response(response: Any, place: str, document: Document) -> Iterator[Document | Refusal]:
    """Yield one answer; nothing for a redirect, whose target is the next one."""
    if not isinstance(response, dict):
        yield Refusal(place, "not a recorded HTTP answer")
        return
    status = response.get("status_code", response.get("status"))
    status = status.get("code") if isinstance(status, dict) else status
    if not isinstance(status, int):
        yield Refusal(place, "a recorded HTTP answer without its status")
    elif not 200 <= status < 300:
        if not 300 <= status < 400:
            yield Refusal(place, f"answered {status} {_reason(status)}".rstrip())
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
        return yaml.load(document.content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - it is a safe one
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        words = " ".join(str(error).split())
        raise SourceError(f"{document.place}: not YAML ({words})") from error
