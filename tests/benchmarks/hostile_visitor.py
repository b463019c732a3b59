"""The 99th percentile of a page: idle, beside a hostile visitor, and while the mail server never answers.

python -m tests.benchmarks.hostile_visitor [--seconds 8] [--papers 2000]
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import httpx

from newsletter.files.site import Site
from newsletter.store import open_store
from tests.benchmarks.delivering import ROOT
from tests.benchmarks.serving import fill
from tests.silent_server import Hang, silent_server

#: The address of the hostile visitor; the client that is measured has many, so as not to meet its own limit.
_HOSTILE = "203.0.113.9"
#: Searches of many terms, of which no two are alike, so that no cache helps.
_TERMS = 60
_PAUSE_S = 0.01


def make_site(folder: Path, smtp_port: int, papers: int) -> Site:
    """Make a site with papers, whose mail server is at a port of this machine."""
    site = Site(folder)
    site.config.write_text(
        '[site]\nurl = "http://127.0.0.1"\n[schedule]\ncron = "0 0 1 1 *"\n'
        f'[smtp]\nhost = "127.0.0.1"\nport = {smtp_port}\nsecurity = "none"\n',
        encoding="utf-8",
    )
    with open_store(site.store) as store:
        fill(store, papers)
    return site


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """Run the site's pages in a process of their own; yield their address."""
    command = [sys.executable, "-m", "newsletter", "--site", str(site.root), "serve", "--web", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield next(line.split()[-1] for line in process.stdout if line.startswith("pages at"))
        began = time.monotonic()
        process.terminate()
        process.wait()
        print(f"  SIGTERM: ended after {time.monotonic() - began:.2f} s")


def visit(address: str, seconds: float) -> list[float]:
    """Return how long a client's page took each time, in milliseconds."""
    took: list[float] = []
    until = time.monotonic() + seconds
    with httpx.Client(timeout=30) as client:
        while len(took) < 2 or time.monotonic() < until:
            began = time.perf_counter()
            response = client.get(f"{address}topics", headers={"X-Forwarded-For": f"198.51.100.{len(took) % 250}"})
            took.append((time.perf_counter() - began) * 1000)
            assert response.status_code == 200, response.status_code
            time.sleep(_PAUSE_S)
    return took


def attack(address: str, is_over: Event) -> None:
    """Send the most costly requests; wait as long as a refusal says."""
    chance = random.Random(5)  # noqa: S311 - reproducible
    with httpx.Client(headers={"X-Forwarded-For": _HOSTILE}, timeout=60) as client:
        while not is_over.is_set():
            query = " OR ".join(f"word{chance.randrange(20_000)}*" for _ in range(_TERMS))
            path = chance.choice(["search", "sample.json", "feed.atom"])
            response = client.get(f"{address}{path}", params={"q": query})
            if response.status_code == 429:
                is_over.wait(float(response.headers["Retry-After"]))


def sign_up(address: str, is_over: Event) -> None:
    """Sign many people up, each from another network."""
    with httpx.Client(timeout=30) as client:
        for number in range(40):
            headers = {"X-Forwarded-For": f"10.{number}.0.1"}
            form = {"email": f"reader-{number}@reader.example"}
            assert client.post(f"{address}subscribe", data=form, headers=headers).status_code == 303
            if is_over.wait(0.05):
                return


def measure(
    name: str, address: str, seconds: float, others: Callable[[str, Event], None] | None, threads: int = 1
) -> float:
    """Print and return the 99th percentile of a page, while others send requests."""
    is_over = Event()
    running = [Thread(target=others, args=(address, is_over)) for _ in range(threads)] if others else []
    for thread in running:
        thread.start()
    took = visit(address, seconds)
    is_over.set()
    for thread in running:
        thread.join()
    p99 = statistics.quantiles(took, n=100)[98]
    print(f"{name}: median {statistics.median(took):.1f} ms, p99 {p99:.1f} ms, {len(took)} requests")
    return p99


def compare(seconds: float, papers: int) -> dict[str, float]:
    """Print the figures, and return how many times as long as idle each of the others takes."""
    ratios = {}
    with tempfile.TemporaryDirectory() as name, silent_server(Hang.SILENT) as silent:
        site = make_site(Path(name), silent.port, papers)
        with serving(site) as address:
            visit(address, min(1, seconds))
            idle = measure("idle", address, seconds, None)
            ratios["hostile visitor"] = measure("a hostile visitor", address, seconds, attack, 4) / idle
            ratios["silent mail server"] = measure("a silent mail server", address, seconds, sign_up) / idle
    for case, ratio in ratios.items():
        print(f"{case}: {ratio:.2f} of the idle p99")
    return ratios


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--papers", type=int, default=2000)
    options = parser.parse_args()
    compare(options.seconds, options.papers)


if __name__ == "__main__":
    main()
