"""Live status of the Director, the clients and the storages, parsed and as raw text."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from .logs import MONTHS, commas, suffixed
from .night import CATALOG_TIME, Row, epoch
from .routes import LATER_VERSIONS, ApiError, Call, Route

_V1 = frozenset({"v1"})
_LEVEL_NAMES = {"F": "Full", "D": "Diff", "I": "Incr"}
_LEVEL_WORDS = {"F": "Full", "D": "Differential", "I": "Incremental"}
_TYPE_NAMES = {"B": "Back", "R": "Rest", "V": "Veri", "D": "Admi", "c": "Copy", "C": "Copy"}
_STATUS_WORDS = {"T": "OK", "A": "Cancel", "f": "Error", "E": "Error", "I": "Incomp", "D": "Diffs"}
_UNAME = "x86_64-pc-linux-gnu debian bookworm/sid"
_VERSION = "9.6.7 (10 December 2020)"
_REMEMBERED = 10
_ONLY_LATER = frozenset({"name", "fileset"})


def director_component(call: Call) -> Any:
    """GET /api/v1/status/director/?type=..."""
    return _director(call, call.text("type"))


def director_status(call: Call) -> Any:
    """GET /api/v2/directors/NAME/status: raw text unless output=json."""
    if call.arguments[0] != call.night.director:
        raise ApiError(5, "Invalid director.")
    return _director(call, call.text("type") if _wants_json(call) else None)


def client_component(call: Call) -> Any:
    """GET /api/v1/status/client/?name=...&type=..."""
    name = call.text("name")
    if name not in (client["name"] for client in call.night.clients):
        raise ApiError(10, "Client does not exist.")
    return _client(call, str(name), call.text("type"))


def client_status(call: Call) -> Any:
    """GET /clients/ID/status."""
    name = _name(call, call.night.clients, "clientid")
    if name is None:
        raise ApiError(10, "Client does not exist.")
    return _client(call, name, call.text("type") if _wants_json(call) else None)


def storage_component(call: Call) -> Any:
    """GET /api/v1/status/storage/?name=...&type=..."""
    name = call.text("name")
    if name not in (storage["name"] for storage in call.night.storages):
        raise ApiError(20, "Storage does not exist.")
    return _storage(call, str(name), call.text("type"))


def storage_status(call: Call) -> Any:
    """GET /storages/ID/status."""
    name = _name(call, call.night.storages, "storageid")
    if name is None:
        raise ApiError(20, "Storage does not exist.")
    return _storage(call, name, call.text("type") if _wants_json(call) else None)


def _wants_json(call: Call) -> bool:
    return call.version != "v1" and call.text("output") == "json"


def _name(call: Call, rows: list[Row], column: str) -> str | None:
    wanted = int(call.arguments[0])
    return next((str(row["name"]) for row in rows if row[column] == wanted), None)


def _director(call: Call, kind: str | None) -> Any:
    match kind:
        case "running":
            return call.night.running
        case "terminated":
            return _terminated(call, call.night.jobs)
        case "scheduled":
            return [_due(run) for run in _next_day(call)]
        case "header":
            return _director_header(call)
        case _:
            return _director_text(call)


def _client(call: Call, name: str, kind: str | None) -> Any:
    if name in call.night.unreachable:
        call.wait(call.night.unreachable[name])
        return [] if kind else _unreachable("client", "Client", name, ())
    running = call.night.client_running.get(name, [])
    finished = [row for row in call.night.jobs if row["client"] == name and row["type"] != "C"]
    match kind:
        case "running":
            return [_client_item(call, item) for item in running]
        case "terminated":
            names = {} if call.version == "v1" else {row["job"]: row["name"] for row in finished}
            return _terminated(call, finished, names)
        case "header":
            return {**_header(call, name, len(finished), len(running)), **_CLIENT_HEADER}
        case _:
            return _client_text(call, name, running, finished)


_CLIENT_HEADER = {
    "winver": "",
    "debug": "0",
    "trace": "0",
    "bwlimit": "0",
    "plugins": "bpipe-fd.so",
}


def _client_item(call: Call, item: Row) -> Row:
    """Name and fileset came with v2."""
    if call.version == "v1":
        return {column: item[column] for column in item if column not in _ONLY_LATER}
    known = next((live for live in call.night.running if live["jobid"] == item["jobid"]), {})
    return {
        **item,
        **{column: item.get(column, known.get(column, "")) for column in ("name", "fileset")},
    }


def _storage(call: Call, name: str, kind: str | None) -> Any:
    if name in call.night.unreachable:
        call.wait(call.night.unreachable[name])
        return [] if kind else _unreachable("storage", "Storage daemon", name, ("",))
    match kind:
        case "devices":
            return call.night.devices.get(name, [])
        case "running":
            return call.night.storage_running.get(name, [])
        case "terminated":
            return _terminated(call, call.night.jobs)
        case "header":
            return _header(call, name, len(call.night.jobs), len(call.night.running))
        case _:
            return _storage_text(call, name)


def _unreachable(kind: str, daemon: str, name: str, gap: tuple[str, ...]) -> list[str]:
    return [
        f'status {kind}="{name}"',
        f"Connecting to {daemon} {name} at 127.0.0.1:9199",
        *gap,
        f"Failed to connect to {daemon} {name}.",
        "====",
        "",
    ]


def _started(call: Call) -> datetime:
    moment = call.night.started_at or call.now - timedelta(days=20)
    return moment.astimezone(call.night.zone)


def _header(call: Call, name: str, run: int, running: int) -> Row:
    started = _started(call)
    return {
        "name": name,
        "version": _VERSION,
        "uname": _UNAME,
        "started_epoch": epoch(started),
        "started": started.strftime(CATALOG_TIME),
        "pid": "4641",
        "jobs_run": str(run),
        "jobs_running": str(running),
    }


def _director_header(call: Call) -> Row:
    night = call.night
    header = _header(call, night.director, len(night.jobs), len(night.running))
    jobs = {key: header.pop(key) for key in ("pid", "jobs_run", "jobs_running")}
    return {
        **header,
        "reloaded_epoch": header["started_epoch"],
        "reloaded": header["started"],
        **jobs,
        "nclients": str(len(night.clients)),
        "nstores": str(len(night.storages)),
        "npools": str(len(night.pools)),
        "ncats": "1",
        "nfset": str(len(night.filesets)),
        "nscheds": str(len({run["schedule"] for run in night.schedule})),
        "plugins": "",
    }


def _ended(rows: Iterable[Row]) -> list[Row]:
    """What a daemon remembers: the last ten that ended, oldest first."""
    ended = [row for row in rows if row["realendtime"] is not None]
    ended.sort(key=lambda row: (row["realendtime"], row["jobid"]))
    return ended[-_REMEMBERED:]


def _terminated(call: Call, rows: Iterable[Row], names: dict[str, str] | None = None) -> list[Row]:
    return [_terminated_item(call, row, names or {}) for row in _ended(rows)]


def _terminated_item(call: Call, row: Row, names: dict[str, str]) -> Row:
    start, end = row["starttime"] or row["schedtime"], row["realendtime"]
    name = {"name": names[row["job"]].replace(" ", "_")} if row["job"] in names else {}
    return {
        "jobid": str(row["jobid"]),
        "level": row["level"].strip() if row["type"] != "R" else "",
        "type": "B" if row["type"] == "C" else row["type"],
        "status": row["jobstatus"],
        "status_desc": _STATUS_WORDS.get(row["jobstatus"], "Other"),
        "jobbytes": str(row["jobbytes"]),
        "jobfiles": str(row["jobfiles"]),
        "job": row["job"],
        **name,
        "starttime_epoch": _true_epoch(call, start),
        "starttime": start,
        "endtime_epoch": _true_epoch(call, end),
        "endtime": end,
        "errors": str(row["joberrors"]),
    }


def _true_epoch(call: Call, time: str) -> str:
    return epoch(datetime.fromisoformat(time).replace(tzinfo=call.night.zone))


def _next_day(call: Call) -> list[Row]:
    begin = call.now.timestamp()
    end = begin + 24 * 3600
    return [run for run in call.night.schedule if begin <= int(run["schedtime_epoch"]) < end]


def _due(run: Row) -> Row:
    columns = ("name", "level", "type", "priority", "schedtime_epoch", "schedtime")
    pool = {"F": "Full", "D": "Diff"}.get(run["level"], "Inc")
    return {
        **{column: run[column] for column in columns},
        "volume": f"{pool}-0001",
        "pool": f"{pool}-Pool",
        "storage": "File1",
    }


def _short(time: str) -> str:
    moment = datetime.fromisoformat(time)
    month = MONTHS[moment.month - 1]
    return f"{moment.day:02d}-{month}-{moment.year % 100:02d} {moment:%H:%M}"


def _director_text(call: Call) -> list[str]:
    night, started = call.night, _short(_started(call).strftime(CATALOG_TIME))
    return [
        "status director",
        f"{night.director} Version: {_VERSION} {_UNAME}",
        f"Daemon started {started}, conf reloaded {started}",
        f" Jobs: run={len(night.jobs)}, running={len(night.running)} mode=0,0",
        " Heap: heap=299,008 smbytes=448,712 max_bytes=1,556,643 bufs=1,013 max_bufs=1,101",
        f" Res: njobs={len(night.job_names)} nclients={len(night.clients)}"
        f" nstores={len(night.storages)} npools={len(night.pools)} ncats=1"
        f" nfsets={len(night.filesets)} nscheds=2",
        "",
        "Scheduled Jobs:",
        "Level          Type     Pri  Scheduled          Job Name           Volume",
        "=" * 83,
        *(
            f"{_LEVEL_WORDS.get(run['level'], ''):<14} Backup    {run['priority']}"
            f"  {_short(run['schedtime'])}    {run['name']:<18} {_due(run)['volume']}"
            for run in _next_day(call)
        ),
        "====",
        "",
        "Running Jobs:",
        f"Console connected at {_short(call.now.astimezone(night.zone).strftime(CATALOG_TIME))}",
        " JobId  Type Level     Files     Bytes  Name              Status",
        "=" * 70,
        *(_running_line(item) for item in night.running),
        "====",
        "",
        *_terminated_text(_ended(night.jobs)),
    ]


def _running_line(item: Row) -> str:
    return (
        f"{item['jobid']:>6}  {_TYPE_NAMES.get(item['type'], item['type']):<4}"
        f" {_LEVEL_NAMES.get(item['level'], ''):<4} {commas(int(item['jobfiles'])):>10}"
        f" {suffixed(int(item['jobbytes'])).strip():>9}  {item['name']:<17} {item['status_desc']}"
    )


def _terminated_text(rows: list[Row]) -> list[str]:
    return [
        "Terminated Jobs:",
        " JobId  Level      Files    Bytes   Status   Finished        Name",
        "=" * 68,
        *(
            f"{row['jobid']:>6}  {_LEVEL_NAMES.get(row['level'], ''):<5}"
            f" {commas(row['jobfiles']):>9}  {suffixed(row['jobbytes']).strip():>8}"
            f"  {_STATUS_WORDS.get(row['jobstatus'], 'Other'):<7}  {_short(row['realendtime'])}"
            f" {row['name'].replace(' ', '_')}"
            for row in rows
        ),
        "====",
        "",
    ]


def _client_text(call: Call, name: str, running: list[Row], finished: list[Row]) -> list[str]:
    started = _short(_started(call).strftime(CATALOG_TIME))
    lines = [
        f'status client="{name}"',
        f"Connecting to Client {name} at 127.0.0.1:9102",
        "",
        f"{name} Version: {_VERSION}  {_UNAME}",
        f"Daemon started {started}. Jobs: run={len(finished)} running={len(running)}.",
        " Heap: heap=266,240 smbytes=430,429 max_bytes=430,446 bufs=183 max_bufs=183",
        " Sizes: boffset_t=8 size_t=8 debug=0 trace=0 mode=0,0 bwlimit=0kB/s",
        " Plugin: bpipe-fd.so",
        "",
        "Running Jobs:",
    ]
    for item in running:
        lines += _client_running_text(item)
    connected = _short(call.now.astimezone(call.night.zone).strftime(CATALOG_TIME))
    lines += [f"Director connected at: {connected}", "====", ""]
    return lines + _terminated_text(_ended(finished))


def _client_running_text(item: Row) -> list[str]:
    numbers = {key: commas(int(item[key])) for key in ("jobfiles", "jobbytes", "bytes_sec")}
    return [
        f"JobId {item['jobid']} Job {item['job']} is running.",
        f"    {_LEVEL_NAMES.get(item['level'], '')} Backup Job started:"
        f" {_short(item['starttime'])}",
        f"    Files={numbers['jobfiles']} Bytes={numbers['jobbytes']}"
        f" AveBytes/sec={numbers['bytes_sec']} LastBytes/sec={numbers['bytes_sec']}"
        f" Errors={item['errors']}",
        f"    Bwlimit={item['bwlimit']} ReadBytes={commas(int(item['readbytes']))}",
        f"    Files: Examined={item['files_examined']} Backed up={item['jobfiles']}",
        f"    Processing file: {item.get('processing_file', '')}",
        f"    SDReadSeqNo={item['sdreadseqno']} fd={item['fd']} SDtls={item['sdtls']}",
    ]


def _storage_text(call: Call, name: str) -> list[str]:
    started = _short(_started(call).strftime(CATALOG_TIME))
    return [
        f'status storage="{name}"',
        f"Connecting to Storage daemon {name} at 127.0.0.1:9103",
        "",
        f"{name} Version: {_VERSION} {_UNAME}",
        f"Daemon started {started}. Jobs: run={len(call.night.jobs)},"
        f" running={len(call.night.running)}.",
        "",
        "Running Jobs:",
        *(
            f"Writing: {_LEVEL_NAMES.get(item['level'], '')} Backup job {item['name']}"
            f' JobId={item["jobid"]} Volume=""'
            for item in call.night.running
            if item["storage"] == name
        ),
        "====",
        "",
        *_terminated_text(_ended(call.night.jobs)),
    ]


ROUTES = (
    Route("status/director", director_component, versions=_V1),
    Route("status/client", client_component, versions=_V1),
    Route("status/storage", storage_component, versions=_V1),
    Route("directors/([^/]+)/status", director_status, versions=LATER_VERSIONS),
    Route(r"clients/(\d+)/status", client_status),
    Route(r"storages/(\d+)/status", storage_status),
)
