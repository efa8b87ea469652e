"""`python -m bench.replay`: the requests of a run once more, by a client that does nothing else.

The clock runs from before the first request to after the last answer; the interpreter and the
imports are there already. Answers are unpacked and dropped.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from requests.adapters import HTTPAdapter


def main() -> None:
    """Read the order from stdin, print what it took."""
    order = json.load(sys.stdin)
    session = requests.Session()
    session.trust_env = False
    session.auth = (order["username"], order["password"])
    session.mount("http://", HTTPAdapter(pool_maxsize=order["concurrency"]))
    session.headers["Accept-Encoding"] = "gzip, deflate"
    base = order["base"]

    def chain(paths: list[str]) -> int:
        size = 0
        for path in paths:
            answer = session.get(base + path, timeout=60)
            answer.raise_for_status()
            size += len(answer.content)
        return size

    begun, processor = time.perf_counter(), time.process_time()
    size = 0
    with session, ThreadPoolExecutor(order["concurrency"]) as pool:
        for wave in order["waves"]:
            size += sum(pool.map(chain, wave))
        wall = time.perf_counter() - begun
    print(json.dumps({"wall": wall, "cpu": time.process_time() - processor, "unpacked": size}))


if __name__ == "__main__":
    main()
