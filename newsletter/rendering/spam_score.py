"""Spam scores of messages, by a local SpamAssassin without network tests."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable

#: Returns the spam score of a message, and the rules that added to it.
Scorer = Callable[[bytes], tuple[float, str]]

_TOTAL = re.compile(r"\((-?[\d.]+) points")
_RULE = re.compile(r"^ *(-?\d+\.\d) ([A-Z0-9_]+) ", re.MULTILINE)


def find_scorer() -> Scorer | None:
    """Return a scorer that runs SpamAssassin, or None if it is not installed.

    The scorer raises OSError or subprocess.SubprocessError if SpamAssassin fails.
    """
    program = shutil.which("spamassassin")
    return (lambda content: _run_spamassassin(program, content)) if program else None


def _run_spamassassin(program: str, content: bytes) -> tuple[float, str]:
    completed = subprocess.run([program, "-L", "-t"], input=content, capture_output=True, timeout=60, check=False)  # noqa: S603
    report = completed.stdout.decode("utf-8", "replace")
    total = _TOTAL.search(report)
    rules = [f"{rule} {points}" for points, rule in _RULE.findall(report) if float(points) > 0]
    return float(total[1]) if total else 0.0, ", ".join(rules)
