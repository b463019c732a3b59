"""Papers as files for reference managers and tables: BibTeX, RIS, CSV, JSON. `newsletter pull file` reads each back.

BibTeX: https://www.bibtex.org/Format/, in UTF-8, for BibTeX and biblatex. RIS: the tags that Zotero, EndNote and
Mendeley read. CSV: RFC 4180.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from newsletter.models import Paper
from newsletter.models.dates import first_day
from newsletter.rendering.links import paper_url, pdf_url
from newsletter.text import fold, normalize
from newsletter.text.stop_words import STOP_WORDS


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files."""

    label: str
    media_type: str


#: Formats by the suffixes of their files.
FORMATS = {
    "bib": Format("BibTeX", "application/x-bibtex"),
    "ris": Format("RIS", "application/x-research-info-systems"),
    "csv": Format("CSV", "text/csv"),
    "json": Format("JSON", "application/json"),
}

_TEX = {character: f"\\{character}" for character in "#$%&_{}"}
_TEX |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_ESCAPES = str.maketrans(_TEX)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Words in small letters that belong to the last name: "van der Berg".
_PARTICLES = frozenset(
    ("al", "bin", "da", "de", "del", "den", "der", "di", "dos", "du", "la", "ten", "van", "von", "zu")
)
#: What a spreadsheet would take for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = (
    "key", "title", "authors", "date", "venue", "arxiv_id", "doi", "url", "pdf_url", "code_url", "code_stars",
    "upvotes", "comments", "organization", "categories", "keywords", "sources", "summary", "abstract", "page",
)  # fmt: skip


def write_papers(papers: Iterable[Paper], suffix: str, page_of: Callable[[Paper], str]) -> str:
    """Return papers as the text of a file with a suffix of `FORMATS`; `page_of` gives the address of a paper's page."""
    match suffix:
        case "bib":
            taken: set[str] = set()
            return "\n".join(_bibtex(paper, taken) for paper in papers)
        case "ris":
            return "".join(map(_ris, papers))
        case "csv":
            return _csv(_record(paper, page_of(paper)) for paper in papers)
    records = [_record(paper, page_of(paper)) for paper in papers]
    kept = [{name: value for name, value in one.items() if value not in (None, "", [])} for one in records]
    return json.dumps(kept, ensure_ascii=False, indent=1) + "\n"


# -- BibTeX -------------------------------------------------------------------------------------------


def _bibtex(paper: Paper, taken: set[str]) -> str:
    stated = paper.published or paper.day
    month = first_day(stated).month if len(stated.isoformat()) > 4 else None
    fields = {
        "title": f"{{{_tex(paper.title)}}}",
        "author": " and ".join(map(_bibtex_author, paper.authors)) or _bibtex_author(paper.organization or ""),
        "year": stated.isoformat()[:4],
        "month": "" if month is None else _MONTHS[month - 1],
        "journal": _tex(paper.venue or ""),
        "eprint": paper.arxiv_id or "",
        "archiveprefix": "arXiv" if paper.arxiv_id else "",
        "primaryclass": paper.categories[0] if paper.arxiv_id and paper.categories else "",
        "doi": _verbatim(paper.doi or ""),
        "url": _verbatim(paper_url(paper)),
        "keywords": _tex(", ".join(paper.keywords)),
        "abstract": _tex(paper.abstract),
    }
    # The names of months are macros, which stand without braces.
    lines = [f"  {name} = {value if name == 'month' else f'{{{value}}}'}" for name, value in fields.items() if value]
    kind = "article" if paper.venue else "misc"
    return "".join([f"@{kind}{{{_citation_key(paper, taken)},\n", ",\n".join(lines), "\n}\n"])


def _citation_key(paper: Paper, taken: set[str]) -> str:
    """Return a key such as "example2026counting", another one for each paper of a file."""
    author = _family_name(paper.authors[0])[0] if paper.authors else paper.organization or ""
    named = next((word for word in fold(paper.title[:200]).split() if word not in STOP_WORDS and _ascii(word)), "")
    key = f"{_ascii(author)}{first_day(paper.stated).year}{_ascii(named)}"
    found, number = key, 1
    while found in taken:
        number += 1
        found = f"{key}-{number}"
    taken.add(found)
    return found


def _ascii(text: str) -> str:
    plain = normalize("NFKD", text[:60]).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.lower())


def _bibtex_author(name: str) -> str:
    """Return a name, in braces if BibTeX would take it apart in other ways than it is meant."""
    text = _tex(name)
    return f"{{{text}}}" if re.search(r",|\b(?:and|others)\b", name, re.IGNORECASE) else text


def _tex(text: str) -> str:
    return text.translate(_ESCAPES)


def _verbatim(address: str) -> str:
    """Return an address without what would end a field."""
    return quote(address, safe="".join(chr(code) for code in range(33, 127) if chr(code) not in '{}\\"'))


# -- RIS ----------------------------------------------------------------------------------------------


def _ris(paper: Paper) -> str:
    stated = (paper.published or paper.day).isoformat()
    lines = [
        ("TY", "JOUR" if paper.venue else "UNPB"),
        ("ID", paper.key),
        ("TI", paper.title),
        *(("AU", ", ".join(filter(None, _family_name(name)))) for name in paper.authors or (paper.organization or "",)),
        ("PY", stated[:4]),
        ("DA", "/".join([*stated.split("-"), "", "", ""][:3]) + "/"),
        ("T2", paper.venue or ""),
        ("M1", f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else ""),
        ("DO", paper.doi or ""),
        ("UR", paper_url(paper)),
        ("L1", pdf_url(paper)),
        *(("KW", word) for word in paper.keywords),
        ("AB", paper.abstract),
    ]
    return "".join(f"{tag}  - {' '.join(value.split())}\r\n" for tag, value in lines if value) + "ER  - \r\n\r\n"


def _family_name(name: str) -> tuple[str, str]:
    """Return the family name and the others of "Ilse van der Berg"; of one word, or with a comma, all and ""."""
    parts = name.split()
    if "," in name or len(parts) < 2:
        return name, ""
    start = len(parts) - 1
    while start > 1 and parts[start - 1] in _PARTICLES:
        start -= 1
    return " ".join(parts[start:]), " ".join(parts[:start])


# -- tables -------------------------------------------------------------------------------------------


def _record(paper: Paper, page: str) -> dict[str, object]:
    known: Mapping[str, object] = {
        "key": paper.key, "date": (paper.published or paper.day).isoformat(), "url": paper_url(paper), "page": page,
    }  # fmt: skip
    values = {name: known[name] if name in known else getattr(paper, name) for name in _COLUMNS}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _csv(records: Iterable[Mapping[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for record in records:
        writer.writerow([_cell(record[name]) for name in _COLUMNS])
    return text.getvalue()


def _cell(value: object) -> str:
    text = "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
