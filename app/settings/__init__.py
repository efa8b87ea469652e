"""The settings: read once from a mapping, checked all together, frozen.

`SETTINGS` is the one list of names, defaults and meanings. Secrets hide themselves when printed.
What is set up of delivery is read only when something is to be delivered (`delivery`).
"""

from app.settings.names import SETTINGS, Setting
from app.settings.reader import Problem, Secret
from app.settings.run import (
    ApiSettings,
    LogSettings,
    OutputSettings,
    read_api,
    read_expectations,
    read_log,
    read_output,
    zone_of,
)

__all__ = [
    "SETTINGS",
    "ApiSettings",
    "LogSettings",
    "OutputSettings",
    "Problem",
    "Secret",
    "Setting",
    "read_api",
    "read_expectations",
    "read_log",
    "read_output",
    "zone_of",
]
