"""What `make` installs: locks that hold every package that pyproject.toml asks for, by hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
LOCKS = {"requirements.lock": set(EXTRAS) - {"dev"}, ".ci/requirements-dev.lock": set(EXTRAS)}


def text_of(lock: str) -> str:
    return (ROOT / lock).read_text(encoding="utf-8")


def pins_of(lock: str) -> dict[str, set[str]]:
    """The versions of each package: more than one where a Python needs another."""
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text_of(lock), re.MULTILINE):
        pins.setdefault(name, set()).add(version)
    return pins


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_what_the_project_asks_for_in_its_ranges(lock: str) -> None:
    asked = [*PYPROJECT["build-system"]["requires"], *PROJECT["dependencies"]]
    asked += [one for extra in LOCKS[lock] for one in EXTRAS[extra]]
    pins = pins_of(lock)
    wanted = [one for one in map(Requirement, asked) if one.name != PROJECT["name"]]

    assert [one.name for one in wanted if canonicalize_name(one.name) not in pins] == []
    wrong = [str(one) for one in wanted for pin in pins[canonicalize_name(one.name)] if not one.specifier.contains(pin)]
    assert wrong == [], "run `make lock`"


@pytest.mark.parametrize("lock", [*LOCKS, ".ci/requirements-release.lock"])
def test_every_pin_has_hashes_and_no_place_to_load_it_from(lock: str) -> None:
    entries = re.split(r"^(?=[\w-])", re.sub(r"^ *#.*\n", "", text_of(lock), flags=re.MULTILINE), flags=re.MULTILINE)
    pins = [entry for entry in entries if entry.strip()]

    form = re.compile(r"[\w.-]+==[^\s;]+(?: ; [^\n\\]+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n")
    assert [pin.splitlines()[0] for pin in pins if not form.fullmatch(pin)] == []
    assert "://" not in text_of(lock)
    assert "@" not in text_of(lock)


def test_what_runs_is_what_was_tested() -> None:
    tested = pins_of(".ci/requirements-dev.lock")

    assert {name: pins for name, pins in pins_of("requirements.lock").items() if tested.get(name) != pins} == {}


def test_the_image_installs_what_the_lock_names_and_runs_without_root() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    stages = text.split("\nFROM ")
    installs = re.findall(r"pip install ([^&\n]+)", text)
    assert all("--require-hashes" in one or "--no-deps" in one for one in installs)
    assert re.search(r"--requirement requirements\.lock\b", installs[0])
    assert "pip" not in stages[-1]
    assert re.search(r"^USER (?!root)\w+$", stages[-1], re.MULTILINE)
    # What the checkout itself is built with has to be locked, too, since nothing else is downloaded for it.
    assert {"hatchling"} == {Requirement(one).name for one in PYPROJECT["build-system"]["requires"]} & set(
        pins_of("requirements.lock")
    )
