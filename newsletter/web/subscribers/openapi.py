"""The OpenAPI 3.1 description of the JSON endpoints."""

from __future__ import annotations

from typing import Any

from newsletter.models.profile import PROFILE_FIELDS

_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}
#: A text in pieces, each with whether it matches.
_MARKED = {
    "type": "array",
    "items": {"type": "array", "items": {"type": ["string", "boolean"]}, "minItems": 2, "maxItems": 2},
}
_ERROR = {
    "description": "The request is invalid; the body says why.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


def _response(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_PREFERENCES: dict[str, Any] = {
    "email": {"type": "string", "format": "email", "maxLength": 254},
    "name": {"type": "string", "maxLength": 100},
    **{
        name: one.type.schema() | {"description": one.help, "default": one.type.plain(one.default)}
        for name, one in PROFILE_FIELDS.items()
    },
}

DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/api/subscribe": {
            "post": {
                "operationId": "subscribe",
                "summary": "Request a subscription; the owner of the address confirms it by email (double opt-in).",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Preferences"}}},
                },
                "responses": {
                    "202": _response(
                        "Confirmation pending. The response is the same whether or not the address is subscribed.",
                        {
                            "type": "object",
                            "required": ["status"],
                            "properties": {"status": {"const": "pending"}},
                        },
                    ),
                    "400": _ERROR,
                    "413": _ERROR,
                    "422": _ERROR,
                    "429": {"description": "Rate limited; retry after the seconds in Retry-After."},
                    "503": _ERROR,
                },
            }
        },
        "/sample.json": {
            "get": {
                "operationId": "sample",
                "summary": "Return what a query matched in the last seven days.",
                "parameters": [{"name": "q", "in": "query", "required": True, "schema": _STRING}],
                "responses": {
                    "200": _response("The papers that match.", {"$ref": "#/components/schemas/Sample"}),
                    "422": _ERROR,
                    "503": _ERROR,
                },
            }
        },
    },
    "components": {
        "schemas": {
            "Preferences": {
                "type": "object",
                "required": ["email"],
                "properties": _PREFERENCES,
                "additionalProperties": False,
            },
            "Error": {
                "type": "object",
                "required": ["error", "hint"],
                "properties": {"error": _STRING, "hint": {"type": ["string", "null"]}},
            },
            "Sample": {
                "type": "object",
                "required": ["matched", "of", "per_day", "papers", "also", "warnings"],
                "properties": {
                    "matched": {"type": "integer"},
                    "of": {"type": "integer"},
                    "per_day": {"type": "number"},
                    "also": _STRINGS,
                    "warnings": _STRINGS,
                    "papers": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["title", "excerpt", "url"],
                            "properties": {"title": _MARKED, "excerpt": _MARKED, "url": _STRING},
                        },
                    },
                },
            },
        }
    },
}
