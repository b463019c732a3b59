"""What a realistic morning costs: everybody has topics of their own, and so nearly everybody a digest of their own.

    python -m tests.benchmarks.morning [--subscribers 1000] [--papers 760] [--no-taste] [--plain 20] [--compare 500]

Papers are invented: 700 of arXiv and 60 of Hugging Face for each 760. Subscribers have three to six topics out of 300
of the catalogue, half of them a query of their own as well; the styles cards, compact and plain as 6 : 3 : 1, five
languages; if scikit-learn is there, a tenth has a taste, and topics have models. Messages are signed (RSA-2048) and
sent to the tests' own sink.

Figures are CPU time per message of the process that sends and of its children, by stage; each is also given as a
ratio to the plain way of making the same messages (Jinja, premailer, EmailMessage), and signing to the bare RSA
operation, measured in the same run. The sink's CPU is not counted.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import chdir, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial, wraps
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from newsletter.config.load import load_config
from newsletter.errors.installation import has_scikit_learn
from newsletter.files.site import Site
from newsletter.models import Entry, Message, Profile, Style, Topic
from newsletter.pipeline import signing
from newsletter.pipeline.deliver import deliver
from newsletter.pipeline.messages import MessageRenderer
from newsletter.pipeline.notes import NO_NOTES
from newsletter.pipeline.plan import Intent, plan
from newsletter.pipeline.taste import learn_taste_models
from newsletter.pipeline.topic_models import learn_topic_models
from newsletter.rendering import assembly, digest
from newsletter.rendering.cards import Cards
from newsletter.rendering.environment import make_environment
from newsletter.sending import dkim
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from newsletter.store import open_store
from newsletter.topics.query import query_of
from tests.benchmarks.delivering import ROOT, bare_rsa_us, own_sink
from tests.benchmarks.matching import make_words
from tests.factories import NOW

_TOPICS = 300
_LANGUAGES = ("en", "de", "es", "fr", "zh")
#: Of each 760 papers, how many are of Hugging Face.
_OF_HUGGING_FACE = 60 / 760
_STYLES = (Style.CARDS, Style.COMPACT, Style.PLAIN)
_LIKED = 5
#: What the tests' other processes are copies of has pytest and more in its memory, which no morning needs.
_NEW_PROCESSES = multiprocessing.get_context("spawn")
_Figures = TypeVar("_Figures")
#: What papers say they do; a key sentence is recognized by it.
_FRAMES = (
    "Recent work on {} has made {} practical, but {} remains an open problem.",
    "However, {} suffers from {} whenever {} is scarce.",
    "In this paper, we propose {}, a method that learns {} from {} without supervision.",
    "Our key idea is to combine {} with {}, so that {} need not be known beforehand.",
    "Experiments on {} show that our approach outperforms {} by a wide margin on {}.",
    "We release {} together with {} and the code that evaluates {}.",
)


# -- a site on the morning ----------------------------------------------------------------------------


def phrases(chance: random.Random, number: int) -> list[str]:
    """Invent what papers are about: one to three words each, the first of them the most frequent."""
    words = make_words(6_000)
    return list(dict.fromkeys(" ".join(chance.choices(words, k=chance.choice((1, 2, 2, 3)))) for _ in range(number)))


def entries(chance: random.Random, subjects: list[str], numbers: range) -> Iterator[Entry]:
    """Invent the papers of a day."""
    weights = [1 / (rank + 8) for rank in range(1, len(subjects) + 1)]
    names = [word.title() for word in make_words(7_000)[6_000:]]
    for number in numbers:
        about = iter(chance.choices(subjects, weights, k=40))
        is_discussed = number % 760 < 760 * _OF_HUGGING_FACE
        link = f"https://code.example/{number}"
        abstract = " ".join(frame.format(*islice(about, 3)) for frame in _FRAMES)
        yield Entry(
            source="huggingface" if is_discussed else "arxiv",
            title=f"{next(about).title()} for {next(about).title()}: Towards {next(about).title()} at Scale",
            abstract=abstract,
            authors=tuple(" ".join(chance.sample(names, 2)) for _ in range(chance.randint(1, 9))),
            arxiv_id=f"{2605 + number // 99_999}.{number % 99_999:05}",
            categories=(chance.choice(("cs.CL", "cs.LG", "cs.CV", "stat.ML")),),
            published=NOW.date() - timedelta(days=1),
            listed=NOW.date(),
            upvotes=chance.randint(1, 150) if is_discussed else None,
            comments=chance.choice((None, 1, 4)) if is_discussed else None,
            code_url=link if is_discussed and number % 2 else None,
            code_stars=chance.randint(1, 4000) if is_discussed and number % 2 else None,
        )


def profiles(chance: random.Random, subjects: list[str]) -> Iterator[Profile]:
    """Invent what subscribers want, for ever."""
    catalogue = [
        Topic(f"Topic {n} {own[0]}", query_of(own)) for n in range(_TOPICS) if (own := subjects[n::_TOPICS][:3])
    ]
    weights = [1 / (rank + 5) for rank in range(len(catalogue))]
    while True:
        number = chance.randint(3, 6)
        topics = list(dict.fromkeys(chance.choices(catalogue, weights, k=2 * number)))[:number]
        if chance.random() < 0.5:
            own = chance.sample(subjects, 3)
            topics[-1] = Topic(f"My {own[0]}", query_of(own))
        yield Profile(
            topics=tuple(topics),
            style=chance.choices(_STYLES, (6, 3, 1))[0],
            language=chance.choices(_LANGUAGES, (60, 10, 10, 10, 10))[0],
            hour=0,
        )


def make_site(root: Path, subscribers: int, papers: int, *, has_taste: bool = True) -> Site:
    """Make a site with the papers of a day eight days ago and of this morning."""
    (root / "newsletter.toml").write_text(
        '[site]\nurl = "https://papers.example.org"\n[sender]\naddress = "digest@papers.example.org"\n'
        '[dkim]\nselector = "papers"\nkey = "dkim.pem"\n[delivery]\nsenders = 1\n',
        encoding="utf-8",
    )
    (root / "dkim.pem").write_bytes(dkim.new_key("rsa")[0])
    (root / "dkim.pem").chmod(0o600)
    site, chance = Site(root), random.Random(22)  # noqa: S311 - the same in every run
    subjects = phrases(chance, 1_500)
    with open_store(site.store) as store, store.transaction():
        store.papers.add_all(entries(chance, subjects, range(papers)), NOW - timedelta(days=8))
        liked = [paper.id for paper in store.papers.newest(papers)]
        store.papers.add_all(entries(chance, subjects, range(papers, 2 * papers)), NOW - timedelta(minutes=30))
        wanted = islice(profiles(chance, subjects), subscribers)
        for number, profile in enumerate(wanted):
            address, subscribed_at = f"subscriber{number}@example.org", NOW - timedelta(days=7)
            subscriber = store.subscribers.add(address, f"Subscriber {number}", profile, "cli", subscribed_at)
            if has_taste and has_scikit_learn() and number % 10 == 0:
                for paper_id in chance.sample(liked, min(_LIKED, len(liked))):
                    store.feedback.put(subscriber.id, paper_id, liked=True, now=NOW - timedelta(days=6))
    with open_store(site.store) as store:  # as after each pull
        learn_topic_models(store, NOW - timedelta(minutes=20))
        learn_taste_models(store, NOW - timedelta(minutes=20))
    return site


# -- one run, in a process of its own -----------------------------------------------------------------


@dataclass
class Stages:
    """CPU seconds by stage; what one stage calls of another counts for that alone."""

    seconds: dict[str, float] = field(default_factory=dict)
    _open: list[float] = field(default_factory=list)

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that adds its CPU time to a stage."""

        @wraps(work)
        def measured(*arguments: Any, **options: Any) -> Any:
            began = time.thread_time()
            self._open.append(0.0)
            try:
                return work(*arguments, **options)
            finally:
                took = time.thread_time() - began
                self.seconds[name] = self.seconds.get(name, 0.0) + took - self._open.pop()
                if self._open:
                    self._open[-1] += took

        return measured

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Measure the stages of making messages."""
        with (
            patch.object(assembly, "inline", self.timed("inlining", digest.inline)),
            patch.object(Cards, "find", self.timed("cards", Cards.find)),
            patch.object(MessageRenderer, "write", self.timed("assembling", MessageRenderer.write)),
            patch.object(signing, "canonical", self.timed("signing", dkim.canonical)),
            patch.object(signing, "headers_of", self.timed("signing", dkim.headers_of)),
        ):
            yield


@dataclass(frozen=True)
class Morning:
    """The figures of a morning."""

    messages: int
    distinct: int
    cpu_s: float
    #: CPU seconds by stage.
    stages: dict[str, float]
    peak_mb: int
    #: What the store grew by, in bytes.
    grown_b: int


def send(root: Path, port: int) -> Morning:
    """Plan and send the morning's edition to a port; the figures are of this process and its children."""
    site, stages, planned_s = Site(root), Stages(), list[float]()
    transport = SmtpTransport(SmtpSettings("127.0.0.1", port, security=Security.NONE, connections=16))
    before, size = _cpu_s(), _stored_b(site)

    def expect(_number: int) -> None:
        planned_s.append(_cpu_s() - before - sum(stages.seconds.values()))

    with open_store(site.store) as store, stages.watched():
        config = load_config(site, environ={})
        report = deliver(store, transport, config, make_environment(), lambda: NOW, expect=expect)
        transport.close()
    whole = _cpu_s() - before
    rest = whole - planned_s[0] - sum(stages.seconds.values())
    stages_s = {"plan and compose": planned_s[0], **stages.seconds, "ledger and SMTP": rest}
    return Morning(report.counts["sent"], _distinct_digests(site), whole, stages_s, _peak_mb(), _stored_b(site) - size)


