"""The jobs list with every filter a version honours, single jobs, job logs, totals."""

import calendar
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from .flavours import Flavour
from .night import CATALOG_TIME, LogRow, Resource, Row, catalog_time
from .routes import ALL_VERSIONS, ApiError, Call, OutOfMemory, Route, UncaughtException

KNOWN_STATUSES = frozenset("CRBTWEefDAIFSmMsjcdtpialLqwu")
KNOWN_LEVELS = frozenset("FDISBfVCOdA ")
KNOWN_TYPES = frozenset("BRVDcCMgASUI")
LOG_ROWS_IN_MEMORY = 100_000

_BACULARIS_COLUMNS = frozenset({"firstvol", "volcount"})
_EPOCHS = ("schedtime", "starttime", "endtime", "realendtime")
_TIME_FILTER = re.compile(r"((?:sched|start|end|realstart|realend)time)_(from|to)(_date)?")
_CATALOG_DATE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
# Columns of a newer catalog, which Baculum 15 asks for in some lists and gets as null.
_NEWER_COLUMNS = (
    "priorjob",
    "realstarttime",
    "isvirtualfull",
    "compressratio",
    "rate",
    "lastreadstorageid",
    "lastreaddevice",
    "writestorageid",
    "writedevice",
    "statusinfo",
    "encrypted",
)
_NO_REALSTARTTIME = (
    "Internal error. TDbCommand failed to execute the query SQL: SQLSTATE[42703]: Undefined "
    "column: 7 ERROR:  column job.realstarttime does not exist"
)
_NO_OBJECTS = (
    "Internal error. TDbCommand failed to execute the SQL statement: SQLSTATE[42P01]: Undefined "
    'table: 7 ERROR:  relation "object" does not exist'
)

Test = Callable[[Row], bool]


def list_jobs(call: Call) -> Any:
    """GET /jobs."""
    everything = call.night.visible()
    rows = _joined(call, _base(call, everything))
    for test in _tests(call):
        rows = [row for row in rows if test(row)]
    if _asked(call, "view") == "basic":
        raise ApiError(1000, _NO_REALSTARTTIME)
    if _asked(call, "view") == "advanced":
        return []
    overview = _overview(rows) if _asked(call, "overview") else None
    rows = call.hold(_window(call, _ordered(call, rows)))
    shaped = _shaped(call, rows, everything)
    return shaped if overview is None else {"jobs": shaped, "overview": overview}


def one_job(call: Call) -> Any:
    """GET /jobs/ID."""
    row = _existing(call)
    return _shaped(call, [row], call.night.visible())[0]


def jobs_of_client(call: Call) -> Any:
    """GET /clients/ID/jobs: oldest first, with the columns of a newer catalog."""
    clientid = int(call.arguments[0])
    everything = call.night.visible()
    rows = [row for row in reversed(everything) if row["clientid"] == clientid]
    shaped = _shaped(call, call.hold(rows), everything)
    if call.traits.modern:
        for row in shaped:
            del row["content"]
            row.update(dict.fromkeys(_NEWER_COLUMNS))
    return shaped


def job_log(call: Call) -> Any:
    """GET /joblog/ID: rows in the order they lie in, UTF-8 encoded twice."""
    log = call.night.logs.get(_existing(call)["jobid"], [])
    if len(log) > LOG_ROWS_IN_MEMORY:
        raise OutOfMemory
    return [encoded_twice(line) for line in _lines(log, _show_time(call))]


def pending_messages(call: Call) -> Any:
    """GET /joblog/messages: the console has nothing to say."""
    return ["You have no messages.", ""]


def recent_jobs(call: Call) -> Any:
    """GET /jobs/recent/NAME wants a client that nobody can give it."""
    raise ApiError(10, "Client does not exist.")


def job_files(call: Call) -> Any:
    """GET /jobs/ID/files needs a newer catalog on Baculum 15."""
    raise UncaughtException("SQLSTATE[42703]: Undefined column: file.filename does not exist")


def job_objects(call: Call) -> Any:
    """GET /jobs/objects needs a newer catalog."""
    raise ApiError(1000, _NO_OBJECTS)


def job_names(call: Call) -> Any:
    """GET /jobs/resnames."""
    return {call.night.director: call.night.job_names}


