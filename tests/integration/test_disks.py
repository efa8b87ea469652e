"""Whole runs on real disks: full, read-only, somebody else's, gone midway (soak/disks)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.errors import ExitCode
from soak.disks import LETTERS, TROUBLES, Stage, attempt, stage

# The others differ in amounts only, or need programs that are not everywhere: `make soak`.
CHOSEN = (
    "reports: room for 0 reports",
    "reports: room for 0.5 reports",
    "reports: room for 1.3 reports",
    "reports: room for 5 reports",
    "reports: 0 inodes left",
    "reports: 7 inodes left",
    "reports: midway gone",
    "reports: midway a file",
    "reports: read-only",
    "reports: somebody else's",
    "outbox: full",
    "textfile: full",
    "textfile: somebody else's",
    "logs: full",
    "logs: read-only",
)
BY_NAME = {one.name: one for one in TROUBLES}


@pytest.fixture(scope="module")
def there() -> Iterator[Stage]:
    with stage() as made:
        yield made


@pytest.mark.parametrize("name", CHOSEN)
def test_a_broken_disk_is_told_and_what_can_be_written_and_sent_is(name: str, there: Stage) -> None:
    trouble = BY_NAME[name]
    if not trouble.possible:
        pytest.skip("no file system can be mounted here")
    result = attempt(trouble, there)
    assert result.problems == ()
    assert result.letters == LETTERS
    assert (result.code == ExitCode.WRITE) is not result.report


def test_a_disk_that_is_not_as_expected_is_a_problem(there: Stage) -> None:
    """The table cannot be all right whatever comes of it."""
    wrong = replace(BY_NAME["reports: midway gone"], codes=(ExitCode.DONE,), says="never told")
    code, reason = attempt(wrong, there).problems
    assert code.startswith("exit code 7")
    assert reason.startswith("never told is not told")
