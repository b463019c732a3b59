"""Pages under load, compared with a static file of the same server; and search times among many papers.

python -m tests.benchmarks.serving [--seconds 3] [--papers 100000]
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.models import Entry
from newsletter.store import Store, open_store
from newsletter.topics.query import parse
from newsletter.web.app import make_app
from newsletter.web.http.server import serving
from tests.benchmarks.delivering import ROOT

_WORDS = [f"word{number}" for number in range(20_000)]
_COMMON = ["model", "learning", "data", "results", "method", "training", "language", "we", "show", "the"]
#: How often a rate is measured until there is one.
_MAX_TRIES = 100


def fill(store: Store, papers: int) -> None:
    """Store papers with Zipf-distributed words."""
    chance, now = random.Random(7), datetime.now(UTC)  # noqa: S311 - reproducible
    weights = [1 / (rank + 1) for rank in range(len(_WORDS))]

    def entry(number: int) -> Entry:
        drawn = [*chance.choices(_WORDS, weights, k=60), *chance.choices(_COMMON, k=40)]
        chance.shuffle(drawn)
        arxiv_id = f"{1000 + number // 99_999}.{number % 99_999:05}"
        return Entry(
            title=f"{' '.join(drawn[:8])} rare{number}", abstract=" ".join(drawn), arxiv_id=arxiv_id,
            source="benchmark", listed=(now - timedelta(days=number % 300)).date(), upvotes=chance.randrange(100),
        )  # fmt: skip

    store.papers.add_all(map(entry, range(papers)), now)


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


def serve(folder: Path) -> None:
    """Serve a site and a file until stdin is closed; print the port."""
    site = Site(folder)
    pages = make_app(load_config(site, environ={"NEWSLETTER_SITE_URL": "http://127.0.0.1"}), lambda: datetime.now(UTC))
    app = Starlette(
        routes=[Mount("/file", StaticFiles(directory=folder / "file")), Mount("/", from_many_networks(pages))]
    )
    with serving(app, "127.0.0.1", 0) as port:
        print(port, flush=True)
        sys.stdin.read()


def rate(address: str, seconds: float) -> float:
    """Return the requests per second that wrk measures over eight connections."""
    # wrk itself takes whole seconds only. On a busy machine a short time may pass without a response.
    enough = ["timeout", "--preserve-status", "--signal", "INT", str(seconds)]
    command = [*enough, "wrk", "-t", "1", "-c", "8", "-d", "1h", address]
    for _ in range(_MAX_TRIES):
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        assert "Non-2xx" not in printed, printed
        if found := float(re.findall(r"Requests/sec:\s+([\d.]+)", printed)[0]):
            return found
    raise SystemExit(f"no response from {address}")


def compare_pages(seconds: float, papers: int) -> None:
    """Print the requests per second of pages, relative to a static file of the same size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "newsletter.toml").write_text("", encoding="utf-8")
        with open_store(Site(folder).store) as store:
            fill(store, min(2000, papers))
            day = store.archive.span()
        assert day is not None
        (folder / "file").mkdir()
        (folder / "file/page.html").write_text("<p>" + "x" * 40_000, encoding="utf-8")
        command = [sys.executable, "-m", "tests.benchmarks.serving", "--serve", name]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            address = f"http://127.0.0.1:{process.stdout.readline().strip()}"
            base = rate(f"{address}/file/page.html", seconds)
            print(f"a file: {base:.0f} requests a second")
            for path in ("/", f"/archive/{day[1]}", "/search?q=rare77+OR+word6000", "/topics", "/subscribe"):
                found = rate(address + path, seconds)
                print(f"{path}: {found:.0f} requests a second, {found / base:.2f} of a file")
            process.communicate("")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    compare_pages(options.seconds, options.papers)
    compare_searches(options.papers)


if __name__ == "__main__":
    main()
