"""Check who may read a site's files: they hold addresses, messages and keys."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from shlex import quote

from newsletter.config.model import Config
from newsletter.files.private_files import open_to_others, private_mode
from newsletter.models.findings import Finding, Level
from newsletter.store.recovery_log import folder_of

#: Maximum number of messages of the outbox that are looked at, and of files that are named.
_MESSAGES, _NAMED = 1_000, 8


def check_files(config: Config) -> Iterator[Finding]:
    """Yield a finding: which files and folders others than their owner may read, and how to change that."""
    found = [*open_to_others(_private_paths(config))]
    if not found:
        yield Finding(Level.OK, "files", "only their owner can read the site's files")
        return
    named = ", ".join(f"{_name(config, path)} ({mode:04o})" for path, mode in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    words = f"other accounts of this machine can read {named}{more}"
    yield Finding(Level.WARNING, "files", words, "; ".join(_remedies(path for path, _ in found)))


def _private_paths(config: Config) -> Iterator[Path]:
    site = config.site
    yield from (site.root, site.config, site.lock, site.subscribers, config.outbox)
    yield from (site.store.with_name(site.store.name + suffix) for suffix in ("", "-wal", "-shm", "-journal"))
    yield from sorted(site.subscribers.glob("*.toml"))
    recovery_log = folder_of(site.store)
    yield from (recovery_log, *sorted(recovery_log.glob("*")), config.backup.folder)
    yield from sorted(config.backup.folder.glob("*"))
    yield from (path for _, path in config.dkim.keys)
    if config.signing_key_file is not None:
        yield config.signing_key_file
    if config.log_path is not None and config.log_path.name != "-":
        yield from sorted(config.log_path.parent.glob(f"{config.log_path.name}*"))
    folders = [config.outbox / name for name in ("tmp", "new", "cur")]
    yield from folders
    yield from islice((path for folder in folders for path in folder.glob("*")), _MESSAGES)


def _name(config: Config, path: Path) -> str:
    if path == config.site.root:
        return "the site's folder"
    return str(path.relative_to(config.site.root)) if path.is_relative_to(config.site.root) else str(path)


def _remedies(paths: Iterator[Path]) -> Iterator[str]:
    """Yield commands that set the right mode; one for all messages."""
    by_mode: dict[int, list[str]] = {}
    for path in paths:
        by_mode.setdefault(private_mode(path), []).append(quote(str(path)))
    for mode, names in sorted(by_mode.items(), reverse=True):
        rest = " …" if len(names) > _NAMED else ""
        yield f"chmod {mode:o} {' '.join(names[:_NAMED])}{rest}"
