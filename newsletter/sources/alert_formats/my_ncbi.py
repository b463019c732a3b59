"""PubMed's alerts of saved searches (My NCBI): "What's new for … in PubMed".

In HTML a title is a link with the article's number, in its address or as `ref="article_id=…"`; below stand the
authors, and "Journal. Date;Volume. doi: …". In text each article is a paragraph that ends in "PMID: …", in the format
that PubMed calls summary; one in its own format (MEDLINE) is read as a file of it is. Built from
https://www.ncbi.nlm.nih.gov/books/NBK53593/ (alerts), https://pubmed.ncbi.nlm.nih.gov/help/ (formats) and public
parsers of such mails.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from functools import partial

from newsletter.models import Entry, Refusal
from newsletter.papers.identifiers import doi
from newsletter.sources.alert_formats.html_blocks import Block, blocks_of
from newsletter.sources.alert_formats.message import AlertMail, paper, target_of
from newsletter.sources.formats import dates, values
from newsletter.sources.formats.medline import read_medline, without_stop
from newsletter.sources.formats.records import entry_from
from newsletter.sources.formats.tables import Broken

_ARTICLE = re.compile(r"(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/(?P<pmid>\d{1,9})(?=[/?#]|$)")
_OTHER_LINK = re.compile(r"(?:similar articles|free (?:pmc )?article|pmid:? ?\d+|\d+|.*full text.*)\.?", re.IGNORECASE)
#: As in "J Clouds. 2026 May 7;12(3):1-9. doi: 10.1000/x. Online ahead of print."
_CITATION = re.compile(
    r"(?P<venue>[^.;:]{2,150}(?:\([^()]*\))?)\.\s+"
    r"(?P<date>(?:19|20)\d\d(?: [A-Z][a-z]{2}(?:-[A-Z][a-z]{2})?)?(?: \d{1,2})?)\b.*"
)
_DOI = re.compile(r"\bdoi:\s*(\S+)", re.IGNORECASE)
_ITEM = re.compile(r"[ \t]{0,8}\d{1,4}[ \t]?[.:][ \t]+(?=\S)")
_PMID = re.compile(r"\bPMID:[ \t]*(?P<pmid>\d{1,9})")
#: Of an article in text, in code points.
_MAX_ITEM = 6000
_NAMES = re.compile(r"(?P<names>[^.?!]+?(?:\s[A-Z]{1,4}(?:\s(?:Jr|Sr|2nd|3rd))?|et al))\.\s+")
_TITLE = re.compile(r"(?P<title>.+?[.?!])\s+")


def entries(mail: AlertMail) -> Iterator[Entry | Refusal]:
    """Yield the articles of a mail, each once."""
    if re.search(r"^PMID- ?\d", mail.text, re.MULTILINE):
        yield from _medline(mail.text)
        return
    seen = set()
    found = _in_html(mail.html) if mail.html else _in_text(mail.text)
    for number, (pmid, read) in enumerate(found, start=1):
        if pmid in seen:
            continue
        seen.add(pmid)
        try:
            yield read()
        except ValueError as error:
            yield Refusal(f"entry {number}", str(error))


def _medline(text: str) -> Iterator[Entry | Refusal]:
    text = text[text.index("PMID-") :]
    for one in read_medline(io.BufferedReader(io.BytesIO(text.encode("utf-8", "replace")))):
        if isinstance(one, Broken):
            yield Refusal(f"line {one.line}", one.why)
            continue
        try:
            yield entry_from(one.record, source="alerts")
        except ValueError as error:
            yield Refusal(f"line {one.number}", str(error))


def _in_html(html: str) -> Iterator[tuple[str, Callable[[], Entry]]]:
    for block in blocks_of(html, lambda href, _classes: bool(_ARTICLE.search(target_of(href)))):
        found = _ARTICLE.search(target_of(block.href))
        if found and not _OTHER_LINK.fullmatch(block.title):
            yield found["pmid"], partial(_of_block, block, found["pmid"])


def _of_block(block: Block, pmid: str) -> Entry:
    lines = [line.text for line in block.lines]
    at = next((number for number, line in enumerate(lines) if _CITATION.fullmatch(line)), None)
    names = " ".join(lines[:at]) if at is not None else ""
    return _article(block.title, names, lines[at] if at is not None else "", pmid)


def _in_text(text: str) -> Iterator[tuple[str, Callable[[], Entry]]]:
    item: list[str] = []
    for line in text.splitlines():
        if begins := _ITEM.match(line):
            item = [line[begins.end() :]]
        elif item:
            item.append(line)
        if item and (end := _PMID.search(line)):
            item[-1] = item[-1].partition("PMID:")[0]
            body = " ".join(" ".join(item)[:_MAX_ITEM].split())
            yield end["pmid"], partial(_of_summary, body, end["pmid"])
            item = []


def _of_summary(body: str, pmid: str) -> Entry:
    """Parse "Doe J, Roe R. The title. J Clouds. 2026 May 7;12:1. doi: 10.1000/x." """
    names = _NAMES.match(body)
    rest = body[names.end() :] if names else body
    title = _TITLE.match(rest)
    citation = rest[title.end() :] if title else ""
    while title and citation and not _CITATION.fullmatch(citation):  # a title of several sentences
        more = _TITLE.match(citation)
        if more is None:
            break
        citation = citation[more.end() :]
    end = len(rest) - len(citation)
    return _article(rest[:end].strip(), names["names"] if names else "", citation, pmid)


def _article(title: str, names: str, citation: str, pmid: str) -> Entry:
    cited, found_doi = _CITATION.fullmatch(citation), _DOI.search(citation)
    return paper(
        without_stop(values.plain_text(title)),
        f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/",
        authors=values.names(names.rstrip(". ")) if names else (),
        doi=doi(found_doi[1]) if found_doi else None,
        venue=values.plain_text(cited["venue"]) if cited else None,
        published=dates.published({"date": cited["date"]}) if cited else None,
    )
