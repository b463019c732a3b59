"""JSON requests: a body whose nesting and characters are checked before anything is done with it."""

from __future__ import annotations

import json
import re
from typing import Any

from newsletter.limits import JSON_DEPTH

_MARK = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(body: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: It is not JSON, is nested too deeply, or has a lone surrogate, which RFC 7493 (2.1) does not allow.
    """
    text = body.decode("utf-8-sig")
    depth = 0
    for match in _MARK.finditer(text):
        depth += (match[0] in "[{") - (match[0] in "]}")
        if depth > JSON_DEPTH:
            raise ValueError(f"nested more than {JSON_DEPTH} deep")
    value = json.loads(text)
    if "\\u" in text and _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        raise ValueError("a lone surrogate")
    return value
