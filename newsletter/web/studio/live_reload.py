"""Live reload: a fingerprint of everything that a preview depends on, and a stream of its changes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from time import monotonic

from starlette.concurrency import run_in_threadpool

from newsletter.files.site import Site, default_templates

_POLL_S = 0.3
#: Send a comment after this many polls without a change, to detect that the client is gone.
_HEARTBEAT = 30


def fingerprint(site: Site) -> str:
    """Return a hash that changes with the store and every file that a message is rendered from."""
    return _digest(_files(site))


def page_fingerprint() -> str:
    """Return a hash that changes with the files of the studio's own page."""
    return _digest(_files_below(default_templates() / "web"))


def version(site: Site) -> str:
    """Return both fingerprints; the page reloads the message if the first changed, and itself if the second did."""
    return f"{fingerprint(site)}.{page_fingerprint()}"


async def changes(site: Site, is_over: Callable[[], Awaitable[bool]], poll_s: float = _POLL_S) -> AsyncIterator[str]:
    """Yield server-sent events: the version at once, and again whenever it changes, until `is_over` returns True."""
    yield "retry: 1000\n\n"
    sent, unchanged = "", 0
    while not await is_over():
        started = monotonic()
        # With thousands of profiles a poll takes a while: do it in a thread, and poll less often.
        current = await run_in_threadpool(version, site)
        if current != sent:
            sent, unchanged = current, 0
            yield f"event: version\ndata: {current}\n\n"
        elif (unchanged := unchanged + 1) >= _HEARTBEAT:
            unchanged = 0
            yield ": still here\n\n"
        await asyncio.sleep(max(poll_s, 5 * (monotonic() - started)))


def _files(site: Site) -> Iterator[Path]:
    yield site.config
    yield site.store
    yield site.store.with_name(f"{site.store.name}-wal")
    yield from _files_below(site.templates)
    yield from _files_below(default_templates())
    yield from site.notes.glob("*.md")
    yield from site.subscribers.glob("*.toml")


def _files_below(folder: Path) -> Iterator[Path]:
    yield from folder.rglob("*")


def _digest(files: Iterator[Path]) -> str:
    state_hash = hashlib.sha256()
    for path, state in sorted((str(path), _state(path)) for path in files):
        if state:
            state_hash.update(f"{path}\0{state}\0".encode(errors="surrogatepass"))
    return state_hash.hexdigest()[:16]


def _state(path: Path) -> str:
    """Return a file's modification time and size; "" for folders, empty files and editors' backup files.

    Empty files are ignored because reading an SQLite store creates and removes an empty write-ahead log.
    """
    if path.name.startswith(".") or path.name.endswith("~"):
        return ""
    try:
        state = path.stat()
    except OSError:  # deleted since the folder was listed
        return ""
    return f"{state.st_mtime_ns} {state.st_size}" if state.st_size and path.is_file() else ""
