"""The policy file: the example, changed key by key and type by type, and cut anywhere."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from app.assess.finding import Kind
from app.errors import SettingsError
from app.i18n import LANGUAGES, Translator
from app.policy import Policy, read_policy
from app.policy.table import LONGEST_TOLD
from tests.fuzz.conftest import fuzz
from tests.fuzz.pieces import HOSTILE, TEXT, hold, unsafe

EXAMPLE = (Path(__file__).parents[2] / "examples" / "policy.toml").read_text("utf-8")
KINDS = [kind.value for kind in Kind]
# Put together, lest Hypothesis find it among the constants and write it where it may be told.
SECRET = "-".join(["https://hooks.example/T0/B0/correct", "horse"])
WHOLE: dict[str, Any] = {
    "look_back_days": 35, "success_logs": 100, "age_factor": 2.0, "late_hours": 2.0,
    "pool_full_percent": 90, "room_days": 14, "unusual_factor": 3.0,
    "job": [{"name": "web*", "client": "*", "max_age_days": 2, "max_age_full_days": 8,
             "max_age_differential_days": 3, "max_age_incremental_days": 1.5, "expected": True,
             "unusual": False}],
    "mute": [{"reason": "rebuilt", "until": date(2026, 12, 31), "kind": "missed", "job": "x*",
              "client": "*", "pool": "*"}],
    "audience": [{"name": "dba", "clients": ["db*"], "jobs": ["*"], "language": "ko",
                  "when": "problems", "mail": {"to": ["dba@example.com"], "when": "always"},
                  "slack_url_env": "DBA_SLACK_URL", "webhook_url_env": "DBA_URL",
                  "webhook_secret_env": "DBA_SECRET"}],
}  # fmt: skip
SCALARS = st.one_of(
    st.integers(),
    st.floats(),
    st.booleans(),
    TEXT,
    st.dates(),
    st.datetimes(timezones=st.none() | st.just(UTC)),
    st.times(),
    st.sampled_from([10**400, -(10**20), SECRET, "*", "", " ", "always", "ko", "KO"]),
    st.builds(list),
    st.builds(dict),
)
ANYTHING = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(TEXT, SCALARS, max_size=2)


def toml(value: Any) -> str:
    """A value as TOML has it, tables in one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(_escaped(sign) for sign in value) + '"'
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + "}"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _escaped(sign: str) -> str:
    if "\ud800" <= sign <= "\udfff":
        return "\\uFFFD"
    return sign if sign.isprintable() and sign not in '"\\' else f"\\U{ord(sign):08X}"


def written(policy: dict[str, Any]) -> str:
    return "\n".join(f"{toml(key)} = {toml(value)}" for key, value in policy.items())


def read(text: str) -> Policy | None:
    """Read a policy; where it is refused, hold what is told to what was promised."""
    try:
        return read_policy(text, "policy.toml", KINDS)
    except SettingsError as error:
        for what, cure in error.problems:
            assert cure is not None
            for language in LANGUAGES:
                told = Translator(language).text(what)
                assert told.startswith("policy.toml")
                assert not unsafe(told)
                assert len(told) < 10 * LONGEST_TOLD
                assert Translator(language).text(cure)
        return None


def holds(policy: Policy) -> None:
    """What is read can be reckoned with."""
    now = datetime(2026, 11, 21, tzinfo=UTC)
    lengths = [policy.look_back, policy.late, policy.room]
    lengths += [age for rule in policy.rules for age in rule.max_age.values()]
    assert all(now - length <= now for length in lengths)
    assert 0 <= policy.success_logs <= 10_000
    assert policy.age_factor >= 1
    assert 0 < policy.pool_full <= 1
    assert policy.unusual_factor > 1
    assert (policy.max_age("a", "b", "F") or policy.late) >= timedelta()
    assert policy.expects("a" * 500, "*") in (True, False)
    policy.mute("missed", "a", "b", now.date())
    for mute in policy.mutes:
        assert mute.reason
        assert not unsafe(mute.reason)
    names = [audience.name.lower() for audience in policy.audiences]
    assert len(set(names)) == len(names)
    assert all(
        name.isascii() and name.replace("-", "").replace("_", "").isalnum() for name in names
    )


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """The whole policy with some keys gone, of another type, or unknown."""
    policy = {key: [dict(one) for one in value] if isinstance(value, list) else value
              for key, value in WHOLE.items()}  # fmt: skip
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.sampled_from(["", "job", "mute", "audience"]))
        tables = policy.get(place, policy)
        table = tables[0] if isinstance(tables, list) and tables else policy
        if not isinstance(table, dict):
            continue
        key = draw(st.sampled_from(sorted(map(str, table))) | TEXT) if table else "x"
        if draw(st.integers(0, 3)) == 0:
            table.pop(key, None)
        elif draw(st.integers(0, 3)) == 0 and isinstance(policy.get(place), list):
            policy[place].append(dict(table))
        else:
            table[key] = draw(ANYTHING)
    return policy


def test_the_whole_policy_is_read() -> None:
    policy = read(written(WHOLE))
    assert policy is not None
    assert (len(policy.rules), len(policy.mutes), len(policy.audiences)) == (1, 1, 1)
    assert read(EXAMPLE) is not None


@fuzz(12)
@given(changed())
@example({**WHOLE, "age_factor": float("nan")})
@example({**WHOLE, "mute": [{**WHOLE["mute"][0], "reason": "a\u202eb\x1b[31m"}]})
@example({**WHOLE, "mute": [{**WHOLE["mute"][0], "reason": "\u202e\x00"}]})
@example({**WHOLE, "room_days": float("inf")})
def test_a_changed_policy_is_read_or_every_problem_is_told(policy: dict[str, Any]) -> None:
    text = written(policy)
    found = read(text)
    if found is not None:
        holds(found)
        assert read(text) == found


@fuzz(8)
@given(st.data())
def test_a_file_that_was_cut_or_garbled_is_read_or_told(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([EXAMPLE, written(WHOLE)]))
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))
    rubbish = data.draw(HOSTILE | st.text(max_size=4))
    found = read(data.draw(st.sampled_from([text[begin:end], text[:begin] + rubbish + text[end:]])))
    if found is not None:
        holds(found)


@fuzz(3)
@given(
    st.sampled_from(["slack_url_env", "webhook_url_env", "webhook_secret_env", "discord_url_env"])
)
def test_an_address_that_was_put_there_by_mistake_is_not_told(key: str) -> None:
    audience = {**WHOLE["audience"][0], key: SECRET}
    try:
        read_policy(written({**WHOLE, "audience": [audience]}), "policy.toml", KINDS)
    except SettingsError as error:
        hold(error, SECRET, "correct")
    else:
        raise AssertionError(key)


@fuzz(2)
@given(st.integers(1, 2_000), st.sampled_from(["[", "{a=", "a.", "[[a", '"""', "'''", "#", "\\"]))
def test_nothing_is_nested_too_deeply_to_be_refused(depth: int, piece: str) -> None:
    text = "x = " + piece * depth
    read(text)
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        assert read(text) is None
