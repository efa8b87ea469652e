"""What is expected: the rules, the mutes, and the file that they are read from."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.deliver.mail.address import read_addresses
from app.deliver.rules import When
from app.errors import ExitCode, SettingsError
from app.policy import Audience, ChatWish, JobRule, MailWish, Mute, Policy, read_policy

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/policy.toml"
KINDS = ("missed", "too-old", "late")
DAY = timedelta(days=1)


def problems(text: str, kinds: tuple[str, ...] = KINDS) -> list[str]:
    """What is wrong, each with its cure, in English."""
    with pytest.raises(SettingsError) as caught:
        read_policy(text, "policy.toml", kinds)
    assert caught.value.exit_code is ExitCode.SETTINGS
    assert all(cure is not None for _, cure in caught.value.problems)
    told = [f"{what} {cure}" for what, cure in caught.value.problems]
    assert all(sentence.startswith("policy.toml") for sentence in told)
    assert all("\n" not in sentence and len(sentence) < 400 for sentence in told)
    return told


def a_mute(text: str = "") -> str:
    return f'[[mute]]\nkind = "missed"\nreason = "known"\nuntil = 2026-12-31\n{text}'


# --- what it says ------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "job = []\nmute = []\n"])
def test_an_empty_file_is_the_defaults(text: str) -> None:
    assert read_policy(text, "policy.toml") == Policy()


def test_every_key_is_read() -> None:
    text = """
look_back_days = 20
success_logs = 7
age_factor = 3
late_hours = 1.5
pool_full_percent = 85
room_days = 30
unusual_factor = 5.5

[[job]]
name = "db*"
client = " db01-fd "
max_age_days = 1.5
max_age_full_days = 8
max_age_differential_days = 4
max_age_incremental_days = 2
expected = false
unusual = true

[[job]]
unusual = false

[[mute]]
kind = "missed"
job = "a*"
client = "c"
reason = "  moved\\n away "
until = 2026-12-31
"""
    ages = {"any": DAY * 1.5, "F": DAY * 8, "D": DAY * 4, "I": DAY * 2}
    assert read_policy(text, "policy.toml", KINDS) == Policy(
        look_back=DAY * 20,
        success_logs=7,
        rules=(
            JobRule("db*", "db01-fd", ages, expected=False, unusual=True),
            JobRule(unusual=False),
        ),
        mutes=(Mute("moved away", date(2026, 12, 31), "missed", "a*", "c"),),
        age_factor=3.0,
        late=timedelta(hours=1.5),
        pool_full=0.85,
        room=DAY * 30,
        unusual_factor=5.5,
    )


def test_the_example_is_right_and_tells_the_defaults() -> None:
    text = EXAMPLE.read_text("utf-8")
    policy = read_policy(text, EXAMPLE.name, KINDS)
    assert policy.rules
    assert policy.mutes
    thresholds = re.split(r"^\[\[", text, maxsplit=1, flags=re.MULTILINE)[0]
    assert read_policy(thresholds, EXAMPLE.name) == Policy()
    assert re.findall(r"^([a-z_]+) = ", thresholds, re.MULTILINE) == list(RANGES)


def test_the_last_rule_that_says_it_counts() -> None:
    text = """
