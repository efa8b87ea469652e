"""The lists beside the jobs: clients, pools, volumes, storages, schedules, the Director."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from .flavours import Flavour
from .night import Row
from .routes import ApiError, Call, NoSuchEndpoint, Route, UncaughtException

_DEFAULT_DAYS = 30
_DEFAULT_ITEMS = 30


def catalog(call: Call) -> Any:
    """GET /catalog: an empty string is a reachable database."""
    return ""


def welcome(call: Call) -> Any:
    """GET /welcome says what an unknown endpoint says."""
    raise NoSuchEndpoint


def dbsize(call: Call) -> Any:
    """GET /dbsize."""
    return {"dbsize": 9_502_055 + 650 * len(call.night.jobs), "dbtype": "pgsql"}


def directors(call: Call) -> Any:
    """GET /directors."""
    return [call.night.director]


def director_time(call: Call) -> Any:
    """GET /directors/NAME/time: the Director's wall clock."""
    _check_director(call, call.arguments[0])
    now = call.now.astimezone(call.night.zone)
    return {
        "year": now.year,
        "month": now.month,
        "day": now.day,
        "hour": now.hour,
        "minute": now.minute,
        "second": now.second,
    }


def director_show(call: Call) -> Any:
    """GET /directors/NAME/show: bconsole's raw text."""
    _check_director(call, call.arguments[0])
    return [
        "show director",
        f"Director: name={call.night.director} MaxJobs=20 FDtimeout=8 SDtimeout=8",
        "   query_file=/etc/bacula/scripts/query.sql",
        "  --> Messages: name=Daemon",
        "",
    ]


def clients(call: Call) -> Any:
    """GET /clients; Baculum 15 adds what it takes from `uname` and the running jobs."""
    if not call.traits.modern:
        return [dict(client) for client in call.night.clients]
    return [
        {**client, "running_jobs": _open_jobs(call, client["clientid"]), **_system(client)}
        for client in call.night.clients
    ]


def one_client(call: Call) -> Any:
    """GET /clients/ID."""
    client = _by_id(call.night.clients, "clientid", call, 10, "Client does not exist.")
    if not call.traits.modern:
        return dict(client)
    return {**client, "plugins": None, **_system(client), "running_jobs": None}


def show_clients(call: Call) -> Any:
    """GET /clients/show: bconsole's raw text."""
    lines = ["show clients"]
    for client in call.night.clients:
        lines += [
            f"Client: Name={client['name']} Enabled=1 Address=127.0.0.1 FDport=9102 MaxJobs=5",
            "      JobRetention=6 months  FileRetention=2 months  AutoPrune=0",
        ]
    return [*lines, ""]


def storages(call: Call) -> Any:
    """GET /storages."""
    return call.night.storages


def one_storage(call: Call) -> Any:
    """GET /storages/ID."""
    return _by_id(call.night.storages, "storageid", call, 20, "Storage does not exist.")


def pools(call: Call) -> Any:
    """GET /pools; the size column came after 9.6."""
    return [_pool(call, pool) for pool in call.night.pools]


def one_pool(call: Call) -> Any:
    """GET /pools/ID; the code of an unknown one is taken from the source, not observed."""
    return _pool(call, _by_id(call.night.pools, "poolid", call, 40, "Pool does not exist."))


def volumes(call: Call) -> Any:
    """GET /volumes."""
    return call.night.volumes


def one_volume(call: Call) -> Any:
    """GET /volumes/ID; the code of an unknown one is taken from the source, not observed."""
    return _by_id(call.night.volumes, "mediaid", call, 30, "Volume does not exist.")


def volumes_overview(call: Call) -> Any:
    """GET /volumes/overview: disk, tape, cloud."""
    media = [_medium(volume) for volume in call.night.volumes if volume["lastwritten"]]
    nothing: dict[str, Any] = {"media": [], "count": 0}
    return {"disk": {"media": media, "count": len(media)}, "tape": nothing, "cloud": nothing}


def filesets(call: Call) -> Any:
    """GET /filesets."""
    return call.night.filesets


def one_fileset(call: Call) -> Any:
    """GET /filesets/ID; the code of an unknown one is taken from the source, not observed."""
    return _by_id(call.night.filesets, "filesetid", call, 60, "FileSet does not exist.")


