"""The steps of a file: days, weeks from one weekday on, or months."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FREQUENCIES = ("D", "W", "M")
_DAYS = {"D": 1, "W": 7}


@dataclass(frozen=True, slots=True)
class Steps:
    """Equal steps from `first` on: "D", "W" (seven days) or "M" (firsts of months)."""

    freq: str
    first: np.datetime64

    def number(self, days: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """How many steps each day lies after `first`; see `fits` for days between steps."""
        if self.freq == "M":
            return (days.astype("datetime64[M]") - self.first.astype("datetime64[M]")).astype("int64")
        return (days - self.first).astype("int64") // _DAYS[self.freq]

    def fits(self, days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
        """Which days begin a step."""
        if self.freq == "M":
            return days == days.astype("datetime64[M]").astype("datetime64[D]")
        return (days - self.first).astype("int64") % _DAYS[self.freq] == 0

    def days(self, start: int, count: int) -> NDArray[np.datetime64]:
        """The days on which `count` steps begin, from step number `start` on."""
        import numpy as np

        numbers = np.arange(start, start + count)
        if self.freq == "M":
            return (self.first.astype("datetime64[M]") + numbers).astype("datetime64[D]")
        return self.first + numbers * _DAYS[self.freq]