def job_totals(call: Call) -> Any:
    """GET /jobs/totals: counts of everything; the bytes are a string."""
    rows = call.night.visible()
    totals: dict[str, Any] = {"job_count": len(rows)}
    for thing, column in (("client", "client"), ("job", "name"), ("pool", "pool")):
        name, count = _most_frequent(row[column] for row in rows)
        totals[f"most_occupied_{thing}"] = name
        totals[f"most_occupied_{thing}_count"] = count
    totals["bytes"] = str(sum(row["jobbytes"] for row in rows))
    totals["files"] = sum(row["jobfiles"] for row in rows)
    return totals


def show_jobs(call: Call) -> Any:
    """GET /jobs/show: bconsole's raw text."""
    configured = call.night.configured()
    lines = (line for name, resource in configured.items() for line in _show(name, resource))
    return ["show jobs", *lines, ""]


def show_job(call: Call) -> Any:
    """GET /jobs/ID/show: bconsole's raw text."""
    name = _existing(call)["name"]
    return [f'show job="{name}"', *_show(name, call.night.configured()[name]), ""]


def encoded_twice(text: str) -> str:
    """PHP's utf8_encode() of a text that is UTF-8 already."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _lines(log: list[LogRow], show_time: bool) -> Iterable[str]:
    for time, text in log:
        yield f"{time} {text.strip()}" if show_time else text.strip()


def _show_time(call: Call) -> bool:
    """(bool)"false" is true in PHP; only "0" is not."""
    word = call.query.get("show_time", "")
    return re.fullmatch(r"(?i)yes|no|1|true|false", word) is not None


def _existing(call: Call) -> Row:
    row = call.night.job(int(call.arguments[0]))
    if row is None:
        raise ApiError(50, "Job does not exist.")
    return row


def _asked(call: Call, parameter: str) -> str | None:
    """A parameter of the jobs list, as far as this version looks at it."""
    return call.text(parameter) if call.traits.honours(parameter) else None


def _base(call: Call, everything: list[Row]) -> list[Row]:
    """Baculum 15 forgets the configured names where `jobids` is given."""
    jobids = _asked(call, "jobids")
    if jobids is None or re.fullmatch(r"\d+(,\d+)*", jobids) is None:
        return everything
    wanted = {int(jobid) for jobid in jobids.split(",")}
    rows = [row for row in call.night.jobs if row["jobid"] in wanted]
    return sorted(rows, key=lambda row: int(row["jobid"]), reverse=True)


def _joined(call: Call, rows: list[Row]) -> list[Row]:
    """Baculum 15 joins the client table inwardly: rows without a client are gone."""
    return [row for row in rows if row["clientid"]] if call.traits.modern else rows


def _tests(call: Call) -> list[Test]:
    tests = [*_letter_tests(call), *_name_tests(call), *_client_tests(call), *_time_tests(call)]
    after = call.number("afterjobid") if _asked(call, "afterjobid") else None
    if after is not None:
        tests.append(lambda row: bool(row["jobid"] > after))
    joberrors = _asked(call, "joberrors")
    if joberrors is not None:
        tests.append(lambda row: (row["joberrors"] > 0) is (joberrors != "0"))
    return tests


def _letter_tests(call: Call) -> Iterable[Test]:
    statuses = frozenset(_asked(call, "jobstatus") or "") & KNOWN_STATUSES
    if statuses:
        yield lambda row: row["jobstatus"] in statuses
    level, kind = _asked(call, "level"), _asked(call, "type")
    if level in KNOWN_LEVELS:
        yield lambda row: bool(row["level"] == level)
    if kind in KNOWN_TYPES:
        yield lambda row: bool(row["type"] == kind)


def _name_tests(call: Call) -> Iterable[Test]:
    name = _asked(call, "name")
    if name is None:
        return
    if name in call.night.job_names:
        yield lambda row: bool(row["name"] == name)
    elif call.traits.bacularis:
        raise ApiError(50, "Job does not exist.")


def _client_tests(call: Call) -> Iterable[Test]:
    client, clientid = _asked(call, "client"), _asked(call, "clientid")
    if client is not None:
        if client not in _known_clients(call):
            raise ApiError(53, "Client does not exist.")
        yield lambda row: bool(row["client"] == client)
    if clientid is not None:
        if clientid not in _known_clients(call):
            raise ApiError(53, "Client does not exist.")
        yield lambda row: str(row["clientid"]) == clientid


def _known_clients(call: Call) -> set[str]:
    """Names and ids of the clients in the catalog."""
    clients = call.night.clients
    known = {name for row in clients for name in (row["name"], str(row["clientid"]))}
    return known | {
        name for row in call.night.jobs for name in (row["client"], str(row["clientid"]))
    }


def _time_tests(call: Call) -> Iterable[Test]:
    for parameter, value in call.query.items():
        found = _TIME_FILTER.fullmatch(parameter)
        if found is None or not call.traits.honours(parameter):
            continue
        column, bound, date = found.groups()
        limit = _date_bound(value) if date else _epoch_bound(call, value)
        if limit is None:
            continue
        if column == "realstarttime":
            raise ApiError(1000, _NO_REALSTARTTIME)
        yield _between(column, bound, limit)
    age = call.number("age") if _asked(call, "age") else None
    if age is not None:
        yield _between("starttime", "from", _age_bound(call, age))


def _between(column: str, bound: str, limit: str) -> Test:
    """Inclusive; the catalog's strings are compared as they are, and nulls never match."""
    if bound == "from":
        return lambda row: row[column] is not None and row[column] >= limit
    return lambda row: row[column] is not None and row[column] <= limit


