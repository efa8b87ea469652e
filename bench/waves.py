"""In which order the requests of a run could be sent at best. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

Wave = list[list[str]]
"""Chains that may run side by side; the requests of one chain follow each other."""

_JOBS = re.compile(r"/api/v\d+/jobs\?")
_NAMED = re.compile(r"/api/v\d+/jobs\?(.*&)?name=")
_OPEN = re.compile(r"/api/v\d+/jobs\?(.*&)?jobstatus=")
_OF_A_JOB = re.compile(r"/api/v\d+/(joblog|jobs)/\d+")
_OF_A_CLIENT = re.compile(r"/api/v\d+/(status/client/|clients/\d+/status)")


def waves(paths: Sequence[str]) -> list[Wave]:
    """Return what was asked as waves, each of which needs nothing but the waves before it.

    The first request proves that the server answers, and how. Then everything that needs no
    further knowledge: directors, clients, status, open jobs, job names, and the pages of the list
    as one chain, as only each page tells whether another is needed. Then the lists of single job
    names. Last what is asked of single jobs and clients, which the lists had to tell.
    """
    first, rest = list(paths[:1]), paths[1:]
    singles = [path for path in rest if _OF_A_JOB.match(path) or _OF_A_CLIENT.match(path)]
    named = [path for path in rest if _NAMED.match(path)]
    pages = [
        path
        for path in rest
        if _JOBS.match(path) and not _NAMED.match(path) and not _OPEN.match(path)
    ]
    known = {*singles, *named, *pages}
    others = [path for path in rest if path not in known]
    found = [
        [first],
        [pages, *([path] for path in others)],
        [[path] for path in named],
        [[path] for path in singles],
    ]
    return [[chain for chain in wave if chain] for wave in found if any(wave)]
