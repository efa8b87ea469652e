"""The whole run as a user starts it, beside its bare requests; its stages, and its memory."""

from __future__ import annotations

import re
import statistics
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.settings import SETTINGS
from bench.asked import by_kind
from bench.catalog import Extent
from bench.children import USERNAME, BenchError, Seen, Server, Usage, ask, environment, measure
from bench.models import CONNECTIONS, Model
from bench.necessary import needed
from bench.scenarios import NIGHTS, SHOWN_NIGHTS, Scenario
from bench.waves import waves

CONCURRENCY = int(next(one.default for one in SETTINGS if one.name == "BACULUM_API_WORKERS"))
"""As many requests the run sends at once, at most: its own default."""
LEAN = "look_back_days = 0\nsuccess_logs = 0\n"
"""A policy with which a run reads the period only."""
NEARLY = 0.95
"""Numbers of connections that bring this share of the most are tried with all requests."""
KEPT_FOR = 100
"""Requests after which the servers close a connection (Apache's default)."""
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Throughput:
    """What one server gains from several connections: answers a second by connections."""

    server: str
    workers: str
    answers: Mapping[int, float]

    def best(self, most: int) -> list[int]:
        """Return the numbers of connections that are worth trying, at most so many."""
        top = max(self.answers.values())
        near = [count for count, reached in self.answers.items() if reached >= NEARLY * top]
        return sorted(near, key=lambda count: -self.answers[count])[:most]


@dataclass(frozen=True, slots=True)
class Case:
    """What one scenario cost, all repeats of it.

    Attributes:
        scenario: what was measured.
        shown: jobs in the period.
        runs: the whole runs.
        bare: seconds of the bare requests, by connections.
        requests: what one run asked.
        connections: over how many connections.
        received: bytes that were sent for it, compressed.
        html: bytes of the page.
        json: bytes of the JSON.
        asked: requests of one run, by kind; exactly those that are needed.
        lean: whole runs that read neither history nor logs of successes.
        lean_asked: requests of one of these, by kind.
    """

    scenario: Scenario
    shown: int
    runs: Sequence[Usage]
    bare: Mapping[int, Sequence[float]]
    requests: int
    connections: int
    received: int
    html: int
    json: int
    asked: Mapping[str, int]
    lean: Sequence[Usage]
    lean_asked: Mapping[str, int]

    @property
    def lean_wall(self) -> float:
        """Median seconds of the runs that read less."""
        return statistics.median(run.wall for run in self.lean)

    @property
    def wall(self) -> float:
        """Median seconds of the whole run."""
        return statistics.median(run.wall for run in self.runs)

    @property
    def bare_connections(self) -> int:
        """With how many connections the bare requests were quickest."""
        return min(self.bare, key=lambda count: statistics.median(self.bare[count]))

    @property
    def bare_wall(self) -> float:
        """Median seconds of its requests alone, with the best number of connections."""
        return statistics.median(self.bare[self.bare_connections])

    @property
    def ratio(self) -> float:
        """How much longer the run takes than its requests alone."""
        return self.wall / self.bare_wall

    @property
    def cpu(self) -> float:
        """Median seconds of CPU of the whole run."""
        return statistics.median(run.cpu for run in self.runs)

    @property
    def peak(self) -> int:
        """The highest of the peaks of memory, in bytes."""
        return max(run.peak for run in self.runs)


@dataclass(frozen=True, slots=True)
class Phases:
    """Median CPU seconds of each stage, and what the page weighs.

    Attributes:
        what: the catalog, in words.
        jobs: jobs shown.
        history: jobs kept to compare with.
        cpu: seconds by stage.
        html: bytes of the page.
        per_row: bytes of it that a success takes.
    """

    what: str
    jobs: int
    history: int
    cpu: Mapping[str, float]
    html: int
    per_row: float

    def together(self, stages: Iterable[str]) -> float:
        """Seconds of these stages."""
        return sum(self.cpu[stage] for stage in stages)


@dataclass(frozen=True, slots=True)
class Memory:
    """Two runs that show the same jobs of two catalogs.

    Attributes:
        jobs: jobs in each catalog.
        shown: how many of them both show.
        history: how many each keeps to compare with.
        peaks: bytes at the peak of each.
    """

    jobs: tuple[int, int]
    shown: int
    history: tuple[int, int]
    peaks: tuple[int, int]

    @property
    def per_job(self) -> float:
        """Bytes for each further job of the catalog that is not shown."""
        return self._grown / (self.jobs[1] - self.jobs[0])

    @property
    def per_kept(self) -> float:
        """The same for each further one that is kept to compare with."""
        return self._grown / (self.history[1] - self.history[0])

    @property
    def _grown(self) -> int:
        return self.peaks[1] - self.peaks[0]


