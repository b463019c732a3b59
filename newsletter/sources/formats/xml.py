"""XML from outside → elements, without the ways in which XML can hurt."""

from __future__ import annotations

from xml.etree import ElementTree as ET
from xml.parsers.expat import ErrorString

from newsletter.errors import SourceError
from newsletter.sources.documents import Document

# Nobody nests papers deeper, and walking the tree must not exhaust the stack.
_DEEPEST = 100
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ENTITY = tuple("<!ENTITY".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))


class _Builder(ET.TreeBuilder):
    """Builds elements named without their namespaces, and not too deep."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"nested more than {_DEEPEST} deep")
        return super().start(tag.rpartition("}")[2], attrs)

    def end(self, tag: str, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag.rpartition("}")[2])


def read_xml(document: Document) -> ET.Element:
    """Return the root of a document, all its elements named without their namespaces.

    A document that declares entities is refused before any is resolved: they may grow without end, or name files.

    Raises:
        SourceError: It is not well-formed XML, or not harmless.
    """
    content = document.content
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and content[:2] not in _UTF16:
        raise SourceError(f"{document.place}: not XML{_words_of(content)}")
    if any(mark in content for mark in _ENTITY):
        raise SourceError(f"{document.place}: XML that declares entities, which is not read")
    try:
        parser = ET.XMLParser(target=_Builder())  # noqa: S314 - see above; expat limits what else may grow
        parser.feed(content)
        root: ET.Element = parser.close()
    except ET.ParseError as error:
        line, column = error.position
        reason = ErrorString(error.code)
        raise SourceError(f"{document.place}: not XML: {reason} in line {line}, column {column}") from error
    except (ValueError, LookupError) as error:  # too deep, or an encoding that there is not
        raise SourceError(f"{document.place}: not XML that is read: {error}") from error
    return root


def text_of(element: ET.Element, name: str) -> str:
    """Return all text in the first child of this name, or ""."""
    child = element.find(name)
    return "".join(child.itertext()) if child is not None else ""


def _words_of(content: bytes) -> str:
    """Return a short answer in words, such as arXiv's "Rate exceeded.", to be quoted."""
    words = " ".join(content[:200].decode("utf-8", "replace").split())
    return f": {words!r}" if words and len(content) < 200 and words.isprintable() else ""
