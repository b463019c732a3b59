"""The endpoints for programs, described by OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

from newsletter.languages import LANGUAGES
from newsletter.models import Cadence, Style
from newsletter.subscribers.profiles import WEEKDAYS

_TEXT = {"type": "string"}
_ERROR = {
    "description": "What was sent is wrong, and how.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


def _answer(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


_WISHES: dict[str, Any] = {
    "email": {"type": "string", "format": "email", "maxLength": 254},
    "name": {"type": "string", "maxLength": 100},
    "topics": {"type": "array", "items": _TEXT, "description": "Names of topics that are offered, or queries."},
    "cadence": {"enum": list(Cadence)},
    "hour": {"type": "integer", "minimum": 0, "maximum": 23, "description": "From when, in time_zone."},
    "weekday": {"enum": list(WEEKDAYS), "description": "For weekly editions."},
    "month_day": {"type": "integer", "minimum": 1, "maximum": 28, "description": "For monthly editions."},
    "time_zone": {"type": "string", "examples": ["Europe/Berlin"]},
    "style": {"enum": list(Style)},
    "language": {"enum": list(LANGUAGES)},
}

DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/api/subscribe": {
            "post": {
                "operationId": "subscribe",
                "summary": "Ask for an address to be mailed; whoever reads its mail is to confirm it.",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wishes"}}},
                },
                "responses": {
                    "202": _answer(
                        "Asked. The same whether or not the address is known.",
                        {
                            "type": "object",
                            "required": ["status"],
                            "properties": {"status": {"const": "asked"}},
                        },
                    ),
                    "400": _ERROR,
                    "413": _ERROR,
                    "422": _ERROR,
                    "429": {"description": "Too many at once; Retry-After says for how long."},
                },
            }
        },
        "/sample.json": {
            "get": {
                "operationId": "sample",
                "summary": "Tell what a query would have brought in the last seven days.",
                "parameters": [{"name": "q", "in": "query", "required": True, "schema": _TEXT}],
                "responses": {
                    "200": _answer("What it would have brought.", {"$ref": "#/components/schemas/Sample"}),
                    "422": _ERROR,
                },
            }
        },
    },
    "components": {
        "schemas": {
            "Wishes": {
                "type": "object",
                "required": ["email"],
                "properties": _WISHES,
                "additionalProperties": False,
            },
            "Error": {
                "type": "object",
                "required": ["error", "hint"],
                "properties": {"error": _TEXT, "hint": {"type": ["string", "null"]}},
            },
            "Sample": {
                "type": "object",
                "required": ["matched", "of", "papers"],
                "properties": {
                    "matched": {"type": "integer"},
                    "of": {"type": "integer"},
                    "papers": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["title", "url"],
                            "properties": {"title": _TEXT, "url": _TEXT},
                        },
                    },
                },
            },
        }
    },
}