[[job]]
max_age_days = 5
expected = false
[[job]]
name = "db*"
max_age_days = 1
[[job]]
name = "db01"
expected = true
"""
    policy = read_policy(text, "policy.toml")
    assert policy.max_age("db01", "x", "any") == DAY
    assert policy.max_age("web", "x", "any") == DAY * 5
    assert policy.max_age("db01", "x", "F") is None
    assert (policy.expects("db01", "x"), policy.expects("db02", "x")) == (True, False)
    assert policy.tells_unusual("db01", "x")


@pytest.mark.parametrize(
    ("kind", "client", "day", "muted"),
    [
        ("missed", "web09-fd", date(2026, 12, 31), True),
        ("missed", "web09-fd", date(2027, 1, 1), False),
        ("late", "web09-fd", date(2026, 12, 1), False),
        ("missed", "web08-fd", date(2026, 12, 1), False),
    ],
)
def test_a_mute_holds_to_its_last_day(kind: str, client: str, day: date, muted: bool) -> None:
    policy = read_policy(a_mute('client = "web09-*"'), "policy.toml")
    assert (policy.mute(kind, "files", client, day) is not None) is muted


@pytest.mark.parametrize(("pool", "muted"), [("Tape-2", True), ("Disk", False), ("", False)])
def test_a_mute_may_be_about_a_pool(pool: str, muted: bool) -> None:
    policy = read_policy(a_mute('pool = "Tape-*"'), "policy.toml")
    found = policy.mute("missed", "", "", date(2026, 12, 1), pool)
    assert (found is not None) is muted


# --- what is wrong -----------------------------------------------------------------------------

RANGES = {
    "look_back_days": (0, 366),
    "success_logs": (0, 10_000),
    "age_factor": (1, 100),
    "late_hours": (0, 720),
    "pool_full_percent": (1, 100),
    "room_days": (0, 3_650),
    "unusual_factor": (1.1, 1_000),
}
AGES = [f"max_age_{level}days" for level in ("", "full_", "differential_", "incremental_")]


@pytest.mark.parametrize("key", RANGES)
def test_a_threshold_at_its_limits_is_right(key: str) -> None:
    for value in RANGES[key]:
        read_policy(f"{key} = {value}", "policy.toml")


@pytest.mark.parametrize("key", RANGES)
@pytest.mark.parametrize(
    "value", ["-1", "1e9", "true", '"7"', "[]", "{}", "nan", "-inf", "2026-12-31", "9" * 400]
)
def test_a_threshold_that_is_no_number_within_its_limits_is_told(key: str, value: str) -> None:
    (told,) = problems(f"{key} = {value}")
    low, high = RANGES[key]
    assert told.startswith(f"policy.toml: {key} is ")
    assert told.endswith(f"number from {low:g} to {high:g}.")


def test_a_number_of_logs_is_a_whole_one() -> None:
    assert problems("success_logs = 1.5") == [
        "policy.toml: success_logs is 1.5. Give a whole number from 0 to 10000."
    ]


@pytest.mark.parametrize("key", AGES)
@pytest.mark.parametrize("value", ["0", "-1", "3651", '"1"', "true", "inf"])
def test_an_age_that_cannot_be_is_told_with_its_place(key: str, value: str) -> None:
    text = f'[[job]]\nname = "a"\nexpected = true\n[[job]]\nname = "b"\n{key} = {value}'
    (told,) = problems(text)
    assert told.startswith(f"policy.toml: job[2].{key} is ")
    assert told.endswith("Give a number from 0.1 to 3650.")


WRONG = {
    # Unknown keys and sections.
    "lookback_days = 3": "lookback_days is not known. Choose one of: look_back_days, success_logs,",
    "[[jobs]]\nname = 1": "jobs is not known. Choose one of:",
    "[[job]]\nexpected = true\nmax_age = 1": "job[1].max_age is not known. Choose one of: name,",
    a_mute('name = "x"'): "mute[1].name is not known. Choose one of: reason, until, kind,",
    '"a\\u0000b" = 1': "'a\\x00b' is not known.",
    # Sections that are none.
    '[job]\nname = "x"': "job is no list of tables. Begin each with a line [[job]], in two",
    "mute = 1": "mute is no list of tables. Begin each with a line [[mute]], in two",
    "job = [1]": "job is no list of tables.",
    # Rules.
    '[[job]]\nname = "x"': "job[1] says nothing about its jobs. Give one of: max_age_days,",
    '[[job]]\nname = ""\nunusual = true': "job[1].name is ''. Give a name in quotes;",
    "[[job]]\nclient = 7\nunusual = true": "job[1].client is 7. Give a name in quotes;",
    "[[job]]\nexpected = 1": "job[1].expected is 1. Give true or false, without quotes.",
    '[[job]]\nunusual = "no"': "job[1].unusual is 'no'. Give true or false, without quotes.",
    # Mutes.
    '[[mute]]\nkind = "late"\nuntil = 2026-12-31': "mute[1].reason is not set. Say why, in quotes",
    '[[mute]]\nkind = "late"\nreason = " "\nuntil = 2026-12-31': "mute[1].reason is ' '. Say why",
    '[[mute]]\nkind = "late"\nreason = 7\nuntil = 2026-12-31': "mute[1].reason is 7. Say why",
    '[[mute]]\nkind = "late"\nreason = "x"': "mute[1].until is not set. Give the last day without",
    a_mute() + a_mute().replace("2026-12-31", '"2026-12-31"'): "mute[2].until is '2026-12-31'.",
    a_mute().replace("2026-12-31", "2026-12-31T10:00:00"): "mute[1].until is 2026-12-31T10:00:00.",
    a_mute().replace("2026-12-31", "10:00:00"): "mute[1].until is ",
    a_mute().replace("2026-12-31", "20261231"): "mute[1].until is 20261231.",
    a_mute().replace("missed", "mised"): "mute[1].kind is 'mised'. Choose one of: missed, too-old,",
    '[[mute]]\nreason = "x"\nuntil = 2026-12-31': "mute[1] would mute everything. Give one of:",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_mistake_is_told_with_its_place_and_its_cure(text: str) -> None:
    (told,) = problems(text)
    assert told.startswith(f"policy.toml: {WRONG[text]}")


def test_everything_wrong_is_told_at_once() -> None:
    text = "room_days = -1\nfoo = 1\n[[job]]\nname = 1\n[[mute]]\nkind = 'x'\n[[mute]]\nbar = 2"
    places = [sentence.split()[1] for sentence in problems(text)]
    assert sorted(places) == sorted(
        [
            *("room_days", "foo", "job[1].name", "job[1]"),
            *("mute[1].reason", "mute[1].until", "mute[1].kind"),
            *("mute[2].reason", "mute[2].until", "mute[2]", "mute[2].bar"),
        ]
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a =", "line 1 is not TOML: Invalid value."),
        ("\n\nroom_days = 1 2", "line 3 is not TOML: "),
        ("room_days = 1\nroom_days = 2", "line 2 is not TOML: "),
        (a_mute().replace("2026-12-31", "2026-13-45"), "line 4 is not TOML: "),
        ('x = "', "line 1 is not TOML: "),
        ("\n\n[[job", "line 3 is not TOML: "),
        ('x = "\x00"', "line 1 is not TOML: "),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(text: str, where: str) -> None:
    (told,) = problems(text)
    assert told.startswith(f"policy.toml: {where}")
    assert told.endswith("Write it like the example, examples/policy.toml.")


@pytest.mark.parametrize("text", ["a = " + "[" * 20_000, "a = " + "9" * 9_999])
def test_what_toml_itself_chokes_on_is_told(text: str) -> None:
    (told,) = problems(text)
    assert " not TOML: " in told


def test_a_long_value_is_cut_before_it_is_told() -> None:
    (told,) = problems(f'late_hours = "{"x" * 5_000}"')
    assert len(told) < 200


def test_kinds_are_checked_only_where_they_are_known() -> None:
    policy = read_policy(a_mute().replace("missed", "whatever"), "policy.toml")
    assert policy.mutes[0].kind == "whatever"
    assert read_policy(a_mute().replace("missed", "*"), "policy.toml", KINDS).mutes[0].kind == "*"


PIECES = st.sampled_from(
    [
        *("[[job]]", "[[mute]]", "[job]", "name = 'x'", "until = 2026-12-31", "reason = 'x'"),
        *("kind = '*'", "expected = true", "room_days = 1", "look_back_days = 1e400", "= 1"),
    ]
)


@given(st.lists(PIECES | st.text(max_size=20), max_size=8).map("\n".join))
def test_whatever_is_in_the_file_it_is_a_policy_or_told(text: str) -> None:
    """Nothing else is ever raised."""
    with suppress(SettingsError):
        assert timedelta() <= read_policy(text, "policy.toml", KINDS).look_back <= DAY * 366


# --- audiences ---------------------------------------------------------------------------------


def an_audience(text: str = "", name: str = "dba", mail: str = '{ to = ["a@example.com"] }') -> str:
    return f'[[audience]]\nname = "{name}"\nmail = {mail}\n{text}\n'


def test_every_key_of_an_audience_is_read() -> None:
    text = """
