"""The CPU of pages that nobody asked for before, compared with a static file of the same server; and search times.

python -m tests.benchmarks.serving [--papers 100000] [--requests 60] [--site SITE]

Each address is another one: random days, papers, searches. `--site` measures a site that is there; else one of a year
is made, of generated papers. The file is asked for before and after each part of the pages, whose ratio is a median of
three parts; so is the ratio of the slowest pages while another process sends, which writes to the store without a
pause. The ratios hold on any machine that does nothing else.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPConnection
from itertools import accumulate, count
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.models import Cadence, Edition, Entry, Topic
from newsletter.pipeline.paper_topics import examine_new
from newsletter.store import Store, open_store
from newsletter.topics.query import parse
from newsletter.web.app import make_app
from newsletter.web.http.server import serving
from tests.benchmarks.delivering import ROOT

_WORDS = [f"word{number}" for number in range(20_000)]
_COMMON = ["model", "learning", "data", "results", "method", "training", "language", "we", "show", "the"]
_NAMES = [f"Lovelace{number}" for number in range(2_000)]
_CATEGORIES = [f"{archive}.{code}" for archive in ("cs", "math", "physics") for code in ("AA", "CL", "LG", "RO")]
_DAYS = 365
#: So many times as many requests are timed, of which the slowest in a hundred are compared.
_TIMED = 4


def fill(store: Store, papers: int) -> None:
    """Store papers of a year with Zipf-distributed words, authors and categories."""
    chance, now = random.Random(7), datetime.now(UTC)  # noqa: S311 - reproducible
    weights = list(accumulate(1 / (rank + 1) for rank in range(len(_WORDS))))

    def entry(number: int) -> Entry:
        drawn = [*chance.choices(_WORDS, cum_weights=weights, k=60), *chance.choices(_COMMON, k=40)]
        chance.shuffle(drawn)
        sentences = (" ".join(drawn[at : at + 20]).capitalize() for at in range(0, len(drawn), 20))
        return Entry(
            title=f"{' '.join(drawn[:8])} rare{number}", abstract=". ".join(sentences), source="benchmark",
            arxiv_id=f"{1000 + number // 99_999}.{number % 99_999:05}", upvotes=chance.randrange(100),
            authors=tuple(f"Ada {chance.choice(_NAMES)}" for _ in range(4)), categories=(chance.choice(_CATEGORIES),),
            organization=chance.choice(_NAMES) if number % 5 == 0 else None,
            listed=(now - timedelta(days=_DAYS - 1 - number * _DAYS // papers)).date(),
        )  # fmt: skip

    for day in range(_DAYS):
        numbers = range(-(-papers * day // _DAYS), -(-papers * (day + 1) // _DAYS))
        store.papers.add_all(map(entry, numbers), now - timedelta(days=_DAYS - 1 - day))


def add_editions(store: Store) -> None:
    """Store a topic for each common word, and a daily edition for each day."""
    for word in _COMMON[:5]:
        store.topics.put(Topic(word, f"{word} -{_WORDS[99]}"))
    now = datetime.now(UTC)
    with store.transaction():
        for days in range(1, _DAYS):
            at = now - timedelta(days=days)
            since, key = at - timedelta(days=1), f"daily-{at.date()}"
            store.editions.put(
                Edition(key=key, cadence=Cadence.DAILY, day=at.date(), since=since, created_at=at, note="")
            )
    examine_new(store)


def searches(store: Store, papers: int, rounds: int = 300) -> tuple[float, float]:
    """Return the median and the 99th percentile, in milliseconds, of searches with few results."""
    chance = random.Random(11)  # noqa: S311 - reproducible
    took = []
    for _ in range(rounds):
        words = [f"rare{chance.randrange(papers)}" for _ in range(3)]
        query = parse(" OR ".join(words))
        began = time.perf_counter()
        store.archive.search(query)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=100)[98]


def compare_searches(many: int) -> None:
    """Print the search times among a thousand papers, or half as many, and among many."""
    slowest, few = [], min(1000, many // 2)
    for papers in (few, many):
        with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "newsletter.db") as store:
            fill(store, papers)
            middle, slow = searches(store, papers)
        slowest.append(slow)
        print(f"search among {papers} papers: median {middle:.2f} ms, p99 {slow:.2f} ms")
    print(f"p99 among {many} is {slowest[1] / slowest[0]:.2f} of that among {few}")


def from_many_networks(app: ASGIApp) -> ASGIApp:
    """Let each request come from a network of its own, since what one client may ask in a second is limited."""
    numbers = count()

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        number = next(numbers)
        await app({**scope, "client": (f"20.{number >> 8 & 255}.{number & 255}.9", 50_000)}, receive, send)

    return called


def serve(folder: Path, site: Path) -> None:
    """Serve a site, a file and the CPU time of this process until stdin is closed; print the port."""
    config = load_config(Site(site), environ={"NEWSLETTER_SITE_URL": "http://127.0.0.1"})
    pages = make_app(config, lambda: datetime.now(UTC))
    routes = [
        Mount("/file", StaticFiles(directory=folder)),
        Route("/cpu", lambda _request: PlainTextResponse(str(time.process_time()))),
        Mount("/", from_many_networks(pages)),
    ]
    with serving(Starlette(routes=routes), "127.0.0.1", 0) as port:
        print(port, flush=True)
        sys.stdin.read()


def write_on(path: Path) -> None:
    """Write to a store as a site that sends does, in batches, until this process is ended."""
    with open_store(path) as store:
        for number in count():
            with store.transaction():
                for one in range(500):
                    store.set_fact(f"benchmark {one}", str(number))
            if number == 0:
                print("writes", flush=True)


@dataclass
class Visitor:
    """Asks a server for pages over one connection."""

    connection: HTTPConnection

    def get(self, path: str) -> tuple[bytes, float]:
        """Return a page, and the milliseconds that it took."""
        began = time.perf_counter()
        self.connection.request("GET", path)
        response = self.connection.getresponse()
        content = response.read()
        assert response.status == 200, (path, response.status)
        return content, (time.perf_counter() - began) * 1000

    def cpu_of(self, paths: Iterable[str]) -> float:
        """Return the milliseconds of CPU that a page takes the server."""
        before, number = float(self.get("/cpu")[0]), 0
        for number, path in enumerate(paths, start=1):  # noqa: B007 - their number counts
            self.get(path)
        return (float(self.get("/cpu")[0]) - before) / number * 1000

    def ratio(self, paths: Sequence[str], number: int) -> tuple[float, float]:
        """Return the milliseconds of CPU that a page takes the server, and how many times a file: medians of three."""
        file = ["/file/page.html"] * number
        found = []
        for part in (paths[n::3] for n in range(min(3, len(paths)))):
            before, page, after = (self.cpu_of(one) for one in (file, part, file))
            found.append((page, 2 * page / (before + after)))
        pages, ratios = zip(*found, strict=True)
        return statistics.median(pages), statistics.median(ratios)

    def slowest_of(self, paths: Iterable[str]) -> float:
        """Return the 99th percentile of the milliseconds that pages take."""
        return statistics.quantiles([self.get(path)[1] for path in paths], n=100)[98]


def addresses(store: Store, number: int) -> dict[str, list[str]]:
    """Return addresses of each kind of page, all different; a search is for words of a paper that is there."""
    chance = random.Random(11)  # noqa: S311 - reproducible
    last = store.papers.last_id()
    papers = list(store.papers.get_many(chance.sample(range(1, last + 1), min(last, number))).values())
    first_day, last_day = store.archive.span() or (date.min, date.min)
    days = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
    editions = [edition.key for edition in store.editions.latest_digests(_DAYS)]
    topics = [quote(topic.name, safe="") for topic in store.topics.catalogue()]
    rare = [max(paper.title.split(), key=len) for paper in papers]

    def mixed(paths: Iterable[str]) -> list[str]:
        found = list(paths) or ["/"]
        return [f"{path}{'&' if '?' in path else '?'}n={n}" for n, path in enumerate(chance.choices(found, k=number))]

    return {
        "day": mixed(f"/archive/{day}" for day in days),
        "month": mixed(f"/archive/{day:%Y-%m}" for day in days),
        "trending": mixed(f"/trending/{name}" for name in ("day", "week", "month")),
        "edition": mixed(f"/editions/{key}" for key in editions),
        "paper": [quote(f"/papers/{paper.key}") for paper in papers],
        "topic": mixed(f"/topics/{name}" for name in topics),
        "topics": mixed(["/topics"]),
        "calendar": mixed(f"/calendar/{day:%Y-%m}" for day in days),
        "editions": mixed(["/editions"]),
        "feed (Atom)": mixed(["/feed.atom"]),
        "feed (JSON)": mixed(["/feed.json"]),
        "feed of a topic": mixed(f"/feed.atom?topic={name}" for name in topics),
        "search for a word": mixed(f"/search?q={quote(word)}" for word in rare),
        "search for two words": mixed(f"/search?q={quote(' '.join(paper.title.split()[:2]))}" for paper in papers),
        "search for an author": mixed(
            f"/search?q=author:{quote(p.authors[-1].split()[-1])}" for p in papers if p.authors
        ),
        "search for a category": mixed(f"/search?q=cat:{quote(p.categories[0])}" for p in papers if p.categories),
        "search for an organization": mixed(
            f'/search?q=org:"{quote(p.organization)}"' for p in papers if p.organization
        ),
    }  # fmt: skip


def compare_pages(site: Path, number: int) -> None:
    """Print the CPU of pages relative to a static file, and how slow they are while another process writes."""
    with open_store(Site(site).store) as store:
        asked = addresses(store, number)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.html").write_text("<p>" + "x" * 40_000, encoding="utf-8")
        command = [sys.executable, "-m", "tests.benchmarks.serving"]
        served = [*command, "--serve", folder, "--site", str(site)]
        with subprocess.Popen(served, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            with closing(HTTPConnection("127.0.0.1", int(process.stdout.readline()))) as connection:
                visitor = Visitor(connection)
                for path in ("/topics", "/editions"):
                    print(f"{path}, counted anew: {visitor.cpu_of([path]):.1f} ms of CPU, once in five minutes")
                visitor.cpu_of(["/file/page.html"] * number)
                for kind, paths in asked.items():
                    if paths:
                        visitor.cpu_of([f"{paths[0]}{'&' if '?' in paths[0] else '?'}first"])
                        found, ratio = visitor.ratio(paths, number)
                        print(f"{kind}: {found:.2f} ms of CPU, {ratio:.1f} times a file", flush=True)
                compare_slowest(visitor, asked["day"], number, [*command, "--write", str(Site(site).store)])
            process.communicate("")


def compare_slowest(visitor: Visitor, days: Sequence[str], number: int, sending: Sequence[str]) -> None:
    """Print the 99th percentile of the times of days while a process sends, relative to that while none does."""
    times = []
    for turn in range(3):
        asked = [f"{days[n % len(days)]}&turn={turn}-{n}" for n in range(_TIMED * number)]
        idle = visitor.slowest_of(f"{path}&idle" for path in asked)
        with subprocess.Popen(sending, cwd=ROOT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            busy = visitor.slowest_of(f"{path}&busy" for path in asked)
            writer.kill()
        times.append((busy / idle, idle, busy))
    ratio, idle, busy = (statistics.median(one) for one in zip(*times, strict=True))
    print(f"days while another process sends: p99 {busy:.1f} ms, else {idle:.1f} ms; {ratio:.2f} times, medians of 3")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=60, help="of each kind of page")
    parser.add_argument("--site", type=Path, help="a site that is there")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.site)
    elif options.write:
        write_on(options.write)
    elif options.site:
        compare_pages(options.site, options.requests)
    else:
        with tempfile.TemporaryDirectory() as folder:
            site = Site(Path(folder))
            site.config.write_text("", encoding="utf-8")
            with open_store(site.store) as store:
                fill(store, options.papers)
                add_editions(store)
            compare_pages(site.root, options.requests)
        compare_searches(options.papers)


if __name__ == "__main__":
    main()
