"""A realistic store, damaged at random, and commands that use it: one line each, never a traceback or a silent loss.

    python -m tests.benchmarks.damaging [--rounds 2000] [--seed 1] [--commands 3]

Each round damages a fresh copy: a bit, a few bytes, a page, or the end of the file. A command either fails with one
line and the documented exit code, or prints as many lines as before; if it prints fewer, `newsletter doctor`'s
examination of the file must find the damage.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from newsletter.cli import main as newsletter
from newsletter.errors import StoreError
from newsletter.store import open_store
from tests.factories import NOW

ROOT = Path(__file__).parents[2]
ADA = "ada@example.org"
COMMANDS = (
    ("subscribers", "list"), ("subscribers", "export"), ("subscribers", "show", ADA), ("papers", "language"),
    ("papers", "--trending", "month"), ("topics",), ("deliveries",), ("bounces",),
    ("suppressions", "list"), ("preview", ADA, "--text"), ("explain", "2605.06548", "--for", ADA),
    ("subscribers", "add", "new@example.org", "--topic", "robots"), ("topics", "add", "Pears", "pear OR apple"),
    ("subscribers", "pause", ADA), ("send",),
)  # fmt: skip
#: An empty file is refused after a wait for the process that may be creating it.
_SMALLEST_B = 1


@dataclass(frozen=True)
class Finding:
    """Something that must not happen."""

    damage: str
    command: str
    what: str


def make_site(folder: Path) -> bytes:
    """Make a site with papers, subscribers, a sent edition and the like; return its database."""
    (folder / "newsletter.toml").write_text('[sender]\naddress = "news@example.org"\npostal_address = "1 Road"\n')
    for name in range(30):
        run(folder, "subscribers", "add", f"reader{name}@example.org", "--topic", "language models")
    topics = ("--topic", "language models", "--topic", "robots OR agents", "--trending", "3", "--follow", "Ada")
    run(folder, "subscribers", "add", ADA, *topics)
    run(folder, "topics", "add", "Robots", "robot* -survey")
    run(folder, "pull", "file", str(ROOT / "newsletter/samples/huggingface-2026-05-08.json"))
    run(folder, "send")
    with open_store(folder / "newsletter.db") as store, store.transaction():
        store.suppressions.suppress("gone@example.org", "hard bounce", NOW)
        store.feedback.put(1, 1, liked=True, now=NOW)
    return (folder / "newsletter.db").read_bytes()


def run(folder: Path, *arguments: str) -> Result:
    """Run a command in a site, in this process."""
    return CliRunner().invoke(newsletter, ["--site", str(folder), *arguments], prog_name="newsletter")


def damage(content: bytes, chance: random.Random) -> tuple[str, bytes]:
    """Return what was done to a database, and the result."""
    broken = bytearray(content)
    at = chance.randrange(len(content)) if chance.random() < 0.8 else chance.randrange(100)
    page = at // 8192 * 8192
    match chance.randrange(6):
        case 0 | 1:
            bit = chance.randrange(8)
            broken[at] ^= 1 << bit
            return f"bit {bit} of byte {at}", bytes(broken)
        case 2:
            broken[at : at + 16] = chance.randbytes(len(broken[at : at + 16]))
            return f"16 bytes at {at}", bytes(broken)
        case 3:  # where SQLite keeps the structure of a page
            first = page or 100
            position = first + chance.randrange(24)
            broken[position] = chance.randrange(256)
            return f"byte {position}", bytes(broken)
        case 4:
            broken[page : page + 8192] = chance.choice((b"\0", b"\xff")) * 8192
            return f"page {page // 8192 + 1}", bytes(broken)
        case _:
            size = chance.choice((chance.randrange(_SMALLEST_B, len(content)), max(page, 8192)))
            return f"truncated to {size}", bytes(broken[:size])


def drill(rounds: int, seed: int, commands: int = 2) -> tuple[Counter[str], list[Finding]]:
    """Damage a store `rounds` times and run some commands each time; count the outcomes, and return what was wrong."""
    chance = random.Random(seed)  # noqa: S311 - reproducible
    outcomes: Counter[str] = Counter()
    wrong: list[Finding] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sound = make_site(folder)
        expected: dict[tuple[str, ...], Result] = {}
        for _ in range(rounds):
            description, broken = damage(sound, chance)
            for command in chance.sample(COMMANDS, commands):
                if command not in expected:
                    _place(folder, sound)
                    expected[command] = run(folder, *command)
                _place(folder, broken)
                result = run(folder, *command)
                outcomes["refused" if result.exit_code else "done"] += 1
                problems = _problems(folder, result, expected[command])
                wrong += [Finding(description, " ".join(command), problem) for problem in problems]
    return outcomes, wrong


def _place(folder: Path, content: bytes) -> None:
    for ending in ("-wal", "-shm"):
        (folder / f"newsletter.db{ending}").unlink(missing_ok=True)
    (folder / "newsletter.db").write_bytes(content)


def _problems(folder: Path, result: Result, expected: Result) -> Iterator[str]:
    error = result.exception
    if error is not None and not isinstance(error, SystemExit):
        yield f"{type(error).__name__}: {error}"
    elif result.exit_code:
        lines = result.stderr.splitlines()
        if expected.exit_code == 0 and (len(lines) != 1 or not lines[0].startswith("newsletter: ")):
            yield f"{len(lines)} lines: {result.stderr[:300]!r}"
        if result.exit_code != 1:
            yield f"exit code {result.exit_code}"
    elif len(result.stdout.splitlines()) < len(expected.stdout.splitlines()) and not _is_found(folder):
        yield f"fewer lines, and no damage is found: {result.stdout[-200:]!r}"


def _is_found(folder: Path) -> bool:
    try:
        with open_store(folder / "newsletter.db") as store:
            return bool(store.problems())
    except StoreError:
        return True


def main() -> None:
    """Run the drill in its long form, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--commands", type=int, default=3)
    options = parser.parse_args()
    begin = time.process_time()
    outcomes, wrong = drill(options.rounds, options.seed, options.commands)
    print(f"SQLite {sqlite3.sqlite_version}, {os.uname().sysname}; {time.process_time() - begin:.1f} s of CPU")
    print(f"{options.rounds} damaged stores: {outcomes['refused']} commands refused, {outcomes['done']} done")
    for finding in wrong:
        print(f"{finding.damage}: newsletter {finding.command}: {finding.what}")
    print(f"tracebacks, further lines and silent losses: {len(wrong)}")


if __name__ == "__main__":
    main()
