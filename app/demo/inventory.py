"""The machines, pools, storages and schedules of the told Director."""

from datetime import datetime, timedelta, tzinfo
from typing import Any

from .logs import CLIENT_UNAME
from .night import Row, catalog_time, epoch

DIRECTOR = "backup-dir"
STORAGE_DAEMON = "backup-sd"

# Name, and the file set that its main job saves.
MACHINES = (
    "web01",
    "web02",
    "db01",
    "mail01",
    "nas01",
    "erp01",
    "files-seoul",
    "git01",
    "hr01",
    "vm-host1",
    "dead01",
    "dev01",
    "log01",
    "backup01",
    "files-busan",
)
CLIENT_IDS = {f"{machine}-fd": number for number, machine in enumerate(MACHINES, 1)}

POOL_IDS = {
    "Full-Pool": 1,
    "Inc-Pool": 2,
    "Diff-Pool": 3,
    "Copy-Pool": 4,
    "Catalog-Pool": 5,
    "Tape-Pool": 6,
    "Offsite-Pool": 7,
    "Scratch": 8,
}
STORAGES = ("File1", "File2-Copy", "Tape", "Offsite")
UNREACHABLE = {"dead01-fd": 15.1, "dev01-fd": 5.1, "Offsite": 15.1}

FILESETS = (
    "Web Files",
    "DB Dump",
    "Mail Boxes",
    "NAS Data",
    "ERP Dump",
    "Shared Files",
    "Git Repos",
    "HR Documents",
    "VM Images",
    "Home Folders",
    "System Logs",
    "Catalog",
    "Media Archive",
)
FILESET_IDS = {name: number for number, name in enumerate(FILESETS, 1)}

# Job, client, level, file set, hour, minute, schedule.
NIGHTLY = (
    ("nas01-data", "nas01-fd", "I", "NAS Data", 21, 50, "Nightly"),
    ("web01-files", "web01-fd", "I", "Web Files", 22, 30, "Nightly"),
    ("web02-files", "web02-fd", "I", "Web Files", 22, 30, "Nightly"),
    ("db01-dump", "db01-fd", "F", "DB Dump", 22, 30, "Nightly"),
    ("mail01-mailboxes", "mail01-fd", "I", "Mail Boxes", 22, 30, "Nightly"),
    ("erp01-db", "erp01-fd", "F", "ERP Dump", 22, 30, "Nightly"),
    ("git01-repos", "git01-fd", "I", "Git Repos", 22, 30, "Nightly"),
    ("hr01-docs", "hr01-fd", "I", "HR Documents", 22, 30, "Nightly"),
    ("files-seoul-share", "files-seoul-fd", "I", "Shared Files", 22, 30, "Nightly"),
    ("dead01-files", "dead01-fd", "I", "Web Files", 22, 30, "Nightly"),
    ("dev01-home", "dev01-fd", "I", "Home Folders", 22, 30, "Nightly"),
    ("log01-syslog", "log01-fd", "I", "System Logs", 22, 30, "Nightly"),
    ("vm-host1-images", "vm-host1-fd", "F", "VM Images", 22, 45, "Nightly"),
    ("web02-logs", "web02-fd", "I", "System Logs", 22, 50, "Nightly"),
    ("BackupCatalog", "backup01-fd", "F", "Catalog", 23, 10, "AfterBackup"),
)

