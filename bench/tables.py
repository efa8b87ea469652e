"""The figures as Markdown and as JSON, beside what they are meant to be. Pure but for `write`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.models import REAL, Model
from bench.necessary import needed
from bench.page import machine, markers, renew, table
from bench.runs import CONCURRENCY, Case, Memory, Phases, Throughput
from bench.startup import Startup

BEGIN, END = markers("bench")
JUDGE_AND_RENDER = ("assess", "view", "render html", "render json")
_MB = 1_000_000
_HELP = "bacula-report --help"


@dataclass(frozen=True, slots=True)
class Opened:
    """A page in the browser; times in seconds.

    Attributes:
        what: the page, in words.
        jobs: how many jobs it shows.
        size: its bytes.
        slower: by how much the processor was slowed down.
        load: from the start of the navigation until the page is there.
        paint: until something is seen; None where the browser does not tell.
        elements: elements of the document.
        layout: spent on style and layout until then.
        script: spent on scripts until then.
        answer: the slowest answer to a key or click in filter, headings and buttons, until it is
            seen.
        task: the longest task meanwhile.
    """

    what: str
    jobs: int
    size: int
    slower: float
    load: float
    paint: float | None
    elements: int
    layout: float
    script: float
    answer: float
    task: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that was measured, and how."""

    latency: float
    load: float
    throughputs: Sequence[Throughput]
    cases: Sequence[Case]
    phases: Sequence[Phases]
    judging: Sequence[Phases]
    memory: Memory
    pages: Sequence[Opened]
    no_pages: str
    startup: Startup

    @property
    def machine(self) -> str:
        """The machine in general terms."""
        return machine()


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
        Aim(f"whole run ÷ bare requests, {_named(case)}", 1.15, case.ratio, "")
        for case in figures.cases
        if case.scenario.jobs == 10_000
    ]
    found += [
        Aim(f"peak memory, {_named(case)}", 150, case.peak / _MB, "MB")
        for case in figures.cases
        if case.scenario.jobs == 100_000
    ]
    if figures.memory.jobs[0] == 10_000:
        found.append(
            Aim("memory for a job that is not shown", 300, figures.memory.per_job, "bytes")
        )
    found.append(Aim(_HELP, 0.2, figures.startup.seconds[_HELP], "s"))
    found += [
        Aim(f"judging and rendering, CPU: {one.what}", 1.0, one.together(JUDGE_AND_RENDER), "s")
        for one in figures.judging
        if one.jobs == 10_000
    ]
    for page in figures.pages:
        if page.jobs == 10_000 and page.slower == 1:
            found.append(Aim(f"opening the page: 10,000 jobs, {page.what}", 2.0, page.load, "s"))
            found.append(Aim(f"its answer to a key: {page.what}", 0.2, page.answer, "s"))
    return found


def _named(case: Case) -> str:
    one = case.scenario
    at_once = "as real ones" if one.workers == REAL else f"{one.workers} at once"
    return f"{one.server}, {at_once}, {one.jobs:,} jobs, {one.failures:,} failed"


def markdown(figures: Figures) -> str:
    """Return every table."""
    parts = [
        _how(figures),
        "### The aims",
        _aims(figures),
        "### What a server gains from several connections",
        _throughputs(figures.throughputs),
        "### The whole run",
        _cases(figures.cases),
        "### What is asked",
        _asked(figures.cases),
    ]
    lean = [case for case in figures.cases if case.lean]
    if lean:
        parts += ["### What judging by comparison costs", _lean(lean)]
    parts += [
        "### CPU by stage, a tenth of the jobs shown",
        _phases(figures.phases),
        f"### Judging and rendering {figures.judging[0].jobs:,} jobs",
        _judging(figures.judging),
        "### Memory",
        _memory(figures.memory),
        "### The page in the browser",
        _pages(figures.pages) if figures.pages else f"Not measured: {figures.no_pages}.",
        "### Start",
        _startup(figures.startup),
    ]
    return "\n\n".join(parts)


