"""Whether time grows with size: what the entrances do with adversarial text of 1, 2, 4 and 8 times the size.

    python -m tests.benchmarks.sizes [--size 2000] [--rounds 3] [--only PREFIX]

A line per entrance and generator: milliseconds of CPU at each size, and the ratio of the last to the first. Time that
is linear in the size gives 8; quadratic time gives 64. Each time is the shortest of several rounds: whatever else runs
on the machine makes a round longer, never shorter. A row whose ratio is above 10 is therefore measured again, with more
rounds, before it is believed.
"""

from __future__ import annotations

import argparse
import gc
import io
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from html import escape

from newsletter.errors import NewsletterError
from newsletter.mailboxes.mime import field, parse
from newsletter.models.addresses import email_key, parse_address
from newsletter.papers.cut import cut_abstract
from newsletter.papers.identity import key_of
from newsletter.rendering.extractive import key_sentence
from newsletter.rendering.folding import fold
from newsletter.rendering.wrapping import wrap
from newsletter.sending.bounces.provider_events import of_postmark
from newsletter.sending.bounces.reports import read_bounce_report
from newsletter.sources.documents import Document
from newsletter.sources.feed import Feed
from newsletter.sources.formats import values
from newsletter.sources.formats.bibtex import read_bibtex
from newsletter.sources.formats.delimited import read_table
from newsletter.sources.formats.records import entry_from
from newsletter.sources.formats.ris import read_ris
from newsletter.sources.formats.tables import read_jsonl
from newsletter.subscribers.csv_rows import Rows
from newsletter.subscribers.profiles import make_profile
from newsletter.text import shorten, squeeze, stream_safe, whole_sentences
from newsletter.text.tokenizer import words
from newsletter.topics.highlight import highlight
from newsletter.topics.query import Term
from newsletter.topics.query import parse as parse_query
from newsletter.web.http.forms import parse_form
from newsletter.web.http.json_body import read_json

FACTORS = (1, 2, 4, 8)
_DAY = date(2026, 5, 8)
#: The largest ratio that is not measured again.
_MOST = 10
_MORE_ROUNDS = (2, 3, 5, 10, 20)
#: What takes longer than this is not measured again (seconds).
_BEYOND_DOUBT_S = 4
#: Times below this are noise (seconds).
_RESOLUTION_S = 0.001