_POOL_SIZES = {"Full-Pool": 40, "Inc-Pool": 60, "Diff-Pool": 20}
# Name, pool, storage, gigabytes, jobs, status, written how many days ago.
_VOLUMES = (
    ("Full-0001", "Full-Pool", "File1", 498, 14, "Full", 21),
    ("Full-0002", "Full-Pool", "File1", 499, 11, "Full", 6),
    ("Full-0003", "Full-Pool", "File1", 371, 9, "Append", 0),
    ("Inc-0004", "Inc-Pool", "File1", 50, 61, "Used", 5),
    ("Inc-0005", "Inc-Pool", "File1", 38, 29, "Append", 0),
    ("Diff-0006", "Diff-Pool", "File1", 587, 8, "Append", 0),
    ("Copy-0007", "Copy-Pool", "File2-Copy", 214, 4, "Append", 0),
    ("Catalog-0008", "Catalog-Pool", "File1", 3, 30, "Append", 0),
    ("Full-0009", "Full-Pool", "File1", 163, 3, "Error", 2),
    ("TAPE01", "Tape-Pool", "Tape", 1498, 22, "Full", 30),
    ("Inc-0010", "Inc-Pool", "File1", 47, 58, "Recycle", 40),
)


def clients() -> list[Row]:
    """Rows of the Client table."""
    return [
        {
            "clientid": number,
            "name": name,
            "uname": CLIENT_UNAME,
            "autoprune": 0,
            "fileretention": 5184000,
            "jobretention": 15552000,
        }
        for name, number in CLIENT_IDS.items()
    ]


def storages() -> list[Row]:
    """Rows of the Storage table."""
    return [
        {"storageid": number, "name": name, "autochanger": int(name == "Tape")}
        for number, name in enumerate(STORAGES, 1)
    ]


def filesets(now: datetime, zone: tzinfo) -> list[Row]:
    """Rows of the FileSet table."""
    created = catalog_time(now - timedelta(days=300), zone)
    return [
        {
            "filesetid": number,
            "fileset": name,
            "md5": f"{number:02d}K3zH8aQx7++fr/8lPn/qC",
            "createtime": created,
        }
        for name, number in FILESET_IDS.items()
    ]


def pools() -> list[Row]:
    """Rows of the Pool table."""
    counted = {name: sum(volume[1] == name for volume in _VOLUMES) for name in POOL_IDS}
    return [_pool(number, name, counted[name]) for name, number in POOL_IDS.items()]


def volumes(now: datetime, zone: tzinfo) -> list[Row]:
    """Rows of the Media table with what Baculum joins to them."""
    return [_volume(number, volume, now, zone) for number, volume in enumerate(_VOLUMES, 1)]


def schedule(now: datetime, zone: tzinfo, days: int = 31) -> list[Row]:
    """What bconsole foretells, from the midnight before `now` on."""
    today = now.astimezone(zone)
    runs = []
    for day in range(days):
        for job, client, level, fileset, hour, minute, name in NIGHTLY:
            midnight = datetime(today.year, today.month, today.day, tzinfo=zone)
            due = midnight + timedelta(days=day, hours=hour, minutes=minute)
            runs.append(_run(job, client, level, fileset, name, due, zone))
    return runs


def devices() -> dict[str, list[Row]]:
    """What the Storage Daemon says of its devices."""
    file1 = _device("FileDev1", "/srv/bacula/vol1", "File1", "Full-0003", "Full-Pool")
    file2 = _device("FileDev2", "/srv/bacula/vol2", "File2", "", "")
    tape = _device("TapeDev", "/dev/nst0", "LTO-7", "", "")
    tape |= {"waiting": "1", "blocked": "3", "blocked_desc": "BLOCKED waiting for media"}
    return {
        "File1": [file1, file2, tape],
        "File2-Copy": [file1, file2, tape],
        "Tape": [file1, file2, tape],
    }


def _run(
    job: str, client: str, level: str, fileset: str, name: str, due: datetime, zone: tzinfo
) -> Row:
    return {
        "level": level,
        "type": "B",
        "name": job,
        "client": client,
        "fileset": fileset,
        "schedtime_epoch": epoch(due),
        "schedtime": catalog_time(due, zone),
        "priority": "10",
        "schedule": name,
    }


