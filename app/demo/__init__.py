"""The embedded Baculum: a small real server on loopback that tells of one night.

For the demo command, for integration tests and for the benchmark. Nothing of the report
itself comes in here: this package stands for somebody else's server.
"""

from .faults import Fault, FaultKind
from .flavours import Flavour
from .night import Night, Resource, job_row
from .server import Baculum, Request
from .story import told_night

__all__ = [
    "Baculum",
    "Fault",
    "FaultKind",
    "Flavour",
    "Night",
    "Request",
    "Resource",
    "job_row",
    "told_night",
]
