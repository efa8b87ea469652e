"""The wheel: the same bytes from the same source, and nothing in it that only we need."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("app", "templates", "pyproject.toml", "README.md", "LICENSE", "docs", ".gitignore")


def build(folder: Path, mask: int, time: int) -> Path:
    """Build the wheel from a copy of the sources, whose files have other modes and times."""
    for name in SOURCES:
        source, copy = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy(source, copy)
    for path in folder.rglob("*"):
        path.chmod(path.stat().st_mode & ~mask)
        os.utime(path, (time, time))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist"],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        check=True,
        capture_output=True,
    )
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return build(tmp_path / "one", 0o022, 1_700_000_000)


def test_the_same_source_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    other = build(tmp_path / "another", 0o077, 1_800_000_000)

    assert other.name == wheel.name
    assert other.read_bytes() == wheel.read_bytes()


def test_the_wheel_holds_the_application_its_texts_and_its_licences(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
    app = [name for name in names if name.startswith("app/")]
    described = {name.partition(".dist-info/")[2] for name in names if name not in app}

    kinds = {Path(name).suffix for name in app}

    assert kinds == {".py", ".typed", ".mo", ".j2", ".css", ".js", ".json"}
    assert {"app/templates/report.html.j2", "app/locale/ko/LC_MESSAGES/bacula_report.mo"} < {*app}
    assert described == {
        *("METADATA", "WHEEL", "RECORD", "entry_points.txt"),
        *("licenses/LICENSE", "licenses/docs/licences.md"),
    }