def _date_bound(value: str) -> str | None:
    if _CATALOG_DATE.fullmatch(value) is None:
        return None
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise _bad_timestamp(value) from None
    return value


def _epoch_bound(call: Call, value: str) -> str | None:
    """An epoch becomes PHP's wall clock, which need not be the Director's."""
    if re.fullmatch(r"\d{1,18}", value) is None:
        return None
    try:
        return catalog_time(datetime.fromtimestamp(int(value), UTC), call.php_zone)
    except (ValueError, OverflowError, OSError):
        raise _bad_timestamp(value) from None


def _age_bound(call: Call, age: int) -> str:
    try:
        moment = call.now - timedelta(seconds=age)
        return moment.astimezone(call.php_zone).strftime(CATALOG_TIME)
    except (ValueError, OverflowError):
        if call.traits.bacularis:
            raise UncaughtException("SQLSTATE[22007]: Invalid datetime format") from None
        raise _bad_timestamp(f"-{age}") from None


def _bad_timestamp(value: str) -> ApiError:
    text = (
        "Internal error. TDbCommand failed to execute the query SQL: SQLSTATE[22008]: Datetime "
        f'field overflow: 7 ERROR:  date/time field value out of range: "{value}"'
    )
    return ApiError(1000, text)


def _ordered(call: Call, rows: list[Row]) -> list[Row]:
    """PostgreSQL's order: nulls count as larger than everything."""
    column = _asked(call, "order_by")
    if column is None:
        return rows
    if rows and column not in rows[0]:
        raise ApiError(520, "Invalid property.")
    descending = (_asked(call, "order_direction") or "desc").lower() != "asc"
    known = [row for row in rows if row[column] is not None]
    known.sort(key=lambda row: (row[column], row["jobid"]), reverse=descending)
    nulls = [row for row in rows if row[column] is None]
    return nulls + known if descending else known + nulls


def _window(call: Call, rows: list[Row]) -> list[Row]:
    offset = call.number("offset") if _asked(call, "offset") else None
    limit = call.number("limit") if _asked(call, "limit") else None
    if offset:
        rows = rows[offset:]
    return rows[:limit] if limit else rows


def _overview(rows: list[Row]) -> dict[str, int]:
    """Counts as Baculum 15 makes them: whatever it has no word for is "running"."""
    warning = sum(row["jobstatus"] == "T" and row["joberrors"] > 0 for row in rows)
    successful = sum(row["jobstatus"] == "T" for row in rows) - warning
    unsuccessful = sum(row["jobstatus"] in "feEAI" for row in rows)
    terminated = successful + warning + unsuccessful
    return {
        "successful": successful,
        "unsuccessful": unsuccessful,
        "warning": warning,
        "running": len(rows) - terminated,
        "all_terminated": terminated,
        "all": len(rows),
    }