def _peak_mb() -> int:
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _stored_b(site: Site) -> int:
    return sum(path.stat().st_size for path in site.store.parent.glob(f"{site.store.name}*"))


def _distinct_digests(site: Site) -> int:
    with closing(sqlite3.connect(site.store)) as db:
        return int(db.execute("SELECT count(DISTINCT digest_id) FROM deliveries").fetchone()[0])


# -- the plain way ------------------------------------------------------------------------------------


@contextmanager
def _intents(root: Path, number: int) -> Iterator[tuple[MessageRenderer, list[Intent]]]:
    """Plan some of the morning's messages."""
    site = Site(root)
    config = load_config(site, environ={})
    with open_store(site.store) as store:
        decided = islice(plan(store, NOW, notes=NO_NOTES, weights=config.weights), number)
        intents = [one for one in decided if isinstance(one, Intent)]
        renderer = MessageRenderer(config, make_environment(), store.secret(), store.summaries)
        renderer.prepare((intent.digest, intent.subscriber) for intent in intents)
        yield renderer, intents


def plain_s(root: Path, messages: int) -> float:
    """Return the CPU seconds per message of making some of the morning's messages the plain way."""
    with _intents(root, messages) as (renderer, intents):
        for intent in intents:  # with the templates and style sheets of all looks known
            renderer.write(intent.digest, intent.subscriber, "<a@b.example>", NOW)
        began = time.process_time()
        for intent in intents:
            renderer.write_plain(intent.digest, intent.subscriber, "<a@b.example>", NOW)
        return (time.process_time() - began) / len(intents)


