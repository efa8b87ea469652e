"""Asks a service for known vulnerabilities of what is locked, and says what is not known.

pip-audit does the asking. By itself it calls all well if a service answers without any knowledge: a
package that a mirror's API has no data for is only "skipped". So one more is asked for, which has
had known vulnerabilities for years: a service that does not name them knows nothing of the others.

Usage: audit.py [--lock FILE] [PIP_AUDIT_OPTION...]   such as: --lock requirements-dev.lock -s osv
Exit 0: every package was looked up, none has a known one. 1: some have. 3: it is not known.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

VULNERABLE, NOT_KNOWN = 1, 3
KNOWN_BAD = "django"
# Its hash is never compared: nothing is downloaded.
BAIT = f"{KNOWN_BAD}==1.4 --hash=sha256:{'0' * 64}\n"


def ask(lock: str, options: list[str]) -> tuple[list[dict[str, Any]], str]:
    """Return what pip-audit tells of each package, or else what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        bait = Path(folder) / "bait.txt"
        bait.write_text(BAIT, "utf-8")
        command = [sys.executable, "-m", "pip_audit", "--progress-spinner=off", "--format=json"]
        command += ["--require-hashes", "--disable-pip", "-r", lock, "-r", str(bait), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)["dependencies"], ""
    except ValueError:
        # The last line of its traceback that has something to say.
        said = re.findall(r"(?m)^[\w.]+: .+", done.stderr)
        return [], said[-1] if said else "pip-audit said nothing"


def main(lock: str, options: list[str]) -> int:
    """Say what is known, and return the exit code."""
    told, wrong = ask(lock, options)
    bait = [one for one in told if one["name"] == KNOWN_BAD]
    told = [one for one in told if one["name"] != KNOWN_BAD]
    found = [one for one in told if one.get("vulns")]
    for one in found:
        for bad in one["vulns"]:
            names = ", ".join([bad["id"], *bad["aliases"]])
            fixed = ", ".join(bad["fix_versions"]) or "no version yet"
            print(f"{one['name']} {one['version']}: {names}; fixed in {fixed}")
    skipped = [one["name"] for one in told if "skip_reason" in one]
    if not wrong and not any(one.get("vulns") for one in bait):
        wrong = f"the service names no vulnerability of {BAIT.split()[0]}, which has many"
    elif not wrong and skipped:
        wrong = f"the service has no data about {', '.join(skipped)}"
    if wrong:
        print(
            f"Not known whether {lock} has vulnerable packages: {wrong}."
            " Other ways: docs/supply-chain.md.",
            file=sys.stderr,
        )
    if found:
        print(f"{len(found)} of the {len(told)} packages of {lock} have known vulnerabilities.")
        return VULNERABLE
    if wrong:
        return NOT_KNOWN
    print(f"None of the {len(told)} packages of {lock} has a known vulnerability.")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--lock", default="requirements.lock")
    chosen, rest = parser.parse_known_args()
    sys.exit(main(chosen.lock, rest))