def _shaped(call: Call, rows: list[Row], everything: list[Row]) -> list[Row]:
    """Rows with the columns this version shows."""
    plain = [
        {column: row[column] for column in row if column not in _BACULARIS_COLUMNS} for row in rows
    ]
    if call.traits.bacularis:
        _add_bacularis_columns(plain, rows, everything)
    for row in plain:
        if call.traits.modern:
            row["content"] = ""
        if call.traits.priorjob:
            row.setdefault("priorjob", None)
    return plain


def _add_bacularis_columns(plain: list[Row], rows: list[Row], everything: list[Row]) -> None:
    older = {b["jobid"]: a["jobid"] for a, b in zip(everything[1:], everything, strict=False)}
    newer = {a["jobid"]: b["jobid"] for a, b in zip(everything[1:], everything, strict=False)}
    for shown, row in zip(plain, rows, strict=True):
        shown["prev_jobid"] = older.get(row["jobid"])
        shown["next_jobid"] = newer.get(row["jobid"])
        shown["firstvol"] = row.get("firstvol")
        shown["volcount"] = row.get("volcount", 0)
        for column in _EPOCHS:
            shown[f"{column}_epoch"] = wrong_epoch(row[column])


def wrong_epoch(time: str | None) -> int | None:
    """Bacularis' *_epoch: the Director's wall clock counted as if it were UTC."""
    return None if time is None else calendar.timegm(datetime.fromisoformat(time).timetuple())


def _most_frequent(names: Iterable[str | None]) -> tuple[str | None, int | None]:
    counted = Counter(name for name in names if name is not None)
    return counted.most_common(1)[0] if counted else (None, None)


def _show(name: str, resource: Resource) -> list[str]:
    """A Job resource with those it refers to, whose own Enabled is not the job's."""
    return [
        f"Job: name={name} JobType={ord(resource.type)} level={resource.level} Priority=10"
        f" Enabled={int(resource.enabled)}",
        "     MaxJobs=1 NumJobs=0 Resched=0 Times=0 Interval=1,800 Spool=0 WritePartAfterJob=1",
        "     Accurate=0",
        f"  --> Client: Name={resource.client} Enabled=1 Address=127.0.0.1 FDport=9102 MaxJobs=5"
        " NumJobs=0",
        "      JobRetention=6 months  FileRetention=2 months  AutoPrune=0",
        "  --> Catalog: name=MyCatalog address=127.0.0.1 DBport=5544 db_name=bacula",
        "      db_driver=PostgreSQL db_user=bacula MutliDBConn=0",
        *_show_schedule(resource),
        "  --> WriteBootstrap=/var/lib/bacula/%c.bsr",
        "  --> Storage: name=File1 address=127.0.0.1 SDport=9103 MaxJobs=10 NumJobs=0",
        "      DeviceName=FileDev1 MediaType=File1 StorageId=1 Autochanger=0",
        "  --> Pool: name=Full-Pool PoolType=Backup",
        "      use_cat=1 use_once=0 cat_files=1",
        "      max_vols=50 auto_prune=1 VolRetention=1 year",
        "  --> Messages: name=Standard",
    ]


def _show_schedule(resource: Resource) -> list[str]:
    if not resource.schedule:
        return []
    return [
        f"  --> Schedule: Name={resource.schedule} Enabled={int(resource.schedule_enabled)}",
        f"  --> Run Level={resource.level}",
        "      hour=22",
        "      mday=" + " ".join(map(str, range(31))),
        "      month=" + " ".join(map(str, range(12))),
        "      wday=0 1 2 3 4 5 6",
        "      wom=0 1 2 3 4 5",
        "      woy=" + " ".join(map(str, range(54))),
        "      mins=30",
    ]


_MODERN = frozenset({Flavour.BACULUM_15})

ROUTES = (
    Route("jobs", list_jobs),
    Route("jobs/resnames", job_names),
    Route("jobs/totals", job_totals),
    Route("jobs/show", show_jobs),
    Route("jobs/objects", job_objects, flavours=_MODERN),
    Route("jobs/recent/[^/]+", recent_jobs),
    Route(r"jobs/(\d+)", one_job),
    Route(r"jobs/(\d+)/files", job_files, flavours=_MODERN),
    Route(r"jobs/(\d+)/show", show_job),
    Route("joblog/messages", pending_messages, versions=ALL_VERSIONS),
    Route(r"joblog/(\d+)", job_log),
    Route(r"clients/(\d+)/jobs", jobs_of_client),
)
