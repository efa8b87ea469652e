"""Which servers, catalogs and nights are measured. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from bench.catalog import Extent
from bench.models import CURVES, REAL, Model

SERVERS = ("baculum-9.6", "baculum-11.0", "baculum-13.0", "baculum-15.0", "bacularis-6.3")
JOBS = (100, 1_000, 10_000, 100_000)
FAILURES = (1, 100, 1_000)
WORKERS = ("8", "2", REAL)
NIGHTS = 100
SHOWN_NIGHTS = 10


@dataclass(frozen=True, slots=True)
class Scenario:
    """One catalog at one server.

    Attributes:
        server: which server is stood in for.
        workers: how many requests it answers at once, or `REAL`.
        jobs: jobs in its catalog, spread over 100 nights.
        failures: how many of the jobs shown failed.
        lean: whether the run is also made without history and logs of successes.
    """

    server: str
    workers: str
    jobs: int
    failures: int
    lean: bool = False

    @property
    def extent(self) -> Extent:
        """The catalog. The newest ten nights are shown, or as many as the failures need."""
        needed = -(-self.failures * NIGHTS // self.jobs)
        return Extent(self.jobs, NIGHTS, max(SHOWN_NIGHTS, needed), self.failures)

    def model(self, latency: float) -> Model:
        """The server, if an answer takes so many seconds."""
        return Model(self.server, self.workers, latency)

    @property
    def possible(self) -> bool:
        """Whether it exists: no more failures than jobs, and a curve where one is asked."""
        return self.failures <= self.jobs and (self.workers != REAL or self.server in CURVES)


USUAL = (
    Scenario("baculum-15.0", "8", 100, 1),
    Scenario("baculum-15.0", "8", 1_000, 100),
    Scenario("baculum-15.0", "8", 10_000, 100, lean=True),
    Scenario("baculum-15.0", "8", 100_000, 1_000, lean=True),
    Scenario("bacularis-6.3", "8", 100, 1),
    Scenario("bacularis-6.3", "8", 10_000, 100),
    Scenario("bacularis-6.3", "8", 100_000, 100, lean=True),
    Scenario("baculum-15.0", "2", 10_000, 100),
    Scenario("bacularis-6.3", "2", 1_000, 1),
    Scenario("baculum-15.0", REAL, 10_000, 100),
    Scenario("baculum-11.0", REAL, 1_000, 1),
)
"""What answers the questions within minutes: each size, each number of failures, each server."""


def every(
    servers: Iterable[str], workers: Iterable[str], jobs: Iterable[int], failures: Sequence[int]
) -> Iterator[Scenario]:
    """Yield every combination that is possible; those with the middle number of failures lean."""
    middle = failures[len(failures) // 2]
    for server, at_once, size, failed in product(servers, workers, jobs, failures):
        scenario = Scenario(server, at_once, size, failed, lean=failed == middle)
        if scenario.possible:
            yield scenario


def models(scenarios: Sequence[Scenario], latency: float) -> list[Model]:
    """Return the servers of these scenarios, each once."""
    return list(dict.fromkeys(one.model(latency) for one in scenarios))
