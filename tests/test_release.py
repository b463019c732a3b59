"""What CI and releases install and hold: only what is locked by hash, audited, described and checked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from newsletter import __version__

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def recipe_of(target: str) -> str:
    return MAKEFILE.partition(f"\n{target}:")[2].partition("\n\n")[0]


def test_everything_is_installed_from_a_lock_by_hash() -> None:
    for target, lock in ((".venv/.runtime", "requirements.lock"), (".venv/.dev", ".ci/requirements-dev.lock")):
        assert recipe_of(target).startswith(f" {lock} ")
        assert "--require-hashes -r $<" in recipe_of(target)
        assert "--no-deps --no-build-isolation" in MAKEFILE.partition("CHECKOUT := ")[2].splitlines()[0]
    assert recipe_of("build/tools").startswith(" .ci/requirements-release.lock\n")
    assert "--require-hashes -r $<" in recipe_of("build/tools")
    for workflow in WORKFLOWS:
        assert not re.search(r"\bpip3? install\b|\buvx?\b", workflow.read_text(encoding="utf-8"))


def test_ci_audits_the_locks() -> None:
    targets = (ROOT / ".ci" / "run").read_text(encoding="utf-8").partition("|| set -- ")[2].split()
    assert "audit" in targets
    locks = {path.name for path in (*ROOT.glob("*.lock"), *(ROOT / ".ci").glob("*.lock"))}
    assert set(re.findall(r"requirements[\w-]*\.lock", recipe_of("audit"))) == locks


def test_where_the_list_of_vulnerabilities_is_out_of_reach_the_audit_says_so_and_why() -> None:
    nowhere = os.environ | {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    command = [sys.executable, str(ROOT / ".ci" / "audit.py"), "requirements.lock"]
    ran = subprocess.run(command, cwd=ROOT, env=nowhere, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert re.fullmatch(r"audit skipped: https://pypi\.org/\S+: .+\n", ran.stdout)


def test_a_release_holds_an_sbom_of_the_lock_and_attested_checksums() -> None:
    recipe = recipe_of("dist")
    assert "cyclonedx-py requirements" in recipe
    assert recipe.index("newsletter.cdx.json requirements.lock") < recipe.index("sha256sum * >SHA256SUMS")
    release = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    jobs = release["jobs"]
    assert "make dist" in [step.get("run") for step in jobs["build"]["steps"]]
    assert jobs["try"]["needs"] == "build"
    assert set(jobs["release"]["needs"]) == {"test", "try"}
    steps = [step.get("uses", step.get("run", "")) for step in jobs["release"]["steps"]]
    checked, attested, published = (
        next(number for number, step in enumerate(steps) if step.startswith(words))
        for words in ("cd dist && sha256sum --check", "actions/attest-build-provenance", "gh release create")
    )
    assert checked < attested < published


def test_a_release_is_tried_in_an_empty_environment_on_every_python_that_it_names() -> None:
    release = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    tried = release["jobs"]["try"]["strategy"]["matrix"]["python"]

    assert (
        tried
        == re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)
        == ["3.11", "3.12", "3.13", "3.14"]
    )
    scripts = [step.get("run", "") for step in release["jobs"]["try"]["steps"]]
    assert [one for one in scripts if one] == [f"bash .ci/try-release dist/*.{kind}" for kind in ("whl", "tar.gz")]


def test_it_is_published_without_a_token_once_a_person_has_agreed() -> None:
    release = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    job = release["jobs"]["publish"]

    assert (job["needs"], job["environment"], job["permissions"]) == ("release", "pypi", {"id-token": "write"})
    assert job["steps"][-1]["uses"].startswith("pypa/gh-action-pypi-publish@")
    assert "password" not in job["steps"][-1].get("with", {})


@pytest.mark.parametrize(
    ("tag", "heading", "message"),
    [
        ("v{version}", "## {version} (2027-01-01)", ""),
        ("v{version}", "## {version} (unreleased)", "calls {version} unreleased"),
        ("v9.9", "## {version} (2027-01-01)", "the tag is v9.9"),
        ("v{version}", "## 0.0.1 (2026-01-01)", "has no section for {version}"),
    ],
)
def test_a_tag_is_the_version_and_its_changes_are_listed(tmp_path: Path, tag: str, heading: str, message: str) -> None:
    for name in (".ci", "newsletter", "docs"):
        (tmp_path / name).mkdir()
    for name in (".ci/check-tag", "newsletter/__init__.py", "docs/upgrading.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "CHANGELOG.md").write_text(heading.format(version=__version__) + "\n", encoding="utf-8")
    command = ["bash", str(tmp_path / ".ci" / "check-tag"), tag.format(version=__version__)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)

    assert message.format(version=__version__) in ran.stderr
    assert ran.returncode == bool(message)


def test_workflows_may_only_read_unless_a_job_says_otherwise() -> None:
    for workflow in WORKFLOWS:
        assert yaml.safe_load(workflow.read_text(encoding="utf-8"))["permissions"] == {"contents": "read"}


def test_the_security_policy_says_what_is_supported_and_how_to_report() -> None:
    policy = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for heading in ("Supported versions", "Report a vulnerability", "What is promised", "What a release holds"):
        assert f"\n## {heading}\n" in policy
    for path in re.findall(r"\]\(([\w./]+)\)", policy):
        assert (ROOT / path).is_file()
