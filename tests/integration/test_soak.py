"""A small soak: some hundred calls among faults, some runs that are ended; and how it counts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.demo import Fault, FaultKind
from app.demo.faults import strike
from bench.children import environment
from bench.page import markers
from soak import calls, kills
from soak.house import House
from soak.tables import Figures, markdown
from soak.weather import Weather

SEED = 5


def test_calls_among_faults_are_healed_by_trying_again() -> None:
    figures = calls.soak(250, SEED)
    assert figures.problems == []
    assert figures.tally.calls >= 250
    assert figures.tally.faults >= 5
    assert figures.tally.tries == figures.told_requests
    assert figures.same + figures.honest + figures.trifles == figures.runs
    # A single one may fail by chance.
    assert len(figures.tally.failed) <= 1


def test_too_many_faults_are_told_by_the_reports_and_seen_by_the_soak(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calls, "TIMEOUT", 1.0)
    monkeypatch.setattr(calls, "SLOW", 1.5)
    figures = calls.soak(1, SEED, share=0.4)
    assert len(figures.tally.failed) > 2
    assert (figures.runs, figures.same, figures.problems) == (1, 0, [])
    assert any("calls failed" in one for one in Figures(SEED, 0.0, calls=figures).problems)


def test_a_run_that_is_ended_leaves_nothing_torn_and_the_next_one_is_right() -> None:
    figures = kills.soak(10, SEED)
    assert figures.problems == []
    assert figures.kills == 10
    assert len({phase for phase, _ in figures.fell}) >= 2


def test_a_torn_file_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at is what is there: an older report that a run may not touch."""
    monkeypatch.setitem(kills.OLDER, "mail_20200101000001.html", "another")
    wipe = "import pathlib,sys; [p.write_text('') for p in pathlib.Path('reports').glob('*1.html')]"
    properly = House.start

    def start(house: House, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        subprocess.run([sys.executable, "-c", wipe], cwd=house.folder, check=True)
        return properly(house, *arguments, **more)

    monkeypatch.setattr(House, "start", start)
    figures = kills.soak(1, SEED)
    assert any("mail_20200101000001.html was touched" in one for one in figures.problems)


# --- how it counts -----------------------------------------------------------------------------


def weather(strokes: dict[str, list[str]]) -> Weather:
    made = Weather()
    made.strokes.update(strokes)
    return made


def test_a_call_is_all_its_tries() -> None:
    tally = weather(
        {
            "/once": [""],
            "/healed": ["drop", ""],
            "/healed at last": ["drop", "HTTP 500", ""],
            "/asked twice": ["", ""],
            "/failed": ["drop", "drop", "drop"],
            "/failed, and asked again": ["drop", "drop", "drop", ""],
            "/given up": ["drop"],
        }
    ).tally()
    assert tally.calls == 9
    assert tally.tries == 16
    assert tally.failed == ["/failed", "/failed, and asked again", "/given up"]
    assert tally.kinds == {"drop": 9, "HTTP 500": 1}
    assert dict(tally.by_tries) == {1: 5, 2: 1, 3: 3}


def test_faults_strike_as_often_as_they_should_and_the_same_ones_again() -> None:
    def struck() -> tuple[Weather, list[Fault | None]]:
        seen = Weather()
        faults = seen.faults(0.05, "seed", 3.0)
        return seen, [strike(faults, f"/{n % 500}").fault for n in range(4_000)]

    seen, strokes = struck()
    tally = seen.tally()
    assert tally.tries == 4_000
    assert 120 < tally.faults < 280
    assert len(tally.kinds) == 11
    # A delay is no answer.
    assert sum(one is not None for one in strokes) == tally.faults - tally.kinds["slow"]
    assert struck()[0].strokes == seen.strokes
    assert all(one is None or one.kind is not FaultKind.SLOW for one in strokes)


# --- the command -------------------------------------------------------------------------------


def test_a_small_run_prints_its_tables_and_renews_the_page(tmp_path: Path) -> None:
    begin, end = markers("soak")
    page = tmp_path / "page.md"
    page.write_text(f"before\n{begin}\nold\n{end}\nafter\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "soak", "--calls=1", f"--write={page}"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "### Calls among passing faults" in done.stdout
    assert "### Runs that were ended" not in done.stdout
    assert page.read_text("utf-8") == f"before\n{begin}\n\n{done.stdout}\n{end}\nafter\n"


def test_figures_tell_of_everything_that_was_done() -> None:
    told = markdown(Figures(SEED, 0.5, calls.Figures(), kills.Figures(), ([], [])))
    for heading in ("Calls among passing faults", "Runs that were ended", "Disks"):
        assert f"### {heading}" in told
    assert f"seed {SEED}" in told
