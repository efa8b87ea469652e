"""The whole run as a user starts it, beside its bare requests; and the stages inside."""

from __future__ import annotations

import re
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.settings import SETTINGS
from bench.asked import by_kind
from bench.catalog import Extent
from bench.children import USERNAME, BenchError, Served, Server, Usage, ask, environment, measure
from bench.waves import waves

CONCURRENCY = int(next(one.default for one in SETTINGS if one.name == "BACULUM_API_WORKERS"))
"""The run's own default; the bare client is given as many connections."""
NIGHTS = 100
SHOWN_NIGHTS = 10
LARGEST_PHASES = 10_000
LEAN = "look_back_days = 0\nsuccess_logs = 0\n"
"""A policy with which a run reads the period only."""
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Case:
    """What one server with one catalog cost, all repeats of it.

    Attributes:
        server: which server was stood in for.
        jobs: jobs in the catalog.
        shown: jobs in the period.
        runs: the whole runs.
        bare: seconds of the bare requests, in the same order.
        requests: what one run asked.
        received: bytes that were sent for it, compressed.
        html: bytes of the page.
        json: bytes of the JSON.
        asked: requests of one run, by kind.
        lean: whole runs that read neither history nor logs of successes.
        lean_asked: requests of one of these, by kind.
    """

    server: str
    jobs: int
    shown: int
    runs: Sequence[Usage]
    bare: Sequence[float]
    requests: int
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
    def bare_wall(self) -> float:
        """Median seconds of its requests alone."""
        return statistics.median(self.bare)

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
    """Median CPU seconds of each stage for `jobs` shown jobs, and what the page weighs."""

    server: str
    jobs: int
    cpu: dict[str, float]
    html: int
    per_row: float


def measure_case(name: str, jobs: int, *, latency: float, workers: int, repeats: int) -> Case:
    """Measure one server with one catalog.

    Raises:
        BenchError: if a run fails, or reports anything but what the catalog holds.
    """
    extent = Extent(jobs, NIGHTS, SHOWN_NIGHTS)
    with Server(name, extent, workers=workers) as server, tempfile.TemporaryDirectory() as folder:
        # Once without counting: byte code is written, and the server has every answer ready.
        _run(server, Path(folder))
        server.take(latency=latency)
        runs: list[Usage] = []
        bare: list[float] = []
        seen: list[Served] = []
        lean: list[Usage] = []
        less: list[Served] = []
        apart = Path(folder) / "lean"
        apart.mkdir()
        policy = apart / "policy.toml"
        policy.write_text(LEAN, "utf-8")
        for _ in range(repeats):
            runs.append(_run(server, Path(folder)))
            seen = server.take(latency=latency)
            bare.append(_replay(server, seen, Path(folder)))
            server.take(latency=latency)
            lean.append(_run(server, apart, REPORT_POLICY_FILE=str(policy)))
            less = server.take(latency=latency)
        html = _newest(Path(folder), "html")
        document = _newest(Path(folder), "json")
        _check(document, extent.shown_jobs)
        return Case(
            server=name,
            jobs=jobs,
            shown=extent.shown_jobs,
            runs=tuple(runs),
            bare=tuple(bare),
            requests=len(seen),
            received=sum(one.size for one in seen),
            html=html.stat().st_size,
            json=document.stat().st_size,
            asked=by_kind(one.path for one in seen),
            lean=tuple(lean),
            lean_asked=by_kind(one.path for one in less),
        )


def measure_phases(name: str, jobs: int, *, repeats: int) -> Phases:
    """Measure the stages for a catalog all of whose jobs are shown; each repeat a new process.

    Raises:
        BenchError: if a run fails, or finds anything but what the catalog holds.
    """
    extent = Extent(jobs, SHOWN_NIGHTS, SHOWN_NIGHTS)
    with Server(name, extent, workers=CONCURRENCY) as server:
        order = {"settings": server.settings(), "start": server.start, "end": server.end}
        with tempfile.TemporaryDirectory() as folder:
            told = [ask("phases", order, Path(folder)) for _ in range(repeats + 1)][1:]
    for one in told:
        if one["jobs"] != jobs or not one["complete"]:
            raise BenchError(f"{one['jobs']} of {jobs} jobs were found")
    cpu = {stage: statistics.median(one["cpu"][stage] for one in told) for stage in told[0]["cpu"]}
    return Phases(name, jobs, cpu, told[0]["html"], told[0]["per_row"])


def _run(server: Server, folder: Path, **settings: str) -> Usage:
    """Start the report as a user does, in a folder of its own and with settings from outside."""
    arguments = ["-m", "app", "--from", server.start, "--to", server.end, "--format", "html,json"]
    return measure(arguments, environment(**server.settings(), **settings), folder)


def _replay(server: Server, seen: Sequence[Served], folder: Path) -> float:
    order = {
        "base": f"http://{server.host}:{server.port}",
        "username": USERNAME,
        "password": server.password,
        "concurrency": CONCURRENCY,
        "waves": waves([one.path for one in seen]),
    }
    return float(ask("replay", order, folder)["wall"])


def _newest(folder: Path, ending: str) -> Path:
    return max((folder / "reports").glob(f"mail_*.{ending}"))


def _check(document: Path, expected: int) -> None:
    """Make sure that what was quick was also right. Only the head is read: it may be large."""
    with document.open(encoding="utf-8") as file:
        head = file.read(_HEAD)
    total = re.search(r'"total": (\d+)', head)
    if total is None or int(total[1]) != expected or '"complete": true' not in head:
        raise BenchError(f"the report does not hold the {expected} jobs of its period")
