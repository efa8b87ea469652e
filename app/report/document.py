"""The JSON beside the page: the same night for programs. Its form is `bacula-report-1.schema.json`.

Within schema 1 fields may be added, never removed or changed in meaning.
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from app.assess.finding import Finding, Notice
from app.assess.findings.catalogue import TITLES
from app.assess.model import Assessment, ClientState, JudgedJob, Reason
from app.assess.nights import Known, Night, Nights, NightState, Rate
from app.assess.protection import Protection
from app.bacula.clock import fixed_zone
from app.i18n import Translator
from app.report.format import Formatter
from app.snapshot import Gap

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
        "gaps": [_gap(gap, tr) for gap in snapshot.gaps],
        "notes": [_gap(note, tr) for note in snapshot.notes],
        "history": {
            "since": fmt.iso(snapshot.history.since),
            "whole": snapshot.history.whole,
            "jobs": len(snapshot.history.jobs),
        },
        "verdict": assessment.verdict.level.value,
        "verdict_sentence": tr.text(assessment.verdict.sentence),
        "summary": {
            "total": sum(assessment.counts.values()),
            **{outcome.value: count for outcome, count in assessment.counts.items()},
            "copies": len(assessment.copies),
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
        "findings": [_finding(finding, tr, fmt) for finding in assessment.findings],
        "nights": _nights(assessment.nights),
        "protection": [_protection(one, fmt) for one in assessment.protections],
    }


def render_json(document: dict[str, Any]) -> str:
    """Return the document as text, one line a job so that differences can be read."""
    # Piece by piece: all pieces of a long document at once take ten times its room.
    text = io.StringIO()
    _put(document, text, "\n")
    return text.getvalue() + "\n"


# With an `indent`, json writes in Python and takes four times as long.
_one_line = json.JSONEncoder(ensure_ascii=False).encode


def _put(value: Any, text: io.StringIO, line: str) -> None:
    """Write an object field by field, a list of objects one a line, all else as it is."""
    if isinstance(value, dict) and value:
        for number, (name, field) in enumerate(value.items()):
            text.write(f"{',' if number else '{'}{line} {_one_line(name)}: ")
            _put(field, text, f"{line} ")
        text.write(f"{line}}}")
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, item in enumerate(value):
            text.write(f"{',' if number else '['}{line} {_one_line(item)}")
        text.write(f"{line}]")
    else:
        text.write(_one_line(value))


def _gap(gap: Gap, tr: Translator) -> dict[str, Any]:
    return {
        "source": gap.source.value,
        "reason": tr.text(gap.reason),
        "jobids": sorted(gap.jobids),
    }


def _finding(finding: Finding, tr: Translator, fmt: Formatter) -> dict[str, Any]:
    muted = finding.muted
    return {
        "key": finding.key,
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "title": tr(TITLES[finding.kind]),
        "sentence": tr.text(finding.sentence),
        "action": tr.text(finding.action) if finding.action is not None else None,
        "since": fmt.iso(finding.since),
        "nights": finding.nights,
        "news": finding.news.value if finding.news is not None else None,
        "cause": finding.cause.value if finding.cause is not None else None,
        "clients": list(finding.clients),
        "jobs": list(dict.fromkeys(notice.job for notice in finding.notices if notice.job)),
        "notices": [_notice(notice, tr, fmt) for notice in finding.notices],
        "muted": (
            {"reason": muted.reason, "until": muted.until.isoformat()}
            if muted is not None
            else None
        ),
    }


def _notice(notice: Notice, tr: Translator, fmt: Formatter) -> dict[str, Any]:
    return {
        "client": notice.client,
        "job": notice.job,
        "jobids": list(notice.jobids),
        "sentence": tr.text(notice.sentence),
        "action": tr.text(notice.action) if notice.action is not None else None,
        "since": fmt.iso(notice.since),
        "nights": notice.nights,
        "news": notice.news.value if notice.news is not None else None,
        "evidence": list(notice.evidence),
    }


def _nights(nights: Nights) -> dict[str, Any]:
    return {
        "nights": [_night(night) for night in nights.nights],
        "servers": [
            {"client": server.client, "states": [_STATES[cell.state] for cell in server.cells]}
            for server in nights.servers
        ],
        "success_rate": _rate(nights.rate),
        "success_rate_before": _rate(nights.rate_before),
    }


_STATES = {state: state.value.replace(" ", "_") for state in NightState}


def _night(night: Night) -> dict[str, Any]:
    """What is not known whole has no sums: a part would be taken for the whole."""
    whole = night.known is Known.WHOLE
    return {
        "night": night.day.isoformat(),
        "known": night.known.value,
        "backups": night.backups if whole else None,
        "good": night.good if whole else None,
        "open": night.open if whole else None,
        "bytes": night.bytes if whole else None,
        "files": night.files if whole else None,
        "seconds": int(night.spent.total_seconds()) if whole else None,
    }


def _rate(rate: Rate | None) -> dict[str, int] | None:
    return {"good": rate.good, "total": rate.total} if rate is not None else None


def _protection(one: Protection, fmt: Formatter) -> dict[str, Any]:
    return {
        "client": one.client,
        "job": one.job,
        "state": one.state.value.replace(" ", "_"),
        "last": {
            level: {"jobid": run.jobid, "ended": fmt.iso(run.ended)}
            for level, run in one.last.items()
        },
        "limit_seconds": int(one.limit.total_seconds()) if one.limit is not None else None,
        "limit_level": one.level,
    }


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
        "copy_of": judged.copy_of or None,
        "made_up_by": judged.made_up_by or None,
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