def schedule_status(call: Call) -> Any:
    """GET /schedules/status: from today's midnight on, the last item said twice."""
    days = call.number("days") or _DEFAULT_DAYS
    now = call.now.astimezone(call.night.zone)
    first = datetime(now.year, now.month, now.day, tzinfo=call.night.zone)
    begin, end = first.timestamp(), (first + timedelta(days=days)).timestamp()
    due = [run for run in call.night.schedule if begin <= int(run["schedtime_epoch"]) < end]
    for parameter, column in (("job", "name"), ("client", "client"), ("schedule", "schedule")):
        wanted = call.text(parameter)
        due = [run for run in due if wanted is None or run[column] == wanted]
    due = due[: call.number("limit") or _DEFAULT_ITEMS]
    return due + due[-1:]


def schedule_names(call: Call) -> Any:
    """GET /schedules/resnames, with its empty last name."""
    return [*dict.fromkeys(run["schedule"] for run in call.night.schedule), ""]


def config(call: Call) -> Any:
    """GET /config."""
    raise ApiError(80, "JSON tools support is disabled.")


def events(call: Call) -> Any:
    """GET /events needs a newer catalog."""
    text = (
        "Internal error. Invalid table/view name 'events', or that table/view 'events' contains "
        "no accessible column/field definitions."
    )
    raise ApiError(1000, text)


def objects(call: Call) -> Any:
    """GET /objects needs a newer catalog."""
    raise UncaughtException("Invalid table/view name 'object'")


def _check_director(call: Call, name: str) -> None:
    if name != call.night.director:
        raise ApiError(5, "Invalid director.")


def _by_id(rows: list[Row], column: str, call: Call, code: int, text: str) -> Row:
    wanted = int(call.arguments[0])
    found = next((row for row in rows if row[column] == wanted), None)
    if found is None:
        raise ApiError(code, text)
    return found


def _open_jobs(call: Call, clientid: int) -> int:
    return sum(row["clientid"] == clientid and row["jobstatus"] in "RC" for row in call.night.jobs)


def _system(client: Row) -> Row:
    """`os` and `version` out of "9.6.7 (10Dec20) x86_64-pc-linux-gnu,debian,..."."""
    version, _, rest = str(client["uname"]).partition(" ")
    return {"os": rest.partition(") ")[2], "version": version}


def _pool(call: Call, pool: Row) -> Row:
    shown = {column: pool[column] for column in pool if column != "maxpoolbytes"}
    return shown if not call.traits.maxpoolbytes else {**shown, "maxpoolbytes": None}


def _medium(volume: Row) -> Row:
    columns = (
        "mediaid",
        "volumename",
        "pool",
        "storage",
        "volbytes",
        "volabytes",
        "volstatus",
        "volerrors",
        "inchanger",
        "slot",
    )
    return {**{column: volume[column] for column in columns}, "expiresin": 0}


_MODERN = frozenset({Flavour.BACULUM_15})
_BACULUM = frozenset(Flavour) - {Flavour.BACULARIS_6}
_BACULARIS = frozenset({Flavour.BACULARIS_6})
_V2 = frozenset({"v2"})
_V3 = frozenset({"v3"})


def _list_and_item(
    name: str, everything: Callable[[Call], Any], one: Callable[[Call], Any]
) -> tuple[Route, Route]:
    return Route(name, everything), Route(rf"{name}/(\d+)", one)


ROUTES = (
    Route("catalog", catalog),
    Route("welcome", welcome),
    Route("dbsize", dbsize),
    Route("directors", directors),
    Route("directors/([^/]+)/time", director_time, versions=_V2, flavours=_MODERN),
    Route("directors/([^/]+)/show", director_show, versions=_V2 | _V3),
    *_list_and_item("clients", clients, one_client),
    Route("clients/show", show_clients),
    *_list_and_item("storages", storages, one_storage),
    *_list_and_item("pools", pools, one_pool),
    *_list_and_item("volumes", volumes, one_volume),
    Route("volumes/overview", volumes_overview, flavours=_MODERN),
    *_list_and_item("filesets", filesets, one_fileset),
    Route("schedules/status", schedule_status),
    Route("schedules/resnames", schedule_names, flavours=_BACULUM),
    Route("schedules/resnames", schedule_names, versions=_V3, flavours=_BACULARIS),
    Route("config", config),
    Route("events", events, flavours=_MODERN),
    Route("objects", objects, flavours=_MODERN),
)
