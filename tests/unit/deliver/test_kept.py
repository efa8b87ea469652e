"""What is kept of a report can be sent again, for as long as it is kept."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.deliver.outbox import KEEP, KEEP_DAYS, Outbox, OutboxError
from tests.unit.deliver.made import MADE, PAGE, a_good_parcel, a_parcel

NAME = "mail_20261121080000"


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


def files(outbox: Outbox) -> list[str]:
    return sorted(path.name for path in (outbox.folder / "kept").iterdir())


def test_what_is_kept_comes_back_whole(outbox: Outbox, tmp_path: Path) -> None:
    parcels = [a_parcel(), a_good_parcel(audience="dba")]
    outbox.keep(NAME, parcels, MADE)
    (tmp_path / PAGE.name).write_bytes(PAGE.content)
    assert outbox.kept(NAME, tmp_path) == parcels
    assert (outbox.folder / "kept" / f"{NAME}.json").stat().st_mode & 0o777 == 0o640
    assert outbox.waiting() == ([], [])
    modes = [path.stat().st_mode & 0o777 for path in (outbox.folder, outbox.folder / "kept")]
    assert modes == [0o750, 0o750]


def test_a_page_that_is_gone_is_left_out(outbox: Outbox, tmp_path: Path) -> None:
    outbox.keep(NAME, [a_parcel()], MADE)
    assert outbox.kept(NAME, tmp_path) == [a_parcel(page=None)]


def test_a_page_is_looked_for_in_its_folder_only(outbox: Outbox, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "reports"
    folder.mkdir()
    page = replace(PAGE, name="../secret")
    outbox.keep(NAME, [a_parcel(page=page)], MADE)
    assert outbox.kept(NAME, folder) == [a_parcel(page=None)]


def test_nothing_is_known_of_another_report(outbox: Outbox, tmp_path: Path) -> None:
    assert outbox.kept(NAME, tmp_path) == []


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 2}', '{"format": 1}', "\0"])
def test_what_is_damaged_is_told(outbox: Outbox, tmp_path: Path, content: str) -> None:
    outbox.keep(NAME, [a_parcel()], MADE)
    (outbox.folder / "kept" / f"{NAME}.json").write_text(content)
    with pytest.raises(OutboxError, match="is damaged"):
        outbox.kept(NAME, tmp_path)


def test_what_is_older_than_two_weeks_is_forgotten(outbox: Outbox) -> None:
    outbox.keep("old", [], MADE)
    outbox.keep("young", [], MADE)
    for name, days in (("old", KEEP_DAYS + 1), ("young", KEEP_DAYS - 1)):
        when = (MADE - timedelta(days=days)).timestamp()
        os.utime(outbox.folder / "kept" / f"{name}.json", (when, when))
    outbox.keep(NAME, [], MADE)
    assert files(outbox) == [f"{NAME}.json", "young.json"]


def test_no_more_than_so_many_are_kept(outbox: Outbox) -> None:
    for number in range(KEEP + 3):
        outbox.keep(f"{number:03}", [], MADE)
        path = outbox.folder / "kept" / f"{number:03}.json"
        os.utime(path, (MADE.timestamp() + number,) * 2)
    assert len(files(outbox)) == KEEP
    assert files(outbox)[0] == "003.json"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    with pytest.raises(OutboxError, match="cannot be used"):
        Outbox(tmp_path / "outbox").keep(NAME, [], MADE)