def _repeated(unit: str) -> Callable[[int], str]:
    return lambda size: (unit * (size // len(unit) + 1))[:size]


def _nested(opening: str, closing: str) -> Callable[[int], str]:
    def text(size: int) -> str:
        depth = size // (len(opening) + len(closing))
        return opening * depth + "x" + closing * depth

    return text


#: By name, what makes a text of so many characters.
GENERATORS: dict[str, Callable[[int], str]] = {
    "marks": lambda size: "a" + "\u0301\u0316" * (size // 2),
    "halfwidth marks": lambda size: "a" + "\uff9e\u0301" * (size // 2),
    "styles": _nested(r"\text{", "}"),
    "styles, unclosed": _repeated(r"\text{"),
    "fractions, unclosed": _repeated(r"$\frac{\frac{\frac{$ "),
    "braces": _nested("{", "}"),
    "abbreviations": _repeated("e.g. "),
    "initials": _repeated("A. "),
    "ellipses": _repeated(". . ."),
    "full stops": _repeated("."),
    "tags, unclosed": _repeated("<b "),
    "tags, quotes": _repeated('<a href="'),
    "comments": _repeated("<!-- "),
    "entities": _repeated("&amp;"),
    "parentheses": _nested("(", ")"),
    "parentheses, unclosed": _repeated("("),
    "brackets": _nested("[", "]"),
    "OR chain": _repeated("ab OR "),
    "quotes": _repeated('"'),
    "dollars": _repeated("$"),
    "formulas": _repeated(r"\("),
    "accents": _repeated(r"\'"),
    "MathML, unclosed": _repeated("<math><msqrt>"),
    "MathML": lambda size: "<math>" + _nested("<msqrt>", "</msqrt>")(size) + "</math>",
    "backslashes": _repeated("\\"),
    "quoted-printable": _repeated("=41"),
    "encoded words": _repeated("=?utf-8?q?a?= "),
    "encoded words, unclosed": _repeated("=?utf-8?q?"),
    "commas": _repeated(","),
    "names": _repeated("a, "),
    "et al": _repeated(" , et al"),
    "line ends": _repeated("\n"),
    "fields": _repeated("a: b\n"),
    "spaces": _repeated(" "),
    "at signs": _repeated("a@b"),
    "one word": _repeated("a"),
}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _stream(text: str) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(_bytes(text)))


def _on_one_line(text: str) -> str:
    return text.replace("\n", " ")


def _bounce(subject: str, body: str, encoding: str = "8bit") -> object:
    head = f"From: mailer-daemon@example.org\nSubject: {subject}\nContent-Transfer-Encoding: {encoding}\n\n"
    return read_bounce_report(_bytes(head + body))


def _delivery_status(text: str) -> object:
    return read_bounce_report(
        b"From: mailer-daemon@example.org\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.org\n"
        b"Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 " + _bytes(_on_one_line(text)) + b"\n\n--b--\n"
    )


def _command(text: str) -> object:
    message = parse(b"Subject: " + _bytes(_on_one_line(text)) + b"\n\n")
    return None if message is None else field(message, "Subject")


def _feed(text: str) -> object:
    shown = escape(stream_safe(text))
    page = (
        f"<rss version='2.0'><channel><item><title>t</title><author>{shown}</author>"
        f"<description>{shown}</description></item></channel></rss>"
    )
    return list(Feed().parse(Document("feed", _bytes(page)), _DAY))


def _record(text: str) -> object:
    return entry_from(dict.fromkeys(("title", "abstract", "author", "doi", "keywords", "date", "url"), text))


def _rows(text: str) -> object:
    return list(Rows(io.StringIO(f"email,name\n{text}", newline=""), "file"))


#: By name, what is done with text from outside; the first word is where it comes in.
ENTRANCES: dict[str, Callable[[str], object]] = {
    "form: fields": lambda text: parse_form(_bytes(f"q={text}")),
    "form: name": squeeze,
    "form: address": parse_address,
    "form: topics": lambda text: make_profile({"topics": text.split("\n"), "follow": [text]}, {}),
    "form: search": parse_query,
    "json: body": lambda text: read_json(_bytes(text)),
    "webhook: event": lambda text: of_postmark({"RecordType": "Bounce", "Email": text, "Description": text}),
    "source: title": lambda text: key_of(None, None, values.text(text), (text,)),
    "source: abstract": lambda text: cut_abstract(values.abstract(text)),
    "source: authors": values.names,
    "source: record": _record,
    "source: feed": _feed,
    "file: bibtex": lambda text: list(read_bibtex(_stream(f"@article{{a, title={{{text}}}}}"))),
    "file: ris": lambda text: list(read_ris(_stream(f"TY  - JOUR\nTI  - {text}"))),
    "file: jsonl": lambda text: list(read_jsonl(_stream(text))),
    "file: csv": lambda text: list(read_table(_stream(f"title,authors\n{text}"))),
    "import: csv": _rows,
    "import: address": email_key,
    "mail: bounce": lambda text: _bounce("failed", text),
    "mail: bounce, subject": lambda text: _bounce(_on_one_line(text), "failed"),
    "mail: bounce, encoded": lambda text: _bounce("failed", text, "quoted-printable"),
    "mail: delivery status": _delivery_status,
    "mail: command": _command,
    "mail: content type": lambda text: parse(b"Content-Type: a/b; " + _bytes(_on_one_line(text)) + b"\n\n"),
    "digest: sentences": lambda text: whole_sentences(text, 300),
    "digest: shortened": lambda text: shorten(text, len(text) - 5),
    "digest: key sentence": lambda text: key_sentence("a title", text),
    "digest: highlight": lambda text: list(highlight(text, [Term("e g"), Term("ab", None, True)])),
    "digest: words": words,
    "digest: plain text": wrap,
    "digest: subject": lambda text: fold("Subject", squeeze(text)),
}


def seconds(entrance: str, generator: str, sizes: Sequence[int], rounds: int) -> list[float]:
    """Return the shortest CPU time of several rounds at each size; what is refused counts like what is not."""
    run, texts = ENTRANCES[entrance], [GENERATORS[generator](size) for size in sizes]
    shortest = [float("inf")] * len(sizes)
    gc.disable()  # it runs more often, and over more objects, the more text there is
    try:
        for _ in range(rounds):
            for number, text in enumerate(texts):
                start = time.thread_time()
                with suppress(NewsletterError, ValueError):
                    run(text)
                shortest[number] = min(shortest[number], time.thread_time() - start)
    finally:
        gc.enable()
    return shortest


def measure(entrance: str, generator: str, sizes: Sequence[int], rounds: int, most: float) -> list[float]:
    """Return the shortest times of as many rounds as it takes until their ratio is small enough or beyond doubt."""
    shortest = seconds(entrance, generator, sizes, rounds)
    for more in _MORE_ROUNDS:
        if ratio(shortest) <= most or shortest[-1] > _BEYOND_DOUBT_S:
            break
        shortest = list(map(min, shortest, seconds(entrance, generator, sizes, more)))
    return shortest


def ratio(times: Sequence[float]) -> float:
    """Return how many times as long the largest size takes as the smallest."""
    return times[-1] / max(times[0], _RESOLUTION_S)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="the entrances that begin with this")
    options = parser.parse_args()
    sizes = [options.size * factor for factor in FACTORS]
    print(f"{'entrance':28}{'generator':26}{''.join(f'{size:>10}' for size in sizes)}   ratio")
    worst = 0.0
    for entrance in (name for name in ENTRANCES if name.startswith(options.only)):
        for generator in GENERATORS:
            times = measure(entrance, generator, sizes, options.rounds, _MOST)
            worst = max(worst, ratio(times))
            shown = "".join(f"{1000 * one:10.2f}" for one in times)
            print(f"{entrance:28}{generator:26}{shown}{ratio(times):8.1f}", flush=True)
    print(f"largest ratio: {worst:.1f}")


if __name__ == "__main__":
    main()