def measure_throughput(model: Model) -> Throughput:
    """Measure what a server gains from several connections, with a client that does nothing else.

    Raises:
        BenchError: if a request fails.
    """
    extent = Extent(100, 1, 1, 100)
    answers: dict[int, float] = {}
    with Server(model, extent) as server, tempfile.TemporaryDirectory() as folder:
        _run(server, Path(folder))
        seen = server.take(latency=model.latency).requests
        logs = [one.path for one in seen if "/joblog/" in one.path]
        for count in CONNECTIONS:
            sample = logs[: max(2 * count, 8)]
            took = _replay(server, [[[path] for path in sample]], count, Path(folder))
            answers[count] = len(sample) / took
    return Throughput(model.server, model.workers, answers)


def measure_case(
    scenario: Scenario, reached: Throughput, *, latency: float, repeats: int | None
) -> Case:
    """Measure one server with one catalog.

    Args:
        scenario: which.
        reached: what its server gains from several connections.
        latency: seconds that an answer takes.
        repeats: how often; None: three times, once where it takes long.

    Raises:
        BenchError: if a run fails, reports anything but what the catalog holds, asks for more or
            less than is needed, does without gzip, or does not keep its connections.
    """
    extent = scenario.extent
    model = scenario.model(latency)
    with Server(model, extent) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Once without counting: byte code is written, and the server has every answer ready.
        _run(server, folder)
        expected = len(server.take(latency=latency).requests) / max(reached.answers.values())
        times = repeats or (3 if expected < 3 else 1)
        tried = reached.best(2 if expected < 3 else 1)
        runs: list[Usage] = []
        bare: dict[int, list[float]] = {count: [] for count in tried}
        lean: list[Usage] = []
        less = seen = Seen((), 0)
        policy = folder / "policy.toml"
        policy.write_text(LEAN, "utf-8")
        apart = folder / "lean"
        apart.mkdir()
        for _ in range(times):
            runs.append(_run(server, folder))
            seen = server.take(latency=latency)
            for count in tried:
                paths = [one.path for one in seen.requests]
                bare[count].append(_replay(server, waves(paths), count, folder))
                server.take(latency=latency)
            if scenario.lean:
                lean.append(_run(server, apart, REPORT_POLICY_FILE=str(policy)))
                less = server.take(latency=latency)
        html, document = _newest(folder, "html"), _newest(folder, "json")
        _check(document, extent.shown_jobs)
        _check_manners(seen)
        asked = by_kind(one.path for one in seen.requests)
        check_asked(scenario, asked)
        lean_asked = by_kind(one.path for one in less.requests)
        if scenario.lean:
            check_asked(scenario, lean_asked, lean=True)
        return Case(
            scenario=scenario,
            shown=extent.shown_jobs,
            runs=tuple(runs),
            bare=bare,
            requests=len(seen.requests),
            connections=seen.connections,
            received=sum(one.size for one in seen.requests),
            html=html.stat().st_size,
            json=document.stat().st_size,
            asked=asked,
            lean=tuple(lean),
            lean_asked=lean_asked,
        )


def check_asked(scenario: Scenario, asked: Mapping[str, int], *, lean: bool = False) -> None:
    """Make sure that a run asked what is needed, and nothing else.

    Raises:
        BenchError: if not; it says for what.
    """
    wanted = needed(scenario.server, scenario.extent, lean=lean)
    wrong = [
        f"{kind}: {count} instead of {wanted[kind]}"
        for kind, count in asked.items()
        if count != wanted[kind]
    ]
    if wrong:
        raise BenchError(f"not the requests that are needed in {scenario}: {'; '.join(wrong)}")


def measure_phases(model: Model, jobs: int, *, repeats: int) -> Phases:
    """Measure the stages for a catalog a tenth of which is shown; each repeat a new process.

    Raises:
        BenchError: if a run fails, or finds anything but what the catalog holds.
    """
    extent = Extent(jobs, NIGHTS, SHOWN_NIGHTS)
    with Server(model, extent) as server, tempfile.TemporaryDirectory() as folder:
        order = {"settings": server.settings(), "start": server.start, "end": server.end}
        told = [ask("phases", order, Path(folder)) for _ in range(repeats + 1)][1:]
    return _phases(f"{jobs:,} jobs in the catalog", extent, told)


