"""The JSON keeps to its schema and says the same as the page."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from app.assess import Assessment
from app.assess.nights import NightState
from app.assess.protection import ProtectionState
from app.bacula.joblog import read_log
from app.report import document as document_module
from app.report.document import render_json
from app.snapshot import GapSource, Snapshot
from tests.unit.made import made_job, made_snapshot
from tests.unit.report import nights
from tests.unit.report.nights import document_of
from tests.unit.report.test_view import ANY_JOB, jobs_of

SCHEMA = json.loads(
    (Path(document_module.__file__).parent / "bacula-report-1.schema.json").read_text("utf-8")
)
# jsonschema itself checks times only with a further package.
FORMATS = FormatChecker(formats=())
OFFSET = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value: object) -> bool:
    """Whether it is a time of RFC 3339, with offset."""
    return not isinstance(value, str) or bool(
        OFFSET.fullmatch(value) and datetime.fromisoformat(value)
    )


VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FORMATS)


def complaints(document: Any) -> list[str]:
    """What the schema has to say against a document."""
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


NIGHTS: dict[str, Callable[[], Snapshot | Assessment]] = {
    **nights.VERDICTS,
    "empty": made_snapshot,
    "incomplete": nights.incomplete,
    "fortnight": nights.fortnight,
    "troubled": nights.troubled,
}


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", NIGHTS)
def test_every_kind_of_night_keeps_to_the_schema(name: str, language: str) -> None:
    document = document_of(NIGHTS[name](), language)
    assert complaints(json.loads(render_json(document))) == []
    assert language == document["language"]


def is_good_copy(job: Any) -> bool:
    """Whether a job of the document is counted nowhere."""
    return bool(job["outcome"] == "success" and (job["copy_of"] or job["type"] == "C"))


@given(st.lists(ANY_JOB, max_size=6))
def test_every_job_is_there_once_and_counted(rows: list[dict[str, Any]]) -> None:
    rows = [{**row, "bytes": 1, "files": 1} for row in rows]
    document = json.loads(render_json(document_of(made_snapshot(*jobs_of(rows)))))
    assert complaints(document) == []
    summary = document["summary"]
    copies = [job for job in document["jobs"] if is_good_copy(job)]
    counted = Counter(job["outcome"] for job in document["jobs"] if job not in copies)
    outcomes = SCHEMA["$defs"]["job"]["properties"]["outcome"]["enum"]
    assert {name: counted[name] for name in outcomes} == {name: summary[name] for name in outcomes}
    assert len(copies) == summary["copies"]
    assert len(rows) - len(copies) == summary["total"] == sum(summary[name] for name in outcomes)
    states = ("fine", "troubled", "in_progress")
    assert summary["clients"]["total"] == sum(summary["clients"][state] for state in states)


def test_a_time_without_offset_would_be_noticed() -> None:
    document = document_of(nights.good())
    document["generated_at"] = "2026-11-21T08:00:00"
    assert complaints(document) == ["$.generated_at: '2026-11-21T08:00:00' is not a 'date-time'"]


def test_times_are_written_in_the_zone_of_the_report() -> None:
    document = document_of(nights.critical())
    assert document["period"]["from"] == "2026-11-20T22:00:00+09:00"
    assert "Asia/Seoul" == document["period"]["timezone"] == document["source"]["timezone"]
    first = document["jobs"][0]
    assert first["started"] == "2026-11-20T23:00:00+09:00"


def test_reasons_are_sentences_in_the_language_of_the_report() -> None:
    english = document_of(nights.critical(), "en")["jobs"]
    korean = document_of(nights.critical(), "ko")["jobs"]
    assert all(isinstance(reason, str) for job in english for reason in job["reasons"])
    assert english[2]["reasons"] == ["It was cancelled while it ran."]
    assert korean[2]["reasons"] == ["실행 중에 취소되었습니다."]
    assert all(job["reasons"] for job in english if job["outcome"] in ("failed", "unknown"))


def test_a_success_needs_no_reason() -> None:
    jobs = document_of(nights.good())["jobs"]
    assert [job["reasons"] for job in jobs] == [[]] * 8


def test_a_reason_tells_how_many_more_there_are() -> None:
    rows = [f'web01-fd JobId 1: Could not stat "/a/{n}": ERR=No such file' for n in range(1_300)]
    night = made_snapshot(made_job(1, errors=1), logs={1: read_log(rows)})
    assert document_of(night)["jobs"][0]["reasons"][-1].endswith("(+1,295)")


def test_a_job_that_runs_tells_how_far_it_is() -> None:
    live = document_of(nights.critical())["jobs"][4]["live"]
    assert (
        live["status"], live["files"], live["bytes"], live["bytes_per_second"],
    ) == ("R", 1_234, 56 * 10**9, 10**8)  # fmt: skip


def test_where_nothing_was_had_the_document_says_so() -> None:
    document = document_of(nights.unknown())
    assert (
        document["verdict"], document["complete"], document["jobs"],
    ) == ("unknown", False, [])  # fmt: skip
    assert document["summary"]["total"] == 0
    assert [gap["source"] for gap in document["gaps"]] == ["jobs"]


def test_a_gap_names_its_jobs() -> None:
    gap = document_of(nights.incomplete())["gaps"][-1]
    assert list(range(1, 31)) == gap["jobids"]


def test_the_file_is_readable_text_that_ends_with_a_line_feed() -> None:
    text = render_json(document_of(made_snapshot(made_job(1, name="한글-백업"))))
    assert '"name": "한글-백업"' in text
    assert text.endswith("}\n")


def test_the_schema_knows_every_value_that_we_know() -> None:
    defined = SCHEMA["$defs"]
    assert {source.value for source in GapSource} == set(defined["source"]["enum"])
    nights_of = SCHEMA["properties"]["nights"]["properties"]["servers"]["items"]
    states = nights_of["properties"]["states"]["items"]["enum"]
    assert [state.value.replace(" ", "_") for state in NightState] == states
    protection = SCHEMA["properties"]["protection"]["items"]["properties"]["state"]["enum"]
    assert {state.value.replace(" ", "_") for state in ProtectionState} == set(protection)


def test_a_finding_tells_what_a_program_needs() -> None:
    findings = document_of(nights.troubled())["findings"]
    failed = next(one for one in findings if one["cause"] == "authentication")
    assert {key: failed[key] for key in ("kind", "severity", "nights", "news", "muted")} == {
        "kind": "failed",
        "severity": "critical",
        "nights": 6,
        "news": "continuing",
        "muted": None,
    }
    assert failed["since"] == "2026-11-15T08:00:00+09:00"
    assert (failed["clients"], failed["jobs"]) == (["server01-fd"], ["server01-data"])
    (notice,) = failed["notices"]
    assert notice["jobids"] == [451]
    assert notice["evidence"][0].endswith("password refused")
    muted = next(one for one in findings if one["muted"])
    assert muted["muted"] == {
        "reason": "decommissioned at the end of the year",
        "until": "2026-12-31",
    }


def test_forty_jobs_of_one_finding_are_all_there_for_programs() -> None:
    night = nights.found_in(nights.good(), nights.unreachable(400))
    (finding,) = document_of(night)["findings"]
    assert len(finding["notices"]) == 400
    assert finding["sentence"] == "400 jobs failed: File Daemon not reached."


def test_a_note_is_no_gap() -> None:
    document = document_of(nights.troubled())
    assert [note["source"] for note in document["notes"]] == ["pools"]
    assert (document["gaps"], document["complete"]) == ([], True)


def test_the_past_says_how_far_it_reaches() -> None:
    history = document_of(nights.fortnight(2, 10))["history"]
    assert history == {"since": "2026-11-11T12:00:00+09:00", "whole": False, "jobs": 18}
    assert document_of(nights.good())["history"] == {"since": None, "whole": False, "jobs": 0}


def test_a_night_that_is_not_known_whole_has_no_sums() -> None:
    told = document_of(nights.fortnight(2, 3))["nights"]
    assert [night["known"] for night in told["nights"]] == [*["not"] * 11, *["whole"] * 3]
    assert {night["bytes"] for night in told["nights"][:11]} == {None}
    assert told["nights"][-1]["backups"] == 2
    assert told["servers"][0]["states"] == [*["not_known"] * 11, *["success"] * 3]
    assert told["success_rate"] == told["success_rate_before"] == {"good": 2, "total": 2}


def test_protection_tells_the_last_good_backup_of_each_level() -> None:
    (one,) = document_of(nights.fortnight(1))["protection"]
    assert (one["client"], one["state"], one["limit_level"]) == (
        "server00-fd",
        "protected",
        "any",
    )
    assert one["last"]["any"]["jobid"] == one["last"]["I"]["jobid"] != one["last"]["F"]["jobid"]


def test_copies_and_what_recovered_name_the_other_job() -> None:
    document = document_of(nights.copied())
    by_id = {job["jobid"]: job for job in document["jobs"]}
    assert {jobid: job["copy_of"] for jobid, job in by_id.items()} == {
        1: None, 2: None, 3: None, 4: 3,
    }  # fmt: skip
    assert (by_id[1]["outcome"], by_id[1]["made_up_by"]) == ("recovered", 2)
    summary = document["summary"]
    assert (summary["total"], summary["recovered"], summary["success"], summary["copies"]) == (
        3, 1, 2, 1,
    )  # fmt: skip