def equal_messages(root: Path, messages: int) -> tuple[int, int]:
    """Return how many of the morning's messages equal the plain way part by part, of how many."""
    with _intents(root, messages) as (renderer, intents):
        equal = 0
        for digest, subscriber in ((intent.digest, intent.subscriber) for intent in intents):
            ways = (renderer.write, renderer.write_plain)
            assembled, reference = (write(digest, subscriber, "<a@b.example>", NOW) for write in ways)
            equal += _parts(assembled) == _parts(reference)
        return (0 if renderer.fallback_reason else equal), len(intents)


def _parts(message: Message) -> tuple[str, str, str | None]:
    return message.subject, message.text.rstrip(), message.html and message.html.rstrip()


# -- what is printed ----------------------------------------------------------------------------------


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--subscribers", type=int, default=1_000)
    parser.add_argument("--papers", type=int, default=760)
    parser.add_argument("--plain", type=int, default=20)
    parser.add_argument("--no-taste", action="store_true")
    parser.add_argument("--compare", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_site(root, options.subscribers, options.papers, has_taste=not options.no_taste)
        plain = _alone(partial(plain_s, root, options.plain))
        if options.compare:
            equal, compared = _alone(partial(equal_messages, root, options.compare))
            print(f"{equal} of {compared} messages equal those made the plain way, part by part")
        with own_sink() as port:
            morning = _alone(partial(send, root, port))
    show(morning, plain * 1e3, bare_rsa_us() / 1e3)


def _alone(work: Callable[[], _Figures]) -> _Figures:
    with chdir(ROOT), ProcessPoolExecutor(1, _NEW_PROCESSES) as process:
        return process.submit(work).result()


def show(morning: Morning, plain_ms: float, rsa_ms: float) -> None:
    """Print the figures."""
    number = morning.messages
    each = {stage: used / number * 1e3 for stage, used in morning.stages.items()}
    making = sum(each.get(stage, 0.0) for stage in ("cards", "inlining", "assembling"))
    print(f"{number} messages of {morning.distinct} distinct digests; CPU per message, ratio to the plain way")
    for stage, ms in each.items():
        print(f"  {stage:20}{ms:8.3f} ms {ms / plain_ms:8.4f}")
    whole = morning.cpu_s / number * 1e3
    print(f"  {'in all':20}{whole:8.3f} ms {whole / plain_ms:8.4f}")
    print(
        f"the plain way of making one: {plain_ms:.2f} ms, {plain_ms / making:.1f} times cards, inlining and assembling"
    )
    print(f"signing: {each.get('signing', 0.0) / rsa_ms:.2f} of one RSA operation ({rsa_ms:.3f} ms)")
    print(f"peak memory: {morning.peak_mb} MB; the store grew by {morning.grown_b / number:.0f} bytes a delivery")


if __name__ == "__main__":
    main()
