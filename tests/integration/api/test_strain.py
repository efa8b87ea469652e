"""A server that has too much to do is asked by fewer at once, and later; nothing is lost."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.api import client
from app.collect import collect
from app.demo import Baculum
from app.demo.replies import Reply, apache_page
from tests.integration.api.asking import a_failed_night, a_question, api_client, snapshot_of

LATENCY = 0.005


class Bearing:
    """A web server that breaks down while more than so many requests are inside."""

    def __init__(self, baculum: Baculum, bears: int, headers: tuple[tuple[str, str], ...]) -> None:
        self._answer = baculum.answers.answer
        self._bears = bears
        self._headers = headers
        self._lock = threading.Lock()
        self._inside = 0
        self.asked = self.refused = 0

    def __call__(self, *args: Any) -> Reply:
        with self._inside_one() as inside:
            time.sleep(LATENCY)
            if inside <= self._bears:
                return self._answer(*args)
            self.refused += 1
            return apache_page(503, "Service Unavailable", "Too busy.", self._headers)

    @contextmanager
    def _inside_one(self) -> Iterator[int]:
        with self._lock:
            self.asked += 1
            self._inside += 1
            inside = self._inside
        try:
            yield inside
        finally:
            with self._lock:
                self._inside -= 1


def bear(
    baculum: Baculum, monkeypatch: pytest.MonkeyPatch, bears: int, *headers: tuple[str, str]
) -> Bearing:
    bearing = Bearing(baculum, bears, headers)
    monkeypatch.setattr(baculum.answers, "answer", bearing)
    return bearing


@pytest.mark.parametrize("bears", [1, 2, 3])
def test_a_server_that_breaks_down_under_eight_loses_no_log(
    monkeypatch: pytest.MonkeyPatch, bears: int
) -> None:
    with Baculum(a_failed_night(60)) as baculum:
        bearing = bear(baculum, monkeypatch, bears)
        # As in earnest: the first pause is longer than an answer takes.
        snapshot = snapshot_of(baculum, first_pause=20 * LATENCY)
    assert snapshot.gaps == ()
    assert len(snapshot.logs) == 60
    # Were eight to go on, more than half of all would be refused.
    assert 0 < bearing.refused < bearing.asked / 3


def test_a_server_that_bears_all_is_never_narrowed(monkeypatch: pytest.MonkeyPatch) -> None:
    with Baculum(a_failed_night(60)) as baculum:
        bearing = bear(baculum, monkeypatch, 8)
        with api_client(baculum) as asked:
            collect(asked, a_question())
            assert asked.width == 8
    assert bearing.refused == 0


def test_a_pause_that_the_server_asks_for_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with Baculum(a_failed_night(1)) as baculum:
        bear(baculum, monkeypatch, 0, ("Retry-After", "1"))
        monkeypatch.setattr(client, "LONGEST_WISH", 0.2)
        begin = time.monotonic()
        snapshot = snapshot_of(baculum, tries=3)
        assert time.monotonic() - begin >= 2 * 0.2
    assert snapshot.stopped is not None


@pytest.mark.parametrize("wish", ["3600", "Fri, 31 Dec 9999 23:59:59 GMT", "inf", "nan", "soon"])
def test_a_pause_that_is_not_worth_it_is_bounded(
    monkeypatch: pytest.MonkeyPatch, wish: str
) -> None:
    """A hostile server can hold the report for three half minutes, not for an hour."""
    with Baculum(a_failed_night(1)) as baculum:
        bearing = bear(baculum, monkeypatch, 0, ("Retry-After", wish))
        monkeypatch.setattr(client, "LONGEST_WISH", 0.01)
        snapshot = snapshot_of(baculum, tries=3)
    assert snapshot.stopped is not None
    assert bearing.asked == 3