def document(figures: Figures) -> dict[str, Any]:
    """Return the same for programs; seconds and bytes, every repeat."""
    cases = [
        {
            **asdict(case),
            "wall": case.wall,
            "bare_wall": case.bare_wall,
            "bare_connections": case.bare_connections,
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
        "concurrency": CONCURRENCY,
        "throughputs": [asdict(one) for one in figures.throughputs],
        "cases": cases,
        "phases": [asdict(one) for one in figures.phases],
        "judging": [asdict(one) for one in figures.judging],
        "memory": {
            **asdict(figures.memory),
            "per_job": figures.memory.per_job,
            "per_kept": figures.memory.per_kept,
        },
        "pages": [asdict(one) for one in figures.pages],
        "startup": asdict(figures.startup),
        "aims": [{**asdict(aim), "met": aim.met} for aim in aims(figures)],
    }


def write(path: Path, tables: str) -> None:
    """Replace what stands between the markers of a document.

    Raises:
        BenchError: if it has none.
    """
    renew(path, "bench", tables)


def _how(figures: Figures) -> str:
    return (
        f"{figures.machine}; load at the start {figures.load:.1f}. The server answers a request"
        f" after {figures.latency:g} s, or as its curve says; the report sends {CONCURRENCY} at a"
        " time at most."
    )


def _aims(figures: Figures) -> str:
    return table(
        ("Aim", "at most", "measured", "met"),
        (
            (aim.what, _amount(aim.limit, aim), _amount(aim.measured, aim), _yes(aim.met))
            for aim in aims(figures)
        ),
    )


def _amount(value: float, aim: Aim) -> str:
    digits = 0 if aim.unit in ("MB", "bytes") else 2
    return f"{value:.{digits}f} {aim.unit}".rstrip()


def _yes(met: bool) -> str:
    return "yes" if met else "**no**"


def _throughputs(measured: Sequence[Throughput]) -> str:
    counts = list(measured[0].answers)
    return table(
        ("Answers a second", "At once", *(f"{count} conn." for count in counts)),
        (
            (
                one.server,
                Model(one.server, one.workers, 0).told,
                *(f"{one.answers[count]:.1f}" for count in counts),
            )
            for one in measured
        ),
        left=2,
    )


def _of(case: Case) -> tuple[str, str, str, str]:
    """What a scenario's row begins with."""
    one = case.scenario
    return one.server, Model(one.server, one.workers, 0).told, f"{one.jobs:,}", f"{one.failures:,}"


def _cases(cases: Sequence[Case]) -> str:
    head = (
        "Server", "At once", "Jobs", "Failed", "Shown", "Run, s", "Bare, s", "with conn.",
        "Ratio", "CPU, s", "Peak, MB", "Requests", "Conn.", "Received, kB", "HTML, kB",
        "JSON, kB", "Repeats",
    )  # fmt: skip
    return table(
        head,
        (
            (
                *_of(case),
                f"{case.shown:,}",
                _spread([run.wall for run in case.runs], case.wall),
                _spread(case.bare[case.bare_connections], case.bare_wall),
                str(case.bare_connections),
                f"{case.ratio:.2f}",
                f"{case.cpu:.2f}",
                f"{case.peak / _MB:.0f}",
                f"{case.requests:,}",
                str(case.connections),
                f"{case.received / 1000:,.0f}",
                f"{case.html / 1000:,.0f}",
                f"{case.json / 1000:,.0f}",
                str(len(case.runs)),
            )
            for case in cases
        ),
        left=2,
    )


def _asked(cases: Sequence[Case]) -> str:
    kinds = list(cases[0].asked)
    return table(
        ("Server", "At once", "Jobs", "Failed", *kinds, "Together", "Needed"),
        (
            (
                *_of(case),
                *(f"{case.asked[kind]:,}" for kind in kinds),
                f"{case.requests:,}",
                f"{sum(needed(case.scenario.server, case.scenario.extent).values()):,}",
            )
            for case in cases
        ),
        left=2,
    )


def _lean(cases: Sequence[Case]) -> str:
    """Return what history and the logs of successes cost, beside a run without them."""
    head = (
        "Server", "At once", "Jobs", "Failed", "Pages for history", "Logs of successes", "Run, s",
        "Without, s", "Peak, MB", "Without, MB",
    )  # fmt: skip
    return table(
        head,
        (
            (
                *_of(case),
                f"{case.asked['job list'] - case.lean_asked['job list']:,}",
                f"{case.asked['logs'] - case.lean_asked['logs']:,}",
                f"{case.wall:.2f}",
                f"{case.lean_wall:.2f}",
                f"{case.peak / _MB:.0f}",
                f"{max(run.peak for run in case.lean) / _MB:.0f}",
            )
            for case in cases
        ),
        left=2,
    )


def _spread(values: Sequence[float], median: float) -> str:
    if len(values) < 2:
        return f"{median:.2f}"
    return f"{median:.2f} ({min(values):.2f}–{max(values):.2f})"


def _phases(phases: Sequence[Phases]) -> str:
    stages = list(phases[0].cpu)
    return table(
        ("CPU, s", "Shown", *stages, "Together"),
        (
            (
                one.what,
                f"{one.jobs:,}",
                *(f"{one.cpu[stage]:.2f}" for stage in stages),
                f"{one.together(stages):.2f}",
            )
            for one in phases
        ),
    )


def _judging(judging: Sequence[Phases]) -> str:
    rows = table(
        ("CPU, s", "Compared with", *JUDGE_AND_RENDER, "Together", "Page, kB"),
        (
            (
                one.what,
                f"{one.history:,}",
                *(f"{one.cpu[stage]:.2f}" for stage in JUDGE_AND_RENDER),
                f"{one.together(JUDGE_AND_RENDER):.2f}",
                f"{one.html / 1000:,.0f}",
            )
            for one in judging
        ),
    )
    return f"{rows}\n\nA success row takes {judging[0].per_row:.0f} bytes of the page."


def _memory(memory: Memory) -> str:
    rows = table(
        ("Jobs in the catalog", "Shown", "Kept to compare with", "Peak, MB"),
        (
            (f"{jobs:,}", f"{memory.shown:,}", f"{kept:,}", f"{peak / _MB:.1f}")
            for jobs, kept, peak in zip(memory.jobs, memory.history, memory.peaks, strict=True)
        ),
        left=0,
    )
    return (
        f"{rows}\n\nA further job of the catalog costs {memory.per_job:.0f} bytes at the peak;"
        f" one of those that are kept to compare with, {memory.per_kept:.0f}."
    )


def _pages(pages: Sequence[Opened]) -> str:
    head = (
        "Page", "Processor", "kB", "Elements", "Opened, s", "First seen, s", "Layout, s",
        "Script, s", "Slowest answer, s", "Longest task, s",
    )  # fmt: skip
    return table(
        head,
        (
            (
                f"{one.jobs:,} jobs, {one.what}",
                "its own pace" if one.slower == 1 else f"{one.slower:g} times slower",
                f"{one.size / 1000:,.0f}",
                f"{one.elements:,}",
                f"{one.load:.2f}",
                "–" if one.paint is None else f"{one.paint:.2f}",
                f"{one.layout:.2f}",
                f"{one.script:.2f}",
                f"{one.answer:.2f}",
                f"{one.task:.2f}",
            )
            for one in pages
        ),
        left=2,
    )


def _startup(startup: Startup) -> str:
    names = list(startup.seconds)
    programs = table(
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
