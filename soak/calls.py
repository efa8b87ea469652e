"""Thousands of API calls, one in twenty of them struck, in whole runs of the report."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from app.demo import Baculum, Flavour, Night, told_night
from bench.catalog import ZONE, Extent, build
from bench.children import BenchError
from soak.house import PASSWORD, USERNAME, House, Ran, judged
from soak.weather import TRIES, Tally, Weather

SHARE = 0.05
"""Share of the requests that are struck."""
AIM = 0.001
"""Share of the calls that may fail after all tries."""
TIMEOUT = 5.0
"""BACULUM_API_TIMEOUT of these runs; a fault that is slow takes longer."""
DEADLINE = 120.0
SLOW = 7.0
_GRACE = 0.5
"""Seconds that this machine may take to notice that the time is over."""
_RUNS_A_ROUND = 3
_MADE_UP = (Extent(1_500, 30, 10), Extent(6_000, 60, 10))
_UNTOLD = re.compile(r"/directors|/status/client|/jobs/\d+$|[?&]type=[RV]")
"""What may be missing without a word: the report tells no less of the night for it."""


@dataclass(frozen=True, slots=True)
class _Round:
    """One server with one catalog, and how the report is asked for."""

    flavour: Flavour
    night: Night
    arguments: tuple[str, ...]


@dataclass
class Figures:
    """What came of it.

    Attributes:
        tally: what the server saw.
        runs: runs among faults.
        calm: runs without any, to compare with.
        codes: exit codes of the runs among faults.
        told_requests: requests by the runs' own count.
        told_failed: failed ones, likewise.
        slowest: seconds of the slowest request.
        longest: seconds of API time of the longest run.
        same: runs that judged as the run without faults did.
        honest: runs that lacked something and said so.
        trifles: runs that lacked nothing but what may be missing without a word.
        problems: what is not as it should be.
    """

    tally: Tally = field(default_factory=Tally)
    runs: int = 0
    calm: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    told_requests: int = 0
    told_failed: int = 0
    slowest: float = 0.0
    longest: float = 0.0
    same: int = 0
    honest: int = 0
    trifles: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def share_failed(self) -> float:
        """Share of the calls that failed after all tries."""
        return len(self.tally.failed) / max(self.tally.calls, 1)


def soak(
    calls: int, seed: int, say: Callable[[str], None] = lambda _: None, *, share: float = SHARE
) -> Figures:
    """Make reports until so many calls were made.

    Args:
        calls: how many.
        seed: chance.
        say: is told how far it is.
        share: of the requests that are struck.

    Raises:
        BenchError: if a run without faults fails.
    """
    figures = Figures()
    numbers = count()
    for one in _rounds():
        with (
            Baculum(one.night, one.flavour, username=USERNAME, password=PASSWORD) as server,
            tempfile.TemporaryDirectory() as folder,
        ):
            calm, *_ = _run(Path(folder), server, one)
            figures.calm += 1
            if calm.code != 0:
                raise BenchError(f"without faults a run ended with {calm.code}: {calm.err}")
            for _ in range(_RUNS_A_ROUND):
                weather = Weather()
                server.faults = weather.faults(share, f"{seed} {next(numbers)}", SLOW)
                ran, house = _run(Path(folder), server, one)
                server.faults = []
                _count(figures, ran, house, weather.tally(), calm)
                if figures.tally.calls >= calls:
                    return figures
        say(f"{figures.tally.calls:,} of {calls:,} calls, {figures.runs} runs")
    raise AssertionError("rounds never end")


def _rounds() -> Iterator[_Round]:
    """Yield every server in turn, each with a told night and with made-up catalogs."""
    now = datetime.now(UTC)
    while True:
        for number, flavour in enumerate(Flavour):
            for mode in ("test", "production"):
                yield _Round(flavour, told_night(datetime.now(UTC), ZONE), ("--mode", mode))
            extent = _MADE_UP[number % len(_MADE_UP)]
            bounds = (extent.start(now).isoformat(), now.isoformat())
            night = build(extent, now)
            yield _Round(flavour, night, ("--from", bounds[0], "--to", bounds[1]))


def _run(folder: Path, server: Baculum, one: _Round) -> tuple[Ran, House]:
    """Make one report in a folder of its own."""
    house = House(
        Path(tempfile.mkdtemp(dir=folder)),
        server,
        BACULUM_API_TIMEOUT=str(TIMEOUT),
        BACULUM_API_DEADLINE=str(DEADLINE),
        BACULUM_API_TRIES=str(TRIES),
        REPORT_LOG_LEVEL="DEBUG",
    )
    return house.run(*one.arguments, "--quiet"), house


def _count(figures: Figures, ran: Ran, house: House, tally: Tally, calm: Ran) -> None:
    figures.runs += 1
    figures.codes[ran.code] += 1
    figures.tally.add(tally)
    figures.problems += (flaws := ran.flaws)
    if flaws:
        return
    told = house.told()
    figures.told_requests += told.requests
    figures.told_failed += told.failed
    figures.slowest = max(figures.slowest, told.slowest)
    figures.longest = max(figures.longest, told.seconds)
    if told.slowest > TIMEOUT + _GRACE:
        figures.problems.append(f"a request took {told.slowest:.2f} s")
    if told.seconds > DEADLINE + _GRACE:
        figures.problems.append(f"the calls of a run took {told.seconds:.2f} s")
    document = ran.document
    if document is None:
        figures.problems.append(f"no report, exit code {ran.code}: {ran.err}")
    elif not tally.failed:
        _compare(figures, ran, document, calm.document)
    elif document["gaps"] or document["notes"]:
        figures.honest += 1
        if ran.code not in (0, 4, 5) or (ran.code == 0) != document["complete"]:
            figures.problems.append(f"exit code {ran.code}, complete: {document['complete']}")
    elif all(_UNTOLD.search(target) for target in tally.failed):
        figures.trifles += 1
    else:
        figures.problems.append(f"nothing is said of what failed: {', '.join(tally.failed)}")


def _compare(figures: Figures, ran: Ran, document: Any, calm: Any) -> None:
    """Hold a report to which nothing is lacking against the one without faults."""
    found, expected = judged(document), judged(calm)
    if ran.code == 0 and found == expected:
        figures.same += 1
        return
    differ = [name for name, value in expected.items() if found[name] != value]
    lacks = [one["reason"] for one in (*document["gaps"], *document["notes"])]
    figures.problems.append(
        f"exit code {ran.code}, other {', '.join(differ)} than without faults; lacks: {lacks}"
    )
