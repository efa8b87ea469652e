"""Which room may import which: the rule that keeps the core pure, read from the source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"
MODULES = {
    ".".join(path.relative_to(APP.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(APP.rglob("*.py"))
}
# Words that everybody may use: sentences to be translated, and errors made of them.
WORDS = {"app.i18n", "app.errors"}
# What each pure room may import of ours, besides itself.
PURE = {
    "app.bacula": set[str](),
    "app.period": WORDS,
    "app.snapshot": WORDS | {"app.bacula", "app.period"},
    "app.policy": WORDS | {"app.deliver.mail.address", "app.deliver.rules"},
    "app.assess": WORDS | {"app.bacula", "app.period", "app.policy", "app.snapshot"},
    "app.report.format": {"app.bacula", "app.i18n"},
    "app.report.view": WORDS
    | {"app.assess", "app.bacula", "app.period", "app.policy", "app.report.format", "app.snapshot"},
    "app.deliver.mail.address": set[str](),
    "app.deliver.model": WORDS,
    "app.deliver.rules": WORDS | {"app.deliver.model"},
    "app.deliver.wording": WORDS | {"app.bacula", "app.deliver.model"},
    "app.errors": {"app.i18n"},
    "app.i18n": set[str](),
}
# Doors to the world outside, and the clock; a pure room is given what it needs instead.
IMPURE = {
    "requests", "urllib3", "http", "socket", "ssl", "jinja2", "click", "tenacity", "dotenv", "os",
    "sys", "subprocess", "threading", "concurrent", "logging", "time", "tempfile", "random",
}  # fmt: skip
# Who alone may use a library.
KEEPERS = {
    "requests": ("app.api", "app.deliver.web"),
    "urllib3": ("app.api", "app.deliver.web"),
    "smtplib": ("app.deliver.mail",),
    "prometheus_client": ("app.deliver.textfile",),
    "tenacity": ("app.api",),
    "jinja2": ("app.report.render",),
    "css_inline": ("app.report.mail",),
    "click": ("app.cli",),
    "dotenv": ("app.cli",),
}
# Stages that do not know each other; the pipeline joins them.
STAGES = {
    "app.api": {"app.assess", "app.report", "app.collect", "app.pipeline", "app.cli"},
    "app.collect": {"app.assess", "app.report", "app.pipeline", "app.cli"},
    "app.logdesk": {"app.assess", "app.collect", "app.report", "app.pipeline", "app.cli"},
    "app.assess": {"app.report", "app.pipeline", "app.cli"},
    "app.report": {"app.api", "app.collect", "app.pipeline", "app.cli"},
    # Of the API it takes how connections keep to their time (api/session.py), and nothing else.
    "app.deliver": {
        "app.api.client",
        "app.assess",
        "app.collect",
        "app.report",
        "app.settings",
        "app.pipeline",
        "app.cli",
    },
    "app.settings": {"app.api", "app.collect", "app.assess", "app.report", "app.pipeline"},
    "app.pipeline": {"app.cli"},
}


def imports(module: str) -> set[str]:
    """Every module that a module names in an import, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(module, node)
            whole = {f"{source}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else source for name in whole}
    return found


def _absolute(module: str, node: ast.ImportFrom) -> str:
    package = module.split(".")
    if MODULES[module].name != "__init__.py":
        package.pop()
    above = package[: len(package) - node.level + 1] if node.level else []
    return ".".join([*above, *([node.module] if node.module else [])])


def within(module: str, rooms: set[str] | tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def modules_of(rooms: set[str]) -> list[str]:
    return [module for module in MODULES if within(module, rooms)]


@pytest.mark.parametrize("module", modules_of(set(PURE)))
def test_a_pure_room_imports_only_pure_rooms_and_no_door_to_the_outside(module: str) -> None:
    room = max((room for room in PURE if within(module, (room,))), key=len)
    named = imports(module)
    assert {name for name in named if within(name, IMPURE)} == set()
    ours = {name for name in named if within(name, ("app",))}
    assert {name for name in ours if not within(name, {room, *PURE[room]})} == set()


@pytest.mark.parametrize("module", modules_of(set(PURE)))
def test_a_pure_room_never_asks_what_time_it_is(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    asked = {
        f"{ast.unparse(node)}, line {node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("now", "today", "utcnow")
    }
    assert asked == set()


@pytest.mark.parametrize("library", KEEPERS)
def test_a_library_stays_in_its_room(library: str) -> None:
    users = {module for module in MODULES if any(within(n, (library,)) for n in imports(module))}
    assert {module for module in users if not within(module, KEEPERS[library])} == set()


@pytest.mark.parametrize("module", modules_of(set(STAGES)))
def test_a_stage_knows_no_later_stage(module: str) -> None:
    room = next(room for room in STAGES if within(module, (room,)))
    assert {name for name in imports(module) if within(name, STAGES[room])} == set()


def test_nobody_imports_the_command_line_but_its_entry() -> None:
    users = {m for m in MODULES if any(within(name, ("app.cli",)) for name in imports(m))}
    assert {user for user in users if not within(user, ("app.cli",))} == {"app.__main__"}


def test_the_demo_is_known_to_the_command_line_alone() -> None:
    """The embedded server is no part of a report on real backups."""
    users = {m for m in MODULES if any(within(name, ("app.demo",)) for name in imports(m))}
    assert {user for user in users if not within(user, ("app.demo", "app.cli"))} == set()
