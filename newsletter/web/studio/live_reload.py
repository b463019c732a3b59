"""What a preview is made of, watched: a fingerprint that changes with it, and a stream that tells of each change."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from time import monotonic

from starlette.concurrency import run_in_threadpool

from newsletter.site import Site, default_templates

_PAUSE_S = 0.3
#: After so many pauses without a change a comment is sent, to learn whether anybody still listens.
_HEARTBEAT = 30


def fingerprint(site: Site) -> str:
    """Return what is another text whenever a file that a letter is made of, or the store, was changed."""
    return _digest(_files(site))


def page_fingerprint() -> str:
    """Return the same of the studio's own page."""
    return _digest(_inside(default_templates() / "web", "*"))


def version(site: Site) -> str:
    """Return both in one: a page shows its letter anew if the first has changed, and itself if the second has."""
    return f"{fingerprint(site)}.{page_fingerprint()}"


async def changes(site: Site, is_over: Callable[[], Awaitable[bool]], pause_s: float = _PAUSE_S) -> AsyncIterator[str]:
    """Yield server-sent events: the version at once, and again whenever it changes, until it `is_over`."""
    yield "retry: 1000\n\n"
    told, silent = "", 0
    while not await is_over():
        began = monotonic()
        # Thousands of profiles take a while to look at; meanwhile others are served, and the machine is to rest.
        current = await run_in_threadpool(version, site)
        if current != told:
            told, silent = current, 0
            yield f"event: version\ndata: {current}\n\n"
        elif (silent := silent + 1) >= _HEARTBEAT:
            silent = 0
            yield ": still here\n\n"
        await asyncio.sleep(max(pause_s, 5 * (monotonic() - began)))


def _files(site: Site) -> Iterator[Path]:
    yield site.config
    yield site.store
    yield site.store.with_name(f"{site.store.name}-wal")
    yield from _inside(site.templates, "*")
    yield from _inside(default_templates(), "*")
    yield from site.notes.glob("*.md")
    yield from site.subscribers.glob("*.toml")


def _inside(folder: Path, pattern: str) -> Iterator[Path]:
    yield from folder.rglob(pattern)


def _digest(files: Iterator[Path]) -> str:
    seen = hashlib.sha256()
    for path, state in sorted((str(path), _state(path)) for path in files):
        if state:
            seen.update(f"{path}\0{state}\0".encode(errors="surrogatepass"))
    return seen.hexdigest()[:16]


def _state(path: Path) -> str:
    """Return a file's time and size, or "" for what is no file, is empty or an editor's own.

    Reading a store makes an empty write-ahead log beside it and takes it away again, which is no change.
    """
    if path.name.startswith(".") or path.name.endswith("~"):
        return ""
    try:
        state = path.stat()
    except OSError:  # gone since the folder was read
        return ""
    return f"{state.st_mtime_ns} {state.st_size}" if state.st_size and path.is_file() else ""
