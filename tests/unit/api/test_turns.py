"""How many calls may be under way at once."""

from app.api.turns import Turns

PATIENCE = 10.0


class Clock:
    """Tells the time that it is told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def a_desk(most: int = 8) -> tuple[Turns, Clock]:
    clock = Clock()
    return Turns(most, PATIENCE, clock), clock


def call(turns: Turns, times: int = 1, *, strained: bool = False) -> int:
    """Make calls one after the other; return how many may be under way then."""
    for _ in range(times):
        turns.give(turns.take(), strained=strained)
    return turns.width


def test_all_turns_are_given_at_first() -> None:
    turns, _ = a_desk()
    for _ in range(8):
        turns.take()
    assert turns.width == 8


def test_each_strain_leaves_a_quarter_down_to_one() -> None:
    turns, _ = a_desk(16)
    assert [call(turns, strained=True) for _ in range(4)] == [4, 1, 1, 1]


def test_calls_that_were_under_way_together_count_as_one_strain() -> None:
    turns, _ = a_desk()
    for era in [turns.take() for _ in range(8)]:
        turns.give(era, strained=True)
    assert turns.width == 2


def test_it_is_soon_asked_by_almost_as_many_as_were_too_many() -> None:
    turns, _ = a_desk()
    call(turns, strained=True)
    assert [call(turns, width) for width in (2, 3, 4, 5, 6)] == [3, 4, 5, 6, 7]
    assert call(turns, 1_000) == 7


def test_what_was_too_many_is_tried_again_after_a_while() -> None:
    turns, clock = a_desk()
    call(turns, 2, strained=True)
    clock.now += PATIENCE - 0.1
    assert call(turns, 1_000) == 1
    clock.now += 0.1
    assert [call(turns, width) for width in (1, 2, 3)] == [2, 3, 4]


def test_each_strain_begins_the_while_anew() -> None:
    turns, clock = a_desk()
    call(turns, strained=True)
    clock.now += PATIENCE / 2
    call(turns, strained=True)
    clock.now += PATIENCE / 2
    assert call(turns, 1_000) == 1


def test_there_are_never_more_than_at_first() -> None:
    turns, clock = a_desk(2)
    call(turns, strained=True)
    clock.now += PATIENCE
    assert call(turns, 1_000) == 2


def test_a_strain_begins_the_row_anew() -> None:
    turns, _ = a_desk(16)
    call(turns, strained=True)
    call(turns, 3)
    call(turns, strained=True)
    call(turns, 1)
    assert turns.width == 2
    assert call(turns, 2) == 3
