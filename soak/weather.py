"""Faults that come and go: each request is struck with the same small chance, whatever it asks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from app.demo import Fault, FaultKind

TRIES = 3
"""BACULUM_API_TRIES of the runs: the default."""


@dataclass
class Weather:
    """What struck which request, in the order in which they came.

    Attributes:
        strokes: for each path and query, the name of what struck each request; "" for nothing.
        delayed: whether the request that is looked at was struck by a delay, which lets others by.
    """

    strokes: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    delayed: bool = False

    def faults(self, share: float, seed: str, slow: float) -> list[Fault]:
        """Return the faults to switch on.

        Args:
            share: the share of requests that are struck.
            seed: chance; the same for the same requests in whatever order they come.
            slow: seconds beyond a call's time limit.
        """
        kinds: list[dict[str, Any]] = [
            *({"kind": FaultKind.STATUS, "status": code} for code in (500, 502, 503, 429)),
            *(
                {"kind": kind}
                for kind in (
                    FaultKind.DROP,
                    FaultKind.RESET,
                    FaultKind.TRUNCATE,
                    FaultKind.GARBAGE,
                    FaultKind.HTML,
                )
            ),
            {"kind": FaultKind.DRIP, "seconds": slow / 20},
            {"kind": FaultKind.SLOW, "seconds": slow},
        ]
        each = 1 - (1 - share) ** (1 / len(kinds))
        return [
            *(_Passing(path="", weather=self, share=each, seed=seed, **kind) for kind in kinds),
            _Witness("", FaultKind.SLOW, weather=self),
        ]

    def tally(self) -> Tally:
        """Count calls: requests for the same thing until one is answered, or the last try."""
        told = Tally()
        for target, strokes in self.strokes.items():
            told.tries += len(strokes)
            told.kinds.update(filter(None, strokes))
            for again in _calls(strokes):
                told.calls += 1
                if again[-1]:
                    told.failed.append(target)
                told.by_tries[len(again)] += 1
        return told


@dataclass
class Tally:
    """What was asked and what became of it.

    Attributes:
        calls: things that were asked for.
        tries: requests that were sent for them.
        failed: what was asked for in vain, with every try struck.
        kinds: how often each kind of fault struck.
        by_tries: how many calls were tried so often.
    """

    calls: int = 0
    tries: int = 0
    failed: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    by_tries: Counter[int] = field(default_factory=Counter)

    @property
    def faults(self) -> int:
        """How many requests were struck."""
        return self.kinds.total()

    def add(self, other: Tally) -> None:
        """Add another run's."""
        self.calls += other.calls
        self.tries += other.tries
        self.failed += other.failed
        self.kinds += other.kinds
        self.by_tries += other.by_tries


def _calls(strokes: Iterable[str]) -> list[list[bool]]:
    """Part the requests for one thing into calls; each tells which of its tries were struck."""
    calls: list[list[bool]] = [[]]
    for stroke in strokes:
        if calls[-1] and (not calls[-1][-1] or len(calls[-1]) == TRIES):
            calls.append([])
        calls[-1].append(bool(stroke))
    return calls


@dataclass
class _Passing(Fault):
    """Strikes by chance, whatever is asked."""

    weather: Weather = field(default_factory=Weather, compare=False)
    share: float = 0.0
    seed: str = ""

    def applies(self, target: str) -> bool:
        # The same for the same request, whichever thread comes first.
        turn = f"{self.seed} {self.kind} {self.status} {target} {self.seen}"
        self.seen += 1
        if Random(turn).random() >= self.share:
            return False
        name = f"HTTP {self.status}" if self.kind is FaultKind.STATUS else self.kind.value
        self.weather.strokes[target].append(name)
        self.weather.delayed = self.kind is FaultKind.SLOW
        return True


@dataclass
class _Witness(Fault):
    """Sees what was not struck, and lets it through."""

    weather: Weather = field(default_factory=Weather, compare=False)

    def applies(self, target: str) -> bool:
        if not self.weather.delayed:
            self.weather.strokes[target].append("")
        self.weather.delayed = False
        return False
