"""The night that the recorded servers saw, rebuilt from the recordings."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.demo import Flavour, Night
from app.demo.night import LogRow, Row

FIXTURES = Path(__file__).parent / "fixtures"
RIG_ZONE = ZoneInfo("Asia/Seoul")
RIG_NOW = datetime(2026, 11, 21, 3, 29, 20, tzinfo=RIG_ZONE)


@dataclass(frozen=True)
class Capture:
    """One line of INDEX.tsv with the recording that holds its body."""

    server: str
    name: str
    status: str
    request: str
    note: str

    @property
    def flavour(self) -> Flavour:
        return Flavour(self.server)

    @property
    def method(self) -> str:
        return self.request.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.request.partition(" ")[2]

    @property
    def recorded(self) -> dict[str, Any]:
        """The recording: its own, or the one that INDEX.tsv calls the same."""
        name = self.name
        if not _file(self.server, name).exists():
            name = self.note.partition("[same body as ")[2].rstrip("]")
        return recording(self.server, name)

    @property
    def variant(self) -> str:
        return str(self.recorded.get("variant", ""))


def captures() -> list[Capture]:
    """Everything that was recorded."""
    lines = (FIXTURES / "INDEX.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [Capture(*line.split("\t")) for line in lines]


@cache
def recording(server: str, name: str) -> dict[str, Any]:
    """One recorded answer."""
    loaded: dict[str, Any] = json.loads(_file(server, name).read_text(encoding="utf-8"))
    return loaded


def output(name: str, server: str = "baculum-15.0") -> Any:
    """The `output` of one recorded answer; a copy of its own."""
    return json.loads(json.dumps(recording(server, name)["body"]["output"]))


def rig_night() -> Night:
    """The recorded catalog with its 56 jobs, and the Director while jobs ran and waited."""
    return Night(
        director="rig-dir",
        zone=RIG_ZONE,
        jobs=_jobs(),
        logs=_logs(),
        clients=_without(output("clients_v1"), "running_jobs", "os", "version"),
        pools=_without(output("pools_v1"), "maxpoolbytes"),
        volumes=output("volumes_v1"),
        storages=output("storages_v1"),
        filesets=output("filesets_v1"),
        schedule=output("schedule_status_v1")[:-1],
        running=output("dirstatus_v2_steady_running"),
        client_running={"nas01-fd": output("clientstatus_v2_nas01_running_json")},
        job_names=output("jobs_resnames_v1")["rig-dir"],
        unreachable={"dead01-fd": 15.1, "badpw01-fd": 5.1, "BadSD": 8.1},
        devices={
            "File1": output("storagestatus_v2_1_devices_json"),
            "Manual": output("storagestatus_v1_manual_devices"),
        },
        storage_running={"File1": output("storagestatus_v2_1_running_json")},
        told_at=RIG_NOW,
    )


def _file(server: str, name: str) -> Path:
    return FIXTURES / server / f"{name}.json"


def _without(rows: list[Row], *columns: str) -> list[Row]:
    return [{key: row[key] for key in row if key not in columns} for row in rows]


def _jobs() -> list[Row]:
    """Common columns from Baculum 15, the volumes from Bacularis."""
    volumes = {
        row["jobid"]: {"firstvol": row["firstvol"], "volcount": row["volcount"]}
        for row in output("bacularis_jobs_all_v1", "bacularis-6.3")
    }
    rows = _without(output("jobs_v1_all"), "content")
    return [{**row, **volumes[row["jobid"]]} for row in rows]


def _logs() -> dict[int, list[LogRow]]:
    """Every recorded log, its encoding repaired; times where they were recorded."""
    started = {row["jobid"]: row["starttime"] or row["schedtime"] for row in _jobs()}
    logs: dict[int, list[LogRow]] = {}
    for path in sorted((FIXTURES / "baculum-15.0").glob("joblog_v1_[0-9]*.json")):
        jobid = int(path.stem.split("_")[2])
        logs[jobid] = [
            (started[jobid], repaired(text))
            for text in output(path.stem)
            if not text.startswith("20")
        ] or logs.get(jobid, [])
    # The only recording of job 30's log carries no number.
    logs[30] = [(started[30], repaired(text)) for text in output("joblog_v1_waiting_volume")]
    for jobid in (1, 47):
        lines = [repaired(text) for text in output(f"joblog_v1_{jobid}_show_time")]
        logs[jobid] = [(line[:19], line[20:]) for line in lines]
    return logs


def repaired(text: str) -> str:
    """Undo one of the two UTF-8 encodings."""
    return text.encode("latin-1").decode("utf-8")
