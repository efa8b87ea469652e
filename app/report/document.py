"""The JSON beside the page: the same night for programs. Its form is `bacula-report-1.schema.json`.

Within schema 1 fields may be added, never removed or changed in meaning.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from app.assess.model import Assessment, ClientState, JudgedJob, Reason
from app.bacula.clock import fixed_zone
from app.i18n import Translator
from app.report.format import Formatter

SCHEMA = "bacula-report/1"


def build_document(assessment: Assessment, *, generated: datetime, language: str) -> dict[str, Any]:
    """Return the report as plain data. Times are ISO 8601 with offset; sizes are bytes."""
    snapshot = assessment.snapshot
    zone = snapshot.period.start.tzinfo or UTC
    fmt = Formatter(language, zone)
    tr = Translator(language, fmt.write)
    files, size = assessment.backed_up
    states = assessment.client_states
    return {
        "schema": SCHEMA,
        "generated_at": fmt.iso(generated),
        "language": tr.language,
        "period": {
            "from": fmt.iso(snapshot.period.start),
            "to": fmt.iso(snapshot.period.end),
            "timezone": _zone_key(zone, snapshot.period.end),
        },
        "mode": snapshot.mode.value,
        "source": {
            "host": snapshot.source.host,
            "server": snapshot.source.server,
            "api": snapshot.source.api,
            "director": snapshot.source.director,
            "timezone": _zone_key(snapshot.source.zone, snapshot.period.end),
        },
        "filters": {
            "type": list(snapshot.filters.types),
            "client": list(snapshot.filters.clients),
            "job": list(snapshot.filters.jobs),
        },
        "complete": assessment.complete,
        "gaps": [
            {
                "source": gap.source.value,
                "reason": tr.text(gap.reason),
                "jobids": sorted(gap.jobids),
            }
            for gap in snapshot.gaps
        ],
        "verdict": assessment.verdict.level.value,
        "verdict_sentence": tr.text(assessment.verdict.sentence),
        "summary": {
            "total": len(assessment.jobs),
            **{outcome.value: count for outcome, count in assessment.counts.items()},
            "clients": {
                "total": len(assessment.clients),
                "fine": states[ClientState.FINE],
                "troubled": states[ClientState.TROUBLED],
                "in_progress": states[ClientState.IN_PROGRESS],
                "idle": len(assessment.idle_clients),
            },
            "bytes": size,
            "files": files,
        },
        "jobs": [_job(judged, tr, fmt) for judged in assessment.jobs],
        "findings": [],
    }


def render_json(document: dict[str, Any]) -> str:
    """Return the document as text, one line a job so that differences can be read."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _job(judged: JudgedJob, tr: Translator, fmt: Formatter) -> dict[str, Any]:
    job, live = judged.job, judged.live
    entry: dict[str, Any] = {
        "jobid": job.jobid,
        "name": job.name,
        "client": job.client,
        "type": job.type,
        "level": job.level,
        "outcome": judged.outcome.value,
        "status": job.status,
        "scheduled": fmt.iso(job.scheduled),
        "started": fmt.iso(job.run_start),
        "ended": fmt.iso(job.run_end),
        "bytes": job.bytes,
        "files": job.files,
        "errors": job.errors,
        "pool": job.pool,
        "fileset": job.fileset,
        "reasons": [_reason(reason, tr) for reason in judged.reasons],
    }
    if live is not None:
        entry["live"] = {
            "status": live.status,
            "description": live.description,
            "since": fmt.iso(judged.since),
            "bytes": live.bytes,
            "files": live.files,
            "bytes_per_second": live.bytes_per_second,
            "current_file": live.current_file,
        }
    return entry


def _reason(reason: Reason, tr: Translator) -> str:
    text = tr.text(reason.text)
    return f"{text} (+{reason.alike:,})" if reason.alike else text


def _zone_key(zone: tzinfo, at: datetime) -> str:
    if isinstance(zone, ZoneInfo) and zone.key:
        return zone.key
    return str(fixed_zone(at.astimezone(zone).utcoffset() or timedelta()).tzname(None))
