"""The benchmark measures a small catalog and says what it found; never how fast it must be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.asked import by_kind
from bench.children import BenchError
from bench.tables import BEGIN, END, write
from bench.waves import waves

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("--jobs=200", "--servers=baculum-15.0", "--latency=0", "--repeats=1")


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_small_run_prints_its_tables_and_keeps_its_figures(tmp_path: Path) -> None:
    figures, page = tmp_path / "figures.json", tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", "utf-8")

    done = bench(*SMALL, f"--json={figures}", f"--write={page}")

    assert done.returncode == 0, done.stderr
    headings = ("The aims", "The whole run", "What is asked", "CPU by stage, 200", "Start")
    for heading in (f"### {one}" for one in headings):
        assert heading in done.stdout
    assert "| baculum-15.0 | 200 | 20 |" in done.stdout
    assert page.read_text("utf-8") == f"before\n{BEGIN}\n\n{done.stdout}\n{END}\nafter\n"
    told = json.loads(figures.read_text("utf-8"))
    (case,) = told["cases"]
    assert case["shown"] == 20
    assert case["requests"] == sum(case["asked"].values()) >= 4
    assert case["asked"]["configuration"] == case["lean_asked"]["configuration"] == 4
    assert case["lean_asked"]["logs"] < case["asked"]["logs"]
    assert case["peak"] > 0
    assert case["ratio"] > 0
    assert {"collect", "assess", "view", "render html", "write"} <= told["phases"]["cpu"].keys()
    assert told["phases"]["per_row"] > 0


@pytest.mark.parametrize("arguments", [("--servers=baculum-1.0",), ("--jobs=0",), ("--latency=x",)])
def test_an_impossible_wish_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    assert bench(*arguments).returncode == 2


def test_what_the_lists_tell_is_asked_after_them_and_pages_follow_each_other() -> None:
    paths = [
        "/api/v1/jobs?limit=1000",
        "/api/v1/directors",
        "/api/v1/jobs?limit=5000&jobstatus=CR",
        "/api/v1/jobs?limit=5000&offset=950",
        "/api/v1/jobs?limit=5000&offset=5900",
        "/api/v1/jobs/resnames",
        "/api/v1/jobs?limit=1000&name=a",
        "/api/v1/jobs?limit=1000&name=b",
        "/api/v1/status/client/?type=running&name=a-fd",
        "/api/v1/joblog/7?show_time=1",
        "/api/v1/jobs/8",
    ]

    assert waves(paths) == [
        [[paths[0]]],
        [[paths[3], paths[4]], [paths[1]], [paths[2]], [paths[5]]],
        [[paths[6]], [paths[7]]],
        [[paths[8]], [paths[9]], [paths[10]]],
    ]


def test_every_request_is_of_one_kind() -> None:
    paths = {
        "/api/v1/jobs?limit=1000": "job list",
        "/api/v1/jobs?limit=5000&offset=950": "job list",
        "/api/v1/jobs?limit=5000&jobstatus=CR": "open, bad",
        "/api/v1/jobs?limit=1000&name=a": "single names",
        "/api/v1/jobs/resnames": "names",
        "/api/v1/jobs/show": "configuration",
        "/api/v1/schedules/status?days=8&limit=2000": "configuration",
        "/api/v1/pools": "configuration",
        "/api/v1/volumes": "configuration",
        "/api/v1/joblog/7?show_time=1": "logs",
        "/api/v1/jobs/8": "other",
        "/api/v1/clients": "other",
        "/api/v1/status/director/?type=running": "other",
    }

    for path, kind in paths.items():
        assert by_kind([path])[kind] == 1
    assert sum(by_kind(paths).values()) == len(paths)


def test_nothing_but_what_stands_between_the_markers_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no markers\n", "utf-8")

    with pytest.raises(BenchError, match="no markers"):
        write(page, "| table |")

    assert page.read_text("utf-8") == "no markers\n"
