"""What publishers put around the abstracts of their feeds: a row each, with an example.

A row is chosen by the host of an entry's link; feeds of other hosts stay untouched. What surrounds an abstract often
has the authors, the date or the DOI that the feed has nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from newsletter.models import StatedDate
from newsletter.sources.formats import dates, person_names

_FLAGS = re.IGNORECASE | re.DOTALL
#: "Journal, Volume 36, Issue 2, Page 1-20, June 2026.", of Atypon's journals.
_ATYPON = (
    (
        r"(?:[^.]{0,150}?,\s)?Volume \w+(?:, (?:Issue|Number) [^,.]{1,20})?(?:, Pages? [^,.]{1,30})?"
        r"(?:, (?P<date>(?:\w+ )?(?:\d{1,2} )?\w* ?\d{4}))?(?:, Pages? [^,.]{1,30})?\s*\.\s*"
    ),
    r"[^.]{0,150}, (?:Ahead of Print|EarlyView|Early View|Accepted Article)\s*\.\s*",
)
#: How the first sentence of an abstract begins, after the names of its authors.
_SENTENCE = r"(?:We|The|A|An|In|This|These|Using|By|It|For|On|With|Here|Our|To|At|As|When|While)\s"
_HEADING = re.compile(r"(?:Abstract|Summary)(?:\s*[.:]\s*|\s+(?=[A-Z\d“\"'(])|(?=[A-Z][a-z]))", re.IGNORECASE)
_NOTHING = re.compile(r"[\W\d_]*")


@dataclass(frozen=True, slots=True)
class Publisher:
    """One publisher, and what its feeds have before and after an abstract, as patterns with named facts."""

    name: str
    hosts: tuple[str, ...]
    #: A text as its feed has it.
    example: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    title: str = ""
    #: Whether its feeds give all authors and their affiliations as one name: "Ann DoeJohn SmithDepartment of Clouds".
    are_authors_glued: bool = False
    #: Whether headings are glued to the text of their sections: "IntroductionWe count.MethodsWe looked up."
    are_headings_glued: bool = False
    #: Where its links have what its DOIs consist of, if its feeds have them nowhere else.
    link: str = ""
    doi: str = "{}"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """An abstract alone, and the facts that stood around it."""

    abstract: str
    authors: tuple[str, ...] = ()
    doi: str = ""
    published: StatedDate | None = None


PUBLISHERS = (
    Publisher(
        "Nature",
        ("nature.com",),
        "Nature Catalysis, Published online: 12 May 2026; doi:10.1038/s41929-026-01535-6 We oxidise.",
        (r"[^;]{0,150}, Published online: (?P<date>[^;]{4,30});\s*\|?\s*doi:(?P<doi>10\.\S+)\s*",),
    ),
    Publisher(
        "ScienceDirect",
        ("sciencedirect.com",),
        "Publication date: August 2026 Source: Cloud Letters, Volume 3 Author(s): Ann Doe, John Smith",
        (r"Publication date: (?:Available online )?(?P<date>.{4,30}?)\s*Source: .*?\s*Author\(s\): (?P<authors>.*)",),
    ),
    Publisher(
        "MDPI",
        ("mdpi.com",),
        "Entropy doi: 10.3390/e28010001 Authors: Ann Doe John Smith We measure.",
        (
            r"[^.;]{0,100}?, Vol\. \d+, Pages? \w+: [^\n]{0,300}?(?=doi:|\w+ doi:)",
            r"[\w ]{0,100}?doi:\s*(?P<doi>10\.\S+)\s*",
        ),
        title=r"[^:]{1,100}, Vol\. \d+, Pages? [\w-]+:\s*",
    ),
    Publisher(
        "APS",
        ("aps.org",),
        "Author(s): Ann Doe and John Smith We measure. [Phys. Rev. Lett. 136, 1] Published Fri May 08, 2026",
        (rf"Author\(s\): (?P<authors>.{{0,600}}?)\s+(?={_SENTENCE}|\[)",),
        (r"\s*\[[^\]]{3,80}\] Published \w{3} (?P<date>\w{3} \d{1,2}, \d{4})\s*",),
    ),
    Publisher(
        "SIAM",
        ("siam.org",),
        "SIAM Journal on Optimization, Volume 36, Issue 2, June 2026. Abstract. We bound.",
        _ATYPON,
    ),
    Publisher(
        "Taylor & Francis",
        ("tandfonline.com",),
        "Volume 40, Issue 5, May 2026, Page 1-20 .",
        _ATYPON,
        are_authors_glued=True,
    ),
    Publisher(
        "Wiley",
        ("wiley.com",),
        "Cloud Letters, Volume 40, Issue 5, Page 1-20, 8 May 2026. ABSTRACT We count.",
        _ATYPON,
    ),
    Publisher(
        "Science",
        ("science.org",),
        "Science, Volume 392, Issue 6, Page 1-2, May 2026.",
        _ATYPON,
        are_authors_glued=True,
    ),
    Publisher(
        "SAGE",
        ("sagepub.com",),
        "Cloud Studies, Ahead of Print. We count.",
        _ATYPON,
        are_authors_glued=True,
    ),
    Publisher(
        "PNAS",
        ("pnas.org",),
        "Proceedings of the National Academy of Sciences, Volume 123, Issue 19, May 2026. Significance We count.",
        _ATYPON,
    ),
    Publisher(
        "Cell",
        ("cell.com", "thelancet.com"),
        "Summary We count clouds.",
        (r"(?=Summary|Abstract)",),
    ),
    Publisher(
        "eLife",
        ("elifesciences.org",),
        "Clouds can be counted by models that were never shown any.",
        link=r"/(?:articles|reviewed-preprints)/(\d{4,7})(?:v\d+)?",
        doi="10.7554/eLife.{}",
    ),
    Publisher(
        "Frontiers",
        ("frontiersin.org",),
        "IntroductionClouds are many.MethodsWe counted them.ResultsThere were 12.",
        link=r"/(10\.3389/[\w.]+?)(?:/(?:full|abstract|pdf))?",
        are_headings_glued=True,
    ),
    Publisher(
        "ACS",
        ("acs.org",),
        "Journal of Clouds DOI: 10.1021/jacs.6c00001",
        (r"[^.]{0,100}?DOI:\s*(?P<doi>10\.\S+)\s*",),
        title=r"\[ASAP\]\s*",
    ),
    Publisher(
        "RSC",
        ("rsc.org",),
        "Cloud Sci., 2026, Advance Article DOI : 10.1039/D6CS00001A, Paper Ann Doe, John Smith We count. "
        "The content of this RSS Feed (c) The Royal Society of Chemistry",
        (r".{0,150}?DOI\s*:\s*(?P<doi>10\.[^\s,]+)(?:, [A-Z][\w ]{3,30}?(?= [A-Z]))?\s*",),
        (r"\s*(?:To cite this article before page numbers.*|The content of this RSS Feed \(c\).*)",),
    ),
    Publisher(
        "PLOS",
        ("plos.org",),
        "by Ann Doe, John Smith We detect things.",
    ),
    Publisher("OUP", ("oup.com",), "Abstract We count.", (r"(?=Abstract)",)),
    Publisher(
        "Springer",
        ("springer.com",),
        "Abstract We count.",
        (r"(?=Abstract)",),
        link=r"/(?:article|chapter)/(10\.\d{4,9}/.+)",
    ),
    Publisher(
        "IEEE",
        ("ieee.org",),
        "Presents the front cover for this issue of the publication.",
        (r"(?:Presents|Provides) (?:the|a) (?:front cover|table of contents|listing).{0,200}",),
    ),
    Publisher(
        "PubMed",
        ("pubmed.ncbi.nlm.nih.gov",),
        "Cloud Med. 2026 Jun;82:102119. doi: 10.1000/x. Epub 2026 Jun 11. ABSTRACT AIMS: We count. "
        "PMID:42642176 | DOI:10.1000/x",
        (
            (
                r"[^;]{1,150}\. (?P<date>\d{4}(?: \w{3}(?: \d{1,2})?)?)[^:]{0,40}.{0,60}?doi: (?P<doi>10\.\S+)(?<=\.)"
                r"(?: Epub [^.]{4,20}\.| eCollection [^.]{4,20}\.| Online ahead of print\.)*\s*"
            ),
            r"NO ABSTRACT\s*",
        ),
        (r"\s*PMID:\s*\d+(?:\s*\|\s*(?:PMC|DOI):\s*\S+)*\s*",),
    ),
)
_GLUED_HEADING = re.compile(
    r"(?:^|(?<=[.?!)\]]))\s*((?:Backgrounds?|Introductions?|Objectives?|Aims?|Purposes?|Rationale|Contexts?|Hypothesis"
    r"|(?:Materials? and )?Methods?|(?:Study )?Design|Participants|Interventions?|Main [Oo]utcomes?|Findings"
    r"|Results?(?: and [Dd]iscussion)?|Discussions?|Conclusions?|Interpretation|Significance|Limitations"
    r"|Methods and [Rr]esults|Systematic review registration|Clinical trial registration))(?=[A-Z\d])"
)
_BY_AUTHORS = re.compile(r"by\s+", re.IGNORECASE)


def publisher_of(link: str | None) -> Publisher | None:
    """Return the publisher of a link, or None if its feeds are not known."""
    host = (urlsplit(link).hostname or "") if link else ""
    return next((one for one in PUBLISHERS if any(_is_of(host, known) for known in one.hosts)), None)


def _is_of(host: str, known: str) -> bool:
    return host == known or host.endswith(f".{known}")


def cleaned(publisher: Publisher, text: str, authors: tuple[str, ...]) -> Cleaned:
    """Return an abstract without what its publisher puts around it; `authors` are those that the feed states."""
    facts: dict[str, str] = {}
    for pattern in publisher.before:
        if match := re.match(pattern, text, _FLAGS):
            facts |= {name: value for name, value in match.groupdict().items() if value}
            text = text[match.end() :]
    for pattern in publisher.after:
        if match := re.search(rf"{pattern}$", text, _FLAGS):
            facts |= {name: value for name, value in match.groupdict().items() if value}
            text = text[: match.start()]
    text = _without_authors(text, authors)
    if publisher.are_headings_glued:
        text = _GLUED_HEADING.sub(r" \1: ", text)
    if publisher.before and (heading := _HEADING.match(text)):
        text = text[heading.end() :]
    return Cleaned(
        abstract="" if _NOTHING.fullmatch(text) else text.strip(),
        authors=person_names.names(facts["authors"]) if "authors" in facts else (),
        doi=facts.get("doi", "").rstrip(".,;"),
        published=dates.published({"date": facts["date"]}) if "date" in facts else None,
    )


def _without_authors(text: str, authors: tuple[str, ...]) -> str:
    """Remove the authors, whom the feed names elsewhere too, from the start of a text: "by Ann Doe, John Smith"."""
    by = _BY_AUTHORS.match(text)
    at = by.end() if by else 0
    rest = re.compile(r"(?:Authors?:)?\s*" + r"\s*(?:,|;|\band\b|&)?\s*".join(map(re.escape, authors)) + r"[\s,.;]+")
    match = rest.match(text, at) if authors else None
    return text[match.end() :] if match else text


def doi_of(publisher: Publisher | None, link: str | None) -> str:
    """Return the DOI that is in a link of a publisher, or ""."""
    if publisher is None or not publisher.link or not link:
        return ""
    match = re.search(rf"{publisher.link}/?$", urlsplit(link).path, re.IGNORECASE)
    return publisher.doi.format(match[1]) if match else ""


def title_of(publisher: Publisher, title: str) -> str:
    """Return a title without what its publisher puts before it: "[ASAP]", "Entropy, Vol. 28, Pages 1:"."""
    return re.sub(rf"^{publisher.title}", "", title) if publisher.title else title