def measure_judging(what: str, extent: Extent, *, repeats: int, page: Path | None = None) -> Phases:
    """Measure judging and rendering of a catalog, asked without HTTP; keep its page if wanted.

    Raises:
        BenchError: if anything but what the catalog holds is found.
    """
    order = {"extent": asdict(extent), **({"page": str(page)} if page else {})}
    with tempfile.TemporaryDirectory() as folder:
        told = [ask("phases", order, Path(folder)) for _ in range(repeats)]
    return _phases(what, extent, told)


def _phases(what: str, extent: Extent, told: Sequence[Mapping[str, object]]) -> Phases:
    for one in told:
        if one["jobs"] != extent.shown_jobs or not one["complete"]:
            raise BenchError(f"{one['jobs']} of {extent.shown_jobs} jobs were found")
    stages: list[Mapping[str, float]] = [one["cpu"] for one in told]  # type: ignore[misc]
    cpu = {stage: statistics.median(one[stage] for one in stages) for stage in stages[0]}
    first = told[0]
    return Phases(
        what=what,
        jobs=extent.shown_jobs,
        history=int(str(first["history"])),
        cpu=cpu,
        html=int(str(first["html"])),
        per_row=float(str(first["per_row"])),
    )


def measure_memory(model: Model, jobs: int, *, repeats: int) -> Memory:
    """Measure two catalogs, one ten times the other, of which the same number of jobs is shown.

    Raises:
        BenchError: if a run fails.
    """
    found = [_peak(model, Extent(size, nights, 1), repeats) for size, nights in
             ((jobs, SHOWN_NIGHTS), (jobs * 10, SHOWN_NIGHTS * 10))]  # fmt: skip
    (small, kept), (large, kept_more) = found
    shown = jobs // SHOWN_NIGHTS
    return Memory((jobs, jobs * 10), shown, (kept, kept_more), (small, large))


def _peak(model: Model, extent: Extent, repeats: int) -> tuple[int, int]:
    """Return the median peak of a run, and how many jobs it kept to compare with."""
    with Server(model, extent) as server, tempfile.TemporaryDirectory() as folder:
        peaks = [_run(server, Path(folder)).peak for _ in range(repeats)]
        head = _head(_newest(Path(folder), "json"))
    history = re.search(r'"history": \{[^}]*"jobs": (\d+)', head)
    if history is None:
        raise BenchError("the report does not tell its history")
    return int(statistics.median(peaks)), int(history[1])


def _run(server: Server, folder: Path, **settings: str) -> Usage:
    """Start the report as a user does, in a folder of its own and with settings from outside."""
    arguments = ["-m", "app", "--from", server.start, "--to", server.end, "--format", "html,json"]
    return measure(arguments, environment(**server.settings(), **settings), folder)


def _replay(
    server: Server, chains: Sequence[Sequence[Sequence[str]]], connections: int, folder: Path
) -> float:
    order = {
        "base": f"http://{server.host}:{server.port}",
        "username": USERNAME,
        "password": server.password,
        "concurrency": connections,
        "waves": chains,
    }
    return float(ask("replay", order, folder)["wall"])


def _newest(folder: Path, ending: str) -> Path:
    return max((folder / "reports").glob(f"mail_*.{ending}"))


def _head(document: Path) -> str:
    """Return its beginning, which has all the numbers: the whole may be large."""
    with document.open(encoding="utf-8") as file:
        return file.read(_HEAD)


def _check(document: Path, expected: int) -> None:
    """Make sure that what was quick was also right."""
    head = _head(document)
    total = re.search(r'"total": (\d+)', head)
    if total is None or int(total[1]) != expected or '"complete": true' not in head:
        raise BenchError(f"the report does not hold the {expected} jobs of its period")


def _check_manners(seen: Seen) -> None:
    """Make sure that answers may come compressed, and over few connections that are kept."""
    plain = [one.path for one in seen.requests if not one.gzip]
    if plain:
        raise BenchError(f"asked without gzip: {plain[0]}")
    most = CONCURRENCY + len(seen.requests) // KEPT_FOR + 1
    if seen.connections > most:
        raise BenchError(f"{seen.connections} connections where {most} do")
