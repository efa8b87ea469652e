"""What a finding says of the notices that it gathers, and the key that outlives a report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from app.assess.finding import Cause, Finding, Kind, News, Notice, Severity
from app.i18n import msg
from tests.unit.made import at

ACT, OTHERWISE = msg("Do this."), msg("Do that.")


def notice(client: str = "a-fd", **changes: Any) -> Notice:
    return Notice(Kind.FAILED, Severity.CRITICAL, msg("It failed."), client=client, **changes)


def found(*notices: Notice, **changes: Any) -> Finding:
    return Finding(Kind.FAILED, Severity.CRITICAL, msg("They failed."), notices, **changes)


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([None], None),
        ([at("20 22:00")], at("20 22:00")),
        ([at("20 22:00"), None, at("19 22:00")], at("19 22:00")),
    ],
)
def test_it_is_so_since_it_was_so_of_the_first(
    moments: list[datetime | None], expected: datetime | None
) -> None:
    assert found(*(notice(since=moment) for moment in moments)).since == expected


@pytest.mark.parametrize(
    ("news", "expected"),
    [
        ([None], None),
        ([News.NEW], News.NEW),
        ([News.SOLVED, News.SOLVED], News.SOLVED),
        ([News.NEW, News.CONTINUING], News.CONTINUING),
        ([News.NEW, None], News.CONTINUING),
        ([News.NEW, News.SOLVED], News.CONTINUING),
    ],
)
def test_only_what_is_new_of_all_is_new(news: list[News | None], expected: News | None) -> None:
    assert found(*(notice(news=one) for one in news)).news is expected


def test_the_longest_streak_counts_and_each_client_once() -> None:
    many = found(notice("b-fd", nights=2), notice("a-fd", nights=5), notice(""), notice("b-fd"))
    assert (many.nights, many.clients) == (5, ("b-fd", "a-fd"))


@pytest.mark.parametrize(
    ("actions", "common", "expected"),
    [
        ([ACT], None, ACT),
        ([ACT, ACT], None, ACT),
        ([ACT, OTHERWISE], None, None),
        ([ACT, OTHERWISE], OTHERWISE, OTHERWISE),
        ([None, None], None, None),
    ],
)
def test_what_is_to_be_done_is_told_if_it_is_the_same_of_all(
    actions: list[Any], common: Any, expected: Any
) -> None:
    several = found(*(notice(action=one) for one in actions), common_action=common)
    assert several.action == expected


@pytest.mark.parametrize(
    ("notices", "key"),
    [
        ([notice("a-fd", job="x")], "failed||a-fd/x/"),
        ([notice("a-fd", job="x", cause=Cause.SCRIPT)], "failed|script|a-fd/x/"),
        ([notice("b-fd", job="x"), notice("a-fd", detail="Full"), notice("b-fd", job="x")],
         "failed||a-fd//Full|b-fd/x/"),
        # Neither how long nor since when, nor which runs.
        ([notice(nights=3, since=at("20 22:00"), jobids=(1, 2))], "failed||a-fd//"),
    ],
)  # fmt: skip
def test_the_key_is_the_same_while_the_same_is_wrong(notices: list[Notice], key: str) -> None:
    assert found(*notices).key == key
