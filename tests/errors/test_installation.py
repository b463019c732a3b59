"""What a hint says to type depends on how the program was installed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path

import pytest

from newsletter import DISTRIBUTION
from newsletter.errors.installation import CONTAINER_MARK, Installer, find_installation, install_command

PYTHON = "/opt/newsletter/bin/python"


def metadata_in(folder: Path, files: Mapping[str, str]) -> Distribution:
    """A real folder of metadata, as installers write it."""
    info = folder / "papers_newsletter-1.0.dist-info"
    info.mkdir(parents=True)
    for name, text in files.items():
        (info / name).write_text(text, encoding="utf-8")
    return Distribution.at(info)


@pytest.mark.parametrize(
    ("marks", "files", "installer", "upgrade", "extra"),
    [
        (
            [],
            {"INSTALLER": "pip\n"},
            Installer.PIP,
            f"{PYTHON} -m pip install --upgrade papers-newsletter",
            f"{PYTHON} -m pip install 'papers-newsletter[taste]'",
        ),
        (
            [],
            {"INSTALLER": "uv"},
            Installer.UV_PIP,
            f"uv pip install --python {PYTHON} --upgrade papers-newsletter",
            f"uv pip install --python {PYTHON} 'papers-newsletter[taste]'",
        ),
        (
            ["pipx_metadata.json"],
            {"INSTALLER": "pip\n"},
            Installer.PIPX,
            "pipx upgrade papers-newsletter",
            "pipx install --force 'papers-newsletter[taste]'",
        ),
        (
            ["uv-receipt.toml"],
            {"INSTALLER": "uv"},
            Installer.UV_TOOL,
            "uv tool upgrade papers-newsletter",
            "uv tool install --force 'papers-newsletter[taste]'",
        ),
        (
            [CONTAINER_MARK],
            {"INSTALLER": "pip\n"},
            Installer.CONTAINER,
            "docker compose build --pull && docker compose up --detach",
            "its image needs the extra taste",
        ),
        (
            [],
            {"INSTALLER": "pip", "direct_url.json": json.dumps({"url": "file:///src/my%20clone", "dir_info": {}})},
            Installer.PIP,
            f"{PYTHON} -m pip install --upgrade '/src/my clone'",
            f"{PYTHON} -m pip install '/src/my clone[taste]'",
        ),
        (
            [],
            {
                "INSTALLER": "pip",
                "direct_url.json": json.dumps(
                    {"url": "https://git.example/n.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}
                ),
            },
            Installer.PIP,
            f"{PYTHON} -m pip install --upgrade 'papers-newsletter @ git+https://git.example/n.git'",
            f"{PYTHON} -m pip install 'papers-newsletter[taste] @ git+https://git.example/n.git'",
        ),
        (
            [],
            {"INSTALLER": "pip", "direct_url.json": json.dumps({"url": "file:///a.whl", "archive_info": {}})},
            Installer.PIP,
            f"{PYTHON} -m pip install --upgrade papers-newsletter",
            f"{PYTHON} -m pip install 'papers-newsletter[taste]'",
        ),
        (
            [],
            {"direct_url.json": "[not what it should be"},
            Installer.PIP,
            f"{PYTHON} -m pip install --upgrade papers-newsletter",
            f"{PYTHON} -m pip install 'papers-newsletter[taste]'",
        ),
    ],
)
def test_each_installer_has_commands_of_its_own(
    tmp_path: Path, marks: list[str], files: dict[str, str], installer: Installer, upgrade: str, extra: str
) -> None:
    for mark in marks:
        (tmp_path / mark).touch()
    metadata = metadata_in(tmp_path / "site-packages", files)

    found = find_installation(tmp_path, PYTHON, tmp_path / "site-packages", lambda _name: metadata)

    assert found.installer is installer
    assert (found.upgrade_command(), found.extra_command("taste")) == (upgrade, extra)


def test_an_environment_of_uvx_is_in_its_cache(tmp_path: Path) -> None:
    prefix = tmp_path / "uv" / "archive-v0" / "x1"
    metadata = metadata_in(prefix, {"INSTALLER": "uv"})

    found = find_installation(prefix, PYTHON, prefix, lambda _name: metadata)

    assert found.extra_command("taste") == "uvx --from 'papers-newsletter[taste]' newsletter"
    assert found.upgrade_command() == "uvx --refresh --from papers-newsletter newsletter"


def test_a_checkout_is_upgraded_by_git(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()

    found = find_installation(tmp_path / ".venv", PYTHON, tmp_path, lambda _name: pytest.fail("not asked"))

    assert found.installer is Installer.CHECKOUT
    assert found.upgrade_command() == f"git -C {tmp_path} pull && {PYTHON} -m pip install -e {tmp_path}"
    assert found.extra_command("taste") == f"{PYTHON} -m pip install -e '{tmp_path}[taste]'"


def test_without_metadata_pip_is_assumed(tmp_path: Path) -> None:
    def find(name: str) -> Distribution:
        raise PackageNotFoundError(name)

    assert find_installation(tmp_path, PYTHON, tmp_path, find).installer is Installer.PIP


def test_this_checkout_is_known_as_one() -> None:
    root = Path(__file__).parents[2]

    assert install_command("taste") == f"{sys.executable} -m pip install -e '{root}[taste]'"


def test_the_name_to_install_by_is_not_that_of_another_project() -> None:
    assert DISTRIBUTION == "papers-newsletter"  # `newsletter` on PyPI is somebody else's
    code = "import newsletter, sys; sys.exit(newsletter.DISTRIBUTION == 'newsletter')"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
