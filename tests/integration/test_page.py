"""From a server's answers to the files of a report: whole nights, empty ones and broken ones."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.demo import Baculum, Fault, FaultKind, Flavour, Night, faults, told_night
from tests.unit.report.nights import reported
from tests.unit.report.test_document import complaints, is_good_copy

SEOUL = ZoneInfo("Asia/Seoul")
TOLD = told_night(datetime.now(UTC), SEOUL)
EMPTY = Night(director="backup-dir", zone=SEOUL, jobs=[])

BROKEN: dict[str, list[Fault]] = {
    "nothing": [Fault("/api/", FaultKind.DROP)],
    "no Director": faults.director_down(),
    "no database": faults.database_down(),
    "never set up": faults.not_configured(),
    "no logs": [Fault("joblog", FaultKind.STATUS, status=500)],
    "some logs": [Fault("joblog", FaultKind.ERROR, code=1000, after=3)],
    "no clients": [Fault(r"/clients", FaultKind.GARBAGE)],
    "no live status": [Fault("status", FaultKind.ERROR, code=4)],
    "no open jobs": [Fault("jobstatus", FaultKind.STATUS, status=500)],
    "damaged rows": [
        Fault(r"/jobs\?", FaultKind.BODY, body={"output": [{"jobid": "x"}, {}], "error": 0})
    ],
    "logs that are no logs": [
        Fault("joblog", FaultKind.BODY, body={"output": {"a": [1, None]}, "error": 0})
    ],
}


def report(
    folder: Path,
    night: Night,
    flavour: Flavour = Flavour.BACULUM_15,
    broken: Sequence[Fault] = (),
    language: str = "en",
) -> tuple[str, Any, str]:
    """Page, document and text of one report."""
    with Baculum(night, flavour, faults=broken) as server:
        html, data, text = reported(server, folder, language=language)
    return html.read_text("utf-8"), json.loads(data.read_text("utf-8")), text.read_text("utf-8")


def shown_jobs(page: str) -> list[int]:
    """The JobIds of cards, rows and copies."""
    cards = re.findall(r'id="job-(\d+)"', page)
    rows = re.findall(r"<small>(\d+)</small>(?:</td>|<span>)", page)
    return sorted(int(jobid) for jobid in cards + rows)


def agrees(page: str, document: Any, text: str) -> None:
    """The three files say the same, and the JSON keeps to its schema."""
    assert complaints(document) == []
    jobids = sorted(job["jobid"] for job in document["jobs"])
    assert jobids == shown_jobs(page)
    listed = re.findall(r"^[*-] .*JobId (\d+)(?:\]$|\):)", text, re.MULTILINE)
    listed += re.findall(r"^- .* > .* \(JobId (\d+)\) ", text, re.MULTILINE)
    assert jobids == sorted(int(jobid) for jobid in listed)
    jobs = [job for job in document["jobs"] if not is_good_copy(job)]
    counted = Counter(job["outcome"] for job in jobs)
    assert {**counted} == {k: v for k, v in document["summary"].items() if k in counted}
    assert len(document["jobs"]) - len(jobs) == document["summary"]["copies"]
    for finding in document["findings"]:
        assert finding["sentence"] in unescape(page)
        assert finding["sentence"] in text
    assert f'class="level-{document["verdict"]}"' in page
    assert document["verdict_sentence"] in text


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("flavour", list(Flavour))
def test_the_told_night_is_told_alike_in_all_three_files(
    tmp_path: Path, flavour: Flavour, language: str
) -> None:
    page, document, text = report(tmp_path, TOLD, flavour, language=language)
    agrees(page, document, text)
    assert (True, "critical", language) == (
        document["complete"], document["verdict"], document["language"],
    )  # fmt: skip


def test_every_server_leads_to_the_same_jobs(tmp_path: Path) -> None:
    nights = []
    for flavour in Flavour:
        document = report(tmp_path, TOLD, flavour)[1]
        nights.append([(job["jobid"], job["outcome"], job["reasons"]) for job in document["jobs"]])
    assert [nights[0]] * len(nights) == nights


@pytest.mark.parametrize("flavour", list(Flavour))
def test_a_director_without_any_job_makes_an_empty_report_that_is_not_good(
    tmp_path: Path, flavour: Flavour
) -> None:
    page, document, text = report(tmp_path, EMPTY, flavour)
    agrees(page, document, text)
    assert (document["jobs"], document["verdict"]) == ([], "attention")
    assert "No job ran in this period." in page


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", BROKEN)
def test_whatever_is_missing_the_files_agree_and_say_so(
    tmp_path: Path, name: str, language: str
) -> None:
    page, document, text = report(tmp_path, TOLD, broken=BROKEN[name], language=language)
    agrees(page, document, text)
    assert not document["complete"]
    assert document["gaps"]
    assert document["verdict"] != "good"
    heading = {"en": "This report is incomplete", "ko": "이 보고서는 완전하지 않습니다"}[language]
    assert heading in page
    assert f"{heading}:" in text.splitlines()
    for gap in document["gaps"]:
        assert gap["reason"] in text


def test_links_carry_no_password(tmp_path: Path) -> None:
    with Baculum(TOLD) as server:
        paths = reported(server, tmp_path, web="https://backup01:9095")
    for path in paths:
        assert "demo-password" not in path.read_text("utf-8")
    assert 'href="https://backup01:9095/web/job/history/' in paths[0].read_text("utf-8")