def _pool(number: int, name: str, volumes: int) -> Row:
    scratch = name == "Scratch"
    return {
        "poolid": number,
        "name": name,
        "numvols": volumes,
        "maxvols": _POOL_SIZES.get(name, 0),
        "useonce": 0,
        "usecatalog": 1,
        "acceptanyvolume": 0,
        "volretention": 31536000,
        "voluseduration": 0,
        "maxvoljobs": 0,
        "maxvolfiles": 0,
        "maxvolbytes": 500_000_000_000,
        "autoprune": 1,
        "recycle": 1,
        "actiononpurge": 0,
        "pooltype": "Scratch" if scratch else "Backup",
        "labeltype": 0,
        "labelformat": "*" if scratch else name.replace("Pool", ""),
        "enabled": 1,
        "scratchpoolid": 0,
        "recyclepoolid": 0,
        "nextpoolid": 0,
        "migrationhighbytes": 0,
        "migrationlowbytes": 0,
        "migrationtime": 0,
        "cacheretention": 0,
    }


def _volume(number: int, volume: tuple[Any, ...], now: datetime, zone: tzinfo) -> Row:
    name, pool, storage, gigabytes, jobs, status, days = volume
    written = catalog_time(now - timedelta(days=days, hours=2), zone)
    labelled = catalog_time(now - timedelta(days=days + 20), zone)
    size = gigabytes * 1_000_000_000 + 337_512
    blocks = size // 64512
    return {
        "mediaid": number,
        "volumename": name,
        "slot": 0,
        "poolid": POOL_IDS[pool],
        "mediatype": "LTO-7" if storage == "Tape" else storage[:5],
        "mediatypeid": 0,
        "labeltype": 0,
        "firstwritten": labelled,
        "lastwritten": written,
        "labeldate": labelled,
        "voljobs": jobs,
        "volfiles": 0,
        "volblocks": blocks,
        "volparts": 0,
        "volcloudparts": 0,
        "volmounts": jobs,
        "volbytes": size,
        "volabytes": 0,
        "volapadding": 0,
        "volholebytes": 0,
        "volholes": 0,
        "voltype": 3 if storage == "Tape" else 1,
        "volerrors": int(status == "Error"),
        "volwrites": blocks + 1,
        "volcapacitybytes": 0,
        "lastpartbytes": 0,
        "volstatus": status,
        "enabled": 1,
        "recycle": 1,
        "actiononpurge": 0,
        "cacheretention": 0,
        "volretention": 31536000,
        "voluseduration": 0,
        "maxvoljobs": 0,
        "maxvolfiles": 0,
        "maxvolbytes": 500_000_000_000,
        "inchanger": 0,
        "storageid": STORAGES.index(storage) + 1,
        "deviceid": 0,
        "mediaaddressing": 0,
        "volreadtime": 14290,
        "volwritetime": 6053 * jobs,
        "endfile": 0,
        "endblock": size - 1,
        "locationid": 0,
        "recyclecount": 0,
        "initialwrite": None,
        "scratchpoolid": 0,
        "recyclepoolid": 0,
        "comment": None,
        "pool": pool,
        "scratchpool": None,
        "recyclepool": None,
        "storage": storage,
        "whenexpire": "no date"
        if status == "Append"
        else catalog_time(now + timedelta(days=365 - days), zone),
    }


def _device(name: str, path: str, media: str, volume: str, pool: str) -> Row:
    mounted = str(int(bool(volume)))
    return {
        "name": name,
        "archive_device": path,
        "type": "Tape" if path.startswith("/dev") else "File",
        "media_type": media,
        "open": mounted,
        "writers": mounted,
        "maximum_concurrent_jobs": "10",
        "maximum_volume_size": "0",
        "read_only": "0",
        "autoselect": "1",
        "enabled": "1",
        "free_space": "8213515468800",
        "total_space": "27055317401600",
        "devno": "65024",
        "mounted": mounted,
        "waiting": "0",
        "volume": volume,
        "pool": pool,
        "blocked_desc": "",
        "blocked": "0",
        "append": "256" if volume else "0",
        "bytes": "0",
        "blocks": "0",
        "file": "0",
        "block": "0",
        "autochanger": None,
    }
