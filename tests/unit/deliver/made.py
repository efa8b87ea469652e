"""Parcels and letters for the tests of delivery."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.deliver.model import Count, Letter, Page, Parcel, Point, report_id

SEOUL = ZoneInfo("Asia/Seoul")
MADE = datetime(2026, 11, 21, 8, 0, tzinfo=SEOUL)
PAGE = Page("mail_20261121080000.html", "<html><body>전체 보고서</body></html>".encode())


def a_parcel(made: datetime = MADE, **more: Any) -> Parcel:
    """The report of a bad night, in Korean."""
    start, end = made - timedelta(hours=10), made
    parcel = Parcel(
        report_id=report_id("bacula01-dir", made, start, end),
        audience="",
        language="ko",
        director="bacula01-dir",
        generated=made,
        start=start,
        end=end,
        period="11월 20일 22:00 – 11월 21일 08:00",
        level="critical",
        verdict="조치 필요",
        sentence="작업 2개가 실패했습니다.",
        counts=(Count("failed", "실패", 2), Count("success", "성공", 31)),
        findings=(
            Point(
                "critical", "web01-fd는 9일 동안 백업되지 않았습니다.", "클라이언트를 확인하십시오."
            ),
            Point("warning", "Pool Full의 볼륨이 부족합니다."),
        ),
        keys=("too-old||web01-fd/files/", "pool-full||//Full"),
        complete=True,
        subject="[bacula01-dir] 조치 필요: 실패 2, 성공 31 · 2026-11-21",
        text="작업 2개가 실패했습니다.\n\n.점으로 시작하는 줄\n끝",
        html="<!doctype html><html><body bgcolor='#fff'><p>작업 2개 실패</p></body></html>",
        page=PAGE,
        link="https://backup01.example/reports/mail_20261121080000.html",
    )
    return replace(parcel, **more)


def a_letter(parcel: Parcel | None = None, **more: Any) -> Letter:
    """A letter to two people."""
    parcel = parcel or a_parcel()
    given = {"channel": "mail", "recipients": ("a@example.com",), "posted": MADE, **more}
    return Letter(parcel=parcel, **given)


def a_good_parcel(made: datetime = MADE, **more: Any) -> Parcel:
    """The report of a good night, in English."""
    given: dict[str, Any] = {
        "language": "en",
        "level": "good",
        "verdict": "All good",
        "sentence": "All 31 jobs succeeded, on 12 servers.",
        "counts": (Count("success", "succeeded", 31),),
        "findings": (),
        "keys": (),
        "subject": "[bacula01-dir] all good: 31 ok · 2026-11-21",
        "text": "All 31 jobs succeeded.\n",
        "html": "",
        "page": None,
        **more,
    }
    return a_parcel(made, **given)
