"""The figures as Markdown and as JSON, beside what they are meant to be. Pure but for `write`."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.children import BenchError
from bench.runs import CONCURRENCY, Case, Phases
from bench.startup import Startup

BEGIN = "<!-- bench: begin (written by `python -m bench --write`) -->"
END = "<!-- bench: end -->"
JUDGE_AND_RENDER = ("assess", "view", "render html", "render json")
_MB = 1_000_000
_HELP = "bacula-report --help"


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that was measured, and how."""

    latency: float
    workers: int
    load: float
    cases: Sequence[Case]
    phases: Phases
    startup: Startup

    @property
    def machine(self) -> str:
        """The machine in general terms: nothing that names it."""
        cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
        version = platform.python_version()
        return f"{cores} cores, {platform.system()} {platform.machine()}, Python {version}"


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure is meant to be at most."""

    what: str
    limit: float
    measured: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether the figure, as it is shown, is within the limit."""
        return round(self.measured, 2) <= self.limit


def aims(figures: Figures) -> list[Aim]:
    """Return the aims that the measured sizes say something about."""
    found = [
        Aim(f"whole run ÷ bare requests, 10,000 jobs, {case.server}", 1.25, case.ratio, "")
        for case in figures.cases
        if case.jobs == 10_000
    ]
    found += [
        Aim(f"peak memory, 100,000 jobs, {case.server}", 150, case.peak / _MB, "MB")
        for case in figures.cases
        if case.jobs == 100_000
    ]
    found.append(Aim(_HELP, 0.25, figures.startup.seconds[_HELP], "s"))
    if figures.phases.jobs == 10_000:
        spent = sum(figures.phases.cpu[stage] for stage in JUDGE_AND_RENDER)
        found.append(Aim("judging and rendering 10,000 jobs, CPU", 1.0, spent, "s"))
    return found


def markdown(figures: Figures) -> str:
    """Return every table."""
    return "\n\n".join(
        (
            _how(figures),
            "### The aims",
            _aims(figures),
            "### The whole run",
            _cases(figures.cases),
            "### What is asked",
            _asked(figures.cases),
            "### What judging by comparison costs",
            _lean(figures.cases),
            f"### CPU by stage, {figures.phases.jobs:,} jobs shown ({figures.phases.server})",
            _phases(figures.phases),
            "### Start",
            _startup(figures.startup),
        )
    )


def document(figures: Figures) -> dict[str, Any]:
    """Return the same for programs; seconds and bytes, every repeat."""
    cases = [
        {
            **asdict(case),
            "wall": case.wall,
            "bare_wall": case.bare_wall,
            "ratio": case.ratio,
            "cpu": case.cpu,
            "peak": case.peak,
        }
        for case in figures.cases
    ]
    return {
        "machine": figures.machine,
        "load": figures.load,
        "latency": figures.latency,
        "workers": figures.workers,
        "concurrency": CONCURRENCY,
        "cases": cases,
        "phases": asdict(figures.phases),
        "startup": asdict(figures.startup),
        "aims": [{**asdict(aim), "met": aim.met} for aim in aims(figures)],
    }


def write(path: Path, tables: str) -> None:
    """Replace what stands between the markers of a document.

    Raises:
        BenchError: if it has none.
    """
    text = path.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchError(f"{path} has no markers {BEGIN} and {END}")
    path.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}", "utf-8")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Return a table whose columns from `left` on hold numbers."""
    rule = ["---" if place < left else "---:" for place in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _how(figures: Figures) -> str:
    return (
        f"{figures.machine}; load at the start {figures.load:.1f}. The server answers a request"
        f" after {figures.latency:g} s, {figures.workers} at a time; the report sends"
        f" {CONCURRENCY} at a time."
    )


def _aims(figures: Figures) -> str:
    return _table(
        ("Aim", "at most", "measured", "met"),
        (
            (aim.what, _amount(aim.limit, aim), _amount(aim.measured, aim), _yes(aim.met))
            for aim in aims(figures)
        ),
    )


def _amount(value: float, aim: Aim) -> str:
    digits = 0 if aim.unit == "MB" else 2
    return f"{value:.{digits}f} {aim.unit}".rstrip()


def _yes(met: bool) -> str:
    return "yes" if met else "**no**"


def _cases(cases: Sequence[Case]) -> str:
    head = (
        "Server", "Jobs", "Shown", "Run, s", "Bare, s", "Ratio", "CPU, s", "Peak, MB", "Requests",
        "Received, kB", "HTML, kB", "JSON, kB", "Repeats",
    )  # fmt: skip
    return _table(
        head,
        (
            (
                case.server,
                f"{case.jobs:,}",
                f"{case.shown:,}",
                _spread([run.wall for run in case.runs], case.wall),
                _spread(case.bare, case.bare_wall),
                f"{case.ratio:.2f}",
                f"{case.cpu:.2f}",
                f"{case.peak / _MB:.0f}",
                f"{case.requests:,}",
                f"{case.received / 1000:,.0f}",
                f"{case.html / 1000:,.0f}",
                f"{case.json / 1000:,.0f}",
                str(len(case.runs)),
            )
            for case in cases
        ),
    )


def _asked(cases: Sequence[Case]) -> str:
    kinds = list(cases[0].asked)
    return _table(
        ("Server", "Jobs", *kinds, "Together"),
        (
            (
                case.server,
                f"{case.jobs:,}",
                *(f"{case.asked[kind]:,}" for kind in kinds),
                f"{case.requests:,}",
            )
            for case in cases
        ),
    )


def _lean(cases: Sequence[Case]) -> str:
    """Return what history and the logs of successes cost, beside a run without them."""
    head = (
        "Server", "Jobs", "Pages for history", "Logs of successes", "Run, s", "Without, s",
        "Peak, MB", "Without, MB",
    )  # fmt: skip
    return _table(
        head,
        (
            (
                case.server,
                f"{case.jobs:,}",
                f"{case.asked['job list'] - case.lean_asked['job list']:,}",
                f"{case.asked['logs'] - case.lean_asked['logs']:,}",
                f"{case.wall:.2f}",
                f"{case.lean_wall:.2f}",
                f"{case.peak / _MB:.0f}",
                f"{max(run.peak for run in case.lean) / _MB:.0f}",
            )
            for case in cases
        ),
    )


def _spread(values: Sequence[float], median: float) -> str:
    if len(values) < 2:
        return f"{median:.2f}"
    return f"{median:.2f} ({min(values):.2f}–{max(values):.2f})"


def _phases(phases: Phases) -> str:
    stages = _table(
        ("Stage", "CPU, s"), ((stage, f"{spent:.2f}") for stage, spent in phases.cpu.items())
    )
    return (
        f"{stages}\n\nThe page is {phases.html / 1000:,.0f} kB; a success row takes"
        f" {phases.per_row:.0f} bytes of it."
    )


def _startup(startup: Startup) -> str:
    names = list(startup.seconds)
    programs = _table(
        ("Program", "s", *(f"÷ {name}" for name in names[:2])),
        (
            (
                name,
                f"{seconds:.3f}",
                *(f"{seconds / startup.seconds[other]:.1f}" for other in names[:2]),
            )
            for name, seconds in startup.seconds.items()
        ),
    )
    imports = ", ".join(f"{name} {spent:.0f}" for name, spent in startup.imports.items())
    return f"{programs}\n\nImports during `--help`, in milliseconds of their own: {imports}."
