"""The machines, pools, volumes and storages of the told Director."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from .logs import CLIENT_UNAME
from .night import Row, catalog_time

DIRECTOR = "backup-dir"
STORAGE_DAEMON = "backup-sd"

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
    "wiki01",
    "print01",
    "wms01",
    "cad01",
    "crm01",
    "intranet01",
    "test01",
    "lab01",
    "shop01",
    "ldap01",
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
BROKEN_VOLUME = "Full-0027"
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

_GIGA = 1_000_000_000
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Shelf:
    """The Volumes of a pool, written one after the other up to now.

    Attributes:
        storage: where they lie.
        volumes: how many there are.
        most: how many there may be, 0 for any number.
        gigabytes: what one holds.
        days: how many days it takes to fill one.
        retention: for how many days one is kept.
        filled: how much of the newest is filled, as a share.
        first: the number of the oldest.
    """

    storage: str
    volumes: int
    most: int
    gigabytes: int
    days: float
    retention: int
    filled: float = 0.4
    first: int = 1


SHELVES = {
    "Full-Pool": Shelf("File1", 30, 80, 4_000, 2, 120, 0.6),
    "Inc-Pool": Shelf("File1", 30, 34, 500, 2, 120),
    "Diff-Pool": Shelf("File1", 4, 20, 1_000, 10, 30),
    "Copy-Pool": Shelf("File2-Copy", 3, 20, 500, 20, 365),
    "Catalog-Pool": Shelf("File1", 1, 10, 100, 60, 120, 0.2),
    "Tape-Pool": Shelf("Tape", 1, 0, 1_500, 40, 365, 1.0),
    "Offsite-Pool": Shelf("Offsite", 10, 10, 50, 7, 365, 0.9),
    "Scratch": Shelf("File1", 0, 0, 500, 1, 365),
}
"""As much of each pool as its jobs fill it; room runs out in Inc-Pool and Offsite-Pool."""


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
    return [
        pool_row(
            number,
            name,
            SHELVES[name].volumes,
            most=SHELVES[name].most,
            retention=SHELVES[name].retention,
            gigabytes=SHELVES[name].gigabytes,
            kind="Scratch" if name == "Scratch" else "Backup",
        )
        for name, number in POOL_IDS.items()
    ]


def volume_name(pool: str, number: int) -> str:
    """How the Volumes of a pool are labelled."""
    return (
        f"TAPE{number:02d}" if pool == "Tape-Pool" else f"{pool.removesuffix('-Pool')}-{number:04d}"
    )


def newest_volume(pool: str) -> str | None:
    """The Volume of a pool that was written last; None for a pool that has none."""
    shelf = SHELVES.get(pool)
    return volume_name(pool, shelf.first + shelf.volumes - 1) if shelf and shelf.volumes else None


def volumes(now: datetime, zone: tzinfo) -> list[Row]:
    """Rows of the Media table with what Baculum joins to them."""
    rows: list[Row] = []
    for pool, shelf in SHELVES.items():
        for back in range(shelf.volumes - 1, -1, -1):
            full = back > 0 or shelf.filled == 1.0
            rows.append(
                volume_row(
                    len(rows) + 1,
                    volume_name(pool, shelf.first + shelf.volumes - 1 - back),
                    pool,
                    now,
                    zone,
                    status="Full" if full else "Append",
                    gigabytes=shelf.gigabytes * (1.0 if full else shelf.filled),
                    most=shelf.gigabytes,
                    first=(back + shelf.filled) * shelf.days,
                    last=(back - 1 + shelf.filled) * shelf.days if back else 0.4,
                    retention=shelf.retention,
                    storage=shelf.storage,
                    storageid=STORAGES.index(shelf.storage) + 1,
                    poolid=POOL_IDS[pool],
                )
            )
    for row in rows:
        if row["volumename"] == BROKEN_VOLUME:
            row.update(volstatus="Error", volerrors=1)
    return rows


def devices() -> dict[str, list[Row]]:
    """What the Storage Daemon says of its devices."""
    file1 = _device(
        "FileDev1", "/srv/bacula/vol1", "File1", str(newest_volume("Full-Pool")), "Full-Pool"
    )
    file2 = _device("FileDev2", "/srv/bacula/vol2", "File2", "", "")
    tape = _device("TapeDev", "/dev/nst0", "LTO-7", "", "")
    tape |= {"waiting": "1", "blocked": "3", "blocked_desc": "BLOCKED waiting for media"}
    return {
        "File1": [file1, file2, tape],
        "File2-Copy": [file1, file2, tape],
        "Tape": [file1, file2, tape],
    }


def pool_row(
    number: int,
    name: str,
    volumes: int,
    *,
    most: int = 0,
    retention: int = 365,
    gigabytes: int = 500,
    kind: str = "Backup",
) -> Row:
    """A row of the Pool table: at most so many Volumes (0: any) of a size, kept so many days."""
    return {
        "poolid": number,
        "name": name,
        "numvols": volumes,
        "maxvols": most,
        "useonce": 0,
        "usecatalog": 1,
        "acceptanyvolume": 0,
        "volretention": retention * _DAY,
        "voluseduration": 0,
        "maxvoljobs": 0,
        "maxvolfiles": 0,
        "maxvolbytes": gigabytes * _GIGA,
        "autoprune": 1,
        "recycle": 1,
        "actiononpurge": 0,
        "pooltype": kind,
        "labeltype": 0,
        "labelformat": "*" if kind == "Scratch" else name.replace("Pool", ""),
        "enabled": 1,
        "scratchpoolid": 0,
        "recyclepoolid": 0,
        "nextpoolid": 0,
        "migrationhighbytes": 0,
        "migrationlowbytes": 0,
        "migrationtime": 0,
        "cacheretention": 0,
    }


def volume_row(
    number: int,
    name: str,
    pool: str,
    now: datetime,
    zone: tzinfo,
    *,
    status: str = "Full",
    gigabytes: float = 500,
    most: int = 500,
    first: float = 20,
    last: float = 1,
    retention: int = 365,
    jobs: int = 12,
    enabled: int = 1,
    storage: str = "File1",
    storageid: int = 1,
    poolid: int = 1,
) -> Row:
    """A row of the Media table, first and last written so many days ago."""
    begun, written = now - timedelta(days=first), now - timedelta(days=last)
    size = int(gigabytes * _GIGA) + 337_512
    blocks = size // 64512
    return {
        "mediaid": number,
        "volumename": name,
        "slot": 0,
        "poolid": poolid,
        "mediatype": "LTO-7" if storage == "Tape" else storage[:5],
        "mediatypeid": 0,
        "labeltype": 0,
        "firstwritten": catalog_time(begun, zone),
        "lastwritten": catalog_time(written, zone),
        "labeldate": catalog_time(begun, zone),
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
        "enabled": enabled,
        "recycle": 1,
        "actiononpurge": 0,
        "cacheretention": 0,
        "volretention": retention * _DAY,
        "voluseduration": 0,
        "maxvoljobs": 0,
        "maxvolfiles": 0,
        "maxvolbytes": most * _GIGA,
        "inchanger": 0,
        "storageid": storageid,
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
        else catalog_time(written + timedelta(days=retention), zone),
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
