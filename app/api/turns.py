"""How many calls may be under way at once: as many as the server bears, and never more than set."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Turns:
    """Gives turns to calls: fewer at once while the server strains, more again when it does not.

    Real servers gain from up to eight calls at once: a log costs about 50 ms each for bconsole and
    PHP, on however many cores there are. A server that answers 429 or 5xx, drops connections or
    grows slow gets a quarter as many, so that even one that bears a single call answers the third
    try. From there it is soon asked by almost as many as were too many, and by those only after a
    while: a call must not be struck at each of its tries.

    Attributes:
        most: turns that are given at the same time, at most.
    """

    def __init__(
        self, most: int, patience: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Give all turns at first.

        Args:
            most: turns that are given at the same time, at most.
            patience: seconds without strain before as many are given as were too many.
            clock: tells the time in seconds.
        """
        self.most = most
        self._patience = patience
        self._clock = clock
        self._width = most
        self._too_many = most + 1
        self._calm = 0.0
        self._busy = 0
        self._well = 0
        self._era = 0
        self._free = threading.Condition()

    @property
    def width(self) -> int:
        """Turns that are given at the same time now."""
        return self._width

    def take(self) -> int:
        """Wait for a turn.

        Returns:
            What `give` wants back: when it was taken.
        """
        with self._free:
            self._free.wait_for(lambda: self._busy < self._width)
            self._busy += 1
            return self._era

    def give(self, era: int, *, strained: bool) -> None:
        """Give a turn back, and say whether the server strained at that call."""
        with self._free:
            self._busy -= 1
            if not strained:
                self._ease()
            elif era == self._era:
                # Calls that were under way together strain together: that counts once.
                self._era += 1
                self._strain()
            self._free.notify_all()

    def _strain(self) -> None:
        self._well = 0
        self._too_many = self._width
        self._width = max(self._width // 4, 1)
        self._calm = self._clock() + self._patience

    def _ease(self) -> None:
        """Widen by one whenever as many calls in a row went well as may be under way."""
        self._well += 1
        if self._clock() >= self._calm:
            self._too_many = self.most + 1
        if self._well >= self._width and self._width + 1 < self._too_many:
            self._well = 0
            self._width += 1
