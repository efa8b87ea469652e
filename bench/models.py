"""How a server answers several requests at once: side by side, or each of them slower.

The curves are what real servers did (2 cores, PostgreSQL, the logs of different jobs): each request
costs them a bconsole process and a PHP one, so that twice as many at once bring far less than twice
as much.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from threading import Condition
from typing import Any, Self

REAL = "real"
"""What asks for the curve instead of a number of workers."""
CURVES: Mapping[str, Mapping[int, float]] = {
    "baculum-15.0": {1: 8.4, 2: 10.8, 4: 13.5, 8: 16.8},
    "baculum-11.0": {1: 3.9, 2: 6.0, 4: 5.9, 8: 10.4},
}
"""Answers a second by requests under way; beyond the last number there is no more to be had."""
CONNECTIONS = (1, 2, 4, 8, 12)
"""With so many connections the bare client tries which of them a server gains most from."""


@dataclass(frozen=True, slots=True)
class Model:
    """A server, and how it shares itself out.

    Attributes:
        server: which server is stood in for.
        workers: how many requests it answers at once, as text, or `REAL`.
        latency: seconds that each takes; without meaning for a curve, but that 0 switches it off.
    """

    server: str
    workers: str
    latency: float

    @property
    def told(self) -> str:
        """The column of the tables."""
        return "as real ones" if self.workers == REAL else self.workers

    def order(self) -> dict[str, Any]:
        """The same for `bench.serve`."""
        return asdict(self)


def answers_a_second(curve: Mapping[int, float], at_once: int) -> float:
    """Return the throughput of a server with so many requests, between two that were measured too.

    Beyond the last measured number it stays what it is there.
    """
    known = sorted(curve)
    place = bisect_left(known, at_once)
    if place == len(known):
        return curve[known[-1]]
    if known[place] == at_once:
        return curve[at_once]
    low, high = known[place - 1], known[place]
    part = (at_once - low) / (high - low)
    return curve[low] + part * (curve[high] - curve[low])


class Contention:
    """A gate that keeps every request for as long as the curve says, with as many others there.

    All that are there share the throughput evenly; whenever one comes or goes, the others become
    slower or quicker.
    """

    def __init__(self, curve: Mapping[int, float]) -> None:
        self.awake = False
        self._curve = curve
        self._changed = Condition()
        self._there = 0
        self._done = 0.0
        self._seen = time.monotonic()

    def __enter__(self) -> Self:
        if self.awake:
            with self._changed:
                self._keep()
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is left to do: the answer itself costs no time."""

    def _keep(self) -> None:
        self._go_on(1)
        goal = self._done + 1
        while (missing := goal - self._done) > 1e-6:
            self._changed.wait(missing / self._pace)
            self._go_on(0)
        self._go_on(-1)

    @property
    def _pace(self) -> float:
        """How many requests a second each of those that are there would get done by itself."""
        return answers_a_second(self._curve, self._there) / self._there

    def _go_on(self, change: int) -> None:
        """Count what was done since the last change, and that one came or went."""
        now = time.monotonic()
        if self._there:
            self._done += (now - self._seen) * self._pace
        self._seen = now
        self._there += change
        if change:
            self._changed.notify_all()
