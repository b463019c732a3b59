"""The structure stays one that can be kept in mind: few rooms, few arrows between them, no cycle, short files.

The layers themselves are held by import-linter (pyproject.toml).
"""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest

import newsletter
from tests.architecture import arrows_of, functions_of, import_cycle, imports_of, modules_of, rooms_of

PACKAGE = Path(newsletter.__file__).parent
MODULES = modules_of(PACKAGE)

MOST_ROOMS = 24
MOST_ARROWS = 115
MOST_AT_THE_ROOT = 8
LONGEST_FILE, LONGEST_FUNCTION = 450, 60
MEDIAN_FILE = 120


def test_there_are_few_rooms() -> None:
    assert len(rooms_of(MODULES)) <= MOST_ROOMS


def test_there_are_few_arrows_between_rooms() -> None:
    assert len(arrows_of(MODULES)) <= MOST_ARROWS


def test_few_modules_stand_at_the_root() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= MOST_AT_THE_ROOT


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert import_cycle(MODULES) == []


def test_files_are_short() -> None:
    assert median(module.lines for module in MODULES.values()) <= MEDIAN_FILE
    assert [name for name, module in MODULES.items() if module.lines > LONGEST_FILE] == []


def test_functions_are_short() -> None:
    assert [name for name, lines in functions_of(MODULES).items() if lines > LONGEST_FUNCTION] == []


# -- what is counted -------------------------------------------------------------------------------

SHOP = {
    "__init__.py": '__version__ = "1"\n',
    "__main__.py": "from shop.till import pay\n",
    "till/__init__.py": "from shop.till.coins import change\n\n\ndef pay():\n    from shop.goods import price\n",
    "till/coins.py": "import json\nimport shop.goods\nfrom shop import __version__\n\n\ndef change():\n    pass\n",
    "goods.py": "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from shop.till import coins\n",
    "gate.py": "try:\n    import shop.door\nexcept ImportError:\n    import shop.goods\nelse:\n    import shop.till\n",
    "door.py": "@one\n@two\nasync def ring(\n    bell,\n):\n    def inner():\n        pass\n",
}


def make_package(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "shop"


def test_rooms_are_what_is_below_the_root(tmp_path: Path) -> None:
    modules = modules_of(make_package(tmp_path, SHOP))

    assert {"shop", "shop.__main__", "shop.till", "shop.till.coins"} < modules.keys()
    assert rooms_of(modules) == {"till", "goods", "gate", "door"}


def test_arrows_are_imports_between_rooms_wherever_they_stand(tmp_path: Path) -> None:
    modules = modules_of(make_package(tmp_path, SHOP))
    assert arrows_of(modules) == {
        *(("till", "goods"), ("goods", "till")),
        *(("gate", "door"), ("gate", "goods"), ("gate", "till")),
    }


def test_an_import_in_a_function_or_for_type_checkers_alone_is_an_arrow(tmp_path: Path) -> None:
    late = SHOP | {"till/coins.py": ""}
    assert ("till", "goods") in arrows_of(modules_of(make_package(tmp_path, late)))


def test_importing_a_module_of_a_package_is_no_import_of_the_package(tmp_path: Path) -> None:
    modules = modules_of(make_package(tmp_path, SHOP))

    assert imports_of(modules["shop.goods"], modules) == {"shop.till.coins"}
    assert imports_of(modules["shop.till.coins"], modules) == {"shop", "shop.goods"}


def test_a_cycle_is_found_where_imports_run(tmp_path: Path) -> None:
    package = make_package(tmp_path, SHOP)
    assert import_cycle(modules_of(package)) == []

    (package / "goods.py").write_text("from shop.till.coins import change\n", encoding="utf-8")
    circle = import_cycle(modules_of(package))
    assert circle[0] == circle[-1]
    assert set(circle) == {"shop.goods", "shop.till.coins"}


def test_a_module_that_needs_its_package_while_that_imports_it_is_a_cycle(tmp_path: Path) -> None:
    package = make_package(tmp_path, SHOP | {"till/coins.py": "class Coin:\n    from shop.till import pay\n"})
    assert set(import_cycle(modules_of(package))) == {"shop.till", "shop.till.coins"}


def test_a_relative_import_is_refused(tmp_path: Path) -> None:
    modules = modules_of(make_package(tmp_path, {"goods.py": "\nfrom . import till\n"}))
    with pytest.raises(ValueError, match=r"^shop\.goods:2: a relative import$"):
        arrows_of(modules)


def test_lines_of_files_and_functions_are_counted(tmp_path: Path) -> None:
    modules = modules_of(make_package(tmp_path, SHOP))

    assert modules["shop.door"].lines == 7
    assert functions_of({"shop.door": modules["shop.door"]}) == {"shop.door:ring": 5, "shop.door:inner": 2}
