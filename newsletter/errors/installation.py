"""How this program was installed, and so what to type to install an extra or to upgrade it.

Decided by what installers leave behind: `direct_url.json` (PEP 610), pipx's and uv's files in the environment, and the
mark of our own image.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from newsletter import DISTRIBUTION

#: The Dockerfile makes this file in the environment of its image.
CONTAINER_MARK = "newsletter-image"
_PIPX_MARK = "pipx_metadata.json"
_UV_TOOL_MARK = "uv-receipt.toml"
#: The folder of uv's cache in which the environments of `uvx` are.
_UVX_FOLDER = "archive-v0"


class Installer(StrEnum):
    """What installed the program."""

    CHECKOUT = "checkout"
    CONTAINER = "container"
    PIPX = "pipx"
    UV_TOOL = "uv tool"
    UVX = "uvx"
    UV_PIP = "uv pip"
    PIP = "pip"


@dataclass(frozen=True, slots=True)
class Installation:
    """The installation of the running program."""

    installer: Installer
    #: The interpreter of the environment.
    python: str
    #: What to install again: the name of the distribution, the path of a checkout, or an address such as git+https://…
    origin: str = DISTRIBUTION

    def extra_command(self, extra: str) -> str:
        """Return what to type to install the packages of one of our extras."""
        if self.installer is Installer.CONTAINER:
            return f"its image needs the extra {extra}"
        return self._command(self._requirement(extra), is_upgrade=False)

    def upgrade_command(self) -> str:
        """Return what to type to upgrade the program."""
        match self.installer:
            case Installer.CONTAINER:
                return "docker compose build --pull && docker compose up --detach"
            case Installer.CHECKOUT:
                pull = f"git -C {shlex.quote(self.origin)} pull"
                return f"{pull} && {self._command(self.origin, is_upgrade=True)}"
            case Installer.PIPX:
                return f"pipx upgrade {DISTRIBUTION}"
            case Installer.UV_TOOL:
                return f"uv tool upgrade {DISTRIBUTION}"
            case _:
                return self._command(self._requirement(""), is_upgrade=True)

    def _command(self, requirement: str, *, is_upgrade: bool) -> str:
        quoted, python = shlex.quote(requirement), shlex.quote(self.python)
        upgrade = "--upgrade " if is_upgrade else ""
        match self.installer:
            case Installer.PIPX:
                return f"pipx install --force {quoted}"
            case Installer.UV_TOOL:
                return f"uv tool install --force {quoted}"
            case Installer.UVX:
                return f"uvx {'--refresh ' if is_upgrade else ''}--from {quoted} newsletter"
            case Installer.UV_PIP:
                return f"uv pip install --python {python} {upgrade}{quoted}"
            case Installer.CHECKOUT:
                return f"{python} -m pip install -e {quoted}"
            case _:
                return f"{python} -m pip install {upgrade}{quoted}"

    def _requirement(self, extra: str) -> str:
        extras = f"[{extra}]" if extra else ""
        if self.origin.startswith("git+"):
            return f"{DISTRIBUTION}{extras} @ {self.origin}"
        return self.origin + extras


def install_command(extra: str) -> str:
    """Return what to type to install the packages of one of our extras: the hint where one is missing."""
    return installation().extra_command(extra)


def has_scikit_learn() -> bool:
    """Return whether scikit-learn is installed, which models and tastes are learned with (the extra "taste")."""
    return find_spec("sklearn") is not None


@cache
def installation() -> Installation:
    """Return how the running program was installed."""
    return find_installation(Path(sys.prefix), sys.executable, Path(__file__).resolve().parents[2], distribution)


def find_installation(
    prefix: Path, python: str, package_root: Path, find: Callable[[str], Distribution]
) -> Installation:
    """Return how the program in an environment was installed.

    Args:
        prefix: The environment (`sys.prefix`).
        python: Its interpreter.
        package_root: The folder in which the package is.
        find: Finds a distribution by name, or raises PackageNotFoundError.
    """
    if (prefix / CONTAINER_MARK).exists():
        return Installation(Installer.CONTAINER, python)
    if (package_root / "pyproject.toml").is_file():  # run from a checkout, with or without an editable install
        return Installation(Installer.CHECKOUT, python, str(package_root))
    try:
        metadata = find(DISTRIBUTION)
    except PackageNotFoundError:
        return Installation(Installer.PIP, python)
    installed_by = (metadata.read_text("INSTALLER") or "").strip()
    return Installation(
        _installer(prefix, installed_by), python, _origin((metadata.read_text("direct_url.json") or "").strip())
    )


def _installer(prefix: Path, installed_by: str) -> Installer:
    if (prefix / _PIPX_MARK).exists():
        return Installer.PIPX
    if (prefix / _UV_TOOL_MARK).exists():
        return Installer.UV_TOOL
    if _UVX_FOLDER in prefix.parts:
        return Installer.UVX
    return Installer.UV_PIP if installed_by == "uv" else Installer.PIP


def _origin(direct_url: str) -> str:
    """Return what was named at the installation, by its `direct_url.json` (PEP 610); see `Installation.origin`."""
    try:
        found = json.loads(direct_url or "{}")
        url, control = str(found.get("url", "")), found.get("vcs_info")
        if control:
            return f"{control['vcs']}+{url}"
        if "dir_info" in found and url.startswith("file://"):
            return unquote(urlsplit(url).path)
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    return DISTRIBUTION
