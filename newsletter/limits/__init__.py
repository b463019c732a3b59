"""The limits of everything that comes in, in one table: what is longer is refused or cut before any work is done on it.

Each limit is a number with its unit, what it bounds, what happens beyond it, and why; docs/security.md has the table.
A limit holds at the entrance, so the code behind it may rely on it. What is counted in code points is cut before it is
normalized (UAX #15), parsed or matched.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Unit(StrEnum):
    """What a limit counts."""

    BYTES = "bytes"
    CODE_POINTS = "code points"
    LEVELS = "levels"
    ITEMS = "items"


class Limit(int):
    """A limit, which is used as the number that it is."""

    unit: Unit
    #: What it bounds.
    subject: str
    #: What happens to what exceeds it.
    beyond: str
    #: Why it is this large, and no larger.
    reason: str

    def __new__(cls, number: int, unit: Unit, subject: str, beyond: str, reason: str) -> Self:
        """Make a limit of its number and description."""
        limit = super().__new__(cls, number)
        limit.unit, limit.subject, limit.beyond, limit.reason = unit, subject, beyond, reason
        return limit


_B, _C, _L, _I = Unit.BYTES, Unit.CODE_POINTS, Unit.LEVELS, Unit.ITEMS

# -- any text -----------------------------------------------------------------------------------------

COMBINING_MARKS = Limit(
    30, _I, "combining marks on one character", "dropped",
    "Stream-Safe Text (UAX #15, section 13): normalizing sorts them, in quadratic time",
)  # fmt: skip

# -- requests -----------------------------------------------------------------------------------------

URL_BYTES = Limit(8000, _B, "the path and query of a URL", "414", "RFC 9110, 4.1 asks for at least 8000")
HEADER_BYTES = Limit(32_768, _B, "all headers of a request", "431", "cookies and proxies' headers need a few KB")
ACCEPT_LANGUAGE = Limit(
    1000, _C, "the languages that a browser accepts", "ignored", "each is parsed; people speak fewer than fifty"
)
HEADERS = Limit(100, _I, "headers of a request", "431", "browsers send about 20")
FORM_BYTES = Limit(64_000, _B, "the body of a form or of a JSON request", "413", "the site's own forms are far smaller")
FORM_FIELDS = Limit(300, _I, "fields of a form or a query string", "400", "the catalogue's topics are one field each")
JSON_DEPTH = Limit(20, _L, "nesting of a JSON request", "400", "a profile has four levels")
PAGE_DIGITS = Limit(6, _I, "digits of a page number", "400", "Python refuses to convert 4,300 digits")
WEBHOOK_BYTES = Limit(1_000_000, _B, "the body of a provider's call", "413", "SendGrid sends up to 1,000 events in one")
WEBHOOK_EVENTS = Limit(
    5000, _I, "events of a provider's call", "ignored", "the size of the body allows no more real ones"
)
CERTIFICATE_BYTES = Limit(65_536, _B, "a document that an Amazon SNS call names", "503", "a certificate has 2 KB")
CERTIFICATES = Limit(10, _I, "cached certificates of Amazon", "fetched each time", "one per region")

# -- profiles -----------------------------------------------------------------------------------------

ADDRESS = Limit(320, _C, "an email address", "refused", "64 before the @ and 255 after it (RFC 5321, 4.5.3.1)")
ADDRESS_OCTETS = Limit(254, _B, "an email address on the wire", "refused", "RFC 5321, 4.5.3.1.3, less the brackets")
LOCAL_PART_OCTETS = Limit(64, _B, "the part of an address before the @", "refused", "RFC 5321, 4.5.3.1.1")
NAME = Limit(100, _C, "the name of a subscriber", "cut", "it stands in a header and in a greeting")
SUBSCRIBER_TAGS = Limit(100, _I, "tags of a subscriber", "refused", "other programs allow as many")
SUBSCRIBER_TAG = Limit(100, _C, "a tag of a subscriber", "refused", "it is typed in commands")
TOPICS = Limit(50, _I, "topics of a profile", "refused", "each is matched against every paper")
TOPIC_NAME = Limit(200, _C, "the name of a topic that has a query", "refused", "it is a heading of the digest")
QUERY = Limit(2000, _C, "the query of a topic or a search", "refused", "two pages of text; 300 words")
QUERY_TERMS = Limit(400, _I, "words and phrases of a query", "refused", "each is looked up in the index")
SEARCH_WORDS = Limit(32, _I, "words of a sentence that is searched for", "ignored", "each adds a list to be merged")
SIMILAR_PAPERS = Limit(5, _I, "similar papers on the page of a paper", "left out", "a hint, not a list")
STATIC_INDEX_BYTES = Limit(
    4 * 2**20, _B, "the index that a static archive is searched by", "the oldest papers are left out",
    "a phone loads it at once: about 10,000 papers, 1.5 MB compressed",
)  # fmt: skip
SAVED_PAPERS = Limit(1000, _I, "saved papers of a subscriber", "refused", "they are one page, and one file")
QUERY_DEPTH = Limit(30, _L, "parentheses of a query", "refused", "the parser is recursive")
KEYWORDS = Limit(100, _I, "keywords, or excluded ones, of a topic", "refused", "each is a term of its query")
FOLLOWED = Limit(200, _I, "followed authors and organizations", "refused", "each is matched against every author")
FOLLOWED_NAME = Limit(200, _C, "the name of one of them", "refused", "the longest names of consortia")
CELL = Limit(100_000, _C, "a cell of an imported table", "refused", "a profile with all its topics fits")
OWN_CELL = Limit(
    32_000_000, _C, "a cell of a table that was exported by this program", "refused", "feedback on a library fits"
)
TOML_BYTES = Limit(2**20, _B, "a TOML file: settings, a profile, topics", "refused", "100 sources take 10 KB")
TOML_KEY = Limit(20, _L, "parts of a dotted key in TOML", "refused", "the parser takes quadratic time in their number")
NOTE = Limit(10_000, _C, "a note", "refused", "four pages; converting Markdown takes quadratic time in the worst case")

# -- papers -------------------------------------------------------------------------------------------

RESPONSE_BYTES = Limit(64 * 2**20, _B, "a response of a source", "refused", "arXiv's largest page has 10 MB")
DOCUMENT_BYTES = Limit(
    256 * 2**20, _B, "a file or a decompressed response, unless it is streamed", "refused", "it is held in memory"
)
RECORD = Limit(16 * 2**20, _C, "one record of a JSON file", "refused", "an entry with 3,000 authors has 0.3 MB")
ENTRY = Limit(2**20, _C, "one entry of a BibTeX or RIS file", "refused", "as above")
XML_DEPTH = Limit(100, _L, "nesting of XML", "refused", "deeper nesting could exhaust the stack")
MARKUP = Limit(60_000, _C, "text with markup, before it is converted", "cut", "three times an abstract")
TEX_DEPTH = Limit(20, _L, "groups of TeX", "left as TeX", "deeper nesting could exhaust the stack")
TEX_ROUNDS = Limit(3, _I, "readings of TeX in one text", "left as TeX", "escapes may turn into TeX")
TEX_FORMULA = Limit(1000, _C, "a formula of TeX", "left as TeX", "a longer one is not read on one line")
TITLE = Limit(1000, _C, "the title of a paper", "cut", "the longest on arXiv has 300")
ABSTRACT_BYTES = Limit(20_000, _B, "an abstract", "cut after a sentence", "ten times a long one; the rest is full text")
AUTHORS = Limit(5000, _I, "authors of a paper", "dropped", "the largest collaborations have 5,154 (ATLAS and CMS)")
AUTHOR = Limit(300, _C, "the name of an author", "cut", "the names of collaborations are the longest")
TAGS = Limit(200, _I, "keywords, or categories, of a paper", "dropped", "PubMed's longest lists have 60")
TAG = Limit(200, _C, "a keyword or a category", "cut", "a phrase, not a text")
MEDIA = Limit(20, _I, "pictures and videos of a paper", "dropped", "Hugging Face's papers have 9 at most")
HANDLE = Limit(100, _C, "the name of an account at a source", "dropped", "a part is the name of another")
FACT = Limit(
    2000, _C, "venue, organization or summary of a paper", "cut", "one line each; the longest summary seen has 1,319"
)
LIBRARY_PAGES = Limit(
    200, _I, "pages of 100 items of a Zotero library", "refused, or ignored if they only are new papers",
    "large libraries have 10,000 items",
)  # fmt: skip
PAPER_URL = Limit(2048, _C, "a link of a paper", "dropped", "what browsers and mail programs accept")

# -- servers that are asked ---------------------------------------------------------------------------

REPLY = Limit(500, _C, "the text of a reply of a mail server", "cut", "it is reported in one line")
REPLY_LINES = Limit(100, _I, "lines of a reply of a mail server", "ignored", "EHLO lists about 20 extensions")
REPLY_LINE_BYTES = Limit(65_536, _B, "an unfinished line of a reply", "refused", "RFC 5321, 4.5.3.1.5 asks for 512")
RELEASES_BYTES = Limit(8 * 2**20, _B, "PyPI's list of our releases", "refused", "a hundred have 0.3 MB")
COMPLETION_BYTES = Limit(256 * 2**10, _B, "a response of a model", "refused", "a summary has 0.5 KB")
COMPLETION = Limit(4000, _C, "the text in it", "refused", "at most 120 tokens are asked for")
SUMMARY = Limit(400, _C, "a summary", "refused", "a longer text is not one sentence")
SUMMARIZED = Limit(6000, _C, "the abstract that a model gets", "cut", "every token costs")

# -- inbound mail -------------------------------------------------------------------------------------

MAIL_BYTES = Limit(2**20, _B, "an inbound message", "the rest is ignored", "a report that quotes a digest is smaller")
MAIL_PARTS = Limit(50, _I, "parts of a message, or fields' groups of a report", "ignored", "a report has three parts")
MAIL_DELIMITERS = Limit(
    1000,
    _I,
    "lines of a message that may begin a part",
    "the rest is ignored",
    "a quoted digest has 100 of them",
)
MAIL_HEADER = Limit(4096, _C, "a header of an inbound message", "cut", "a Message-ID has 900, a Subject fewer")
MAIL_HEADERS_OF_A_NAME = Limit(10, _I, "headers of one name", "ignored", "Delivered-To, once for each forwarding")
MAIL_TEXT = Limit(65_536, _C, "the text of a bounce that is searched", "cut", "the reason stands at the top")
MAIL_LINES = Limit(
    4000,
    _I,
    "lines of a bounce in an unknown format",
    "only its headers are read",
    "flufl.bounce tries 40 patterns on each",
)
MAIL_LINE = Limit(998, _C, "a line of it", "as above", "RFC 5322, 2.1.1; some of the patterns take quadratic time")
MAIL_ADDRESSES = Limit(50, _I, "addresses that one bounce may name", "ignored", "each message has one recipient")
ALERT_MESSAGES = Limit(
    500, _I, "messages of a folder that one pull of alerts reads", "read by the next pull", "a month of daily alerts"
)
ALERT_PAPERS = Limit(500, _I, "papers of an alert in HTML", "ignored", "the longest alerts have 200")
ALERT_LISTED = Limit(3000, _I, "papers of a listing mail of arXiv", "ignored", "all of arXiv announces 1,500 a day")
ALERT_LINES = Limit(60, _I, "lines of text below the title of a paper", "ignored", "authors, venue and an abstract")
COMMAND = Limit(80, _C, "the token of a command by email", "ignored", "a signed token has 60")

TABLE = {name: value for name, value in globals().items() if isinstance(value, Limit)}
