"""What the lock files, the list of licences and the wheel promise, without an engine."""

from __future__ import annotations

import re
import runpy
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
RUNTIME, DEV = LOCKS = [ROOT / name for name in ("requirements.lock", "requirements-dev.lock")]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LICENCES = ROOT / "docs/licences.md"
# Nothing else may stand in a lock: no option, no index, no address, no file.
PINNED = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)(?P<marker> ; [^\\]+?)?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n"
)


@dataclass(frozen=True)
class Locked:
    """One package of a lock."""

    name: str
    version: str
    marker: str
    hashes: frozenset[str]


def read(lock: Path) -> Iterator[Locked]:
    """Read a lock; whatever is no pinned package with hashes fails."""
    text = re.sub(r"(?m)^ *#.*\n", "", lock.read_text("utf-8"))
    place = 0
    while place < len(text):
        found = PINNED.match(text, place)
        assert found, f"{lock.name}: {text[place : place + 80]!r}"
        hashes = frozenset(re.findall(r"[0-9a-f]{64}", found["hashes"]))
        yield Locked(found["name"], found["version"], found["marker"] or "", hashes)
        place = found.end()


def asked() -> dict[Path, list[str]]:
    """What pyproject.toml asks for, by the lock that has it."""
    needed: list[str] = PROJECT["project"]["dependencies"]
    return {RUNTIME: needed, DEV: [*needed, *PROJECT["dependency-groups"]["dev"]]}


def is_allowed(licence: str) -> bool:
    """Ask the project's own script, which `make licences` runs."""
    names = PROJECT["tool"]["bacula-report"]["allowed-licences"]
    return bool(runpy.run_path(str(ROOT / "scripts/licences.py"))["may_be"](licence, names))


# --- the locks --------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_holds_nothing_but_pinned_packages_with_hashes(lock: Path) -> None:
    assert len(list(read(lock))) >= len(asked()[lock])


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_names_no_host(lock: Path) -> None:
    assert not re.findall(r"://|--(?!hash=)\S+|\.(?:org|com|net|io)\b", lock.read_text("utf-8"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_has_all_that_is_asked_for_in_a_version_that_fits(lock: Path) -> None:
    versions: dict[str, set[str]] = {}
    for one in read(lock):
        versions.setdefault(one.name, set()).add(one.version)
    for wanted in map(Requirement, asked()[lock]):
        found = versions.get(canonicalize_name(wanted.name), set())
        assert found, f"{wanted.name} is not locked: make lock"
        assert all(version in wanted.specifier for version in found), wanted


def test_what_ships_is_what_was_tested() -> None:
    assert set(read(RUNTIME)) <= set(read(DEV))


def test_every_dependency_says_what_it_is_for() -> None:
    lines = (ROOT / "pyproject.toml").read_text("utf-8").splitlines()
    named = [line for line in lines if re.match(r'    "[\w.-]+>=', line)]

    assert len(named) == len(asked()[DEV])
    assert [line for line in named if not re.search(r", +# .", line)] == []


# --- licences ---------------------------------------------------------------------------------


def rows(columns: int) -> list[tuple[str, ...]]:
    cells = r" ([^|]+?) \|" * columns
    found = re.findall(rf"(?m)^\|{cells}$", LICENCES.read_text("utf-8"))
    return [row for row in found if not set(row[0]) <= set("-: ")]


def test_the_list_of_licences_names_what_is_locked() -> None:
    listed = {(name, version) for name, version, _ in rows(3)[1:]}

    assert listed == {(one.name, one.version) for one in read(RUNTIME) if "win32" not in one.marker}


def test_every_licence_is_an_allowed_one() -> None:
    packages = [row[-1] for row in rows(3)[1:]]
    crates = [row[0] for row in rows(2)[1:]]

    assert packages
    assert crates
    assert [name for name in packages + crates if not is_allowed(name)] == []


@pytest.mark.parametrize(
    ("licence", "may"),
    [
        ("MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only AND MIT", False),
        ("AGPL-3.0-only", False),
        ("Apache-2.0 WITH LLVM-exception", True),
    ],
)
def test_a_licence_is_allowed_if_one_may_choose_so(licence: str, may: bool) -> None:
    assert is_allowed(licence) is may
