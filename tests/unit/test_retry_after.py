"""What a server means by Retry-After."""

from datetime import UTC, datetime

import pytest

from app.retry_after import seconds_to_wait

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("1.5", 1.5),
        ("nan", None),
        ("inf", float("inf")),
        ("soon", None),
        ("Sat, 21 Nov 2026 08:01:30 GMT", 90.0),
        ("Sat, 21 Nov 2026 09:01:30 +0100", 90.0),
        ("Sat, 21 Nov 2026 08:01:30 -0000", 90.0),
        ("Sat, 21 Nov 2026 07:00:00 GMT", 0.0),
        ("Sat, 99 Nov 2026 07:00:00 GMT", None),
        ("Sat, 21 Nov 99999 07:00:00 GMT", None),
        ("\x00", None),
    ],
)
def test_seconds_or_a_date_are_heard_and_nonsense_is_not(
    written: str | None, seconds: float | None
) -> None:
    assert seconds_to_wait(written, NOW) == seconds
