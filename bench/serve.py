"""`python -m bench.serve`: the embedded Baculum in a process of its own, for `bench.children`.

It is told what to be by one line of JSON on stdin, obeys further lines, and ends with stdin.
"""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from app.demo import Baculum, Flavour
from app.demo.answers import Answers
from app.demo.night import Night
from app.demo.replies import Reply
from bench.catalog import ZONE, Extent, build
from bench.models import CURVES, REAL, Contention, Model


class RememberedAnswers(Answers):
    """Each question is worked out once.

    A real server's database does in C what this one does in Python; what counts of it is the
    latency, which is set apart.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._known: dict[str, Reply] = {}

    def answer(self, method: str, target: str, authority: str) -> Reply:
        """Return the answer to a request."""
        known = self._known.get(target)
        if known is None:
            known = self._known[target] = super().answer(method, target, authority)
        return known


class _Server(Baculum):
    """Answers so many requests at once, or as the curve of a real server says."""

    def __init__(self, night: Night, model: Model, **named: Any) -> None:
        real = model.workers == REAL
        flavour = Flavour(model.server)
        super().__init__(night, flavour, workers=None if real else int(model.workers), **named)
        self._contention = Contention(CURVES[model.server]) if real else None
        self.answers = RememberedAnswers(
            night,
            flavour,
            clock=self.now,
            php_zone=UTC,
            memory_rows=flavour.traits.memory_rows,
            wait=self.pause,
        )

    @property
    def gate(self) -> AbstractContextManager[Any]:
        """One place among the workers."""
        return self._contention or super().gate

    def wait(self, latency: float) -> None:
        """From now on an answer takes so long; by its curve, if that is what the server has."""
        if self._contention is None:
            self.latency = latency
        else:
            self._contention.awake = latency > 0


def main() -> None:
    """Serve until stdin ends."""
    order = json.loads(sys.stdin.readline())
    extent = Extent(**order["extent"])
    now = datetime.now(UTC).replace(microsecond=0)
    server = _Server(
        build(extent, now),
        Model(**order["model"]),
        username=order["username"],
        password=order["password"],
    )
    with server:
        _tell(
            host=server.host,
            port=server.port,
            start=extent.start(now).astimezone(ZONE).isoformat(),
            end=now.astimezone(ZONE).isoformat(),
        )
        for line in sys.stdin:
            server.wait(json.loads(line)["latency"])
            seen, server.requests = server.requests, []
            connections, server.connections = server.connections, 0
            _tell(
                connections=connections,
                requests=[
                    (
                        one.path,
                        one.status,
                        one.bytes_sent,
                        "gzip" in one.headers.get("Accept-Encoding", ""),
                    )
                    for one in seen
                ],
            )


def _tell(**answer: Any) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
