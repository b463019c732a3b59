"""Whether a newer release is on PyPI, by its JSON API (https://docs.pypi.org/api/json/)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from newsletter import DISTRIBUTION, __version__
from newsletter.errors import NewsletterError
from newsletter.limits import RELEASES_BYTES
from newsletter.limits.deadlines import call_within

INDEX = "https://pypi.org"


class IndexUnreachable(NewsletterError):
    """The index cannot be asked (EX_UNAVAILABLE of sysexits.h)."""

    exit_code = 69


@dataclass(frozen=True, slots=True)
class Releases:
    """What is installed, and the newest release that this Python can install."""

    installed: str
    #: None if no release is usable.
    newest: str | None

    @property
    def is_newer(self) -> bool:
        """Whether there is something to upgrade to."""
        return self.newest is not None and Version(self.newest) > Version(self.installed)


def check_releases(index: str = INDEX, timeout_s: float = 5.0) -> Releases:
    """Ask an index for our releases, within a deadline.

    Raises:
        IndexUnreachable: There is no network, or the index did not respond in time or in its format.
    """
    try:
        return read_releases(call_within(timeout_s, lambda: _get(index, timeout_s)))
    except IndexUnreachable:
        raise
    except TimeoutError:
        raise IndexUnreachable(f"{index}: timeout after {timeout_s:g} s", hint="try again later") from None


def _get(index: str, timeout_s: float) -> bytes:
    import httpx  # noqa: PLC0415 - takes 60 ms to import

    url = f"{index.rstrip('/')}/pypi/{DISTRIBUTION}/json"
    content = b""
    try:
        headers = {"User-Agent": f"{DISTRIBUTION}/{__version__}", "Accept-Encoding": "identity"}
        with httpx.stream("GET", url, headers=headers, timeout=timeout_s, follow_redirects=True) as response:
            if response.status_code == httpx.codes.NOT_FOUND:
                raise IndexUnreachable(f"{DISTRIBUTION} is not on {index}", hint="was a release published?")
            if response.status_code != httpx.codes.OK:
                raise IndexUnreachable(f"{url}: HTTP {response.status_code}", hint="try again later")
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > RELEASES_BYTES:
                    raise IndexUnreachable(f"{url}: response larger than {RELEASES_BYTES // 2**20} MB")
    except httpx.TimeoutException:
        raise TimeoutError from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise IndexUnreachable(f"{url}: {error or type(error).__name__}", hint="is there a network?") from None
    return content


def read_releases(content: bytes, python: str = "{}.{}.{}".format(*sys.version_info[:3])) -> Releases:
    """Return the newest release in an index's response: not yanked, not a pre-release, and for this Python.

    Raises:
        IndexUnreachable: The response is not what PyPI documents.
    """
    try:
        releases = json.loads(content)["releases"]
        usable = [Version(version) for version, files in releases.items() if _is_usable(version, files, python)]
    except (ValueError, RecursionError, TypeError, LookupError, AttributeError):
        raise IndexUnreachable("the index did not respond with a list of releases", hint="try again later") from None
    return Releases(__version__, str(max(usable)) if usable else None)


def _is_usable(version: str, files: list[Mapping[str, Any]], python: str) -> bool:
    try:
        parsed = Version(version)
    except InvalidVersion:
        return False
    return not parsed.is_prerelease and any(_is_for(file, python) for file in files if not file.get("yanked"))


def _is_for(file: Mapping[str, Any], python: str) -> bool:
    try:
        return SpecifierSet(file.get("requires_python") or "").contains(python)
    except InvalidSpecifier:
        return True
