"""How many examples are tried: few and always the same in CI, many and ever new in `make fuzz`."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES") or 0)
"""Examples of a property in `make fuzz`; 0: the small and fixed number of CI."""
CI_EXAMPLES = 40
_KEPT = Path(__file__).parents[2] / ".hypothesis"

settings.register_profile(
    "fuzz-ci",
    max_examples=CI_EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
settings.register_profile(
    "fuzz-long",
    max_examples=EXAMPLES or CI_EXAMPLES,
    derandomize=False,
    # What failed is tried first in the next run.
    database=DirectoryBasedExampleDatabase(_KEPT),
    print_blob=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def fuzz(share: float = 1.0) -> settings:
    """Return how often a property is tried: its share of the budget, by what one example costs."""
    profile = settings.get_profile("fuzz-long" if EXAMPLES else "fuzz-ci")
    return settings(profile, max_examples=max(round(share * profile.max_examples), 5))
