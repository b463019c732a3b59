"""The wheel and the sdist: they hold what the program needs, and no private file."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Collection, Iterator
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from newsletter import DISTRIBUTION

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel made from it."""
    folder = tmp_path_factory.mktemp("dist")
    checkout = tmp_path_factory.mktemp("checkout") / "newsletter"
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in files.stdout.splitlines():
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            (checkout / name).write_bytes((ROOT / name).read_bytes())
    (checkout / "subscribers" / "private.toml").write_text('email = "me@example.org"\n', encoding="utf-8")
    build = ["-m", "build", "--no-isolation", "--outdir", str(folder), str(checkout)]
    subprocess.run([sys.executable, *build], check=True, capture_output=True, timeout=300)
    return folder


def test_the_wheel_holds_the_package_with_templates_and_skeleton(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.split("/")[0].split("-")[0] for name in names} == {"newsletter", "papers_newsletter"}
    assert {
        "newsletter/templates/email/digest.html",
        "newsletter/skeleton/subscribers/example.toml",
        "newsletter/samples/topics.toml",
    } <= set(names)
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
    pages |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "deploy").rglob("*") if path.is_file()}
    assert pages
    assert {f"newsletter/{page}" for page in pages} <= set(names)


def test_no_private_profile_is_packaged(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = archive.getnames() + zipfile.ZipFile(wheel).namelist()

    profiles = [name for name in names if "private" in name and not name.endswith(".py")]
    assert [*profiles, *(name for name in names if name.endswith((".db", "newsletter.lock")))] == []


def required_by(one: Distribution, extras: Collection[str]) -> Iterator[Distribution]:
    """Yield what a distribution with some extras requires, and what that requires, as it is installed here."""
    for requirement in map(Requirement, one.requires or ()):
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in ("", *extras)):
            other = distribution(requirement.name)
            assert requirement.specifier.contains(other.version), requirement
            yield other
            yield from required_by(other, requirement.extras)


def link(needed: Distribution, folder: Path) -> None:
    """Put an installed distribution into another environment as links; pip would fetch and unpack it for seconds."""
    here = Path(str(needed.locate_file("")))
    for name in {file.parts[0] for file in needed.files or ()} - {"..", "__pycache__"}:
        if not (folder / name).exists():
            (folder / name).symlink_to(here / name)


def test_an_installed_wheel_works_without_the_checkout(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)  # which may name the checkout
    (wheel,) = built.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    packages = sysconfig.get_path("purelib", "venv", {"base": str(tmp_path / "venv")})
    (ours,) = distributions(path=[str(wheel)])
    for needed in required_by(ours, ["demo"]):  # what it does not ask for is not there
        link(needed, Path(packages))
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    install = [*pip, "install", "--quiet", "--no-compile", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=300)
    subprocess.run([*pip, "check"], check=True, capture_output=True, timeout=300)
    newsletter = tmp_path / "venv" / "bin" / "newsletter"

    # A hint names a page that can be opened where the program is installed.
    command = "from newsletter.files.site import docs_path; print(docs_path('topics.md'))"
    page = Path(
        subprocess.run([python, "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()
    )
    assert page.is_relative_to(tmp_path / "venv")
    assert page.read_text(encoding="utf-8").startswith("# ")

    # So does one that names what to type: not the file that was installed, which may be gone.
    command = "from newsletter.errors.installation import install_command; print(install_command('taste'))"
    hint = subprocess.run([python, "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert hint == f"{python} -m pip install '{DISTRIBUTION}[taste]'\n"

    for arguments in (["init", "."], ["preview", "--once", "x.html"], ["demo", "show"]):
        ran = subprocess.run([newsletter, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr

    assert "Trending" in (tmp_path / "x.html").read_text(encoding="utf-8")


def test_the_sdist_holds_the_documentation(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert pages
    assert pages <= names
