"""What an entry of BibTeX inherits: `crossref` names its parent, `xdata` entries that hold data for several.

Rules: biblatex manual, 2.4.1 and appendix B. A parent's identifiers, abstract and subjects are not its children's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from newsletter.sources.formats.tables import Raw

#: Parents are remembered up to this number of entries; a child of a later one is read without it.
_MAX_PARENTS = 200_000
#: Entries that are never parents are not remembered, which spares the memory of most files.
_NEVER_PARENTS = frozenset({"article", "inproceedings", "misc", "incollection", "unpublished", "thesis", "phdthesis"})
_MAX_DEPTH = 4

#: The name of a parent's field in its child: biblatex's appendix B.
_RENAMED = {"title": "booktitle", "subtitle": "booksubtitle"}
_RENAMED_OF_PERIODICALS = {"title": "journaltitle", "subtitle": "journalsubtitle"}
_NOT_INHERITED = frozenset({
    "title", "subtitle", "titleaddon", "doi", "shortdoi", "url", "urldate", "link", "pdf", "eprint", "eprinttype",
    "archiveprefix", "primaryclass", "abstract", "keywords", "keyword", "pages", "note", "annote", "comment",
    "crossref", "xdata", "ids", "label", "options", "isbn",
})  # fmt: skip


class Inheritance:
    """The entries of one file that have parents, and those that may be parents."""

    def __init__(self) -> None:
        self._parents: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._children: list[tuple[str, Raw]] = []

    def add(self, kind: str, key: str, one: Raw) -> bool:
        """Remember an entry if it may be a parent; return whether it is a child, to be had from `children`."""
        is_child = bool(one.record.get("crossref") or one.record.get("xdata"))
        if key and (is_child or kind not in _NEVER_PARENTS) and len(self._parents) < _MAX_PARENTS:
            self._parents.setdefault(key.lower(), (kind, one.record))
        if is_child and kind not in ("xdata", "proceedings", "mvproceedings"):
            self._children.append((kind, one))
            return True
        return False

    def children(self) -> Iterator[Raw]:
        """Yield the entries that have parents, with what they inherit."""
        for _, one in self._children:
            yield one._replace(record=self._complete(one.record))

    def _complete(self, record: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
        whole = dict(record)
        if depth == _MAX_DEPTH:
            return whole
        for key in str(record.get("xdata") or "").split(","):
            _, data = self._parents.get(key.strip().lower(), ("", {}))
            whole = {**self._complete(data, depth + 1), **whole} if data else whole
        kind, parent = self._parents.get(str(record.get("crossref") or "").strip().lower(), ("", {}))
        if parent:
            whole = {**_inherited(kind, self._complete(parent, depth + 1)), **whole}
        return whole


def _inherited(kind: str, parent: Mapping[str, Any]) -> dict[str, Any]:
    renamed = _RENAMED_OF_PERIODICALS if kind == "periodical" else _RENAMED
    handed = {name: value for name, value in parent.items() if name not in _NOT_INHERITED}
    return {renamed[name]: value for name, value in parent.items() if name in renamed} | handed
