"""Look for known vulnerabilities in what the locks hold, with pip-audit; say so where PyPI is out of reach.

    build/tools/bin/python .ci/audit.py requirements.lock ...

Mirrors of PyPI serve packages, but not always what is known of each version: without it, nothing would be found.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

_PIN = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)
_AUDIT = ("-m", "pip_audit", "--strict", "--progress-spinner=off", "--disable-pip", "--require-hashes", "-r")


def why_out_of_reach(lock: str) -> str:
    """Return why the vulnerabilities of a lock's first version cannot be read, or ""."""
    name, version = _PIN.findall(Path(lock).read_text(encoding="utf-8"))[0]
    url = f"https://pypi.org/pypi/{name}/{version}/json"
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            known = json.load(response)
    except (OSError, ValueError) as error:
        return f"{url}: {error}"
    return "" if "vulnerabilities" in known else f"{url}: no vulnerabilities are listed"


def main(locks: list[str]) -> int:
    """Audit each lock; return the exit code."""
    reasons = [why_out_of_reach(lock) for lock in locks]
    if all(reasons):
        print(f"audit skipped: {reasons[0]}")
        return 0
    return max(subprocess.run([sys.executable, *_AUDIT, lock], check=False).returncode for lock in locks)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
