"""The node exporter's textfile: names, values, bounds; and a file that is never half there."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.deliver.model import DeliveryError
from app.deliver.textfile import ClientNumbers, Numbers, exposition, write_textfile
from tests.unit.deliver.made import MADE

NUMBERS = Numbers(
    director="bacula01-dir",
    finished=MADE,
    seconds=1.25,
    complete=True,
    level="critical",
    levels=("good", "attention", "critical", "unknown"),
    outcomes={"failed": 2, "success": 31},
    findings={("too-old", "critical"): 1, ("room", "warning"): 3},
    clients=(
        ClientNumbers("web01-fd", MADE - timedelta(days=1), 5_000_000_000),
        ClientNumbers("new01-fd"),
    ),
    undelivered=0,
)


def samples(numbers: Numbers, **how: int) -> dict[str, float]:
    """Each sample, as name{labels}, without the Director."""
    told = {}
    for family in text_string_to_metric_families(exposition(numbers, **how).decode()):
        for one in family.samples:
            labels = {k: v for k, v in one.labels.items() if k != "director"}
            inner = ",".join(f"{k}={v}" for k, v in labels.items())
            told[one.name.removeprefix("bacula_report_") + (f"{{{inner}}}" if inner else "")] = (
                one.value
            )
    return told


def test_everything_is_there_once() -> None:
    assert samples(NUMBERS) == {
        "last_run_timestamp_seconds": MADE.timestamp(),
        "duration_seconds": 1.25,
        "complete": 1,
        "undelivered": 0,
        "verdict{level=good}": 0,
        "verdict{level=attention}": 0,
        "verdict{level=critical}": 1,
        "verdict{level=unknown}": 0,
        "jobs{outcome=failed}": 2,
        "jobs{outcome=success}": 31,
        "findings{kind=too-old,severity=critical}": 1,
        "findings{kind=room,severity=warning}": 3,
        "client_last_good_backup_timestamp_seconds{client=web01-fd}": (
            MADE - timedelta(days=1)
        ).timestamp(),
        "client_last_good_backup_bytes{client=web01-fd}": 5_000_000_000,
        "clients": 2,
        "clients_without_backup": 1,
        "clients_left_out": 0,
    }


def test_every_sample_has_the_director() -> None:
    """Several Directors may be watched from one host."""
    for family in text_string_to_metric_families(exposition(NUMBERS).decode()):
        assert family.documentation
        assert {one.labels["director"] for one in family.samples} == {"bacula01-dir"}


def test_without_delivery_nothing_is_said_of_it() -> None:
    assert "undelivered" not in samples(replace(NUMBERS, undelivered=None))


def test_what_is_not_known_is_missing_and_not_0() -> None:
    told = samples(replace(NUMBERS, outcomes={}, clients=None))
    assert {"complete", "verdict{level=critical}"} <= told.keys()
    assert not [name for name in told if name.startswith(("jobs", "client"))]


def test_too_many_clients_are_counted_and_the_oldest_backups_stay() -> None:
    clients = tuple(ClientNumbers(f"c{n:04d}", MADE - timedelta(hours=n), n) for n in range(3000))
    told = samples(replace(NUMBERS, clients=clients), most_clients=10)
    named = [name for name in told if name.startswith("client_last_good_backup_timestamp")]
    assert len(named) == 10
    assert "client_last_good_backup_timestamp_seconds{client=c2999}" in told
    assert told["clients"] == 3000
    assert told["clients_left_out"] == 2990


def test_the_default_bound_keeps_the_file_small() -> None:
    clients = tuple(ClientNumbers(f"c{n}", MADE, n) for n in range(20_000))
    assert len(exposition(replace(NUMBERS, clients=clients))) < 300_000


@pytest.mark.parametrize("evil", ['a"} 1\nevil 1', "a\\", "가나다", "x" * 5000, "\x00\x1b[31m"])
def test_a_name_cannot_make_a_line(evil: str) -> None:
    told = samples(replace(NUMBERS, clients=(ClientNumbers(evil, MADE, 1),)))
    names = {name.partition("{")[0] for name in told}
    assert names == {name.partition("{")[0] for name in samples(NUMBERS)}


def test_the_file_is_for_everybody_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "bacula-report.prom"
    path.write_text("old")
    write_textfile(path, NUMBERS)
    assert path.read_bytes() == exposition(NUMBERS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert os.listdir(tmp_path) == [path.name]


def test_a_file_that_cannot_be_written_is_told_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="REPORT_TEXTFILE"):
        write_textfile(tmp_path / "missing" / "bacula-report.prom", NUMBERS)


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bacula-report.prom"
    path.write_text("old")

    def fail(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DeliveryError, match="No space left"):
        write_textfile(path, NUMBERS)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == [path.name]
