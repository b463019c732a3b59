"""Without an extra: what needs it says in one line what to install, and the rest works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from newsletter import DISTRIBUTION
from newsletter.errors import NewsletterError
from newsletter.errors.installation import install_command
from newsletter.ranking.embedding import make_embedding
from newsletter.sending.bounces.reports import read_bounce_report
from tests.sending.bounces.samples import CASES

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
#: What each extra's packages are imported as.
MODULES = {
    "bounces": "flufl.bounce",
    "cassettes": "yaml",
    "demo": "aiosmtpd",
    "fleet": "procrastinate",
    "metrics": "prometheus_client",
    "postgresql": "psycopg",
    "taste": "sklearn",
}


def run_without(modules: Iterable[str], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process that cannot import some modules."""
    code = f"import sys; sys.modules.update(dict.fromkeys({[*modules]!r})); from newsletter.cli import main; main()"
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that was made without any extra."""
    folder = tmp_path_factory.mktemp("made")
    assert run_without(MODULES.values(), folder, "init").returncode == 0
    return folder


@pytest.fixture
def site(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(made, tmp_path, dirs_exist_ok=True)


@pytest.mark.parametrize(
    ("extra", "arguments"),
    [
        ("demo", ["demo", "show"]),
        ("metrics", ["serve", "--metrics", "0"]),
        ("cassettes", ["pull", "huggingface", "a.yaml"]),
    ],
)
def test_what_needs_an_extra_says_what_to_install(site: Path, extra: str, arguments: list[str]) -> None:
    (site / "a.yaml").write_text("interactions: []\n", encoding="utf-8")

    ran = run_without([MODULES[extra]], site, *arguments)

    assert ran.returncode == 1
    (line,) = ran.stderr.splitlines()
    assert install_command(extra) in line
    assert not (site / "show").exists()


def test_a_store_on_a_server_needs_psycopg(site: Path) -> None:
    (site / "newsletter.toml").write_text('[database]\nurl = "postgresql://ada:s3cret@db/papers"\n', encoding="utf-8")

    ran = run_without([MODULES["postgresql"]], site, "status")

    assert ran.returncode == 1
    (line,) = ran.stderr.splitlines()
    assert install_command("postgresql") in line
    assert "s3cret" not in line


def test_workers_need_procrastinate(site: Path) -> None:
    (site / "newsletter.toml").write_text('[database]\nurl = "postgresql://ada:s3cret@db/papers"\n', encoding="utf-8")

    ran = run_without([MODULES["fleet"]], site, "worker")

    assert ran.returncode == 1
    (line,) = ran.stderr.splitlines()
    assert install_command("fleet") in line


def test_a_taste_needs_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, MODULES["taste"], None)

    with pytest.raises(NewsletterError) as caught:
        make_embedding([])

    assert caught.value.hint == install_command("taste")


def test_bounces_are_read_without_flufl(monkeypatch: pytest.MonkeyPatch) -> None:
    read = {case.name: read_bounce_report(case.raw) for case in CASES}
    monkeypatch.setitem(sys.modules, MODULES["bounces"], None)

    assert {case.name: read_bounce_report(case.raw) for case in CASES} == read


@pytest.mark.parametrize("arguments", [["--help"], ["send", "--dry-run"], ["preview", "--once", "x.html"]])
def test_the_rest_works_without_any(site: Path, arguments: list[str]) -> None:
    ran = run_without(MODULES.values(), site, *arguments)

    assert "Traceback" not in ran.stderr
    assert "pip install" not in ran.stdout + ran.stderr


def test_the_doctor_says_what_scikit_learn_would_add(site: Path) -> None:
    ran = run_without(MODULES.values(), site, "doctor")

    assert "Traceback" not in ran.stderr
    assert "by words; scikit-learn" in ran.stdout
    assert "[taste]" in ran.stdout


def test_each_extra_is_known_by_its_modules() -> None:
    assert set(EXTRAS) - {"all", "dev"} == set(MODULES)
    (everything,) = EXTRAS["all"]
    assert everything == f"{DISTRIBUTION}[{','.join(sorted(MODULES))}]"
    assert f"{DISTRIBUTION}[all]" in EXTRAS["dev"]


def test_the_name_to_install_by_is_the_same_everywhere() -> None:
    assert PROJECT["name"] == DISTRIBUTION
    files = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("newsletter/**/*.py")]
    named = {
        name
        for file in files
        for name in re.findall(r"pip install .?([a-z][\w.-]*)\[", file.read_text(encoding="utf-8"))
    }
    assert named <= {DISTRIBUTION}
    hinted = {
        extra
        for file in ROOT.glob("newsletter/**/*.py")
        for extra in re.findall(r"""install_command\(["'](\w+)""", file.read_text(encoding="utf-8"))
    }
    assert hinted == set(MODULES) - {"bounces"}
