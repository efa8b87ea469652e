"""The benchmark measures a small catalog and says what it found; never how fast it must be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.asked import KINDS, by_kind
from bench.catalog import Extent
from bench.children import BenchError
from bench.models import CURVES, Contention, answers_a_second
from bench.necessary import needed
from bench.phases import NoHttp, collect_without_http
from bench.runs import check_asked
from bench.scenarios import FAILURES, JOBS, SERVERS, USUAL, WORKERS, Scenario, every
from bench.tables import BEGIN, END, write
from bench.waves import waves

ROOT = Path(__file__).resolve().parents[2]
SMALL = (
    "--jobs=200",
    "--failures=5",
    "--servers=baculum-15.0",
    "--latency=0",
    "--repeats=1",
    "--no-browser",
)
NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)


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
    headings = (
        "The aims",
        "What a server gains from several connections",
        "The whole run",
        "What is asked",
        "What judging by comparison costs",
        "CPU by stage, a tenth of the jobs shown",
        "Judging and rendering 200 jobs",
        "Memory",
        "The page in the browser",
        "Start",
    )
    for heading in (f"### {one}" for one in headings):
        assert heading in done.stdout
    assert "| baculum-15.0 | 8 | 200 | 5 | 20 |" in done.stdout
    assert "Not measured: not wanted." in done.stdout
    assert page.read_text("utf-8") == f"before\n{BEGIN}\n\n{done.stdout}\n{END}\nafter\n"
    told = json.loads(figures.read_text("utf-8"))
    (case,) = told["cases"]
    assert case["shown"] == 20
    assert case["requests"] == sum(case["asked"].values()) == 28
    assert 1 <= case["connections"] <= 9
    assert case["peak"] > 0
    assert case["ratio"] > 0
    (phases,) = told["phases"]
    assert {"start", "collect", "assess", "view", "render html", "write"} <= phases["cpu"].keys()
    assert [one["jobs"] for one in told["judging"]] == [200, 200, 200]
    assert told["judging"][0]["per_row"] > 0
    assert told["judging"][1]["history"] == 350
    assert told["memory"]["history"] == [180, 700]
    assert told["memory"]["per_job"] > 0
    (server,) = told["throughputs"]
    assert server["answers"].keys() == {"1", "2", "4", "8", "12"}


# --- no request too many ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("server", "extent"),
    [
        ("baculum-15.0", Extent(100, 100, 10, 1)),
        ("baculum-15.0", Extent(1_000, 100, 100, 20)),
        ("baculum-15.0", Extent(7_000, 10, 1, 3)),
        ("bacularis-6.3", Extent(300, 100, 100, 100)),
        ("bacularis-6.3", Extent(3_000, 100, 10, 100)),
        ("baculum-9.6", Extent(6_000, 10, 10, 1, 30)),
    ],
)
def test_a_run_asks_what_is_needed_and_nothing_else(server: str, extent: Extent) -> None:
    session = NoHttp(server, extent, NOW)

    snapshot = collect_without_http(session, extent, NOW)

    assert extent.shown_jobs == len(snapshot.jobs)
    assert needed(server, extent) == by_kind(session.asked)


@pytest.mark.parametrize("change", [1, -1])
@pytest.mark.parametrize("kind", [kind for kind, _ in KINDS])
def test_one_request_more_or_less_than_needed_fails(kind: str, change: int) -> None:
    scenario = Scenario("baculum-15.0", "8", 10_000, 100)
    wanted = needed(scenario.server, scenario.extent)

    check_asked(scenario, wanted)
    with pytest.raises(BenchError, match=f"{kind}: {wanted[kind] + change} instead"):
        check_asked(scenario, {**wanted, kind: wanted[kind] + change})


def test_what_is_needed_is_what_the_page_says() -> None:
    """Some numbers by hand, so that the formula cannot drift along with the code."""
    night = {"open, bad": 2, "proofs": 2, "configuration": 4, "other": 2}
    cases = {
        ("baculum-15.0", 10_000, 100): {"job list": 2, "logs": 200, **night},
        ("baculum-15.0", 100_000, 1_000): {"job list": 10, "logs": 1_100, **night},
        ("bacularis-6.3", 100_000, 100): {
            "job list": 2,
            "names": 1,
            "single names": 200,
            "logs": 200,
            **night,
        },
        ("baculum-11.0", 100, 1): {
            "job list": 1,
            "open, bad": 1,
            "configuration": 4,
            "logs": 10,
            "other": 2,
        },
    }
    for (server, jobs, failures), expected in cases.items():
        found = needed(server, Scenario(server, "8", jobs, failures).extent)
        assert expected == {kind: count for kind, count in found.items() if count}


def test_the_usual_scenarios_leave_nothing_out_that_was_asked_for() -> None:
    assert set(JOBS) == {one.jobs for one in USUAL}
    assert set(FAILURES) == {one.failures for one in USUAL}
    assert set(WORKERS) == {one.workers for one in USUAL}
    assert all(one.possible for one in USUAL)
    everything = list(every(SERVERS, WORKERS, JOBS, FAILURES))
    assert len(everything) == (5 * 2 + 2) * (2 + 3 * 3)


# --- servers that slow down ---------------------------------------------------------------------


def test_a_curve_is_straight_between_its_points_and_flat_behind_them() -> None:
    curve = CURVES["baculum-15.0"]

    assert [answers_a_second(curve, n) for n in (1, 2, 4, 8)] == [8.4, 10.8, 13.5, 16.8]
    assert answers_a_second(curve, 3) == pytest.approx(12.15)
    assert answers_a_second(curve, 6) == pytest.approx(15.15)
    assert answers_a_second(curve, 12) == 16.8


@pytest.mark.parametrize("at_once", [1, 3])
def test_requests_share_what_their_number_lets_the_server_do(at_once: int) -> None:
    curve = {1: 50.0, 3: 75.0}
    gate = Contention(curve)
    gate.awake = True

    def request(_: int) -> None:
        with gate:
            pass

    begun = time.monotonic()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(request, range(6)))

    # Nothing is quicker than the curve allows; how much slower it is depends on the machine.
    assert time.monotonic() - begun >= 6 / curve[at_once] - 0.001


@pytest.mark.parametrize(
    "arguments", [("--servers=baculum-1.0",), ("--jobs=0",), ("--latency=x",), ("--workers=many",)]
)
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
        "/api/v1/jobs?limit=500&type=R": "proofs",
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


def test_a_night_with_more_failures_than_jobs_is_no_scenario() -> None:
    done = bench("--jobs=10", "--failures=11")

    assert done.returncode == 1
    assert done.stderr.startswith("bench: there is no such scenario")


def test_nothing_but_what_stands_between_the_markers_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no markers\n", "utf-8")

    with pytest.raises(BenchError, match="no markers"):
        write(page, "| table |")

    assert page.read_text("utf-8") == "no markers\n"