[[audience]]
name = "dba-1_A"
clients = ["db*", " web01-fd "]
jobs = ["*-dump"]
language = "ko"
when = "change"
mail = { to = ["a@example.com", "B <b@example.com>"], cc = ["c@example.com"], when = "problems" }
slack_url_env = "DBA_SLACK_URL"
mattermost_url_env = "M_URL"
discord_url_env = "D_URL"
teams_url_env = "T_URL"
google_chat_url_env = "G_URL"
webhook_url_env = "W_URL"
webhook_secret_env = "W_SECRET"
"""
    (audience,) = read_policy(text, "policy.toml").audiences
    assert audience == Audience(
        name="dba-1_A",
        clients=("db*", "web01-fd"),
        jobs=("*-dump",),
        language="ko",
        mail=MailWish(
            read_addresses("a@example.com, B <b@example.com>"),
            read_addresses("c@example.com"),
            When.PROBLEMS,
        ),
        chats=(
            ChatWish("slack", "DBA_SLACK_URL", when=When.CHANGE),
            ChatWish("mattermost", "M_URL", when=When.CHANGE),
            ChatWish("discord", "D_URL", when=When.CHANGE),
            ChatWish("teams", "T_URL", when=When.CHANGE),
            ChatWish("google_chat", "G_URL", when=When.CHANGE),
            ChatWish("webhook", "W_URL", "W_SECRET", When.CHANGE),
        ),
    )
    assert audience.variables == (
        "DBA_SLACK_URL", "M_URL", "D_URL", "T_URL", "G_URL", "W_URL", "W_SECRET",
    )  # fmt: skip


def test_an_audience_needs_a_name_and_one_way_to_it() -> None:
    (audience,) = read_policy(an_audience(), "policy.toml").audiences
    assert audience == Audience("dba", mail=MailWish(read_addresses("a@example.com")))
    chat = '[[audience]]\nname = "x"\nteams_url_env = "T_URL"'
    (audience,) = read_policy(chat, "policy.toml").audiences
    assert audience == Audience("x", chats=(ChatWish("teams", "T_URL"),))


SECRET_URL = "https://hooks.slack.com/services/T0/B0/s3cr3t"
WRONG_AUDIENCES = {
    '[[audience]]\nslack_url_env = "X"': "audience[1].name is not set. Give each audience a name",
    an_audience(name="../x"): "audience[1].name is '../x'. Give up to 40 letters, digits,",
    an_audience(name=""): "audience[1].name is ''. Give up to 40",
    an_audience() + an_audience(name="DBA"): "audience[2].name is there twice. Give each audience",
    '[[audience]]\nname = "x"': "audience[1] reaches nobody. Give one of: mail, slack_url_env,",
    an_audience('clients = "db*"'): "audience[1].clients is 'db*'. Give a list of names, such as",
    an_audience("clients = []"): "audience[1].clients is []. Give a list of names",
    an_audience("jobs = [1]"): "audience[1].jobs is [1]. Give a list of names",
    an_audience('language = "fr"'): "audience[1].language is 'fr'. Choose one of: ko, en.",
    an_audience('when = "never"'): "audience[1].when is 'never'. Choose one of: always, problems,",
    an_audience(mail='"a@b.c"'): "audience[1].mail is 'a@b.c'. Give a table, such as mail = {",
    an_audience(mail="{}"): "audience[1].mail.to is not set. Give a list of addresses, such as",
    an_audience(mail="{ to = [] }"): "audience[1].mail.to is []. Give a list of addresses",
    an_audience(mail='{ to = "a@b.c" }'): "audience[1].mail.to is 'a@b.c'. Give a list of",
    an_audience(mail='{ to = ["a@b.c", "x"] }'): "audience[1].mail.to is 'x'. Give a list of",
    an_audience(mail='{ to = ["a@b.c"], cc = ["@"] }'): "audience[1].mail.cc is '@'.",
    an_audience(mail='{ to = ["a@b.c"], when = 1 }'): "audience[1].mail.when is 1. Choose one of:",
    an_audience(mail='{ to = ["a@b.c"], bcc = ["x"] }'): "audience[1].mail.bcc is not known.",
    an_audience(
        f'slack_url_env = "{SECRET_URL}"'
    ): "audience[1].slack_url_env is no such name. Put",
    an_audience('slack_url_env = "hook s3cr3t"'): "audience[1].slack_url_env is no such name.",
    an_audience('webhook_secret_env = "s3cr3t"'): "audience[1].webhook_secret_env is no such name.",
    an_audience(f'slack_url = "{SECRET_URL}"'): "audience[1].slack_url is not known. Choose one of",
}


@pytest.mark.parametrize("text", WRONG_AUDIENCES)
def test_a_mistake_about_an_audience_is_told_without_its_secret(text: str) -> None:
    told = problems(text)
    assert told[0].startswith(f"policy.toml: {WRONG_AUDIENCES[text]}")
    assert len(told) == 1
    assert "s3cr3t" not in told[0]
