"""Labelled nights through the real pipeline: what is found is compared with what is right."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.assess import assess
from app.assess.finding import Kind
from app.collect import Question, collect
from app.demo import Baculum, told_night
from app.period import Mode, PeriodRequest
from app.snapshot import Filters, Snapshot
from tests.integration.api.asking import api_client
from tests.nights.labelled import DEMO_NIGHT, DEMO_WEEK, LABELLED, Label, Labelled

DOCUMENT = Path(__file__).parents[2] / "docs/findings.md"
BY_TITLE = {night.title: night for night in LABELLED}


def asked(night: Labelled) -> Snapshot:
    """What a report on this night is told, by a machine in its zone."""
    zone = night.host_zone or night.now.tzinfo
    assert zone is not None
    question = Question(
        PeriodRequest(night.mode), night.now, Filters(), None, zone, 4, night.policy
    )
    with Baculum(night.tell(), faults=night.faults) as server, api_client(server) as client:
        return collect(client, question)


def found_on(night: Labelled) -> frozenset[Label]:
    """What is found on a night, but for what is muted."""
    notices = (
        notice
        for finding in assess(asked(night), night.policy).findings
        if finding.muted is None
        for notice in finding.notices
    )
    return frozenset((n.kind, n.client, n.job or n.detail) for n in notices)


@cache
def found(title: str) -> frozenset[Label]:
    """What is found on a labelled night; asked once."""
    return found_on(BY_TITLE[title])


def told(labels: Iterable[Label]) -> list[str]:
    """Labels to be read."""
    return sorted(" ".join((kind.value, client, name)).strip() for kind, client, name in labels)


@pytest.mark.parametrize("title", BY_TITLE)
def test_what_is_found_is_what_the_label_says_but_for_known_differences(title: str) -> None:
    """A difference that is not known yet is an error; so is one that is gone."""
    night = BY_TITLE[title]
    assert told(found(title) - night.expected) == told(night.false_alarms)
    assert told(night.expected - found(title)) == told(night.overlooked)


def test_each_kind_is_expected_somewhere() -> None:
    """A kind that no night expects would not be measured."""
    assert {kind for night in LABELLED for kind, _, _ in night.expected} == set(Kind)


def test_the_demo_shows_each_kind_but_one() -> None:
    """With a catalog that is not backed up, the rest of it would not be believed."""
    assert {kind for kind, _, _ in DEMO_WEEK} == set(Kind) - {Kind.CATALOG_BACKUP}
    assert len({kind for kind, _, _ in DEMO_NIGHT}) >= len(Kind) - 2


@pytest.mark.parametrize("mode", [Mode.TEST, Mode.PRODUCTION])
@pytest.mark.parametrize(
    ("moment", "zone"),
    [
        ("2026-11-21 03:00", "Asia/Seoul"),
        ("2026-11-21 13:37", "Asia/Seoul"),
        ("2026-11-21 21:45", "UTC"),
        ("2026-11-01 09:00", "America/New_York"),
        ("2026-03-08 09:00", "America/New_York"),
        ("2026-10-31 17:00", "Europe/Berlin"),
    ],
)
def test_the_demo_tells_the_same_at_other_times_and_places(
    moment: str, zone: str, mode: Mode
) -> None:
    """Also where the clocks changed in the night or in the weeks before."""
    place = ZoneInfo(zone)
    now = datetime.fromisoformat(moment).replace(tzinfo=place)
    expected = DEMO_WEEK if mode is Mode.TEST else DEMO_NIGHT
    night = Labelled("the demo", lambda: told_night(now, place), now, expected, mode)
    assert told(found_on(night)) == told(expected)


def test_most_nights_are_quiet_about_most_kinds() -> None:
    """What is measured is also what is not to be told."""
    assert sum(not night.expected for night in LABELLED) >= 12


def confusion() -> dict[Kind, Counter[str]]:
    """For each kind: found and right, found and wrong, not found though right."""
    table = {kind: Counter[str]() for kind in Kind}
    for night in LABELLED:
        is_found = found(night.title)
        for kind, _, _ in is_found & night.expected:
            table[kind]["right"] += 1
        for kind, _, _ in is_found - night.expected:
            table[kind]["wrong"] += 1
        for kind, _, _ in night.expected - is_found:
            table[kind]["overlooked"] += 1
    return table


def as_markdown(table: dict[Kind, Counter[str]]) -> list[str]:
    """The table as it stands in the document."""
    rows = [
        f"| `{kind.value}` | {cells['right']} | {cells['wrong']} | {cells['overlooked']} |"
        for kind, cells in table.items()
    ]
    total: Counter[str] = sum(table.values(), Counter())
    rows.append(f"| all | {total['right']} | {total['wrong']} | {total['overlooked']} |")
    return rows


def test_the_document_carries_the_table_as_it_is() -> None:
    """Including what is wrong."""
    text = DOCUMENT.read_text("utf-8")
    assert re.findall(r"^\| .* \| \d+ \| \d+ \| \d+ \|$", text, re.MULTILINE) == as_markdown(
        confusion()
    )
    assert f"{len(LABELLED)} nights" in text


def test_the_document_names_every_known_difference() -> None:
    """By the night's title."""
    text = " ".join(DOCUMENT.read_text("utf-8").split())
    for night in LABELLED:
        if night.false_alarms or night.overlooked:
            assert night.title in text
