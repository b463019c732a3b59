"""Safe parsing of untrusted XML: no entities, and limited nesting."""

from __future__ import annotations

from xml.etree import ElementTree as ET
from xml.parsers.expat import ErrorString

from newsletter.errors import SourceError
from newsletter.limits import XML_DEPTH
from newsletter.sources.documents import Document

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ENTITY = tuple("<!ENTITY".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))


class _Builder(ET.TreeBuilder):
    """Builds elements without namespaces, up to a maximum depth."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        self._depth += 1
        if self._depth > XML_DEPTH:
            raise ValueError(f"nested more than {XML_DEPTH} deep")
        return super().start(tag.rpartition("}")[2], attrs)

    def end(self, tag: str, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag.rpartition("}")[2])


def read_xml(document: Document) -> ET.Element:
    """Return the root element of a document, with all tags stripped of their namespaces.

    A document that declares entities is refused before parsing (entity expansion and external entity attacks).

    Raises:
        SourceError: The document is not well-formed XML, or is unsafe.
    """
    content = document.content
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and content[:2] not in _UTF16:
        raise SourceError(f"{document.place}: not XML{_quoted(content)}")
    if any(mark in content for mark in _ENTITY):
        raise SourceError(f"{document.place}: XML entity declarations are not allowed")
    try:
        parser = ET.XMLParser(target=_Builder())  # noqa: S314 - see above; expat limits the rest
        parser.feed(content)
        root: ET.Element = parser.close()
    except ET.ParseError as error:
        line, column = error.position
        reason = ErrorString(error.code)
        raise SourceError(f"{document.place}: not well-formed XML: line {line}, column {column}: {reason}") from error
    except (ValueError, LookupError) as error:  # too deep, or an unknown encoding
        raise SourceError(f"{document.place}: unsupported XML: {error}") from error
    return root


def text_of(element: ET.Element, name: str) -> str:
    """Return the text of the first child with this tag and of its descendants, or ""."""
    child = element.find(name)
    return "".join(child.itertext()) if child is not None else ""


def _quoted(content: bytes) -> str:
    """Return a short plain-text response, such as arXiv's "Rate exceeded.", as a suffix of an error message."""
    text = " ".join(content[:200].decode("utf-8", "replace").split())
    return f": {text!r}" if text and len(content) < 200 and text.isprintable() else ""
