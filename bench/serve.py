"""`python -m bench.serve`: the embedded Baculum in a process of its own, for `bench.children`.

It is told what to be by one line of JSON on stdin, obeys further lines, and ends with stdin.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

from app.demo import Baculum, Flavour
from app.demo.answers import Answers
from app.demo.replies import Reply
from bench.catalog import ZONE, Extent, build


class _RememberedAnswers(Answers):
    """Each question is worked out once.

    A real server's database does in C what this one does in Python; what counts of it is the
    latency, which is set apart.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._known: dict[str, Reply] = {}

    def answer(self, method: str, target: str, authority: str) -> Reply:
        known = self._known.get(target)
        if known is None:
            known = self._known[target] = super().answer(method, target, authority)
        return known


def main() -> None:
    """Serve until stdin ends."""
    order = json.loads(sys.stdin.readline())
    extent = Extent(**order["extent"])
    now = datetime.now(UTC).replace(microsecond=0)
    flavour = Flavour(order["server"])
    night = build(extent, now)
    server = Baculum(
        night,
        flavour,
        username=order["username"],
        password=order["password"],
        workers=order["workers"],
    )
    server.answers = _RememberedAnswers(
        night,
        flavour,
        clock=server.now,
        php_zone=UTC,
        memory_rows=flavour.traits.memory_rows,
        wait=server.pause,
    )
    with server:
        _tell(
            host=server.host,
            port=server.port,
            start=extent.start(now).astimezone(ZONE).isoformat(),
            end=now.astimezone(ZONE).isoformat(),
        )
        for line in sys.stdin:
            server.latency = json.loads(line)["latency"]
            seen, server.requests = server.requests, []
            _tell(requests=[(one.path, one.status, one.bytes_sent) for one in seen])


def _tell(**answer: Any) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
